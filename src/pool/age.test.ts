/** How old a connection may become, and that those which were opened together do not end together. */
import { expect, it } from "vitest";
import { lentUntil_ms, withinAge_ms } from "./age.ts";

const HOUR_MS = 3_600_000;

it("a connection is lent for nine tenths of the greatest age at least, and never beyond it", () => {
  const ages_ms = Array.from({ length: 10_000 }, (_, id) => lentUntil_ms(HOUR_MS, id, 5) - 5);
  expect(Math.min(...ages_ms)).toBeGreaterThanOrEqual(0.9 * HOUR_MS);
  expect(Math.max(...ages_ms)).toBeLessThanOrEqual(HOUR_MS);
});

// Ids are those of all connections: where each client brings an origin's connection, every second one is an origin's.
it.each([1, 2, 3, 10])("a thousand that are opened together, every %i. id, end evenly", (step) => {
  const perTenth = Array(10).fill(0);
  for (let i = 0; i < 1_000; i++) {
    const share = (HOUR_MS - lentUntil_ms(HOUR_MS, 1 + i * step, 0)) / HOUR_MS;
    perTenth[Math.floor(share * 100)]++;
  }
  for (const count of perTenth) expect(Math.abs(count - 100)).toBeLessThanOrEqual(5);
});

it("0 is no limit", () => {
  expect(lentUntil_ms(0, 1, 0)).toBe(Number.POSITIVE_INFINITY);
});

it.each([
  [60_000, HOUR_MS, 60_000],
  [60_000, 10_000, 10_000],
  [60_000, 0, 60_000],
])("with an idle limit of %i ms and a greatest age of %i ms a connection idles for %i ms at most", (idle, age, expected) => {
  expect(withinAge_ms(idle, age)).toBe(expected);
});
