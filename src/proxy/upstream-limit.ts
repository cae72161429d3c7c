/**
 * Which limit of time runs on the origin's hop during an exchange: what the origin owes next decides.
 */

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

/** The limit that runs now; undefined: the origin owes nothing. */
export function upstreamLimit(facts: UpstreamFacts): UpstreamLimit | undefined {
  if (facts.originIsBlocked && !facts.requestIsComplete) return "write-timeout";
  if (facts.responseIsAwaited) {
    return facts.requestIsComplete || facts.awaitsContinue ? "response-timeout" : undefined;
  }
  return facts.responseIsComplete || facts.clientIsBlocked ? undefined : "body-timeout";
}
