/** Drives the deadlines of a proxy with one timer, which runs only while any deadline is set. */
import { type Deadline, Deadlines } from "../connection/deadlines.ts";
import type { Clock } from "./ports.ts";
import { limitTime } from "./time-limit.ts";

/** How late a deadline may be noticed. The shortest sensible timeouts are half a second. */
const SWEEP_MS = 50;

export class Sweeper extends Deadlines {
  private readonly clock: Clock;
  private stop: (() => void) | undefined;

  constructor(clock: Clock) {
    super();
    this.clock = clock;
  }

  override set(deadline: Deadline, delay_ms: number, now: number): void {
    super.set(deadline, delay_ms, now);
    if (this.stop === undefined) this.schedule();
  }

  private schedule(): void {
    this.stop = limitTime(this.clock, SWEEP_MS, (noticed_ms) => {
      this.stop = undefined;
      // As of then: what was heard since has a later deadline, or none.
      this.sweep(noticed_ms);
      if (this.size > 0 && this.stop === undefined) this.schedule();
    });
  }
}
