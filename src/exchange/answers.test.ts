/** Whose doing an answer of the proxy's own is, and whether an origin may have seen the request: what an application retries by. */
import { describe, expect, it } from "vitest";
import { type AnswerReason, answerMeaning, answerReasons } from "./answers.ts";

describe("a status says whose doing it is", () => {
  it.each(answerReasons)("%s", (reason) => {
    const { status, source } = answerMeaning(reason);
    if (source === "client") expect([500, 502, 503, 504]).not.toContain(status);
    else if (source === "origin") expect([502, 504]).toContain(status);
    else if (source === "proxy") expect([500, 503]).toContain(status);
    else expect([200, 500, 504]).toContain(status);
  });
});

it.each<[AnswerReason, boolean]>([
  ["connect-failed", false],
  ["connect-timeout", false],
  ["pool-line-full", false],
  ["overloaded", false],
  ["host-missing", false],
  ["hook-timeout", false],
  ["upstream-closed", true],
  ["response-timeout", true],
  ["response-malformed", true],
  ["internal-error", true],
  ["drain-deadline", true],
])("behind %s an origin may have seen the request: %s", (reason, wasSent) => {
  expect(answerMeaning(reason).wasSent).toBe(wasSent);
});
