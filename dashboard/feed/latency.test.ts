/** Percentiles over time are of exchanges that ended in the same five seconds. */
import { expect, it } from "vitest";
import type { ExchangeEntry } from "./api-types.ts";
import { Latencies, quantilesOf } from "./latency.ts";

function ended(at_ms: number, duration_ms: number, some: Partial<ExchangeEntry> = {}): ExchangeEntry {
  return {
    time: new Date(at_ms - duration_ms).toISOString(),
    duration_ms,
    outcome: "completed",
    ...some,
  } as ExchangeEntry;
}

it("by nearest rank", () => {
  expect(quantilesOf(Array.from({ length: 100 }, (_, index) => index + 1))).toStrictEqual({ 50: 50, 90: 90, 99: 99 });
  expect(quantilesOf([7])).toStrictEqual({ 50: 7, 90: 7, 99: 7 });
});

it("each phase by itself, as far as there was one", () => {
  const latencies = new Latencies();
  latencies.add(ended(11_000, 10, { firstByte_ms: 6, wait_ms: 7 }));
  latencies.add(ended(12_000, 20));
  expect(latencies.spans()).toStrictEqual([
    {
      at_ms: 10_000,
      count: 2,
      of: { whole: { 50: 10, 90: 20, 99: 20 }, origin: quantilesOf([6]), rest: quantilesOf([3]) },
    },
  ]);
});

it("leaves out tunnels, which take as long as their ends like", () => {
  const latencies = new Latencies();
  latencies.add(ended(11_000, 3_600_000, { outcome: "tunnel" }));
  expect(latencies.spans()).toStrictEqual([]);
});

it("is bounded to a quarter of an hour", () => {
  const latencies = new Latencies();
  for (let at_ms = 0; at_ms < 7_200_000; at_ms += 5_000) latencies.add(ended(at_ms + 1, 1));
  expect(latencies.spans().length).toBeLessThanOrEqual(184);
  expect(latencies.spans().at(-1)?.at_ms).toBe(7_195_000);
});
