/** Which endpoint takes a request. */
import { expect, it } from "vitest";
import { type Candidate, choose } from "./balancing.ts";
import type { Standing } from "./health.ts";

interface Named extends Candidate {
  readonly name: string;
}

function endpoint(name: string, standing: Standing, outstanding: number, avoidUntil_ms = 0): Named {
  return { name, outstanding, avoidUntil_ms, standing: () => standing };
}

const chosen = (endpoints: readonly Named[], turn = 0, tried?: ReadonlySet<Named>) =>
  choose(endpoints, turn, 0, tried)?.name;

it.each<[string, readonly Named[], string]>([
  ["the one with least to do", [endpoint("a", "well", 2), endpoint("b", "well", 1), endpoint("c", "well", 3)], "b"],
  ["one that is well, however much it has to do", [endpoint("a", "avoided", 0), endpoint("b", "well", 99)], "b"],
  [
    "one that answers badly before one that does not answer",
    [endpoint("a", "avoided", 0), endpoint("b", "refusing", 9)],
    "b",
  ],
  ["one on trial, which has nothing to do", [endpoint("a", "well", 1), endpoint("b", "on-trial", 0)], "b"],
  [
    "of those that answer badly the one with least to do",
    [endpoint("a", "refusing", 2), endpoint("b", "refusing", 1)],
    "b",
  ],
  [
    "of those that do not answer the one that is tried again first",
    [endpoint("a", "avoided", 0, 2_000), endpoint("b", "avoided", 5, 1_000)],
    "b",
  ],
])("%s", (_name, endpoints, expected) => {
  expect(chosen(endpoints)).toBe(expected);
  expect(chosen(endpoints.toReversed())).toBe(expected);
});

it("those alike take turns", () => {
  const endpoints = ["a", "b", "c"].map((name) => endpoint(name, "well", 1));
  expect([0, 1, 2].map((turn) => chosen(endpoints, turn))).toStrictEqual(["a", "b", "c"]);
});

it("those that were tried are not chosen again", () => {
  const endpoints = ["a", "b"].map((name) => endpoint(name, "well", 0));
  expect(chosen(endpoints, 0, new Set(endpoints.slice(0, 1)))).toBe("b");
  expect(chosen(endpoints, 0, new Set(endpoints))).toBeUndefined();
});
