/**
 * Which limit of time runs on the origin's hop during an exchange: what the origin owes next decides.
 */
import { isAwaited, isWhole, type ResponderState } from "../connection/message-states.ts";
import type { TimeLimits } from "../exchange/policy.ts";
import type { UpstreamLimit } from "../exchange/upstream-limit.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";

/** What is known of the other side. */
export interface RequestFacts {
  /** The client has sent all of the request. */
  readonly isRequestComplete: boolean;
  /** The client waits for 100 (Continue): the origin has to speak first. */
  readonly awaitsContinue: boolean;
  /** Whether it takes nothing more of the response for now, so that the origin is not asked for more. */
  readonly client: { readonly isBlocked: boolean };
}

/** How long it is, in milliseconds. */
function limitOf(limit: UpstreamLimit, { responseTimeout_ms, bodyTimeout_ms }: TimeLimits): number {
  return limit === "response-timeout" ? responseTimeout_ms : bodyTimeout_ms;
}

/**
 * The limit that runs now; undefined: the origin owes nothing.
 *
 * @param responder how far its response is
 * @param isBlocked the origin takes nothing more of the request for now
 */
export function upstreamLimit(
  request: RequestFacts,
  responder: ResponderState,
  isBlocked: boolean,
): UpstreamLimit | undefined {
  const { isRequestComplete, awaitsContinue, client } = request;
  if (isBlocked && !isRequestComplete) return "write-timeout";
  if (isAwaited(responder)) return isRequestComplete || awaitsContinue ? "response-timeout" : undefined;
  return isWhole(responder) || client.isBlocked ? undefined : "body-timeout";
}

/** Sets the deadline of the origin's connection for what runs now; nothing does: it has none. */
export function armLimit(upstream: PooledConnection, limit: UpstreamLimit | undefined, times: TimeLimits): void {
  // What the origin takes until the deadline is counted from here on.
  if (limit === "write-timeout") upstream.socket.tookSome();
  if (limit === undefined) upstream.clearDeadline();
  else upstream.armDeadline(limitOf(limit, times));
}
