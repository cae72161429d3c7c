/**
 * A proxy whose places are all taken, on a simulated network: who gives way to a newcomer, and who stays.
 *
 * Clients come through a trusted proxy, which tells their addresses. Deliberately absent: real sockets; see
 * test/load/neighbours.test.ts.
 */
import type { Socket } from "../../src/net/ports.ts";
import { type SmallClient, SmallWorld } from "./small-world.ts";
import type { SceneSettings } from "./stage.ts";

const STEP_MS = 1_000;
const EVENTS = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

export type Doing = "uploads" | "event-stream" | "tunnel" | "waits";

const requests: Readonly<Record<Doing, string>> = {
  uploads: "POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n",
  "event-stream": "GET /events HTTP/1.1\r\nHost: a\r\n",
  tunnel: "GET /tunnel HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n",
  waits: "GET /silent HTTP/1.1\r\nHost: a\r\n",
};

function originSays(socket: Socket, asked: string): void {
  if (asked.startsWith("GET /events")) socket.write(EVENTS);
  if (asked.startsWith("GET /tunnel")) socket.write(SWITCHED);
}

/** `count` places of a client that does the same on each. */
export interface Group {
  readonly from: string;
  readonly count: number;
  readonly doing: Doing;
  /** Of an upload. */
  readonly bytesPerSecond?: number;
}

export class Pressure {
  readonly world: SmallWorld;
  private readonly taken: { readonly client: SmallClient; readonly group: Group }[] = [];

  constructor(settings: SceneSettings) {
    const limits = {
      connectTimeout_ms: 5_000,
      bodyTimeout_ms: 60_000,
      responseTimeout_ms: 300_000,
      tunnelTimeout_ms: 3_600_000,
    };
    this.world = new SmallWorld({ ...limits, isTrusted: () => true, ...settings }, (socket, asked) =>
      originSays(socket, asked),
    );
  }

  take(group: Group): void {
    for (let i = 0; i < group.count; i++) this.taken.push({ client: this.ask(group.from, group.doing), group });
  }

  private ask(from: string, doing: Doing): SmallClient {
    const client = this.world.connect();
    client.socket.write(`${requests[doing]}X-Forwarded-For: ${from}\r\n\r\n${doing === "uploads" ? "x" : ""}`);
    this.world.pass(10);
    return client;
  }

  /** Uploads go on meanwhile. */
  pass(seconds: number): void {
    for (let second = 0; second < seconds; second++) {
      for (const { client, group } of this.taken) {
        if (client.ended === undefined && group.bytesPerSecond !== undefined) {
          client.socket.write("x".repeat(group.bytesPerSecond));
        }
      }
      this.world.pass(STEP_MS);
    }
  }

  /** What a newcomer gets that stays: the status of its response. */
  newcomer(from: string): string | undefined {
    const client = this.ask(from, "event-stream");
    this.world.pass(STEP_MS);
    return /^HTTP\/1\.1 (\d+)/.exec(client.received)?.[1];
  }

  /** By client, how many of its places it still has. */
  get left(): Readonly<Record<string, number>> {
    const left: Record<string, number> = {};
    for (const { client, group } of this.taken) {
      left[group.from] = (left[group.from] ?? 0) + (client.ended === undefined ? 1 : 0);
    }
    return left;
  }
}
