/** When an idle connection is due to be retired: the first limit that it reaches, by its name. */
import { describe, expect, it } from "vitest";
import { closeReasons, reuseRefusals } from "../connection/reasons.ts";
import { closeReasonFor, firstLimit, type Limit, limit_ms } from "./retirement.ts";

interface Row {
  readonly name: string;
  readonly hint_ms?: number;
  readonly requestsLeft?: number;
  readonly lifetime_ms?: number;
  readonly isTooOld?: boolean;
  readonly gives: readonly [Limit, ms: number];
}

const IDLE_LIMIT_MS = 60_000;
const rows: readonly Row[] = [
  { name: "nothing is known", gives: ["idle-timeout", 60_000] },
  { name: "a hint", hint_ms: 5_000, gives: ["hint-expired", 5_000] },
  { name: "a hint beyond the limit", hint_ms: 60_000, gives: ["idle-timeout", 60_000] },
  { name: "a lifetime", lifetime_ms: 5_000, gives: ["lifetime-learned", 5_000] },
  { name: "a lifetime beyond the limit", lifetime_ms: 60_000, gives: ["idle-timeout", 60_000] },
  {
    name: "a hint that its lifetime belies",
    hint_ms: 5_000,
    lifetime_ms: 5_000,
    gives: ["lifetime-learned", 5_000],
  },
  {
    name: "a hint shorter than the lifetime",
    hint_ms: 4_999,
    lifetime_ms: 5_000,
    gives: ["hint-expired", 4_999],
  },
  { name: "a request left", requestsLeft: 1, gives: ["idle-timeout", 60_000] },
  { name: "no request left", requestsLeft: 0, hint_ms: 5_000, gives: ["hint-max", 0] },
  { name: "too old", isTooOld: true, requestsLeft: 0, gives: ["max-age", 0] },
];

describe("the limit of an idle connection, where", () => {
  it.each(rows)("$name", ({ hint_ms, requestsLeft, lifetime_ms, isTooOld = false, gives }) => {
    const hints = { hintUsable_ms: hint_ms, hintRequestsLeft: requestsLeft };
    const limit = firstLimit(hints, isTooOld, IDLE_LIMIT_MS, lifetime_ms);
    expect([limit, limit_ms(limit, hints, IDLE_LIMIT_MS, lifetime_ms)]).toStrictEqual(gives);
  });
});

it("each refusal has a reason to close", () => {
  const reasons = (Object.keys(reuseRefusals) as (keyof typeof reuseRefusals)[]).map(closeReasonFor);
  expect(reasons.filter((reason) => !(reason in closeReasons))).toStrictEqual([]);
});
