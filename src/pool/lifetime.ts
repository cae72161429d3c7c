/**
 * How long an origin really lets its connections idle: learned from the closes that are seen.
 *
 * Every close of an idle connection by its origin is a sample of that origin's lifetime. Closes that come together are
 * one sample, and the longest counts: a restart closes connections of every age at once, a timeout each at its own. For
 * requests that may not be retried the shortest counts, too, as long as nothing disproves it. What survives proves a lower
 * bound. Retired connections are watched until their origin closes them, so that the estimate keeps
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
/** An origin that closes sooner than this has other reasons than idleness; see abrupt-closes.ts. */
export const LIFETIME_MS_MIN = 100;
/** The share of a known lifetime within which a request goes that may not be retried. */
const WELL_INSIDE_SHARE = 0.5;
/** Taken for a lifetime where nothing is known: origins that keep connections count their timeouts in whole seconds. */
const UNKNOWN_MS = 1_000;
/** A connection that lives after so many times a sample disproves it: that close was no idle timeout. */
const DISPROVED_BY = 2;

/** How long connections had idled that their origin closed together. */
interface Sample {
  longest_ms: number;
  shortest_ms: number;
}

export class Lifetime {
  /** The lifetime as far as it was seen: the median of the samples, the lower one of two; unknown: undefined. */
  estimate_ms: number | undefined;
  private samples: Sample[] = [];
  private lastClose_ms = Number.NEGATIVE_INFINITY;
  private proven_ms = 0;

  /** The origin closed a connection that had idled for `idle_ms`. Returns whether the estimate changed. */
  recordClose(idle_ms: number, now: number): boolean {
    const before = this.estimate_ms;
    const isSameBurst = now - this.lastClose_ms < BURST_MS;
    this.lastClose_ms = now;
    const last = this.samples.at(-1);
    if (isSameBurst && last !== undefined) {
      last.longest_ms = Math.max(last.longest_ms, idle_ms);
      last.shortest_ms = Math.min(last.shortest_ms, idle_ms);
    } else {
      this.samples.push({ longest_ms: idle_ms, shortest_ms: idle_ms });
      if (this.samples.length > SAMPLES_MAX) this.samples.shift();
    }
    this.proven_ms = Math.min(this.proven_ms, idle_ms);
    this.estimate();
    return this.estimate_ms !== before;
  }

  /** A connection that has idled for `idle_ms` is alive: it answered a request, or nobody has closed it until now. */
  recordSurvival(idle_ms: number): void {
    if (idle_ms <= this.proven_ms) return;
    this.proven_ms = idle_ms;
    if (this.samples.length === 0) return;
    const isDisproved = (sample_ms: number) => sample_ms * DISPROVED_BY < idle_ms;
    if (!this.samples.some(({ shortest_ms }) => isDisproved(shortest_ms))) return;
    this.samples = this.samples.filter(({ longest_ms }) => !isDisproved(longest_ms));
    for (const sample of this.samples) if (isDisproved(sample.shortest_ms)) sample.shortest_ms = sample.longest_ms;
    this.estimate();
  }

  private estimate(): void {
    const sorted = this.samples.map(({ longest_ms }) => longest_ms).toSorted((a, b) => a - b);
    this.estimate_ms = sorted[(sorted.length - 1) >> 1];
  }

  /** How long a connection may have idled when it is used again; unknown: undefined. */
  get usable_ms(): number | undefined {
    const estimate = this.estimate_ms;
    if (estimate === undefined || estimate < LIFETIME_MS_MIN) return undefined;
    const lifetime = Math.max(estimate, this.proven_ms);
    const margin = Math.min(MARGIN_MS_MAX, Math.max(MARGIN_MS_MIN, lifetime * MARGIN_SHARE));
    return lifetime - margin;
  }

  /**
   * How long a connection may have idled when it takes a request that may not be retried.
   *
   * @param hinted_ms the origin's own promise, if it made one
   */
  wellInside_ms(hinted_ms: number | undefined): number {
    const known =
      this.samples.length > 0
        ? Math.min(...this.samples.map(({ shortest_ms }) => shortest_ms), hinted_ms ?? Number.POSITIVE_INFINITY)
        : (hinted_ms ?? Math.max(this.proven_ms, UNKNOWN_MS));
    return known * WELL_INSIDE_SHARE;
  }
}
