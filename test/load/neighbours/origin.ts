/**
 * An origin with a path for every temper: quick, silent, trickling, large, an event stream, an echo behind an upgrade, and
 * one that counts what it is sent.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { listening } from "../../interop/support/listening.ts";

const TRICKLE_MS = 200;
const LARGE = Buffer.alloc(16 * 1024 * 1024, "l");

export class ManyTemperedOrigin {
  readonly url: string;
  /** Event streams that are open. */
  readonly streams = new Set<ServerResponse>();
  private readonly server: Server;
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(server: Server, url: string) {
    this.server = server;
    this.url = url;
  }

  static async start(): Promise<ManyTemperedOrigin> {
    const server = createServer({ requestTimeout: 0, keepAliveTimeout: 600_000 });
    const origin = new ManyTemperedOrigin(server, await listening(server));
    server.on("request", (request, response) => origin.answer(request, response));
    server.on("upgrade", (_request, socket) => echo(socket));
    return origin;
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    switch (request.url) {
      case "/silent":
        return;
      case "/trickling":
        response.writeHead(200);
        this.every(TRICKLE_MS, () => response.write("t"), response);
        return;
      case "/large":
        response.end(LARGE);
        return;
      case "/events":
        response.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
        this.streams.add(response);
        response.on("close", () => this.streams.delete(response));
        return;
      case "/upload": {
        let length = 0;
        request.on("data", (octets: Buffer) => {
          length += octets.length;
        });
        request.on("end", () => response.end(`got ${length}`));
        return;
      }
      default:
        response.end("served");
    }
  }

  private every(ms: number, act: () => void, response: ServerResponse): void {
    const timer = setInterval(act, ms);
    this.timers.add(timer);
    response.on("close", () => clearInterval(timer));
  }

  stop(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.server.closeAllConnections();
    this.server.close();
  }
}

function echo(socket: Duplex): void {
  socket.on("error", () => socket.destroy());
  socket.on("end", () => socket.end());
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  socket.on("data", (octets) => socket.write(octets));
}
