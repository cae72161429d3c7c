/**
 * What health checks say of an endpoint, all together: results in a row decide, so that one lost packet does not.
 *
 * Time is handed in. Deliberately absent: when checks are made, see checking.ts; what follows for requests, see condition.ts.
 */
import type { CheckResult, CheckState, FailedCheck } from "../connection/connection-record.ts";
import type { CheckPlan } from "./group.ts";

type Thresholds = Pick<CheckPlan, "healthy" | "unhealthy">;

export class CheckVerdict {
  state: CheckState = "unknown";
  /** Since when. */
  since_ms: number;
  /** The latest that failed, and when. */
  lastFailed: (FailedCheck & { readonly at_ms: number }) | undefined;
  /** How many in a row change its state. */
  thresholds: Thresholds;
  /** Results in a row that speak against the present state. */
  private contrary = 0;

  constructor(thresholds: Thresholds, now: number) {
    this.thresholds = thresholds;
    this.since_ms = now;
  }

  /** Notes how a check ended. Returns whether that changes the state. */
  note(result: CheckResult, now: number): boolean {
    const isPassed = result === "passed";
    if (!isPassed) {
      this.lastFailed = { ...result, at_ms: now };
      if (result.failure === "not-made") return false;
    }
    const shown = isPassed ? "healthy" : "unhealthy";
    if (shown === this.state) {
      this.contrary = 0;
      return false;
    }
    this.contrary++;
    // The first result decides: until then nothing is known that it could contradict.
    const needed = this.state === "unknown" ? 1 : this.thresholds[shown];
    if (this.contrary < needed) return false;
    this.state = shown;
    this.since_ms = now;
    this.contrary = 0;
    return true;
  }
}
