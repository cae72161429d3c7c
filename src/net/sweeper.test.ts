/** One timer drives all deadlines, and runs only while any is set. */
import { expect, it } from "vitest";
import { Deadline } from "../connection/deadlines.ts";
import type { Clock } from "./ports.ts";
import { Sweeper } from "./sweeper.ts";

/** Time that counts its timers. */
class CountingClock implements Clock {
  time_ms = 0;
  started = 0;
  private timers: { due_ms: number; callback: () => void }[] = [];

  now(): number {
    return this.time_ms;
  }

  date(): number {
    return this.time_ms;
  }

  after(delay_ms: number, callback: () => void): () => void {
    this.started++;
    const timer = { due_ms: this.time_ms + delay_ms, callback };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** What arrived while the process stood still, and is read now. */
  arrivals = () => {};

  afterArrivals(callback: () => void): void {
    this.arrivals();
    callback();
  }

  get running(): number {
    return this.timers.length;
  }

  /** Time passes in which nothing runs. */
  standStill(ms: number): void {
    this.time_ms += ms;
    this.pass(0);
    this.pass(1);
  }

  pass(ms: number): void {
    for (let i = 0; i < ms; i++) {
      this.time_ms++;
      const due = this.timers.filter(({ due_ms }) => due_ms <= this.time_ms);
      this.timers = this.timers.filter(({ due_ms }) => due_ms > this.time_ms);
      for (const { callback } of due) callback();
    }
  }
}

function setUp() {
  const clock = new CountingClock();
  const sweeper = new Sweeper(clock);
  const due: number[] = [];
  const deadline = () => new Deadline({ onDeadline: () => due.push(clock.time_ms) });
  return { clock, sweeper, due, deadline };
}

it("has no timer while nothing is set", () => {
  const { clock } = setUp();
  clock.pass(1_000);
  expect(clock.started).toBe(0);
});

it("notices a deadline at most 50 ms late", () => {
  const { clock, sweeper, due, deadline } = setUp();
  for (const delay_ms of [1, 49, 50, 51, 120]) sweeper.set(deadline(), delay_ms, clock.now());
  clock.pass(1_000);
  expect(due).toStrictEqual([50, 50, 50, 100, 150]);
});

it("stops when nothing is set any more, and starts again", () => {
  const { clock, sweeper, due, deadline } = setUp();
  sweeper.set(deadline(), 10, clock.now());
  clock.pass(60);
  expect(clock.running).toBe(0);
  const started = clock.started;
  clock.pass(1_000);
  expect(clock.started).toBe(started);
  sweeper.set(deadline(), 10, clock.now());
  clock.pass(60);
  expect(due).toHaveLength(2);
});

it("stops within one sweep after the last deadline is cleared", () => {
  const { clock, sweeper, deadline } = setUp();
  const only = deadline();
  sweeper.set(only, 10_000, clock.now());
  sweeper.clear(only);
  clock.pass(50);
  expect(clock.running).toBe(0);
});

it("has one timer, however many deadlines are set and whenever", () => {
  const { clock, sweeper, deadline } = setUp();
  for (let i = 0; i < 200; i++) {
    sweeper.set(deadline(), 100 + i, clock.now());
    clock.pass(1);
    expect(clock.running).toBe(1);
  }
});

it("a deadline that sets itself again keeps one timer", () => {
  const { clock, sweeper } = setUp();
  let count = 0;
  const again: Deadline = new Deadline({
    onDeadline() {
      count++;
      sweeper.set(again, 100, clock.now());
      expect(clock.running).toBeLessThanOrEqual(1);
    },
  });
  sweeper.set(again, 100, clock.now());
  clock.pass(1_000);
  expect(count).toBe(10);
  expect(clock.running).toBe(1);
});

it("what arrived while the process stood still is heard first", () => {
  const { clock, sweeper, due, deadline } = setUp();
  const heard = deadline();
  const silent = deadline();
  for (const it of [heard, silent]) sweeper.set(it, 1_000, clock.now());
  clock.arrivals = () => sweeper.set(heard, 1_000, clock.now());
  clock.standStill(5_000);
  expect(due).toStrictEqual([5_001]);
  clock.pass(1_100);
  expect(due).toHaveLength(2);
});
