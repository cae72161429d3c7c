/**
 * Whether a request goes once more, when its connection ended before any of a response (law 4; RFC 9110 section 9.2.2).
 */

/** `retry`: on another connection, once. Otherwise why not. */
export type RetryVerdict = "retry" | "not-idempotent" | "body-not-held" | "retried-before" | "no-other-is-better";

export interface RetryFacts {
  readonly isIdempotent: boolean;
  /** Whether the whole request is at hand, to be sent again. */
  readonly isWhollyHeld: boolean;
  readonly isRetry: boolean;
  /** Whether another connection may do better than the one that was lost. */
  readonly isWorthAnother: boolean;
}

export function judgeRetry({ isIdempotent, isWhollyHeld, isRetry, isWorthAnother }: RetryFacts): RetryVerdict {
  if (!isIdempotent) return "not-idempotent";
  if (!isWhollyHeld) return "body-not-held";
  if (isRetry) return "retried-before";
  return isWorthAnother ? "retry" : "no-other-is-better";
}
