/**
 * The guard of what a group costs an exchange: three endpoints that are looked after, nearly what a bare one costs. It counts, it takes
 * no time.
 *
 * Each is compared with the other in the same process, so there is no baseline. Deliberately absent: time, see bench.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { flags } from "./flags.mjs";

interface Counts {
  readonly exchanges: number;
  readonly bytes: number;
  readonly downstreamWrites: number;
  readonly upstreamWrites: number;
  readonly timers: number;
  readonly opened: number;
}

/** How much more than one endpoint is work that grows. Endpoints of different weights take turns in lists that are used again. */
const MORE_MAX: Readonly<Record<string, number>> = { "a group of three": 1.05 };
/** The sweep of the deadlines is a timer for some thousand exchanges. */
const TIMERS_MAX = 0.001;

const program = fileURLToPath(new URL("groups.mjs", import.meta.url));
const counts = JSON.parse(
  execFileSync(process.execPath, [...flags, program], { encoding: "utf8", timeout: 100_000 }),
) as Record<string, Counts>;
const bytesOf = (name: string) => counts[name]?.bytes ?? Number.NaN;

describe.each(Object.entries(counts))("an exchange with %s", (_name, count) => {
  test("takes exactly one write on each hop, and starts no timer, on persistent connections", () => {
    expect(count.exchanges).toBeGreaterThanOrEqual(25_000);
    expect([count.opened, count.upstreamWrites, count.downstreamWrites]).toStrictEqual([0, 1, 1]);
    expect(count.timers).toBeLessThanOrEqual(TIMERS_MAX);
  });
});

test.each(Object.entries(MORE_MAX))("%s: at most so much more is allocated than for one endpoint", (name, most) => {
  console.log(
    `${name}: ${Math.round(bytesOf(name))} bytes allocated, one endpoint: ${Math.round(bytesOf("one endpoint"))}`,
  );
  expect(bytesOf(name)).toBeLessThanOrEqual(bytesOf("one endpoint") * most);
});
