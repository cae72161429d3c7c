/**
 * Which limit of time runs on the origin's hop during an exchange: what the origin owes next decides.
 */
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { AnswerReason } from "./answers.ts";
import type { GatewaySettings } from "./settings.ts";

/** `write-timeout`: it takes nothing of the request; `response-timeout`: nothing of a response; `body-timeout`: no more of it. */
export type UpstreamLimit = "write-timeout" | "response-timeout" | "body-timeout";

export interface UpstreamFacts {
  /** The origin takes nothing more of the request for now. */
  readonly originIsBlocked: boolean;
  /** The client waits for 100 (Continue): the origin has to speak first. */
  readonly awaitsContinue: boolean;
  /** The client takes nothing more of the response for now, so the origin is not asked for more. */
  readonly clientIsBlocked: boolean;
}

/** How long it is, in milliseconds. */
function limitOf(limit: UpstreamLimit, { responseTimeout_ms, bodyTimeout_ms }: GatewaySettings): number {
  return limit === "response-timeout" ? responseTimeout_ms : bodyTimeout_ms;
}

/** What the client is told when it has passed. */
export function answerAfter(limit: UpstreamLimit): AnswerReason {
  switch (limit) {
    case "write-timeout":
      return "upstream-write-timeout";
    case "response-timeout":
      return "response-timeout";
    case "body-timeout":
      return "response-stalled";
  }
}

/**
 * The limit that runs now; undefined: the origin owes nothing.
 *
 * @param response whether nothing of the (next) one has arrived, and whether all of it has
 */
export function upstreamLimit(
  request: { readonly isComplete: boolean },
  response: { readonly isAwaited: boolean; readonly isComplete: boolean },
  facts: UpstreamFacts,
): UpstreamLimit | undefined {
  if (facts.originIsBlocked && !request.isComplete) return "write-timeout";
  if (response.isAwaited) return request.isComplete || facts.awaitsContinue ? "response-timeout" : undefined;
  return response.isComplete || facts.clientIsBlocked ? undefined : "body-timeout";
}

/** Sets the deadline of the origin's connection for what runs now; nothing does: it has none. */
export function armLimit(
  upstream: PooledConnection,
  limit: UpstreamLimit | undefined,
  settings: GatewaySettings,
): void {
  // What the origin takes until the deadline is counted from here on.
  if (limit === "write-timeout") upstream.socket.tookSome();
  if (limit === undefined) upstream.clearDeadline();
  else upstream.armDeadline(limitOf(limit, settings));
}
