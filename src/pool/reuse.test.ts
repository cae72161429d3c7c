/** May a connection be reused? Each refusal once, and which of two comes first. */
import { describe, expect, it } from "vitest";
import { type ReuseRefusal, reuseRefusals } from "../connection/reasons.ts";
import { type ReuseDemand, type ReuseFacts, reuseRefusal } from "./reuse.ts";

const fit: ReuseFacts = {
  isIdle: true,
  hasUnreadOctets: false,
  peerHasClosed: false,
  isBoundToAnother: false,
  isRetired: false,
  isTooOld: false,
  isInDoubt: false,
  isVersionInDoubt: false,
  idle_ms: 1_000,
  idleLimit_ms: 60_000,
  hintUsable_ms: undefined,
  hintRequestsLeft: undefined,
  lifetimeUsable_ms: undefined,
};
const retriable: ReuseDemand = { isRetriable: true, settled_ms: 0, wellInside_ms: Number.POSITIVE_INFINITY };
const notRetriable: ReuseDemand = { isRetriable: false, settled_ms: 0, wellInside_ms: 500 };

/** In the order in which they are told; each with what makes it so. */
const refusals: readonly (readonly [ReuseRefusal, Partial<ReuseFacts>, ReuseDemand?])[] = [
  ["not-idle", { isIdle: false }],
  ["unread-octets", { hasUnreadOctets: true }],
  ["peer-closed", { peerHasClosed: true }],
  ["bound-to-another", { isBoundToAnother: true }],
  ["retired", { isRetired: true }],
  ["max-age", { isTooOld: true }],
  ["end-in-doubt", { isInDoubt: true }],
  ["version-in-doubt", { isVersionInDoubt: true }],
  ["hint-max", { hintRequestsLeft: 0 }],
  ["hint-expired", { hintUsable_ms: 1_000 }],
  ["lifetime-learned", { lifetimeUsable_ms: 1_000 }],
  ["idle-timeout", { idleLimit_ms: 1_000 }],
  ["close-expected", {}, { ...notRetriable, settled_ms: 1_001 }],
  ["not-well-inside", {}, notRetriable],
];

describe("each refusal once", () => {
  for (const [refusal, facts, demand] of refusals) {
    it(refusal, () => expect(reuseRefusal({ ...fit, ...facts }, demand ?? retriable)).toBe(refusal));
  }

  it("the list is complete and in its order", () => {
    expect(refusals.map(([refusal]) => refusal)).toStrictEqual(Object.keys(reuseRefusals));
  });
});

describe("of two, the first is told", () => {
  for (const [index, [first, firstFacts, firstDemand]] of refusals.entries()) {
    for (const [second, secondFacts, secondDemand] of refusals.slice(index + 1)) {
      it(`${first} before ${second}`, () => {
        expect(reuseRefusal({ ...fit, ...secondFacts, ...firstFacts }, firstDemand ?? secondDemand ?? retriable)).toBe(
          first,
        );
      });
    }
  }
});

describe("at the edges", () => {
  const rows: { name: string; facts: Partial<ReuseFacts>; demand?: ReuseDemand; gives: ReuseRefusal | undefined }[] = [
    { name: "a fit one", facts: {}, gives: undefined },
    { name: "a request left", facts: { hintRequestsLeft: 1 }, gives: undefined },
    { name: "fewer than none left", facts: { hintRequestsLeft: -1 }, gives: "hint-max" },
    { name: "a millisecond of the hint left", facts: { hintUsable_ms: 1_001 }, gives: undefined },
    { name: "a hint of nothing", facts: { idle_ms: 0, hintUsable_ms: 0 }, gives: "hint-expired" },
    { name: "a millisecond of the lifetime left", facts: { lifetimeUsable_ms: 1_001 }, gives: undefined },
    {
      name: "a lifetime shorter than its margin",
      facts: { idle_ms: 0, lifetimeUsable_ms: -5 },
      gives: "lifetime-learned",
    },
    { name: "a millisecond of the limit left", facts: { idleLimit_ms: 1_001 }, gives: undefined },
    { name: "just settled", facts: { idle_ms: 100 }, demand: { ...notRetriable, settled_ms: 100 }, gives: undefined },
    { name: "just well inside", facts: { idle_ms: 500 }, demand: notRetriable, gives: undefined },
    {
      name: "just used and nothing known, not retriable",
      facts: { idle_ms: 0 },
      demand: { ...notRetriable, wellInside_ms: 0 },
      gives: undefined,
    },
    {
      name: "retriable, neither settled nor well inside matters",
      facts: {},
      demand: { isRetriable: true, settled_ms: 1_001, wellInside_ms: 0 },
      gives: undefined,
    },
  ];
  for (const { name, facts, demand, gives } of rows) {
    it(name, () => expect(reuseRefusal({ ...fit, ...facts }, demand ?? retriable)).toBe(gives));
  }
});
