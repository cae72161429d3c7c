/**
 * Which exchanges one watcher of events is told of when they are more than it may be told: every second one, every fourth and so on,
 * each from its begin to its end, so that what is told is whole.
 *
 * Connections are always told, and so is each exchange that failed. Deliberately absent: the bound itself (event-stream.ts), which
 * holds whatever is decided here.
 */
import type { WindowEvent } from "../ledger/window.ts";

/** Of the events a second that a watcher may be told, those of exchanges take at most so many; the rest is for connections. */
const EXCHANGE_EVENTS_MAX = 700;
/** How much room there must be before twice as many exchanges are told again. */
const SPARE_SHARE = 0.8;

/** The number by which an event of an exchange is chosen or not; it is of nothing of the kind, or not to be missed: undefined. */
export function sampleNumber(event: WindowEvent): number | undefined {
  switch (event.type) {
    case "exchange-begin":
    case "exchange-phase":
      return event.id;
    case "exchange":
      return event.status >= 500 || event.reason !== undefined || event.outcome !== "completed" ? undefined : event.id;
    case "reuse":
      return event.id * 31 + event.exchange;
    case "connection-idle":
      return event.id * 31 + event.exchanges;
    default:
      return undefined;
  }
}

export class Sampling {
  /** One exchange of so many is told; a power of two. */
  oneIn = 1;
  /** Left out since it was last said. */
  leftOut = 0;
  private offered = 0;

  /** Whether an event of this number is told. */
  lets(number: number): boolean {
    this.offered++;
    // Numbers follow each other, and several processes each have their own: mixed, so that none is preferred.
    if (this.oneIn === 1 || (Math.imul(number, 0x9e3779b1) >>> 16) % this.oneIn === 0) return true;
    this.leftOut++;
    return false;
  }

  /** A second has passed. */
  tick(): void {
    const { offered } = this;
    this.offered = 0;
    while (offered / this.oneIn > EXCHANGE_EVENTS_MAX) this.oneIn *= 2;
    while (this.oneIn > 1 && offered / (this.oneIn / 2) <= EXCHANGE_EVENTS_MAX * SPARE_SHARE) this.oneIn /= 2;
  }
}
