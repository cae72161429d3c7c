/**
 * Whether an endpoint is well, as far as its failures tell: a failure is one only until something better is seen.
 *
 * Time is handed in. Deliberately absent: what is done about it, see balancing.ts; where there is no other endpoint, nothing is.
 */

/** An endpoint that fails is avoided for this long, doubled with each further failure behind that, up to the maximum. */
const AVOID_MS_MIN = 1_000;
const AVOID_MS_MAX = 30_000;
/** So many answers in a row that say "not now" are a failure: fewer may be about single resources. */
const REFUSALS_MAX = 5;

/**
 * How it fails: it cannot be dialed; it can, and does not answer; it answers at once that it cannot. What is quickest to fail has
 * least to do, and would draw everybody. Each is taken back only by what shows the opposite.
 */
type Failure = "dial" | "answer" | "refusal";

/**
 * Used in this order. `refusing`: it answers, though badly, which is better than nothing; `avoided`: it does not. Both also while
 * the one request that tries it again is under way.
 */
export type Standing = "well" | "on-trial" | "refusing" | "avoided";

export class Health {
  /** Not used before this time if there are other endpoints. */
  avoidUntil_ms = Number.NEGATIVE_INFINITY;
  private failure: Failure | undefined;
  /** Those that came one behind the other; what fails together counts as one. */
  private failures = 0;
  private refusals = 0;

  /** @param outstanding what it has to do now */
  standing(now: number, outstanding: number): Standing {
    if (this.failure === undefined) return "well";
    if (now >= this.avoidUntil_ms && outstanding === 0) return "on-trial";
    return this.failure === "refusal" ? "refusing" : "avoided";
  }

  fail(failure: Failure, now: number): void {
    this.failure = failure;
    if (now < this.avoidUntil_ms) return;
    this.failures++;
    this.avoidUntil_ms = now + Math.min(AVOID_MS_MAX, AVOID_MS_MIN * 2 ** (this.failures - 1));
  }

  /** A connection opened. Returns whether that is a recovery. */
  noteOpened(): boolean {
    return this.failure === "dial" && this.recover();
  }

  /** A response has begun. Returns whether that is a recovery. */
  noteAnswered(): boolean {
    return this.failure !== undefined && this.failure !== "refusal" && this.recover();
  }

  /** Returns what a final response shows. */
  noteStatus(status: number, now: number): "recovered" | "failed" | undefined {
    if (status < 502 || status > 504) {
      this.refusals = 0;
      return this.failure === "refusal" && this.recover() ? "recovered" : undefined;
    }
    this.refusals++;
    if (this.refusals < REFUSALS_MAX) return undefined;
    const isNews = now >= this.avoidUntil_ms;
    this.fail("refusal", now);
    return isNews ? "failed" : undefined;
  }

  private recover(): true {
    this.failure = undefined;
    this.failures = 0;
    this.avoidUntil_ms = Number.NEGATIVE_INFINITY;
    return true;
  }
}
