/**
 * A proxy whose clients speak HTTP/2, in front of an origin of Node's that does what the path says; and such clients.
 *
 * Deliberately absent: judgement, and other programs as clients (test/interop/http2.test.ts).
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type OutgoingHttpHeaders } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import {
  type ConnectionEntry,
  createForwardProxy,
  createProxy,
  type ExchangeEntry,
  type ForwardOptions,
  type HopwiseProxy,
  type ProxyOptions,
} from "../../src/index.ts";
import { listening } from "../interop/support/listening.ts";

/** What a client was answered on one stream. */
export interface Answered {
  readonly status: number | undefined;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly interim: readonly number[];
  readonly body: string;
  readonly bytes: number;
  readonly trailers: Readonly<Record<string, unknown>>;
  /** As the stream ended: 0 is in order. */
  readonly code: number;
}

/** What the origin was asked. */
export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly fields: readonly string[];
  readonly body: string;
  readonly trailers: Readonly<Record<string, unknown>>;
}

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** A frame of the protocol (RFC 9113 section 4.1). */
export function frame(type: number, flags: number, stream: number, content: Uint8Array = new Uint8Array()): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, content]);
}

/** `:method GET`, `:scheme http`, `:path /`, and `:authority a`, in HPACK. */
export const GET = Buffer.from([0x82, 0x86, 0x84, 0x41, 0x01, 0x61]);

/** What an origin says to an Upgrade, as its path has it. */
function answerToUpgrade({ url, headers }: IncomingMessage): string {
  const key = String(headers["sec-websocket-key"] ?? "");
  const right = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n";
  switch (url) {
    case "/ws-200":
      return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    case "/ws-403":
      return "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno";
    case "/ws-wrong":
      return `${switching}Upgrade: websocket\r\nSec-WebSocket-Accept: ${"x".repeat(27)}=\r\n\r\n`;
    case "/ws-none":
      return `${switching}Upgrade: websocket\r\n\r\n`;
    case "/ws-twice":
      return `${switching}Upgrade: websocket\r\nSec-WebSocket-Accept: ${right}\r\nSec-WebSocket-Accept: ${right}\r\n\r\n`;
    case "/ws-other":
      return `${switching}Upgrade: other\r\n\r\n`;
    default:
      return `${switching}Upgrade: ${headers.upgrade ?? ""}\r\nSec-WebSocket-Accept: ${right}\r\n\r\n`;
  }
}

export class Http2Stage {
  readonly exchanges: ExchangeEntry[] = [];
  readonly closes: ConnectionEntry[] = [];
  readonly upstreamCloses: ConnectionEntry[] = [];
  readonly asked: Asked[] = [];
  /** Requests that the origin has not answered, by path. */
  readonly waiting = new Map<string, ServerResponse>();
  /** What origins saw cut off. */
  readonly cutOff: string[] = [];
  proxy: HopwiseProxy | undefined;
  port = 0;
  originPort = 0;
  private readonly origin: Server = createServer((request, response) => void this.answer(request, response));
  private readonly clients: (ClientHttp2Session | Socket)[] = [];

  async begin(options: Partial<ProxyOptions> = {}): Promise<void> {
    this.beginOrigin();
    await this.beginProxy(createProxy({ to: await listening(this.origin), listen: 0, ...options }));
  }

  /** Its clients name the origin, which is at `originPort`. */
  async beginForward(options: Partial<ForwardOptions> = {}): Promise<void> {
    this.beginOrigin();
    this.originPort = Number(new URL(await listening(this.origin)).port);
    await this.beginProxy(createForwardProxy({ listen: 0, allowPrivate: true, connectPorts: "1-65535", ...options }));
  }

  private beginOrigin(): void {
    this.origin.on("upgrade", (request, socket: Socket) => {
      this.note(request, "");
      socket
        .on("error", () => {})
        .on("data", (bytes) => socket.write(bytes))
        .on("end", () => socket.end());
      socket.write(answerToUpgrade(request));
      // It has refused, and is asked nothing more here.
      if (request.url === "/ws-403") socket.end();
    });
  }

  private async beginProxy(proxy: HopwiseProxy): Promise<void> {
    this.proxy = proxy;
    this.proxy.on("exchange", (entry) => this.exchanges.push(entry));
    this.proxy.on("connection-close", (entry) => {
      (entry.hop === "downstream" ? this.closes : this.upstreamCloses).push(entry);
    });
    ({ port: this.port } = await this.proxy.listen());
  }

  async end(): Promise<void> {
    for (const client of this.clients) client.destroy();
    await this.proxy?.close({ graceMs: 0 });
    this.origin.closeAllConnections();
    this.origin.close();
  }

  private note(request: IncomingMessage, body: string): void {
    const { method = "", url = "", rawHeaders: fields, trailers } = request;
    this.asked.push({ method, url, fields, body, trailers });
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://origin");
    request.on("error", () => {});
    if (pathname === "/early") return void response.writeHead(413).end("too much");
    let body = "";
    request.on("data", (piece: Buffer) => {
      body += piece.toString("latin1");
    });
    response.on("close", () => response.writableFinished || this.cutOff.push(pathname));
    await once(request, "end").catch(() => undefined);
    this.note(request, body);
    switch (pathname) {
      case "/waits":
        return void this.waiting.set(request.url ?? "", response);
      case "/large":
        return void response.writeHead(200).end(Buffer.alloc(Number(searchParams.get("bytes"))));
      case "/short":
        response.writeHead(200, { "Content-Length": 100 }).write("part");
        return void setImmediate(() => request.socket.destroy());
      case "/hints":
        response.writeEarlyHints({ link: "</a.css>; rel=preload" });
        return void response.end("x");
      case "/trailers":
        response.writeHead(200, { Trailer: "X-Sum" }).write("a");
        response.addTrailers({ "X-Sum": "1" });
        return void response.end();
      case "/status":
        return void response.writeHead(Number(searchParams.get("is"))).end();
      case "/login":
        return void response.writeHead(401, { "WWW-Authenticate": "NTLM" }).end();
      default:
        response.setHeader("Set-Cookie", ["a=1", "b=2"]);
        response.setHeader("Keep-Alive", "timeout=5");
        return void response.end(`${request.method} ${request.url}`);
    }
  }

  /** Until there is one, for a path that waits. */
  async waiter(path: string): Promise<ServerResponse> {
    for (;;) {
      const response = this.waiting.get(path);
      if (response !== undefined) return response;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async client(options: Parameters<typeof connect>[1] = {}): Promise<ClientHttp2Session> {
    const client = connect(`http://127.0.0.1:${this.port}`, options);
    this.clients.push(client);
    client.on("error", () => {});
    await once(client, "connect");
    return client;
  }

  /** A client that says bytes. */
  async raw(): Promise<Socket> {
    const socket = connectTcp(this.port, "127.0.0.1");
    this.clients.push(socket);
    socket.on("error", () => {});
    await once(socket, "connect");
    return socket;
  }

  async ask(client: ClientHttp2Session, fields: OutgoingHttpHeaders, body?: string | Buffer): Promise<Answered> {
    const stream = client.request(fields);
    stream.end(body);
    return await this.answered(stream);
  }

  async answered(stream: ClientHttp2Stream): Promise<Answered> {
    const said = {
      status: undefined as number | undefined,
      fields: {},
      interim: [] as number[],
      body: "",
      bytes: 0,
      trailers: {},
    };
    stream.on("response", (fields) => Object.assign(said, { status: fields[":status"], fields }));
    stream.on("headers", (fields) => said.interim.push(fields[":status"] as unknown as number));
    stream.on("trailers", (trailers) => Object.assign(said, { trailers }));
    stream.on("data", (piece: Buffer) => {
      said.bytes += piece.length;
      if (said.bytes < 10_000) said.body += piece.toString("latin1");
    });
    stream.on("error", () => {});
    await new Promise((resolve) => stream.once("close", resolve));
    return { ...said, code: stream.rstCode ?? -1 };
  }

  /** Why connections of clients have closed, once there are so many. */
  async closed(count: number): Promise<string[]> {
    return await this.closesIn(this.closes, count);
  }

  /** Why connections to the origin have. */
  async upstreamClosed(count: number): Promise<string[]> {
    return await this.closesIn(this.upstreamCloses, count);
  }

  private async closesIn(closes: readonly ConnectionEntry[], count: number): Promise<string[]> {
    while (closes.length < count)
      await new Promise<void>((resolve) => this.proxy?.once("connection-close", () => resolve()));
    return closes.map(({ closed, ended }) => `${closed} ${ended}`);
  }

  /** How exchanges have ended, once there are so many. */
  async ended(count: number): Promise<string[]> {
    while (this.exchanges.length < count)
      await new Promise<void>((resolve) => this.proxy?.once("exchange", () => resolve()));
    return this.exchanges.map(({ method, status, outcome, reason }) =>
      [method, status, outcome, reason].join(" ").trim(),
    );
  }
}
