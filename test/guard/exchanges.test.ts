/**
 * The guard of what an exchange costs in memory, writes and timers. It counts, it takes no time: it is the same on a busy
 * machine.
 *
 * The bytes allocated depend on the version of Node, so each has a baseline of its own in baseline.json. Who makes an
 * exchange cheaper, or dearer for a good reason, writes it anew: `npm run build && node test/guard/update.mjs`.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
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

/** How much more than the baseline is a regression. */
const MORE_MAX = 1.1;
/** The sweep of the deadlines is a timer for some thousand exchanges. */
const TIMERS_MAX = 0.001;

/** Its key among the baselines. */
const IDLE = "an idle client";

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const baselines = JSON.parse(readFileSync(here("baseline.json"), "utf8")) as Record<string, Record<string, number>>;
const major = process.versions.node.split(".")[0] ?? "";
const baseline = baselines[major];

const { exchanges, idleBytes } = JSON.parse(
  execFileSync(process.execPath, [...flags, here("exchanges.mjs")], { encoding: "utf8", timeout: 100_000 }),
) as { readonly exchanges: Record<string, Counts>; readonly idleBytes: number };
const without = baseline === undefined ? ` (skipped: no baseline for Node ${major})` : "";

test.skipIf(baseline === undefined)(`a client that idles keeps what it did, within 10 %${without}`, () => {
  const before = baseline?.[IDLE] ?? 0;
  console.log(`${IDLE}: ${Math.round(idleBytes)} bytes kept, baseline ${before}`);
  expect(idleBytes).toBeLessThanOrEqual(before * MORE_MAX);
});

describe.each(Object.entries(exchanges))("an exchange: %s", (kind, count) => {
  test("was counted on persistent connections", () => {
    expect(count.exchanges).toBeGreaterThanOrEqual(50_000);
    expect(count.opened).toBe(0);
  });

  test("takes exactly one write on each hop", () => {
    expect(count.upstreamWrites).toBe(1);
    expect(count.downstreamWrites).toBe(1);
  });

  test("starts no timer", () => {
    expect(count.timers).toBeLessThanOrEqual(TIMERS_MAX);
  });

  // Without a baseline for this version of Node there is nothing to compare with.
  test.skipIf(baseline === undefined)(`allocates what it did, within 10 %${without}`, () => {
    const before = baseline?.[kind] ?? 0;
    console.log(`${kind}: ${Math.round(count.bytes)} bytes allocated, baseline ${before}`);
    expect(count.bytes).toBeLessThanOrEqual(before * MORE_MAX);
  });
});
