/**
 * What a burst leaves: the memory of the process returns to about what it was before, within some seconds of quiet.
 *
 * The long form has a thousand connections of each kind.
 */
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { isLong } from "../interop/support/long.ts";
import { until, untilStill } from "../interop/support/waiting.ts";
import { type CrowdClient, crowd, crowdOrigin, inTurn, MIB } from "./crowd.ts";

const CLIENTS = isLong ? 1_000 : 300;
/** Before anything was given back, 300 uploads left 30 to 50 MiB, and 1,000 left 150. */
const LEFT_BYTES_MAX = (isLong ? 64 : 8) * MIB;
/** Some seconds of quiet, on a machine with other work. */
const RETURNED_WITHIN_MS = 30_000;
const WARM_UP_REQUESTS = 2_000;
const HEAD_BYTES = 40 * 1024;
const PART_BYTES = 1_448;

type Burst = readonly [what: string, play: (port: number, residentBytes: () => number) => Promise<CrowdClient[]>];

async function all(port: number, does: (client: CrowdClient) => Promise<void>, atOnce = CLIENTS) {
  const clients = await crowd(port, CLIENTS);
  await inTurn(clients, atOnce, does);
  return clients;
}

/** All connections have a part of their head at the same time, then the next part. */
async function inPieces(port: number, fields: string): Promise<CrowdClient[]> {
  const clients = await crowd(port, CLIENTS);
  const head = `GET /2 HTTP/1.1\r\nHost: a\r\n${fields}`;
  for (let from = 0; from < head.length; from += PART_BYTES) {
    await Promise.all(clients.map((client) => client.begin(head.slice(from, from + PART_BYTES))));
  }
  await Promise.all(clients.map((client) => client.exchange("\r\n")));
  return clients;
}

const uploads: Burst = ["uploads of 1 MiB at once", (port) => all(port, (client) => client.post(MIB))];

const longBursts: readonly Burst[] = [
  ["heads of 40 KiB in pieces, one field", (port) => inPieces(port, `Cookie: ${"c".repeat(HEAD_BYTES)}\r\n`)],
  [
    "heads of 40 KiB in pieces, many fields",
    (port) => inPieces(port, `X-Field: ${"c".repeat(85)}\r\n`.repeat(HEAD_BYTES / 96)),
  ],
  ["responses of 1 MiB at once", (port) => all(port, (client) => client.get(MIB))],
  ["idle connections, each behind a response of 96 KiB", (port) => all(port, (client) => client.get(96 * 1024), 1)],
  ["idle connections, each behind an upload of 96 KiB", (port) => all(port, (client) => client.post(96 * 1024), 1)],
  ["idle WebSockets", (port) => all(port, (client) => client.upgrade(), 50)],
  ["responses of 1 MiB to clients that do not read for a while", unread],
  ["twenty connections with one request each, one behind the other", connections],
];

async function unread(port: number, residentBytes: () => number): Promise<CrowdClient[]> {
  const clients = await crowd(port, CLIENTS);
  const responses = clients.map((client) => {
    client.socket.pause();
    return client.get(MIB);
  });
  await untilStill(residentBytes, 1_000);
  for (const { socket } of clients) socket.resume();
  await Promise.all(responses);
  return clients;
}

async function connections(port: number): Promise<CrowdClient[]> {
  await inTurn(Array.from({ length: 20 * CLIENTS }), 64, async () => {
    const [client] = await crowd(port, 1);
    await client?.getAndClose(2);
    client?.socket.destroy();
  });
  return [];
}

describe.skipIf(process.platform !== "linux")("memory behind bursts (skipped where there is no /proc)", () => {
  let origin: Server;
  let originUrl: string;
  let hopwise: Hopwise;

  beforeAll(async () => {
    origin = crowdOrigin();
    originUrl = await listening(origin);
  });

  afterEach(async () => {
    expect((await hopwise.stop()).code).toBe(0);
  });

  afterAll(() => {
    origin.closeAllConnections();
    origin.close();
  });

  it.each<Burst>(isLong ? [uploads, ...longBursts] : [uploads])(
    `${CLIENTS} x %s leave less than ${LEFT_BYTES_MAX / MIB} MiB`,
    { timeout: 240_000 },
    async (what, play) => {
      const limits = ["--max-connections", "4000", "--keep-alive-timeout", "120s", "--pool-size", "2000"];
      hopwise = await startHopwise(["--to", originUrl, ...limits]);
      await warmUp(hopwise.port);
      const before = hopwise.residentBytes();
      const clients = await play(hopwise.port, () => hopwise.residentBytes());
      const began = performance.now();
      const left = () => hopwise.residentBytes() - before;
      const leftAtOnce = left();
      if (isLong) await untilStill(() => Math.round(left() / MIB), 6_000);
      await until("memory has returned", () => left() < LEFT_BYTES_MAX, RETURNED_WITHIN_MS);
      const open = left();
      const seconds = (performance.now() - began) / 1_000;
      for (const { socket } of clients) socket.destroy();
      if (isLong) await untilStill(() => Math.round(left() / MIB), 6_000);
      await until("memory has returned", () => left() < LEFT_BYTES_MAX, RETURNED_WITHIN_MS);
      console.log(
        `${clients.length || CLIENTS} x ${what}: before ${mib(before)}, most ${mib(peakOf(hopwise.pid))}, then ${mib(before + leftAtOnce)}, ` +
          `${seconds.toFixed(0)} s later ${mib(before + open)}, closed ${mib(before + left())}`,
      );
    },
  );
});

/** Lets the process reach the size it has under ordinary load. */
async function warmUp(port: number): Promise<void> {
  await inTurn(await crowd(port, 16), 16, async (client) => {
    for (let i = 0; i < WARM_UP_REQUESTS / 16; i++) await client.get(2);
    client.socket.destroy();
  });
}

const peakOf = (pid: number) => fieldOf(pid, "VmHWM");

function fieldOf(pid: number, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) * 1024;
}

const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`;
