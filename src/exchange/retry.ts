/**
 * Whether a request goes once more, when its connection ended before any of a response (law 4; RFC 9110 section 9.2.2).
 */

import type { AnswerReason } from "./answers.ts";

/** `retry`: on another connection, once. Otherwise why not. */
export type RetryVerdict =
  | "retry"
  | "not-idempotent"
  | "body-not-held"
  | "retried-before"
  | "no-other-is-better"
  | "budget-spent";

export interface RetryFacts {
  readonly isIdempotent: boolean;
  /** Whether the whole request is at hand, to be sent again. */
  readonly isWhollyHeld: boolean;
  readonly isRetry: boolean;
  /** Whether another connection may do better than the one that was lost. */
  readonly isWorthAnother: boolean;
  /** Whether its group has retries left (pool/retry-budget.ts). */
  readonly isInBudget: boolean;
}

export function judgeRetry(facts: RetryFacts): RetryVerdict {
  const { isIdempotent, isWhollyHeld, isRetry, isWorthAnother, isInBudget } = facts;
  if (!isIdempotent) return "not-idempotent";
  if (!isWhollyHeld) return "body-not-held";
  if (isRetry) return "retried-before";
  if (!isWorthAnother) return "no-other-is-better";
  return isInBudget ? "retry" : "budget-spent";
}

/** What the client is answered. Retries that the group has spent are worth a word of their own: without the limit it would have gone on. */
export function answerTo(verdict: Exclude<RetryVerdict, "retry">): AnswerReason {
  return verdict === "budget-spent" ? "retry-budget-spent" : "upstream-closed";
}
