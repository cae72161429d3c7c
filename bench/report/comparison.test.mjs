import { describe, expect, it } from "vitest";
import { medianInterval, verdictOf } from "./comparison.mjs";

/** Ratios around `middle`, as noisy as a busy machine. */
const around = (middle) => [-0.08, -0.03, -0.01, 0.01, 0.03, 0.08].map((off) => middle + off);

describe("whether two builds differ by more than noise", () => {
  it.each([
    {
      what: "ratios around 1",
      starts: [around(1), around(1), around(1)],
      verdict: /^no difference beyond noise: −.* to \+/,
    },
    { what: "ratios around 0.9", starts: [around(0.9), around(0.9), around(0.9)], verdict: /^B needs less: −1.* to −/ },
    { what: "ratios around 1.1", starts: [around(1.1), around(1.1), around(1.1)], verdict: /^B needs more: \+/ },
    { what: "starts that disagree", starts: [around(0.8), around(0.8), around(1.02)], verdict: /^no difference/ },
    { what: "fewer rounds than could tell", starts: [[0.5, 0.5], [0.5]], verdict: /^too few/ },
  ])("$what: $verdict", ({ starts, verdict }) => {
    expect(verdictOf(starts)).toMatch(verdict);
  });

  // Sign test: 8 values lie all on one side of their median once in 128 times, of 18 three or fewer once in 132.
  it.each([
    { count: 7, bounds: undefined },
    { count: 8, bounds: [0, 7] },
    { count: 11, bounds: [0, 10] },
    { count: 12, bounds: [1, 10] },
    { count: 18, bounds: [3, 14] },
  ])("the median of $count values lies between $bounds", ({ count, bounds }) => {
    expect(medianInterval(Array.from({ length: count }, (_, index) => index))).toEqual(bounds);
  });
});
