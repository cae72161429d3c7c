/**
 * How long an origin really lets its connections idle: learned from the closes that are seen.
 *
 * Every close of an idle connection by its origin is a sample of that origin's lifetime. Closes that come together are
 * one sample, the longest: a restart closes connections of every age at once, a timeout each at its own. What survives
 * proves a lower bound. Retired connections are watched until their origin closes them, so that the estimate keeps
 * learning in both directions. Deliberately absent: the clock; every method is told the time.
 */

/** Samples that are remembered: enough to outvote a restart, few enough to follow a redeployment. */
const SAMPLES_MAX = 8;
/** Closes of one endpoint closer together than this are one event. */
const BURST_MS = 100;
/** Left of a learned lifetime for the flight of a FIN and for late timers: a tenth, within bounds. */
const MARGIN_SHARE = 0.1;
const MARGIN_MS_MIN = 20;
const MARGIN_MS_MAX = 1_000;
/** An origin that closes sooner than this has other reasons than idleness; the watch on idle connections sees its FIN. */
const LIFETIME_MS_MIN = 100;
/** The share of a known lifetime within which a request goes that may not be retried. */
const WELL_INSIDE_SHARE = 0.5;

export class Lifetime {
  private samples: number[] = [];
  private lastClose_ms = Number.NEGATIVE_INFINITY;
  private proven_ms = 0;

  /** The origin closed a connection that had idled for `idle_ms`. Returns whether the estimate changed. */
  recordClose(idle_ms: number, now: number): boolean {
    const before = this.estimate_ms;
    const isSameBurst = now - this.lastClose_ms < BURST_MS && this.samples.length > 0;
    this.lastClose_ms = now;
    if (isSameBurst) {
      const last = this.samples.length - 1;
      this.samples[last] = Math.max(this.samples[last] as number, idle_ms);
    } else {
      this.samples.push(idle_ms);
      if (this.samples.length > SAMPLES_MAX) this.samples.shift();
    }
    this.proven_ms = Math.min(this.proven_ms, idle_ms);
    return this.estimate_ms !== before;
  }

  /** A connection that had idled for `idle_ms` was alive: it answered a request. */
  recordSurvival(idle_ms: number): void {
    if (idle_ms > this.proven_ms) this.proven_ms = idle_ms;
  }

  /** The lifetime as far as it was seen: the median of the samples, the lower one of two; unknown: undefined. */
  get estimate_ms(): number | undefined {
    if (this.samples.length === 0) return undefined;
    const sorted = this.samples.toSorted((a, b) => a - b);
    return sorted[(sorted.length - 1) >> 1];
  }

  /** How long a connection may have idled when it is used again; unknown: undefined. */
  get usable_ms(): number | undefined {
    return this.usableWhile_ms(0);
  }

  /**
   * The same, while a connection of this origin is seen to live.
   *
   * @param watched_ms how long it has idled by now: more than the estimate proves the estimate wrong
   */
  usableWhile_ms(watched_ms: number): number | undefined {
    const estimate = this.estimate_ms;
    if (estimate === undefined || estimate < LIFETIME_MS_MIN) return undefined;
    const lifetime = Math.max(estimate, watched_ms);
    const margin = Math.min(MARGIN_MS_MAX, Math.max(MARGIN_MS_MIN, lifetime * MARGIN_SHARE));
    return lifetime - margin;
  }

  /**
   * How long a connection may have idled when it takes a request that may not be retried.
   *
   * @param hinted_ms the origin's own promise, if it made one
   * @param watched_ms how long another connection of this origin has idled by now, and is still open
   */
  wellInside_ms(hinted_ms: number | undefined, watched_ms: number): number {
    let known = this.samples.length > 0 ? Math.min(...this.samples) : Math.max(this.proven_ms, watched_ms);
    if (hinted_ms !== undefined) known = this.samples.length > 0 ? Math.min(known, hinted_ms) : hinted_ms;
    return known * WELL_INSIDE_SHARE;
  }
}
