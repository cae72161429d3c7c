/** How it is learned, and unlearned, that an endpoint closes right behind its responses. */
import { expect, it } from "vitest";
import { AbruptCloses, SETTLED_MS } from "./abrupt-closes.ts";

/** Closes one after the other, each of a connection that idled for `idle_ms`. */
function closed(count: number, idle_ms = 1): AbruptCloses {
  const closes = new AbruptCloses();
  for (let i = 1; i <= count; i++) closes.noteClose(i * 1_000 - idle_ms, idle_ms, i * 1_000);
  return closes;
}

/** Answers on connections that were used again until it is no habit any more. */
function answersToUnlearn(closes: AbruptCloses): number {
  let answers = 0;
  for (; closes.isHabit; answers++) closes.noteReuse();
  return answers;
}

it.each([
  [0, false],
  [2, false],
  [3, true],
])("%i closes are a habit: %s", (count, isHabit) => expect(closed(count).isHabit).toBe(isHabit));

it("a close at the end of an idle timeout is none of them", () => {
  expect(closed(100, SETTLED_MS).isHabit).toBe(false);
  expect(closed(3, SETTLED_MS - 1).isHabit).toBe(true);
});

it("connections that idle together and are closed together are one of them: that is a restart", () => {
  const closes = new AbruptCloses();
  for (let i = 0; i < 50; i++) closes.noteClose(1_000 + i / 10, 10, 1_010 + i / 10);
  expect(closes.isHabit).toBe(false);
});

it("but when the next one closes so, too, it was none", () => {
  const closes = new AbruptCloses();
  for (let i = 0; i < 17; i++) closes.noteClose(1_000, 10, 1_010);
  expect(closes.isHabit).toBe(false);
  closes.noteClose(1_010, 10, 1_020);
  expect(closes.isHabit).toBe(true);
});

it("many at the same time are many where each begins to idle behind the last close", () => {
  const closes = new AbruptCloses();
  for (let i = 0; i < 3; i++) closes.noteClose(1_000 + 2 * i, 1, 1_001 + 2 * i);
  expect(closes.isHabit).toBe(true);
});

it("sixteen answers on connections that were used again weigh as much as a close", () => {
  expect(answersToUnlearn(closed(3))).toBe(16);
});

it("a habit of years is unlearned with the 32nd answer", () => {
  expect(answersToUnlearn(closed(1_000))).toBe(32);
});

it("a habit that shows in every tenth response stays one", () => {
  const closes = closed(3);
  for (let i = 0; i < 100; i++) {
    closes.noteClose(10_000 + i, 0, 10_000 + i);
    for (let answer = 0; answer < 9; answer++) closes.noteReuse();
    expect(closes.isHabit).toBe(true);
  }
});
