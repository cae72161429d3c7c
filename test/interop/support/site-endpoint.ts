/**
 * An endpoint of a site: it says which one it is and what it was asked, streams events, and echoes over WebSocket.
 *
 * Deliberately absent: anything that fails by itself; a test says what is to fail.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { WebSocketServer } from "ws";
import { listening } from "./listening.ts";

/** What it answers: the request as it arrived. */
export interface Told {
  readonly endpoint: string;
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly proto: string;
  readonly bytes: number;
  readonly sha256: string;
}

export class SiteEndpoint {
  url = "";
  /** Requests so far, those of health checks apart. */
  asked = 0;
  /** Health checks so far. */
  checked = 0;
  isHealthy = true;
  readonly name: string;
  private readonly page: string;
  private readonly server: Server;
  private readonly streams = new Set<ServerResponse>();

  private constructor(name: string, page: string) {
    this.name = name;
    this.page = page;
    this.server = createServer((request, response) => this.answer(request, response));
    // Longer than any test takes, so that connections close for no reason of its own.
    this.server.keepAliveTimeout = 120_000;
    const sockets = new WebSocketServer({ server: this.server });
    sockets.on("connection", (socket) => {
      this.asked++;
      socket
        .on("error", () => undefined)
        .on("message", (data, isBinary) => socket.send(data as Buffer, { binary: isBinary }));
    });
  }

  /** @param page what it answers for `/` */
  static async start(name: string, page = ""): Promise<SiteEndpoint> {
    const endpoint = new SiteEndpoint(name, page);
    endpoint.url = await listening(endpoint.server);
    return endpoint;
  }

  /** How many read its events now. */
  get readers(): number {
    return this.streams.size;
  }

  /** An event for everyone who reads them. */
  tell(text: string): void {
    for (const stream of this.streams) stream.write(`data: ${text}\n\n`);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { url: target = "", method = "" } = request;
    if (target === "/healthz") {
      this.checked++;
      return void response.writeHead(this.isHealthy ? 200 : 503).end();
    }
    this.asked++;
    if (target === "/events") {
      this.streams.add(response.writeHead(200, { "Content-Type": "text/event-stream" }));
      response.flushHeaders();
      return void response.once("close", () => this.streams.delete(response));
    }
    if (target === "/" && this.page !== "") {
      return void response.writeHead(200, { "Content-Type": "text/html" }).end(this.page);
    }
    const hash = createHash("sha256");
    let bytes = 0;
    request.on("data", (data: Buffer) => {
      bytes += data.length;
      hash.update(data);
    });
    request.on("end", () => {
      const { host = "", "x-forwarded-proto": proto } = request.headers;
      const told: Told = {
        ...{ endpoint: this.name, method, target, host, proto: String(proto), bytes },
        sha256: hash.digest("hex"),
      };
      response.writeHead(200, { "Content-Type": "application/json" }).end(JSON.stringify(told));
    });
  }
}
