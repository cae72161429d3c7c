/** Limits of time on the origin's hop during an exchange, and what a client is told when one has passed. */
import type { AnswerReason } from "./answers.ts";

/** `write-timeout`: it takes nothing of the request; `response-timeout`: nothing of a response; `body-timeout`: no more of it. */
export type UpstreamLimit = "write-timeout" | "response-timeout" | "body-timeout";

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
