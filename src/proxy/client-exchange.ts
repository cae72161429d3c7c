/**
 * What a client's connection needs of the exchange in progress on it: an exchange with an origin, a request for a tunnel,
 * or the check of credentials that comes before.
 */
import type { Octets } from "../wire/octets.ts";

export interface ClientExchange {
  /** Whether body octets are due from the client. */
  readonly isAwaitingBody: boolean;
  /** Goes on its way, once everything that came with the head was read. */
  seek(): void;
  /** Reads the body's octets from `from` on; returns the position behind them. What is left over is kept for later. */
  readRequest(octets: Octets, from: number): number;
  /** The client closed its side. */
  onClientEnd(): void;
  /** The client takes octets again. */
  onClientDrain(): void;
  /** The client sent nothing of its body for too long. */
  onRequestStalled(): void;
  /** The client is gone. */
  onClientGone(): void;
  /** The drain's deadline has come. */
  cut(): void;
}
