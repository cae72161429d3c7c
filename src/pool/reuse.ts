/**
 * May this connection be reused for this request? One linear decision; each `no` has its own reason.
 *
 * Deliberately absent: choosing among connections, see idle-connections.ts.
 */
import type { ReuseRefusal } from "../connection/reasons.ts";

/** What is known of an idle connection at the moment somebody wants it. All times in milliseconds. */
export interface ReuseFacts {
  readonly isIdle: boolean;
  readonly hasUnreadOctets: boolean;
  readonly peerHasClosed: boolean;
  /** Authentication has bound it to a client's connection, and the request comes on another one. */
  readonly isBoundToAnother: boolean;
  /** Kept only to see when its origin closes it. */
  readonly isRetired: boolean;
  /** It is as old as a connection may become. */
  readonly isTooOld: boolean;
  /** What it said last may have been more than it should, and that was only just now. */
  readonly isInDoubt: boolean;
  /** It has spoken HTTP/1.0, and its endpoint is not taken for one that does: so it might get chunks, which HTTP/1.0 does not have. */
  readonly isVersionInDoubt: boolean;
  readonly idle_ms: number;
  /** The pool's own limit. */
  readonly idleLimit_ms: number;
  /** The usable part of the origin's `Keep-Alive: timeout`. */
  readonly hintUsable_ms: number | undefined;
  /** Requests left of the origin's `Keep-Alive: max`. */
  readonly hintRequestsLeft: number | undefined;
  /** The usable part of the learned lifetime. */
  readonly lifetimeUsable_ms: number | undefined;
}

/** What the request asks of a connection. */
export interface ReuseDemand {
  /** Whether the request can be sent again if the connection turns out to be dead. */
  readonly isRetriable: boolean;
  /** How long a connection must have idled for a request that cannot: what closes right behind its response is closed by then. */
  readonly settled_ms: number;
  /** How long a connection may have idled for a request that cannot. */
  readonly wellInside_ms: number;
}

/** Why the connection may not be reused; undefined: it may. */
export function reuseRefusal(facts: ReuseFacts, demand: ReuseDemand): ReuseRefusal | undefined {
  if (!facts.isIdle) return "not-idle";
  if (facts.hasUnreadOctets) return "unread-octets";
  if (facts.peerHasClosed) return "peer-closed";
  if (facts.isBoundToAnother) return "bound-to-another";
  if (facts.isRetired) return "retired";
  if (facts.isTooOld) return "max-age";
  if (facts.isInDoubt) return "end-in-doubt";
  if (facts.isVersionInDoubt) return "version-in-doubt";
  if (facts.hintRequestsLeft !== undefined && facts.hintRequestsLeft <= 0) return "hint-max";
  if (facts.hintUsable_ms !== undefined && facts.idle_ms >= facts.hintUsable_ms) return "hint-expired";
  if (facts.lifetimeUsable_ms !== undefined && facts.idle_ms >= facts.lifetimeUsable_ms) return "lifetime-learned";
  if (facts.idle_ms >= facts.idleLimit_ms) return "idle-timeout";
  if (!demand.isRetriable && facts.idle_ms < demand.settled_ms) return "close-expected";
  if (!demand.isRetriable && facts.idle_ms > demand.wellInside_ms) return "not-well-inside";
  return undefined;
}
