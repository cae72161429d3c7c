/**
 * Whether an endpoint is well, as far as its traffic tells: a failure is one only until something better is seen.
 *
 * Time is handed in. Deliberately absent: what health checks say, and who counts failures among many answers, see condition.ts; what is
 * done about it, see balancing.ts; where there is no other endpoint, nothing is.
 */

/** An endpoint that fails is avoided for this long, doubled with each further failure behind that, up to the maximum. */
const AVOID_MS_MIN = 1_000;
const AVOID_MS_MAX = 30_000;
/** An endpoint that is ejected is out for as long as the group says, and at most so many times as long. */
const EJECTED_TIMES_MAX = 8;
/** So many answers in a row that say "not now" are a failure: fewer may be about single resources. */
const REFUSALS_MAX = 5;

/**
 * How it fails: it cannot be dialed; it can, and does not answer; it answers at once that it cannot; too much of what it answers are
 * errors. What is quickest to fail has least to do, and would draw everybody. Each is taken back only by what shows the opposite.
 */
type Failure = "dial" | "answer" | "refusal" | "errors";

/**
 * Used in this order. `refusing`: it answers, though badly, which is better than nothing; `avoided`: it does not. Both also while
 * the one request that tries it again is under way.
 */
export type Standing = "well" | "on-trial" | "refusing" | "avoided";

/** How long what is ejected stays out. */
export interface EjectedTime {
  readonly time_ms: number;
}

export class Health {
  /** Not used before this time if there are other endpoints. */
  avoidUntil_ms = Number.NEGATIVE_INFINITY;
  private failure: Failure | undefined;
  /** Since when it fails, and when it did last. */
  failsSince_ms = Number.NEGATIVE_INFINITY;
  private failedAt_ms = Number.NEGATIVE_INFINITY;
  /** Those that came one behind the other; what fails together counts as one. */
  private failures = 0;
  private refusals = 0;
  /** A span in which it fails has a number: what began before it, and may go on for hours, says nothing of it. */
  private span = 1;
  /** What has begun in the present span and is in progress. */
  private trials = 0;
  /** Whether health checks try it again, rather than requests. */
  isChecked: boolean;

  constructor(isChecked = false) {
    this.isChecked = isChecked;
  }

  get isWell(): boolean {
    return this.failure === undefined;
  }

  get isEjected(): boolean {
    return this.failure === "errors";
  }

  standing(now: number): Standing {
    if (this.failure === undefined) return "well";
    if (!this.isChecked && now >= this.avoidUntil_ms && this.trials === 0) return "on-trial";
    return this.failure === "refusal" || this.failure === "errors" ? "refusing" : "avoided";
  }

  /** It is dialed, or a request goes there. Returns what `end` needs to know. */
  begin(): number {
    if (this.failure === undefined) return 0;
    this.trials++;
    return this.span;
  }

  /** That is over. */
  end(span: number): void {
    if (span === this.span && this.trials > 0) this.trials--;
  }

  fail(failure: Failure, now: number, { time_ms }: EjectedTime = { time_ms: 0 }): void {
    if (this.failure === undefined) {
      this.span++;
      this.trials = 0;
      this.failsSince_ms = now;
    }
    this.failure = failure;
    this.failedAt_ms = now;
    if (now < this.avoidUntil_ms) return;
    this.failures++;
    const least_ms = failure === "errors" ? time_ms : AVOID_MS_MIN;
    const most_ms = failure === "errors" ? time_ms * EJECTED_TIMES_MAX : AVOID_MS_MAX;
    this.avoidUntil_ms = now + Math.min(most_ms, least_ms * 2 ** (this.failures - 1));
  }

  /** A connection opened: what could not be dialed has yet to answer. Returns whether that is a recovery. @param isEnough nothing more is asked of it */
  noteOpened(isEnough: boolean): boolean {
    if (this.failure !== "dial") return false;
    this.failure = "answer";
    return isEnough && this.recover();
  }

  /** A response has begun. Returns whether that is a recovery. */
  noteAnswered(): boolean {
    return (this.failure === "dial" || this.failure === "answer") && this.recover();
  }

  /** Returns what a final response shows. @param ejected for how long, where errors eject */
  noteStatus(status: number, now: number, ejected?: EjectedTime): "recovered" | "failed" | undefined {
    if (this.failure === "errors") {
      // What was asked before it was ejected may be answered well; that is no news.
      if (now < this.avoidUntil_ms) return undefined;
      if (status < 500) return this.recover() && "recovered";
      this.fail("errors", now, ejected);
      return "failed";
    }
    if (status < 502 || status > 504) {
      this.refusals = 0;
      if (this.failure === "refusal") return this.recover() && "recovered";
      if (this.failure === undefined && status < 500) this.failures = 0;
      return undefined;
    }
    // Where errors eject, these are among them.
    if (ejected !== undefined) return undefined;
    this.refusals++;
    if (this.refusals < REFUSALS_MAX) return undefined;
    const isNews = now >= this.avoidUntil_ms;
    this.fail("refusal", now);
    return isNews ? "failed" : undefined;
  }

  /**
   * A health check has passed that began behind the latest failure. It shows that the endpoint can be dialed and answers; that it answers
   * requests better than before it cannot show, so it is believed once the time is over. Returns whether that is a recovery.
   */
  notePassed(began_ms: number, now: number): boolean {
    if (this.failure === undefined || began_ms < this.failedAt_ms) return false;
    if (this.failure !== "dial" && now < this.avoidUntil_ms) return false;
    this.forgive();
    return true;
  }

  /** It counts as well again. That it has failed before is forgotten only when it answers a request well. */
  private forgive(): void {
    this.failure = undefined;
    this.avoidUntil_ms = Number.NEGATIVE_INFINITY;
  }

  private recover(): true {
    this.forgive();
    this.failures = 0;
    return true;
  }
}
