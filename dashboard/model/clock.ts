/**
 * What the proxy's clock shows now, as seen from a browser whose own clock may be anywhere.
 *
 * Whatever the proxy tells arrives after it happened, never before: of all differences between arrival and time told, the smallest
 * of late is the difference of the clocks and the quickest way here. Deliberately absent: anything that asks for the time.
 */

/** For so long a difference counts: clocks drift, and are set. */
const WINDOW_MS = 30_000;

export class ProxyClock {
  private least_ms = Number.POSITIVE_INFINITY;
  private leastBefore_ms = Number.POSITIVE_INFINITY;
  private windowEnds_ms = Number.NEGATIVE_INFINITY;

  /** @param told_ms when something happened, by the proxy's clock @param here_ms when it arrived, by this one */
  note(told_ms: number, here_ms: number): void {
    if (!Number.isFinite(told_ms)) return;
    if (here_ms >= this.windowEnds_ms) {
      // After a silence what was known before the last window is too old.
      this.leastBefore_ms = here_ms < this.windowEnds_ms + WINDOW_MS ? this.least_ms : Number.POSITIVE_INFINITY;
      this.least_ms = Number.POSITIVE_INFINITY;
      this.windowEnds_ms = here_ms + WINDOW_MS;
    }
    this.least_ms = Math.min(this.least_ms, here_ms - told_ms);
  }

  /** Whether anything is known of it. */
  get isKnown(): boolean {
    return Number.isFinite(this.behind_ms);
  }

  /** What it shows when this one shows `here_ms`; nothing is known: the same. */
  at(here_ms: number): number {
    return this.isKnown ? here_ms - this.behind_ms : here_ms;
  }

  private get behind_ms(): number {
    return Math.min(this.least_ms, this.leastBefore_ms);
  }

  /** Another proxy, another clock. */
  reset(): void {
    this.least_ms = Number.POSITIVE_INFINITY;
    this.leastBefore_ms = Number.POSITIVE_INFINITY;
    this.windowEnds_ms = Number.NEGATIVE_INFINITY;
  }
}
