/** How an origin's real lifetime is learned from what is seen of it. */
import { describe, expect, it } from "vitest";
import { Lifetime } from "./lifetime.ts";

/** Closes at the ages given, an hour apart. */
function learned(...ages_ms: number[]): Lifetime {
  const lifetime = new Lifetime();
  for (const [index, age] of ages_ms.entries()) lifetime.recordClose(age, index * 3_600_000);
  return lifetime;
}

describe("the estimate", () => {
  it("is unknown at first", () => {
    expect(new Lifetime().estimate_ms).toBeUndefined();
    expect(new Lifetime().usable_ms).toBeUndefined();
  });

  it.each([
    { ages: [5_000], estimate: 5_000 },
    { ages: [5_000, 5_002], estimate: 5_000 },
    { ages: [5_002, 5_000], estimate: 5_000 },
    { ages: [4_900, 5_000, 5_100], estimate: 5_000 },
    { ages: [5_000, 5_001, 5_002, 5_003], estimate: 5_001 },
  ])("after closes at $ages: $estimate", ({ ages, estimate }) => {
    expect(learned(...ages).estimate_ms).toBe(estimate);
  });

  it("is not moved by one restart that closes young connections", () => {
    expect(learned(5_000, 5_000, 5_000, 120).estimate_ms).toBe(5_000);
  });

  it("is not moved by one connection that lived on", () => {
    expect(learned(5_000, 5_000, 60_000).estimate_ms).toBe(5_000);
  });

  it("follows a redeployment with a shorter lifetime within eight closes, and with a longer one", () => {
    expect(learned(...Array(20).fill(60_000), ...Array(5).fill(5_000)).estimate_ms).toBe(5_000);
    expect(learned(...Array(20).fill(5_000), ...Array(5).fill(60_000)).estimate_ms).toBe(60_000);
  });

  it("remembers no more than eight closes", () => {
    expect(learned(1, ...Array(8).fill(5_000)).wellInside_ms(undefined)).toBe(2_500);
  });
});

describe("closes that come together are one sample, the longest", () => {
  it("a restart that closes connections of every age", () => {
    const lifetime = learned(5_000, 5_000);
    for (const age of [10, 3_000, 700, 4_999, 1]) lifetime.recordClose(age, 10_000_000 + age / 100);
    expect(lifetime.estimate_ms).toBe(5_000);
    // What may not be retried is careful until somebody has lived for longer than the youngest of them.
    expect(lifetime.wellInside_ms(undefined)).toBe(0.5);
    lifetime.recordSurvival(2.5);
    expect(lifetime.wellInside_ms(undefined)).toBe(2_499.5);
  });

  it("an origin that closes soon after each response is no restart, however fast requests come", () => {
    const lifetime = new Lifetime();
    for (const [now, age] of [
      [0, 3],
      [20, 3],
      [60, 9],
      [90, 4],
    ] as const)
      lifetime.recordClose(age, now);
    expect(lifetime.estimate_ms).toBe(9);
    expect(lifetime.wellInside_ms(60_000)).toBe(1.5);
  });

  it("a burst may go on as long as each close is near the one before", () => {
    const lifetime = new Lifetime();
    for (let i = 0; i < 10; i++) lifetime.recordClose(100 + i, i * 99);
    expect(lifetime.estimate_ms).toBe(109);
    lifetime.recordClose(50, 9 * 99 + 100);
    expect(lifetime.estimate_ms).toBe(50);
  });
});

it("a close says whether the estimate changed", () => {
  const lifetime = new Lifetime();
  expect(lifetime.recordClose(5_000, 0)).toBe(true);
  expect(lifetime.recordClose(5_000, 1_000)).toBe(false);
  expect(lifetime.recordClose(4_000, 2_000)).toBe(false);
  expect(lifetime.recordClose(4_000, 3_000)).toBe(true);
});

describe("what is usable of it: a tenth is left, at least 20 ms, at most a second", () => {
  it.each([
    [5_000, 4_500],
    [60_000, 59_000],
    [100, 80],
  ])("%i ms: %i ms", (age, usable) => {
    expect(learned(age).usable_ms).toBe(usable);
  });
});

describe("what is not believed", () => {
  it("a lifetime below a tenth of a second: an origin that closes so soon has other reasons than idleness", () => {
    expect(learned(99).usable_ms).toBeUndefined();
    expect(learned(99).estimate_ms).toBe(99);
    expect(learned(99, 5_000, 5_000).usable_ms).toBe(4_500);
  });

  it("a lifetime that a neighbour outlives while it is watched", () => {
    const lifetime = learned(5_000);
    lifetime.recordSurvival(4_000);
    expect(lifetime.usable_ms).toBe(4_500);
    lifetime.recordSurvival(9_000);
    expect(lifetime.usable_ms).toBe(8_100);
  });

  it("closes that a neighbour outlives twice over: those were no idle timeouts", () => {
    const lifetime = learned(5_000, 5_000);
    lifetime.recordSurvival(10_001);
    expect(lifetime.estimate_ms).toBeUndefined();
    expect(lifetime.wellInside_ms(undefined)).toBe(5_000.5);
  });
});

describe("well inside: half of what is known for sure", () => {
  const cases: { name: string; lifetime: Lifetime; hinted?: number; gives: number }[] = [
    { name: "nothing known: half a second", lifetime: new Lifetime(), gives: 500 },
    { name: "the shortest close seen, not the median", lifetime: learned(5_000, 5_000, 4_000), gives: 2_000 },
    { name: "a close that came at once", lifetime: learned(2), gives: 1 },
    { name: "the origin's promise", lifetime: new Lifetime(), hinted: 6_000, gives: 3_000 },
    { name: "a promise that closes have belied", lifetime: learned(2_000), hinted: 6_000, gives: 1_000 },
    { name: "a promise shorter than the closes seen", lifetime: learned(8_000), hinted: 6_000, gives: 3_000 },
  ];
  for (const { name, lifetime, hinted, gives } of cases) {
    it(name, () => expect(lifetime.wellInside_ms(hinted)).toBe(gives));
  }

  it("what survived proves that long a lifetime, until something dies sooner", () => {
    const lifetime = new Lifetime();
    lifetime.recordSurvival(4_000);
    lifetime.recordSurvival(1_000);
    expect(lifetime.wellInside_ms(undefined)).toBe(2_000);
    lifetime.recordSurvival(10_000);
    expect(lifetime.wellInside_ms(undefined)).toBe(5_000);
    lifetime.recordClose(3_000, 0);
    expect(lifetime.wellInside_ms(undefined)).toBe(1_500);
  });
});
