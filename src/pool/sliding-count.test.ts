import { expect, it } from "vitest";
import { SlidingCount } from "./sliding-count.ts";

const shown = ({ all, marked }: SlidingCount) => [all, marked];

it("what is older than the window is forgotten, a slice at a time", () => {
  const count = new SlidingCount(10_000);
  count.count(0);
  count.mark(500);
  count.count(4_000);
  expect(shown(count)).toStrictEqual([2, 1]);
  count.passTo(9_999);
  expect(shown(count)).toStrictEqual([2, 1]);
  count.passTo(10_000);
  expect(shown(count)).toStrictEqual([1, 0]);
  count.passTo(14_000);
  expect(shown(count)).toStrictEqual([0, 0]);
});

it("a long pause forgets everything, at no cost", () => {
  const count = new SlidingCount(1_000);
  for (let i = 0; i < 50; i++) count.count(i * 10);
  count.passTo(1e12);
  expect(shown(count)).toStrictEqual([0, 0]);
  count.count(1e12);
  expect(shown(count)).toStrictEqual([1, 0]);
});

it("counts as a list of times would, whatever comes when", () => {
  const count = new SlidingCount(1_000);
  const times: number[] = [];
  let now = 0;
  for (let i = 0; i < 2_000; i++) {
    now += (i * 7_919) % 130;
    count.count(now);
    times.push(now);
    // Slices are 100 ms: the oldest goes as a whole.
    const from = (Math.floor(now / 100) - 9) * 100;
    expect(count.all).toBe(times.filter((time) => time >= from).length);
  }
});
