/**
 * Whether an endpoint says no more than it was asked for. What comes late behind a response would be taken for the next one
 * (law 3), so it is found out before connections are lent on, and somebody who did it once is not trusted for a while.
 */

/** Whoever sends a body where there must be none does so each time: behind so many without one it is trusted. */
const BODILESS_MIN = 16;
/** Somebody who said too much has no connection that is used twice for as long. */
const DISTRUSTED_MS = 60_000;

export class Manners {
  private bodiless = 0;
  private distrustedUntil_ms = Number.NEGATIVE_INFINITY;

  /** A response without a body has come. Returns whether one may follow it all the same. */
  mayGoOnBehindBodiless(): boolean {
    return this.bodiless < BODILESS_MIN && ++this.bodiless > 0;
  }

  noteSurplus(now: number): void {
    this.bodiless = 0;
    this.distrustedUntil_ms = now + DISTRUSTED_MS;
  }

  isDistrusted(now: number): boolean {
    return now < this.distrustedUntil_ms;
  }
}
