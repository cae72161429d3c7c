/**
 * How durations are distributed: counts per bucket, cheap enough for every exchange.
 *
 * Observing compares and adds; it allocates nothing. Deliberately absent: forgetting; rates are for whoever scrapes.
 */

/** Upper bounds of the buckets: from the fastest loopback to the longest that anybody waits. */
export const durationBounds_ms = [
  0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000,
] as const;

export class DurationHistogram {
  /** Observations per bucket, one more for what exceeds the last bound. */
  readonly counts: Float64Array = new Float64Array(durationBounds_ms.length + 1);
  count = 0;
  sum_ms = 0;

  /** The same distribution again, from plain data. */
  static from(figures: { readonly counts: readonly number[]; readonly count: number; readonly sum_ms: number }) {
    const histogram = new DurationHistogram();
    histogram.counts.set(figures.counts);
    histogram.count = figures.count;
    histogram.sum_ms = figures.sum_ms;
    return histogram;
  }

  observe(duration_ms: number): void {
    let bucket = 0;
    while (bucket < durationBounds_ms.length && duration_ms > (durationBounds_ms[bucket] as number)) bucket++;
    this.counts[bucket] = (this.counts[bucket] as number) + 1;
    this.count++;
    this.sum_ms += duration_ms;
  }

  /**
   * The duration below which the share `q` of all lies, as good as the buckets are wide; none observed: undefined. What
   * exceeds the last bound counts as that bound.
   */
  quantile_ms(q: number): number | undefined {
    if (this.count === 0) return undefined;
    const wanted = q * this.count;
    let below = 0;
    for (let bucket = 0; bucket < durationBounds_ms.length; bucket++) {
      const inBucket = this.counts[bucket] as number;
      const upper = durationBounds_ms[bucket] as number;
      if (inBucket > 0 && below + inBucket >= wanted) {
        const lower = bucket === 0 ? 0 : (durationBounds_ms[bucket - 1] as number);
        return lower + (upper - lower) * Math.max(0, (wanted - below) / inBucket);
      }
      below += inBucket;
    }
    return durationBounds_ms.at(-1);
  }
}
