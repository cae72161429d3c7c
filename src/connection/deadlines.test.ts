/** Deadlines: set, moved, cleared and swept, with the time as an argument. */
import { describe, expect, it } from "vitest";
import { Deadline, Deadlines } from "./deadlines.ts";

function setUp() {
  const deadlines = new Deadlines();
  const due: string[] = [];
  const named = (name: string, then: () => void = () => {}) =>
    new Deadline({
      onDeadline() {
        due.push(name);
        then();
      },
    });
  return { deadlines, due, named };
}

describe("sweeping", () => {
  it("calls what is due, once, and not a millisecond early", () => {
    const { deadlines, due, named } = setUp();
    deadlines.set(named("a"), 100, 0);
    deadlines.sweep(99);
    expect(due).toStrictEqual([]);
    deadlines.sweep(100);
    deadlines.sweep(1_000);
    expect(due).toStrictEqual(["a"]);
    expect(deadlines.size).toBe(0);
  });

  it("calls those of one length in the order in which they were set", () => {
    const { deadlines, due, named } = setUp();
    deadlines.set(named("a"), 100, 0);
    deadlines.set(named("b"), 100, 5);
    deadlines.set(named("c"), 100, 10);
    deadlines.sweep(105);
    expect(due).toStrictEqual(["a", "b"]);
    expect(deadlines.size).toBe(1);
  });

  it("knows several lengths", () => {
    const { deadlines, due, named } = setUp();
    deadlines.set(named("long"), 1_000, 0);
    deadlines.set(named("short"), 10, 500);
    deadlines.sweep(510);
    expect(due).toStrictEqual(["short"]);
    deadlines.sweep(1_000);
    expect(due).toStrictEqual(["short", "long"]);
  });
});

describe("a deadline", () => {
  it("that is set again moves", () => {
    const { deadlines, due, named } = setUp();
    const a = named("a");
    deadlines.set(a, 100, 0);
    deadlines.set(a, 100, 50);
    expect(deadlines.size).toBe(1);
    deadlines.sweep(149);
    expect(due).toStrictEqual([]);
    deadlines.sweep(150);
    expect(due).toStrictEqual(["a"]);
  });

  it("that is set to another length moves, to later or to sooner", () => {
    const { deadlines, due, named } = setUp();
    const a = named("a");
    deadlines.set(a, 100, 0);
    deadlines.set(a, 500, 0);
    deadlines.sweep(499);
    deadlines.set(a, 1, 499);
    expect(due).toStrictEqual([]);
    deadlines.sweep(500);
    expect(due).toStrictEqual(["a"]);
    expect(deadlines.size).toBe(0);
  });

  it("that is cleared is not called, and clearing twice is nothing", () => {
    const { deadlines, due, named } = setUp();
    const a = named("a");
    deadlines.set(a, 100, 0);
    deadlines.clear(a);
    deadlines.clear(a);
    expect(deadlines.size).toBe(0);
    deadlines.sweep(1_000);
    expect(due).toStrictEqual([]);
  });

  it("may be set again when it is called", () => {
    const { deadlines, due, named } = setUp();
    let now = 100;
    const a: Deadline = named("a", () => deadlines.set(a, 100, now));
    deadlines.set(a, 100, 0);
    deadlines.sweep(now);
    expect(due).toStrictEqual(["a"]);
    expect(deadlines.size).toBe(1);
    now = 200;
    deadlines.sweep(now);
    expect(due).toStrictEqual(["a", "a"]);
  });

  it("may clear another that is due in the same sweep", () => {
    const { deadlines, due, named } = setUp();
    const b = named("b");
    deadlines.set(
      named("a", () => deadlines.clear(b)),
      100,
      0,
    );
    deadlines.set(b, 100, 0);
    deadlines.sweep(100);
    expect(due).toStrictEqual(["a"]);
    expect(deadlines.size).toBe(0);
  });
});

it("ten thousand moves in every order leave the size right", () => {
  const { deadlines, due, named } = setUp();
  const all = Array.from({ length: 100 }, (_, index) => named(String(index)));
  for (let i = 0; i < 10_000; i++) {
    const deadline = all[(i * 37) % 100] as Deadline;
    if (i % 3 === 0) deadlines.clear(deadline);
    else deadlines.set(deadline, 10 + (i % 5), i / 1_000);
  }
  expect(deadlines.size).toBe(all.filter((deadline) => deadline.isListed).length);
  deadlines.sweep(1_000);
  expect(deadlines.size).toBe(0);
  expect(new Set(due).size).toBe(due.length);
});
