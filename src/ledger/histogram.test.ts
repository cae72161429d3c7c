import { describe, expect, it } from "vitest";
import { DurationHistogram, durationBounds_ms } from "./histogram.ts";

describe("a histogram of durations", () => {
  it("knows nothing before the first observation", () => {
    expect(new DurationHistogram().quantile_ms(0.5)).toBeUndefined();
  });

  it("counts each duration in the first bucket whose bound it does not exceed", () => {
    const histogram = new DurationHistogram();
    for (const ms of [0, 0.5, 0.6, 1, 60_000, 60_001]) histogram.observe(ms);
    expect([...histogram.counts.subarray(0, 2)]).toEqual([2, 2]);
    expect([...histogram.counts.subarray(-2)]).toEqual([1, 1]);
    expect(histogram.count).toBe(6);
    expect(histogram.sum_ms).toBeCloseTo(120_003.1);
  });

  it("estimates quantiles within the bucket in which they lie", () => {
    const histogram = new DurationHistogram();
    for (let i = 0; i < 90; i++) histogram.observe(2);
    for (let i = 0; i < 10; i++) histogram.observe(200);
    expect(histogram.quantile_ms(0.5)).toBeGreaterThan(1);
    expect(histogram.quantile_ms(0.5)).toBeLessThanOrEqual(2.5);
    expect(histogram.quantile_ms(0.99)).toBeGreaterThan(100);
    expect(histogram.quantile_ms(0.99)).toBeLessThanOrEqual(250);
  });

  it("tells its last bound for what exceeds it", () => {
    const histogram = new DurationHistogram();
    histogram.observe(1e9);
    expect(histogram.quantile_ms(0.5)).toBe(durationBounds_ms.at(-1));
  });
});
