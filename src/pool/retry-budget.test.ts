import { expect, it } from "vitest";
import { RetryBudget } from "./retry-budget.ts";

/** How many retries of `wanted` there is room for at `now`. */
function granted(budget: RetryBudget, wanted: number, now: number): number {
  let retries = 0;
  while (retries < wanted && budget.hasRoom(now)) {
    budget.noteRetry(now);
    retries++;
  }
  return retries;
}

it.each<[string, { share: number; perSecond: number }, number, number]>([
  ["a share of the requests", { share: 0.2, perSecond: 0 }, 1_000, 200],
  ["and some that are always free", { share: 0.2, perSecond: 10 }, 1_000, 300],
  ["which is all there are before the first request", { share: 0.2, perSecond: 10 }, 0, 100],
  ["none at all, if none are wanted", { share: 0, perSecond: 0 }, 1_000, 0],
])("may be sent again: %s", (_what, plan, requests, expected) => {
  const budget = new RetryBudget(plan);
  for (let i = 0; i < requests; i++) budget.noteRequest(0);
  expect(granted(budget, 1_000, 0)).toBe(expected);
});

it("there is room again ten seconds later, and not before", () => {
  const budget = new RetryBudget({ share: 0, perSecond: 1 });
  expect([granted(budget, 100, 0), granted(budget, 100, 9_999), granted(budget, 100, 10_000)]).toStrictEqual([
    10, 0, 10,
  ]);
});
