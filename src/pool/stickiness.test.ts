/** Whether a client goes where its cookie says. */
import { describe, expect, it } from "vitest";
import type { Candidate } from "./balancing.ts";
import type { Standing } from "./health.ts";
import { parseOriginAddress } from "./origin-address.ts";
import { judgeStickiness, Stickiness, type StickyVerdict } from "./stickiness.ts";

const candidate = (standing: Standing, facts: Partial<Candidate> = {}): Candidate => ({
  ...{ outstanding: 0, weight: 1, isBackup: false, isFull: false, avoidUntil_ms: 0, nameHash: 0 },
  ...{ standing: () => standing, ...facts },
});

describe("a client that sticks to", () => {
  const rows: readonly (readonly [
    what: string,
    own: Candidate,
    others: readonly Candidate[],
    verdict: StickyVerdict,
  ])[] = [
    ["one that is well", candidate("well"), [candidate("well")], "sticks"],
    ["one on trial", candidate("on-trial"), [candidate("well")], "sticks"],
    ["one that has no room", candidate("well", { isFull: true }), [candidate("well")], "sticks"],
    ["one of weight 0", candidate("well", { weight: 0 }), [candidate("well")], "sticks"],
    ["a backup", candidate("well", { isBackup: true }), [candidate("well")], "sticks"],
    ["one that answers badly", candidate("refusing"), [candidate("well")], "others-stand-better"],
    ["one that is avoided", candidate("avoided"), [candidate("refusing")], "others-stand-better"],
    ["one that is avoided like all", candidate("avoided"), [candidate("avoided")], "sticks"],
    ["one beside others that get no requests", candidate("avoided"), [candidate("well", { weight: 0 })], "sticks"],
  ];
  it.each(rows)("%s", (_what, own, others, verdict) => {
    expect(judgeStickiness(own, [...others, own], 0, undefined)).toBe(verdict);
  });

  it("one that was tried, or is not there any more, does not", () => {
    const own = candidate("well");
    expect(judgeStickiness(own, [own], 0, new Set([own]))).toBe("was-tried");
    expect(judgeStickiness(own, [candidate("well")], 0, undefined)).toBe("is-gone");
  });

  it("one that is avoided like all others, which were tried, does", () => {
    const [own, other] = [candidate("avoided"), candidate("well")];
    expect(judgeStickiness(own, [own, other], 0, new Set([other]))).toBe("sticks");
  });
});

describe("a cookie", () => {
  const endpoints = ["http://a", "http://b"].map((url) => ({ origin: parseOriginAddress(url) }));
  const [a, b] = endpoints as [(typeof endpoints)[0], (typeof endpoints)[0]];

  it("says the same in every process, of every version, and shows no address", () => {
    const values = endpoints.map((endpoint) => new Stickiness("at").valueOf(endpoint));
    expect(values).toMatchInlineSnapshot(`
      [
        "VN9IS7KC5-Ryt0Z1",
        "UT7egDLB6y9waWfS",
      ]
    `);
  });

  it("leads to the endpoint that it was made for", () => {
    const saying = (it: typeof a) => new Stickiness<typeof a>("another").valueOf(it);
    const stickiness = new Stickiness<typeof a>("at");
    const found = (...values: string[]) => stickiness.find(endpoints, values);
    expect([found(saying(a)), found(saying(b)), found("x", saying(b), saying(a))]).toStrictEqual([a, b, b]);
    expect([found(), found(""), found("http://a"), found(saying(a).slice(1))]).toStrictEqual(Array(4).fill(undefined));
  });
});
