/** How a client's rate is taken: over time in which it owes something, and no other. */
import { expect, it } from "vitest";
import { Pace, RATE_GRACE_MS, RATE_WINDOW_MS } from "./pace.ts";

/** Moves so many bytes each second, for as long. */
function move(pace: Pace, perSecond: number, seconds: number, from_ms = 0): number {
  for (let second = 1; second <= seconds; second++) pace.note(true, perSecond, from_ms + second * 1_000);
  return from_ms + seconds * 1_000;
}

it("is not known before the grace and one window", () => {
  const pace = new Pace();
  pace.note(true, 0, 0);
  const seconds = (RATE_GRACE_MS + RATE_WINDOW_MS) / 1_000;
  const almost_ms = move(pace, 100, seconds - 1);
  expect(pace.rate(almost_ms)).toBeUndefined();
  expect(pace.rate(move(pace, 100, 1, almost_ms))).toBe(100);
});

it("is that of the latest window: a client that slows down is noticed", () => {
  const pace = new Pace();
  pace.note(true, 0, 0);
  const fast_ms = move(pace, 10_000, 20);
  expect(pace.rate(fast_ms)).toBeGreaterThan(8_000);
  expect(pace.rate(move(pace, 1, 10, fast_ms))).toBeLessThan(2_000);
});

it("does not count time in which the client owes nothing", () => {
  const pace = new Pace();
  pace.note(true, 0, 0);
  pace.note(false, 50_000, 5_000);
  pace.note(true, 0, 1_000_000);
  expect(pace.rate(1_004_000)).toBeUndefined();
  pace.note(false, 0, 1_004_500);
  expect(pace.rate(2_000_000)).toBeUndefined();
});

it("is zero for a client that moves nothing, when it is asked", () => {
  const pace = new Pace();
  pace.note(true, 0, 0);
  expect(pace.rate(RATE_GRACE_MS)).toBeUndefined();
  expect(pace.rate(RATE_GRACE_MS + RATE_WINDOW_MS)).toBe(0);
});
