/**
 * When an idle connection is due to be retired: which of its limits it reaches first, and when. And why one closes that is not
 * reused any more.
 *
 * Deliberately absent: whether it may be reused until then, see reuse.ts.
 */
import type { CloseReason, ReuseRefusal } from "../connection/reasons.ts";

export type Limit = "max-age" | "hint-max" | "hint-expired" | "lifetime-learned" | "idle-timeout";

/** What the origin said of a connection last; all undefined: nothing. */
export interface Hints {
  /** The usable part of its `Keep-Alive: timeout`. */
  readonly hintUsable_ms: number | undefined;
  /** Requests left of its `Keep-Alive: max`. */
  readonly hintRequestsLeft: number | undefined;
}

/**
 * The limit that is reached first.
 *
 * @param isTooOld it is as old as a connection may become
 * @param idleLimit_ms the pool's own limit
 * @param lifetimeUsable_ms the usable part of the learned lifetime; unknown: undefined
 */
export function firstLimit(
  { hintUsable_ms, hintRequestsLeft }: Hints,
  isTooOld: boolean,
  idleLimit_ms: number,
  lifetimeUsable_ms: number | undefined,
): Limit {
  if (isTooOld) return "max-age";
  if (hintRequestsLeft !== undefined && hintRequestsLeft <= 0) return "hint-max";
  const hint_ms = hintUsable_ms ?? Number.POSITIVE_INFINITY;
  const lifetime_ms = lifetimeUsable_ms ?? Number.POSITIVE_INFINITY;
  if (hint_ms < lifetime_ms && hint_ms < idleLimit_ms) return "hint-expired";
  return lifetime_ms < idleLimit_ms ? "lifetime-learned" : "idle-timeout";
}

/** How long it may have idled when it reaches that limit; 0: it has reached it. */
export function limit_ms(
  limit: Limit,
  { hintUsable_ms = 0 }: Hints,
  idleLimit_ms: number,
  lifetimeUsable_ms = 0,
): number {
  switch (limit) {
    case "max-age":
    case "hint-max":
      return 0;
    case "hint-expired":
      return hintUsable_ms;
    case "lifetime-learned":
      return lifetimeUsable_ms;
    case "idle-timeout":
      return idleLimit_ms;
  }
}

/** Why a connection closes that was refused for reuse, once and for all. */
export function closeReasonFor(refusal: ReuseRefusal): CloseReason {
  switch (refusal) {
    case "hint-max":
    case "max-age":
    case "hint-expired":
    case "lifetime-learned":
    case "idle-timeout":
      return refusal;
    case "unread-octets":
      return "unexpected-octets";
    case "peer-closed":
      return "peer-closed-idle";
    case "version-in-doubt":
      return "http10-not-kept";
    case "not-idle":
    case "bound-to-another":
    case "retired":
    case "end-in-doubt":
    case "close-expected":
    case "not-well-inside":
      return "pool-surplus";
  }
}
