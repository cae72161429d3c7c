/**
 * How many of a group's requests may be sent again, so that retries never multiply the load of endpoints that are sick.
 *
 * Time is handed in. Deliberately absent: which requests may be retried at all, see exchange/retry.ts.
 */
import type { RetryBudgetPlan } from "./group.ts";
import { SlidingCount } from "./sliding-count.ts";

/** Long enough that a burst of lost connections finds room, short enough that a sick minute is not paid from a good hour. */
const WINDOW_MS = 10_000;

export class RetryBudget {
  plan: RetryBudgetPlan;
  private readonly counts = new SlidingCount(WINDOW_MS);

  constructor(plan: RetryBudgetPlan) {
    this.plan = plan;
  }

  noteRequest(now: number): void {
    this.counts.count(now);
  }

  noteRetry(now: number): void {
    this.counts.mark(now);
  }

  /** Whether there is room for one more retry. */
  hasRoom(now: number): boolean {
    const { plan, counts } = this;
    counts.passTo(now);
    return counts.marked < plan.share * counts.all + (plan.perSecond * WINDOW_MS) / 1_000;
  }
}
