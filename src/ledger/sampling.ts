/**
 * Which exchanges one watcher of events is told of when they are more than it may be told: every second one, every fourth and so on,
 * each from its begin to its end, so that what is told is whole.
 *
 * It is decided by a number before anything is made, so what is left out costs next to nothing. Connections are always told, and so is
 * each exchange that failed. Deliberately absent: the bound itself (admin/interest.ts), which holds whatever is decided here.
 */
import type { AnswerReason } from "../exchange/answers.ts";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import type { WindowEvent } from "./window.ts";

/** Of the events a second that a watcher may be told, those of exchanges take at most so many; the rest is for connections. */
const EXCHANGE_EVENTS_MAX = 700;
/** How much room there must be before twice as many exchanges are told again. */
const SPARE_SHARE = 0.8;
/** Of the golden ratio: numbers that follow each other are spread. */
const SPREADS = 0x9e3779b1;
/** What one process has left some out of is left some out of by another one: they may not choose alike. */
const SPREADS_OTHERWISE = 0x85ebca6b;

/** What is told of each exchange. */
export type SampledType = "exchange-begin" | "exchange-phase" | "exchange" | "reuse" | "connection-idle";

/** The number by which an exchange that has ended is chosen or not; it failed, and is not to be missed: undefined. */
export function sampleOfEnd(
  ended: Pick<ExchangeRecord, "id" | "status" | "outcome"> & { readonly reason?: AnswerReason | undefined },
): number | undefined {
  const { id, status, reason, outcome } = ended;
  return status >= 500 || reason !== undefined || outcome !== "completed" ? undefined : id;
}

/** The same of what a connection has to tell of each exchange that it carries. */
export function sampleOfCarrier({ id, exchanges }: { readonly id: number; readonly exchanges: number }): number {
  return id * 31 + exchanges;
}

/** The number by which an event of an exchange is chosen or not; it is of nothing of the kind, or not to be missed: undefined. */
export function sampleOf(event: WindowEvent): number | undefined {
  switch (event.type) {
    case "exchange-begin":
    case "exchange-phase":
      return event.id;
    case "exchange":
      return sampleOfEnd(event);
    case "reuse":
      return sampleOfCarrier({ id: event.id, exchanges: event.exchange });
    case "connection-idle":
      return sampleOfCarrier(event);
    default:
      return undefined;
  }
}

/** Numbers follow each other, and several processes each have their own: mixed, so that none is preferred. */
function isOneOf(number: number, spread: number, oneIn: number): boolean {
  return ((Math.imul(number, spread) >>> 16) & (oneIn - 1)) === 0;
}

export class Sampling {
  /** One exchange of so many is told; a power of two. */
  oneIn = 1;
  /** Left out since it was last said. */
  leftOut = 0;
  private offered = 0;
  readonly spread: number;

  /** @param isFirst of two that choose one behind the other */
  constructor(isFirst = false) {
    this.spread = isFirst ? SPREADS_OTHERWISE : SPREADS;
  }

  /** Whether an event of this number is told. */
  lets(number: number): boolean {
    this.offered++;
    if (isOneOf(number, this.spread, this.oneIn)) return true;
    this.leftOut++;
    return false;
  }

  /** So many were not even offered: a gate has left them out that lets all through that this lets through. */
  noteLeftOut(count: number): void {
    this.offered += count;
    this.leftOut += count;
  }

  /** A second has passed. */
  tick(): void {
    const { offered } = this;
    this.offered = 0;
    while (offered / this.oneIn > EXCHANGE_EVENTS_MAX) this.oneIn *= 2;
    while (this.oneIn > 1 && offered / (this.oneIn / 2) <= EXCHANGE_EVENTS_MAX * SPARE_SHARE) this.oneIn /= 2;
  }
}

/**
 * What several samplings of one spread would all leave out is left out before any of them is asked: most of what happens, where much
 * does. It lets through what the most generous of them lets through.
 */
export class SamplingGate {
  private oneIn = 1;
  private readonly spread: number;
  private counts: Record<SampledType, number> = noCounts();

  constructor({ spread }: Pick<Sampling, "spread"> = new Sampling()) {
    this.spread = spread;
  }

  leavesOut(type: SampledType, number: number): boolean {
    if (isOneOf(number, this.spread, this.oneIn)) return false;
    this.counts[type]++;
    return true;
  }

  /** Lets one in so many through from now on. @returns how many were left out since this was called last */
  open(oneIn: number): Readonly<Record<SampledType, number>> {
    const { counts } = this;
    this.oneIn = oneIn;
    this.counts = noCounts();
    return counts;
  }
}

function noCounts(): Record<SampledType, number> {
  return { "exchange-begin": 0, "exchange-phase": 0, exchange: 0, reuse: 0, "connection-idle": 0 };
}
