/** One name that is looked up again and again: what an answer means, what a failure does, and when the next look-up comes. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { NameLookup } from "../connection/connection-record.ts";
import { LOOKUP_TIMEOUT } from "../net/ports.ts";
import type { Found } from "../net/resolving.ts";
import { FollowedName, NAME_ADDRESSES_MAX } from "./followed-name.ts";
import type { ResolvePlan } from "./group.ts";

/** @param answers of the name servers, in turn; behind the last one: none */
function play(answers: readonly Found[], plan: Partial<ResolvePlan> = {}, random: () => number = () => 0.5) {
  const clock = new ManualClock();
  const lookups: NameLookup[] = [];
  const asked: [name: string, at_ms: number][] = [];
  const waiting = new Set<(found: Found) => void>();
  const name = new FollowedName(
    { interval_ms: 30_000, ...plan },
    {
      record: { group: "app", name: "http://app.test:3000" },
      host: "app.test",
      names: {
        find(host, _client, found) {
          asked.push([host, clock.now()]);
          const answer = answers[asked.length - 1];
          if (answer !== undefined) found(answer);
          else waiting.add(found);
          return () => void waiting.delete(found);
        },
      },
      ...{ clock, random },
      onLookup: (lookup) => lookups.push(lookup),
    },
  );
  return { clock, name, lookups, asked, waiting };
}

const now = ["192.0.2.1", "192.0.2.2"];

describe("what it leads to", () => {
  it("is what was found, in an order of its own, and only what has changed is told", () => {
    const { clock, name, lookups } = play([["192.0.2.2", "192.0.2.1"], now, ["192.0.2.3", "192.0.2.1"]]);
    name.start();
    expect([name.addresses, name.since_ms]).toStrictEqual([now, 0]);
    clock.advance(60_000);
    expect([name.addresses, name.since_ms]).toStrictEqual([["192.0.2.1", "192.0.2.3"], 60_000]);
    expect(lookups.map(({ added, removed }) => [added, removed])).toStrictEqual([
      [now, []],
      [[], []],
      [["192.0.2.3"], ["192.0.2.2"]],
    ]);
  });

  it.each<[string, Found, string, string]>([
    ["a name that is not known", "ENOTFOUND", "not-found", "ENOTFOUND"],
    ["an empty answer", [], "not-found", ""],
    ["no answer in time", LOOKUP_TIMEOUT, "no-answer", LOOKUP_TIMEOUT],
    ["name servers that are ill", "EAI_AGAIN", "no-answer", "EAI_AGAIN"],
    ["anything else", "EAI_FAIL", "failed", "EAI_FAIL"],
    ["what is no address", ["app.test"], "empty", ""],
  ])("does not change by %s, and that is told", (_what, answer, failure, detail) => {
    const { clock, name, lookups } = play([now, answer, answer, now]);
    name.start();
    clock.advance(30_000);
    expect([name.addresses, name.isFailing, name.lastFailed]).toStrictEqual([
      now,
      true,
      { failure, detail, at_ms: 30_000 },
    ]);
    clock.advance(60_000);
    expect([name.addresses, name.isFailing]).toStrictEqual([now, false]);
    const unchanged = { addresses: now, added: [], removed: [] };
    expect(lookups.slice(1)).toStrictEqual([
      { ...unchanged, result: { failure, detail }, hasTurned: true },
      { ...unchanged, result: { failure, detail }, hasTurned: false },
      { ...unchanged, result: "found", hasTurned: true },
    ]);
  });

  it("is nothing until something was found", () => {
    const { clock, name } = play(["ENOTFOUND", now]);
    name.start();
    expect(name.addresses).toBeUndefined();
    clock.advance(30_000);
    expect(name.addresses).toStrictEqual(now);
  });

  const mixed = ["2001:db8::1", "192.0.2.1", "2001:db8::2"];
  it.each<[ResolvePlan["family"], readonly string[]]>([
    [undefined, ["2001:db8::1", "2001:db8::2"]],
    ["ipv4", ["192.0.2.1"]],
    ["ipv6", ["2001:db8::1", "2001:db8::2"]],
    ["both", ["192.0.2.1", "2001:db8::1", "2001:db8::2"]],
  ])("is of one kind of address, which the system puts first, unless the group says %s", (family, addresses) => {
    const { name } = play([mixed], { family });
    name.start();
    expect(name.addresses).toStrictEqual(addresses);
  });

  it("is of the kind that is in use as long as there is any: an order that changes is no news", () => {
    const { clock, name } = play([mixed, ["192.0.2.1", "2001:db8::1"], ["192.0.2.1"]]);
    name.start();
    clock.advance(30_000);
    expect(name.addresses).toStrictEqual(["2001:db8::1"]);
    clock.advance(30_000);
    expect(name.addresses).toStrictEqual(["192.0.2.1"]);
  });

  it("has a limit", () => {
    const { name } = play([Array.from({ length: 300 }, (_, index) => `192.0.${index >> 8}.${index & 255}`)]);
    name.start();
    expect(name.addresses).toHaveLength(NAME_ADDRESSES_MAX);
  });
});

describe("it is looked up", () => {
  it("at once, then with the interval from the end of one look-up on, give or take a tenth", () => {
    const chances = [0, 1, 0.5];
    const { clock, name, asked } = play([now, now, now, now], {}, () => chances.shift() ?? 0.5);
    name.start();
    name.start();
    clock.advance(90_000);
    expect(asked).toStrictEqual([0, 27_000, 60_000, 90_000].map((at) => ["app.test", at]));
  });

  it("never twice at a time: what takes longer than ten seconds has failed", () => {
    const { clock, name, asked, waiting, lookups } = play([]);
    name.start();
    clock.advance(9_999);
    expect([waiting.size, lookups]).toStrictEqual([1, []]);
    clock.advance(1);
    expect([waiting.size, lookups[0]?.result]).toStrictEqual([0, { failure: "no-answer", detail: LOOKUP_TIMEOUT }]);
    clock.advance(30_000);
    expect(asked.map(([, at]) => at)).toStrictEqual([0, 40_000]);
  });

  it("no more when it is stopped, and what was under way tells nothing", () => {
    const { clock, name, asked, waiting, lookups } = play([now]);
    name.start();
    clock.advance(30_000);
    expect(waiting.size).toBe(1);
    name.stop();
    clock.advance(100_000);
    expect([waiting.size, asked.length, lookups.length]).toStrictEqual([0, 2, 1]);
  });

  it("at once when it is to be looked up otherwise, and not sooner when it is not", () => {
    const { clock, name, asked } = play([now, now]);
    name.start();
    clock.advance(1_000);
    name.replan({ interval_ms: 30_000 });
    expect(asked).toHaveLength(1);
    name.replan({ interval_ms: 5_000 });
    expect(asked).toHaveLength(2);
  });
});
