/**
 * Whether an endpoint says no more than it was asked for. What comes late behind a response would be taken for the next one
 * (law 3), so it is found out before connections are lent on, and an endpoint that did it is not trusted for a while.
 */

/** A server that sends a body where there must be none does so each time: behind so many without one it is trusted. */
const BODILESS_MIN = 16;
/** For so long each request to an endpoint that said too much gets a connection of its own. */
const DISTRUSTED_MS = 60_000;

export class Manners {
  private bodiless = 0;
  private distrustedUntil_ms = Number.NEGATIVE_INFINITY;

  /** A response without a body has come. Returns whether it is still unknown that no body follows. */
  noteBodiless(): boolean {
    if (this.bodiless >= BODILESS_MIN) return false;
    this.bodiless++;
    return true;
  }

  noteSurplus(now: number): void {
    this.bodiless = 0;
    this.distrustedUntil_ms = now + DISTRUSTED_MS;
  }

  isDistrusted(now: number): boolean {
    return now < this.distrustedUntil_ms;
  }
}
