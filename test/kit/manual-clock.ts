/**
 * Time that stands still until a test moves it. The sockets stay real; no test waits for a timeout.
 *
 * The date never moves, so that messages with a `Date` can be compared octet by octet.
 */
import { nodeClock } from "../../src/net/node-clock.ts";
import type { Clock } from "../../src/net/ports.ts";

/** The example of RFC 9110 section 5.6.7. */
export const TEST_DATE = "Sun, 06 Nov 1994 08:49:37 GMT";
const TEST_DATE_MS = Date.parse(TEST_DATE);

interface Timer {
  readonly due_ms: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  private now_ms = 0;
  private readonly timers = new Set<Timer>();
  /** Delays that pass by themselves all the same: those for which no test waits. */
  private readonly real_ms: ReadonlySet<number>;

  constructor(...real_ms: readonly number[]) {
    this.real_ms = new Set(real_ms);
  }

  now(): number {
    return this.now_ms;
  }

  date(): number {
    return TEST_DATE_MS;
  }

  after(delay_ms: number, callback: () => void): () => void {
    if (this.real_ms.has(delay_ms)) return nodeClock.after(delay_ms, callback);
    const timer = { due_ms: this.now_ms + delay_ms, callback };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Real sockets deliver in real turns. */
  afterArrivals(callback: () => void): void {
    nodeClock.afterArrivals(callback);
  }

  /** Lets `ms` pass; everything that is due on the way happens in its order. */
  advance(ms: number): void {
    const end_ms = this.now_ms + ms;
    for (let timer = this.firstDue(end_ms); timer !== undefined; timer = this.firstDue(end_ms)) {
      this.timers.delete(timer);
      this.now_ms = Math.max(this.now_ms, timer.due_ms);
      timer.callback();
    }
    this.now_ms = end_ms;
  }

  /** Lets `ms` pass in which this process runs nothing: what was due meanwhile comes late. */
  standStill(ms: number): void {
    this.now_ms += ms;
    this.advance(0);
  }

  private firstDue(until_ms: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.timers) {
      if (timer.due_ms <= until_ms && (first === undefined || timer.due_ms < first.due_ms)) first = timer;
    }
    return first;
  }
}
