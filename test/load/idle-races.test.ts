/**
 * The race that every proxy loses now and then: an origin closes a connection that idled for too long at the very moment
 * a request is put on it.
 *
 * Here clients come in bursts, so that many connections idle at once, and the next burst comes when the origin is about
 * to close them. No client may see a failure once hopwise has seen a few closes, and no POST may be executed twice.
 * Nothing is configured. The origin may advertise its timeout, say nothing, or lie.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Hopwise, type Stats, startHopwise } from "../interop/support/hopwise.ts";
import { isLong } from "../interop/support/long.ts";
import { type Random, randomFrom, seed } from "../interop/support/random.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { type Temper, TemperedOrigin } from "../interop/support/tempered-origin.ts";
import { pause } from "../interop/support/waiting.ts";

interface Race {
  readonly name: string;
  readonly temper: Temper & { readonly idleTimeout_ms: number };
  readonly requests: number;
  readonly clients: number;
}

const long: readonly Race[] = [1, 5].flatMap((seconds) =>
  raceWith(seconds * 1_000, { requests: 5_000, clients: seconds === 1 ? 50 : 100 }),
);
const races = isLong ? long : raceWith(1_000, { requests: 600, clients: 80 });

function raceWith(idleTimeout_ms: number, size: { requests: number; clients: number }): Race[] {
  const timeout = `${idleTimeout_ms / 1_000} s`;
  const temper = { idleTimeout_ms, work_ms: 15 };
  return [
    { name: `says nothing, closes after ${timeout}`, temper, ...size },
    {
      name: `advertises ${timeout} and means it`,
      temper: { ...temper, advertised_s: Math.round(idleTimeout_ms / 1_000) },
      ...size,
    },
    { name: `advertises 60 s, closes after ${timeout}`, temper: { ...temper, advertised_s: 60 }, ...size },
  ];
}

/** Requests during which hopwise may still be learning. */
const LEARNING_SHARE = 0.1;
/** Failures that are allowed meanwhile. */
const LEARNING_FAILURES_MAX = 5;

interface Failure {
  readonly number: number;
  readonly method: string;
  readonly what: string;
}

describe(`races with the origin's idle timeout (seed ${seed})`, { timeout: 900_000 }, () => {
  const results = new Map<string, Promise<RaceResult>>();

  // All origins at once: what takes time is waiting.
  beforeAll(() => {
    races.forEach((race, index) => {
      const result = run(race, randomFrom(seed + index));
      result.catch(() => {});
      results.set(race.name, result);
    });
  });

  afterAll(() => Promise.allSettled(results.values()));

  for (const { name, requests } of races) {
    it(`an origin that ${name}: ${requests} requests`, async () => {
      const result = await results.get(name);
      if (result === undefined) throw new Error("the race was not run");
      const { failures, executions, stats, idleCloses } = result;
      const { upstream } = stats.connections;
      const figures = { failures: failures.length, ...upstream, ...stats.reuse, idleCloses };
      console.log(`${name}: ${JSON.stringify(figures)}`);

      expect(failures.filter(({ number }) => number > requests * LEARNING_SHARE)).toEqual([]);
      expect(failures.length).toBeLessThanOrEqual(LEARNING_FAILURES_MAX);
      expect([...executions].filter(([target, count]) => target.startsWith("/POST/") && count > 1)).toEqual([]);
      expect([...executions.values()].reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(
        requests - failures.length,
      );
      expect(stats.connections.downstream.closed).toEqual({});
      const known = [
        "peer-closed-idle",
        "peer-closed",
        "peer-reset",
        "lifetime-learned",
        "hint-expired",
        "retry-suspect",
      ];
      expect(known).toEqual(expect.arrayContaining(Object.keys(upstream.closed)));
    });
  }
});

interface RaceResult {
  readonly failures: readonly Failure[];
  readonly executions: ReadonlyMap<string, number>;
  readonly stats: Stats;
  /** Connections that the origin closed because they idled: what hopwise did not forestall. */
  readonly idleCloses: number;
}

async function run({ temper, requests, clients }: Race, random: Random): Promise<RaceResult> {
  const origin = await TemperedOrigin.start(temper);
  const hopwise = await startHopwise(["--to", origin.url]);
  const failures: Failure[] = [];
  try {
    const crowd = Array.from({ length: clients }, () => new RacingClient(hopwise, random));
    for (let sent = 0; sent < requests; ) {
      const burst = Math.min(requests - sent, Math.ceil(random.between(0.3, 1) * clients));
      const first = sent + 1;
      sent += burst;
      const gap_ms = gapAround(temper.idleTimeout_ms, random);
      await Promise.all(
        Array.from({ length: burst }, async (_, index) => {
          // Everybody's turn comes, so that no client idles for longer than hopwise lets it.
          const client = crowd[(first + index) % clients];
          const failure = await client?.request(first + index, gap_ms);
          if (failure !== undefined) failures.push(failure);
        }),
      );
    }
    const stats = await hopwise.stats();
    for (const client of crowd) client.close();
    return { failures, executions: origin.executions, stats, idleCloses: origin.idleCloses };
  } finally {
    await hopwise.stop();
    origin.stop();
  }
}

/** Most gaps are close to the timeout: just before, just after; some anywhere around it. */
function gapAround(timeout_ms: number, random: Random): number {
  return random.next() < 0.6 ? timeout_ms * random.between(0.96, 1.02) : timeout_ms * random.between(0.5, 1.3);
}

/** A client with a connection of its own, which it keeps. */
class RacingClient {
  private readonly hopwise: Hopwise;
  private readonly random: Random;
  private connection: RawClient | undefined;

  constructor(hopwise: Hopwise, random: Random) {
    this.hopwise = hopwise;
    this.random = random;
  }

  /** Waits about `gap_ms`, sends one request. @returns what went wrong */
  async request(number: number, gap_ms: number): Promise<Failure | undefined> {
    const method = this.random.next() < 0.5 ? "GET" : "POST";
    await pause(gap_ms + this.random.between(0, 30));
    const target = `/${method}/${number}`;
    try {
      this.connection ??= await RawClient.open(this.hopwise.port);
      const body = method === "POST" ? "Content-Length: 4\r\n\r\nbody" : "\r\n";
      const response = await this.connection.exchange(`${method} ${target} HTTP/1.1\r\nHost: a\r\n${body}`);
      if (response.status === 200 && response.body.toString() === target) return undefined;
      return { number, method, what: `${response.status} ${response.body}` };
    } catch (error) {
      this.connection = undefined;
      return { number, method, what: String(error) };
    }
  }

  close(): void {
    this.connection?.close();
  }
}
