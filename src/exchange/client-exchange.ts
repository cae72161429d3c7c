/**
 * What a client's connection calls of the exchange in progress on it: more of the body came, the client is gone. It is an exchange with
 * an origin, a request for a tunnel, or the check of credentials that comes before. What the exchange calls is in client-side.ts.
 */
import type { Place } from "../connection/fair-share.ts";
import type { Octets } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import type { ExchangeRecord } from "./exchange-record.ts";

/** What the client owes: the first bytes of a body that an origin is not asked for yet, more of a body, or nothing. */
export type Owed = "nothing" | "body-start" | "body";

/**
 * How far it is, as a client sees it that may be gone: nothing was answered, or the final response has begun. `local`: it
 * ends soon by itself, and has no work done elsewhere.
 */
export type ExchangeStage = "local" | "unanswered" | "forwarding";

export interface ClientExchange {
  /** What it holds of what is limited. */
  readonly place: Place;
  readonly record: ExchangeRecord;
  /** What was decided about its request; not all of it yet: absent. */
  readonly admission?: Admission;
  readonly owed: Owed;
  /** Bytes of the request's body that have arrived. */
  readonly requestBytes: number;
  /** The body itself; it has none: absent. */
  readonly request?: { readonly untakenBytes: number };
  readonly stage: ExchangeStage;
  /** Goes on its way, once everything that came with the head was read. */
  seek(): void;
  /** Reads the body's octets from `from` on; returns the position behind them. What is left over is kept for later. */
  readRequest(octets: Octets, from: number): number;
  /** The client closed its side. */
  onClientEnd(): void;
  /** The client takes octets again. */
  onClientDrain(): void;
  /** The client sent nothing of what it owes for too long. */
  onClientLate(): void;
  /** The client is gone. */
  onClientGone(): void;
  /** The client sends what it owes more slowly than the least rate. */
  onClientTooSlow(): void;
  /** A fault of our own showed on the client's connection: this exchange ends, and no other. */
  onBroken(): void;
  /** The drain's deadline has come. */
  cut(): void;
}
