import { expect, it } from "vitest";
import { judgeRetry, type RetryFacts, type RetryVerdict } from "./retry.ts";

const good: RetryFacts = {
  isIdempotent: true,
  isWhollyHeld: true,
  isRetry: false,
  isWorthAnother: true,
  isInBudget: true,
};

it.each<[string, Partial<RetryFacts>, RetryVerdict]>([
  ["an idempotent request that is held goes once more", {}, "retry"],
  ["nothing is done twice that must not be", { isIdempotent: false }, "not-idempotent"],
  ["what is no longer held cannot be sent", { isWhollyHeld: false }, "body-not-held"],
  ["a retry is not retried", { isRetry: true }, "retried-before"],
  ["a fresh connection to the only endpoint says what another would", { isWorthAnother: false }, "no-other-is-better"],
  ["a group whose retries are spent gets no more of them", { isInBudget: false }, "budget-spent"],
  [
    "what would not be retried anyway spends nothing",
    { isWorthAnother: false, isInBudget: false },
    "no-other-is-better",
  ],
  ["the first reason is named", { isIdempotent: false, isWhollyHeld: false, isRetry: true }, "not-idempotent"],
])("%s", (_what, facts, verdict) => {
  expect(judgeRetry({ ...good, ...facts })).toBe(verdict);
});
