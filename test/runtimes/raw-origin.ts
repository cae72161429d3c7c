/**
 * An origin on bare sockets that does what each test tells it to, once the head of a request is there.
 *
 * Deliberately absent: an idea of HTTP beyond where a head ends.
 */
import { createServer, type Server, type Socket } from "node:net";
import { listening } from "../interop/support/listening.ts";

/** @param request the head and what came with it, as latin1 */
export type Answer = (socket: Socket, request: string) => void;

export class RawOrigin {
  url = "";
  /** Connections accepted. */
  connections = 0;
  answer: Answer = () => {};
  private readonly server: Server;
  private readonly nextRequest = new Map<Socket, () => void>();
  private readonly open = new Set<Socket>();

  private constructor() {
    this.server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.serve(socket));
  }

  static async start(): Promise<RawOrigin> {
    const origin = new RawOrigin();
    origin.url = await listening(origin.server);
    return origin;
  }

  stop(): void {
    this.server.close();
    for (const socket of this.open) socket.destroy();
  }

  private serve(socket: Socket): void {
    this.connections++;
    this.open.add(socket);
    let head: string | undefined = "";
    socket.on("error", () => {});
    socket.on("close", () => {
      this.open.delete(socket);
      this.nextRequest.delete(socket);
    });
    socket.on("end", () => {
      if (head !== undefined) socket.end();
    });
    socket.on("data", (octets: Buffer) => {
      if (head === undefined) return;
      head += octets.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      const request = head;
      // Until it is told that the next request may come, what comes belongs to this one.
      head = undefined;
      this.answer(socket, request);
    });
    this.nextRequest.set(socket, () => {
      head = "";
    });
  }

  /** Answers, and is ready for the next request on this connection. */
  respond(socket: Socket, response: string): void {
    this.nextRequest.get(socket)?.();
    socket.write(response, "latin1");
  }
}
