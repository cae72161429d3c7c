import { expect, it } from "vitest";
import type { CheckResult, CheckState } from "../connection/connection-record.ts";
import { CheckVerdict } from "./check-verdict.ts";

/** `+` passes, `-` fails, `x` could not be made. */
function resultOf(sign: string): CheckResult {
  if (sign === "+") return "passed";
  return { failure: sign === "x" ? "not-made" : "status", detail: "503" };
}

it.each<[string, string, CheckState[]]>([
  ["the first result decides", "+", ["healthy"]],
  ["also when it is bad", "-", ["unhealthy"]],
  ["three in a row make it unhealthy", "+---", ["healthy", "healthy", "healthy", "unhealthy"]],
  ["two do not, with one between", "+--+--", ["healthy", "healthy", "healthy", "healthy", "healthy", "healthy"]],
  ["two in a row make it healthy", "-+-++", ["unhealthy", "unhealthy", "unhealthy", "unhealthy", "healthy"]],
  [
    "one that could not be made says nothing",
    "x+--x-",
    [...Array(1).fill("unknown"), ...Array(4).fill("healthy"), "unhealthy"],
  ],
])("%s", (_what, signs, expected) => {
  const verdict = new CheckVerdict({ healthy: 2, unhealthy: 3 }, 0);
  const states = [...signs].map((sign, at) => {
    const before = verdict.state;
    expect(verdict.note(resultOf(sign), at)).toBe(before !== verdict.state);
    return verdict.state;
  });
  expect(states).toStrictEqual(expected);
});

it("it is known since when it is so, and why the latest that failed did", () => {
  const verdict = new CheckVerdict({ healthy: 1, unhealthy: 2 }, 5);
  expect([verdict.since_ms, verdict.lastFailed]).toStrictEqual([5, undefined]);
  verdict.note("passed", 10);
  verdict.note({ failure: "timeout", detail: "ETIMEDOUT" }, 20);
  expect(verdict.since_ms).toBe(10);
  verdict.note({ failure: "connect-failed", detail: "ECONNREFUSED" }, 30);
  expect(verdict.since_ms).toBe(30);
  verdict.note("passed", 40);
  expect(verdict).toMatchObject({
    state: "healthy",
    since_ms: 40,
    lastFailed: { failure: "connect-failed", detail: "ECONNREFUSED", at_ms: 30 },
  });
});
