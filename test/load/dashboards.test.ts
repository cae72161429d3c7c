/**
 * Dashboards that stop reading: what is told of connections and exchanges waits for nobody, costs bounded memory, and clients of the
 * proxy notice nothing of it.
 *
 * Memory is the resident memory of the process, with ten streams of which nothing is read, each of which is told of 13 MB.
 */

import { createServer, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { until } from "../interop/support/waiting.ts";

const DASHBOARDS = 10;
const CLIENTS = 8;
const REQUESTS = 1_000;
/** Each exchange is told with its target. */
const TARGET = `/${"long/".repeat(2_600)}`;
/** Ten times what may wait for a reader (256 KiB), and what a process of Node takes and gives back by itself. */
const MEMORY_BYTES_MAX = 30_000_000;
const STREAMS_MAX = 32;

/** A stream of events on a bare socket. */
class Stream {
  /** How it begins. */
  text = "";
  hasMissed = false;
  /** Where a word may have been cut. */
  private rest = "";
  readonly socket: Socket;

  constructor(port: number, types = "exchange") {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.write(`GET /api/events?types=${types} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    this.socket.on("data", (bytes) => {
      if (this.text.length < 2_000) this.text += bytes;
      this.rest = this.rest.slice(-100) + bytes;
      this.hasMissed ||= /event: missed\ndata: \{"missed":[1-9][0-9]*\}/.test(this.rest);
    });
  }

  get status(): number {
    return Number(/^HTTP\/1\.1 ([0-9]{3}) /.exec(this.text)?.[1] ?? 0);
  }
}

describe.skipIf(process.platform !== "linux")("dashboards that stop reading (skipped where there is no /proc)", () => {
  let origin: Server;
  let hopwise: Hopwise;
  const streams: Stream[] = [];

  beforeAll(async () => {
    origin = createServer((_request, response) => response.end("ok"));
    hopwise = await startHopwise(["--to", await listening(origin)]);
  });

  afterAll(async () => {
    for (const { socket } of streams) socket.destroy();
    const exit = await hopwise?.stop();
    origin.closeAllConnections();
    origin.close();
    expect(exit?.code).toBe(0);
  });

  async function open(count: number): Promise<Stream[]> {
    const opened = Array.from({ length: count }, () => new Stream(hopwise.adminPort));
    streams.push(...opened);
    await until("the streams have begun", () => opened.every(({ status }) => status !== 0));
    return opened;
  }

  async function load(requests: number): Promise<void> {
    const client = async () => {
      const one = await RawClient.open(hopwise.port);
      for (let i = 0; i < requests / CLIENTS; i++) {
        const { status } = await one.exchange(`GET ${TARGET} HTTP/1.1\r\nHost: a\r\n\r\n`);
        expect(status).toBe(200);
      }
      one.close();
    };
    await Promise.all(Array.from({ length: CLIENTS }, client));
  }

  it("cost bounded memory, lose events, are told how many, and nobody waits for them", async () => {
    const [read] = await open(1);
    await load(REQUESTS);
    read?.socket.destroy();
    const stuck = await open(DASHBOARDS);
    for (const { socket } of stuck) socket.pause();
    const before = hopwise.residentBytes();
    await load(REQUESTS);
    const cost = hopwise.residentBytes() - before;
    console.log(`${DASHBOARDS} dashboards that do not read: ${(cost / 1e6).toFixed(1)} MB of memory`);
    expect(cost).toBeLessThan(MEMORY_BYTES_MAX);
    for (const { socket } of stuck) socket.resume();
    await until("each is told that it has missed some", () => stuck.every(({ hasMissed }) => hasMissed));
    for (const { socket } of stuck) socket.destroy();
  });

  it(`are ${STREAMS_MAX} at once: one more is told so, and gets in when one of them leaves`, async () => {
    const opened = await open(STREAMS_MAX);
    expect(opened.map(({ status }) => status)).toStrictEqual(opened.map(() => 200));
    const [refused] = await open(1);
    expect(refused?.text).toMatch(/^HTTP\/1\.1 503 [\s\S]*Retry-After: 5\r\n[\s\S]*"reason":"streams-max"/);
    expect((await hopwise.admin("/stats")).status).toBe(200);
    opened[0]?.socket.destroy();
    await until("there is room", async () => (await open(1))[0]?.status === 200);
  });
});
