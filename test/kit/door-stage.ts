/**
 * A handler inside a server of `node:http` (or one that is handed in), between raw clients and a raw origin on real sockets.
 *
 * Text stands for bytes as latin1. Deliberately absent: HTTP on either raw side; each test writes its own.
 */
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { connect, createServer, type Server, type Socket } from "node:net";
import { createHandler, type HandlerOptions, type HopwiseHandler } from "../../src/index.ts";
import { listening } from "../interop/support/listening.ts";
import { until } from "../interop/support/waiting.ts";

/** What the origin does when more has arrived on a connection. @param asked all of it so far */
export type OriginActs = (socket: Socket, asked: string) => void;

/** One end on a bare socket. */
export class RawEnd {
  received = "";
  /** How the other side ended: in order, or with a reset. */
  ended: "FIN" | "RST" | undefined;
  isClosed = false;
  readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (bytes: Buffer) => {
      this.received += bytes.toString("latin1");
    });
    socket.on("end", () => {
      this.ended ??= "FIN";
    });
    socket.on("error", () => {
      this.ended ??= "RST";
    });
    socket.on("close", () => {
      this.isClosed = true;
    });
  }

  send(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  async until(what: string | RegExp): Promise<string> {
    const has = () => (typeof what === "string" ? this.received.includes(what) : what.test(this.received));
    await until(`${what} arrives, not only ${JSON.stringify(this.received.slice(-500))}`, has);
    return this.received;
  }
}

/** Nothing but the head, whatever date it has. */
export const withoutDate = (response: string): string => response.replace(/^Date: .*\r\n/im, "");

/** Answers each request head with the same. */
export const says =
  (response: string): OriginActs =>
  (socket, asked) => {
    if (asked.endsWith("\r\n\r\n")) socket.write(response, "latin1");
  };

export class DoorStage {
  readonly handler: HopwiseHandler;
  readonly server: HttpServer;
  /** The origin's ends of its connections, in order. */
  readonly origins: RawEnd[] = [];
  originActs: OriginActs;
  readonly exchanges: { outcome: string; reason?: string; status: number }[] = [];
  private readonly clients: RawEnd[] = [];
  private readonly origin: Server;

  private constructor(origin: Server, handler: HopwiseHandler, server: HttpServer, acts: OriginActs) {
    this.origin = origin;
    this.handler = handler;
    this.server = server;
    this.originActs = acts;
    handler.on("exchange", ({ outcome, reason, status }) => {
      this.exchanges.push({ outcome, status, ...(reason === undefined ? {} : { reason }) });
    });
    origin.on("connection", (socket) => {
      const end = new RawEnd(socket);
      this.origins.push(end);
      socket.on("data", () => this.originActs(socket, end.received));
      socket.on("end", () => socket.end());
    });
  }

  /** @param outside makes the server; it is not attached to anything yet */
  static async open(
    acts: OriginActs,
    options: Omit<HandlerOptions, "to"> = {},
    outside: (handler: HopwiseHandler) => HttpServer = (handler) => createHttpServer(handler),
  ): Promise<DoorStage> {
    const origin = createServer({ allowHalfOpen: true });
    const to = await listening(origin);
    const handler = createHandler({ via: "door", ...options, to });
    const server = outside(handler);
    await listening(server);
    return new DoorStage(origin, handler, server, acts);
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  get originPort(): number {
    return (this.origin.address() as { port: number }).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What the origin was asked, on its first connection. */
  get asked(): string {
    return this.origins[0]?.received ?? "";
  }

  client(text = ""): RawEnd {
    const client = new RawEnd(connect({ host: "127.0.0.1", port: this.port, allowHalfOpen: true }));
    this.clients.push(client);
    if (text !== "") client.send(text);
    return client;
  }

  /** What one request is answered with, once `end` has arrived. */
  ask(text: string, end: string | RegExp): Promise<string> {
    return this.client(text).until(end);
  }

  async ended(count = 1): Promise<void> {
    await until(`${count} exchanges have ended`, () => this.exchanges.length >= count);
  }

  async close(): Promise<void> {
    for (const { socket } of this.clients) socket.destroy();
    await this.handler.close({ graceMs: 0 });
    this.server.closeAllConnections();
    for (const { socket } of this.origins) socket.destroy();
    await Promise.all([this.server, this.origin].map((one) => new Promise((resolve) => one.close(resolve))));
  }
}
