/**
 * A steady load of GET and POST, whose every request is written down: when it began, and how it ended.
 *
 * Each client has one connection at a time, sends one request after the other, and opens another where it loses it.
 */
import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

export interface SentRequest {
  /** `GET /1`: no two are the same. */
  readonly name: string;
  readonly began_ms: number;
  ended_ms: number;
  /** `200`; the reason of an answer of the proxy's own; `truncated`, or `closed` without any answer. */
  outcome: string;
}

const PAUSE_MS = 10;
/** Every so many requests are POST. */
const POST_EVERY = 5;

export class SteadyLoad {
  readonly requests: SentRequest[] = [];
  private readonly port: number;
  private isOver = false;
  private readonly clients: readonly Promise<void>[];
  private count = 0;

  constructor(port: number, clients: number) {
    this.port = port;
    this.clients = Array.from({ length: clients }, () => this.client());
  }

  /** Resolved when all requests have ended. */
  async end(): Promise<void> {
    this.isOver = true;
    await Promise.all(this.clients);
  }

  private async client(): Promise<void> {
    let socket: Socket | undefined;
    while (!this.isOver) {
      socket = socket === undefined || socket.destroyed ? await opened(this.port) : socket;
      const number = ++this.count;
      const name = number % POST_EVERY === 0 ? `POST /${number}` : `GET /${number}`;
      const request: SentRequest = { name, began_ms: performance.now(), ended_ms: 0, outcome: "" };
      this.requests.push(request);
      request.outcome = await outcomeOf(socket, name);
      request.ended_ms = performance.now();
      if (request.outcome === "truncated" || request.outcome === "closed") socket.destroy();
      await pause(PAUSE_MS);
    }
    socket?.destroy();
  }
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    socket.on("error", reject);
  });
}

function outcomeOf(socket: Socket, name: string): Promise<string> {
  const body = name.startsWith("POST") ? "x".repeat(100) : "";
  const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
  socket.write(`${name} HTTP/1.1\r\nHost: load.test\r\n${length}\r\n${body}`);
  return new Promise((resolve) => {
    let text = "";
    const onData = (octets: Buffer) => {
      text += octets.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const missing = Number(/^content-length: (\d+)/im.exec(text)?.[1]) + end + 4 - text.length;
      // Chunks are not written to these clients: their origin says how long its responses are.
      if (missing > 0) return;
      const status = text.slice(9, 12);
      settle(status === "200" ? status : (/^proxy-status: .*details="([^"]*)"/im.exec(text)?.[1] ?? status));
    };
    const onClose = () => settle(text === "" ? "closed" : "truncated");
    const onError = () => undefined;
    const settle = (outcome: string) => {
      socket.off("data", onData).off("close", onClose).off("error", onError);
      resolve(outcome);
    };
    socket.on("data", onData).on("close", onClose).on("error", onError);
    if (socket.destroyed) settle("closed");
  });
}
