/**
 * A slow-header flood does not keep a normal client out: it is served, and soon.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { listening } from "../interop/support/listening.ts";
import { newcomer } from "./newcomer.ts";

const FLOOD = 2_000;
/** Those that are cut off come again, up to here. */
const ATTEMPTS_MAX = 3 * FLOOD;
const REQUESTS = 200;
/** Who is shut out waits for --head-timeout, 30 s; who is served waits for the processor alone, however slow it is. */
const LATENCY_MS_MAX = 10_000;

describe(`${FLOOD} connections that never finish their head`, () => {
  let origin: Server;
  let originUrl: string;
  let hopwise: Hopwise;
  let flood: Worker | undefined;

  beforeAll(async () => {
    origin = createServer((_request, response) => response.end("served"));
    originUrl = await listening(origin);
  });

  afterEach(async () => {
    await flood?.terminate();
    expect((await hopwise.stop()).code).toBe(0);
  });

  afterAll(() => {
    origin.closeAllConnections();
    origin.close();
  });

  const settings: readonly [string, readonly string[]][] = [
    ["with the default limit of connections", []],
    ["with --max-connections 500", ["--max-connections", "500"]],
  ];

  for (const [name, args] of settings) {
    it(`do not keep a normal client out ${name}`, async () => {
      hopwise = await startHopwise(["--to", originUrl, ...args]);
      const workerData = { port: hopwise.port, count: FLOOD, attemptsMax: ATTEMPTS_MAX };
      flood = new Worker(new URL("./flood.mjs", import.meta.url), { workerData });
      await once(flood, "message");
      const failures: string[] = [];
      const latencies: number[] = [];
      for (let i = 0; i < REQUESTS; i++) {
        await newcomer(hopwise.port).then(
          (ms) => latencies.push(ms),
          (error: Error) => failures.push(error.message),
        );
      }
      expect(failures).toEqual([]);
      expect(Math.max(...latencies)).toBeLessThan(LATENCY_MS_MAX);
      const { downstream } = (await hopwise.stats()).connections;
      expect(downstream.opened.accepted).toBeGreaterThanOrEqual(FLOOD);
    });
  }
});
