/**
 * Which limit of time runs on the origin's hop during an exchange: what the origin owes next decides.
 */
import type { AnswerReason } from "./answers.ts";
import type { GatewaySettings } from "./settings.ts";

/** `write-timeout`: it takes nothing of the request; `response-timeout`: nothing of a response; `body-timeout`: no more of it. */
export type UpstreamLimit = "write-timeout" | "response-timeout" | "body-timeout";

export interface UpstreamFacts {
  readonly requestIsComplete: boolean;
  /** The origin takes nothing more of the request for now. */
  readonly originIsBlocked: boolean;
  /** The client waits for 100 (Continue): the origin has to speak first. */
  readonly awaitsContinue: boolean;
  /** Nothing of the (next) response has arrived. */
  readonly responseIsAwaited: boolean;
  readonly responseIsComplete: boolean;
  /** The client takes nothing more of the response for now, so the origin is not asked for more. */
  readonly clientIsBlocked: boolean;
}

/** How long it is, in milliseconds. */
export function limitOf(limit: UpstreamLimit, { responseTimeout_ms, bodyTimeout_ms }: GatewaySettings): number {
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

/** The limit that runs now; undefined: the origin owes nothing. */
export function upstreamLimit(facts: UpstreamFacts): UpstreamLimit | undefined {
  if (facts.originIsBlocked && !facts.requestIsComplete) return "write-timeout";
  if (facts.responseIsAwaited) {
    return facts.requestIsComplete || facts.awaitsContinue ? "response-timeout" : undefined;
  }
  return facts.responseIsComplete || facts.clientIsBlocked ? undefined : "body-timeout";
}
