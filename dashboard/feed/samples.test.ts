/** Rates come from two looks at figures that only grow. */
import { expect, it } from "vitest";
import type { ProxyStats } from "./api-types.ts";
import { exchangesOf, rateOf, type Sample, withSample } from "./samples.ts";

const sample = (at_s: number, total: number, uptime_ms = at_s * 1_000): Sample => ({
  at_ms: at_s * 1_000,
  stats: { uptime_ms, exchanges: { total } } as ProxyStats,
});

it("a rate is that of the latest seconds", () => {
  const samples = [sample(0, 0), sample(10, 1_000), sample(11, 1_000), sample(12, 1_010), sample(13, 1_030)];
  expect(rateOf(samples, exchangesOf)).toBe(10);
});

it("one look has no rate", () => {
  expect(rateOf([sample(0, 7)], exchangesOf)).toBeUndefined();
});

it("a proxy that was started anew begins anew", () => {
  expect(withSample([sample(100, 5_000)], sample(101, 3, 500))).toHaveLength(1);
});

it("keeps a quarter of an hour", () => {
  let samples: readonly Sample[] = [];
  for (let second = 0; second < 2_000; second++) samples = withSample(samples, sample(second, second));
  expect(samples).toHaveLength(900);
});
