/** Who gives way when all places are taken. */
import { describe, expect, it } from "vitest";
import { LatestRanking, type Place, Ranking } from "./fair-share.ts";

const NOW = 100_000;

interface Told {
  readonly age_s?: number;
  readonly bytes?: number;
  readonly isSlow?: boolean;
}

/** `count` places of `client`, named `client1`, `client2`, ... */
function places(client: string, count: number, { age_s = 30, bytes = 0, isSlow = false }: Told = {}) {
  return Array.from({ length: count }, (_, i) => ({
    name: `${client}${i + 1}`,
    client,
    since_ms: NOW - age_s * 1_000,
    movedBytes: bytes,
    isSlow,
    giveWay() {},
  }));
}

type Named = Place & { readonly name: string };

/** Names of those that give way, one after the other, until nobody does. */
function yielding(all: readonly Named[], client: string, times: number): string[] {
  const ranking = new Ranking(all, all.length, NOW);
  return Array.from({ length: times }, () => ranking.next(client)?.name ?? "nobody");
}

describe("the client that holds most", () => {
  it("gives way to one that has none", () => {
    const all = [...places("a", 3), ...places("b", 1)];
    expect(yielding(all, "c", 1)).toEqual(["a3"]);
  });

  it("gives way until the other has as much", () => {
    const all = [...places("a", 6), ...places("b", 2)];
    expect(yielding(all, "c", 5)).toEqual(["a6", "a5", "a4", "nobody", "nobody"]);
  });

  it("gives way down to its share", () => {
    const ranking = new Ranking([...places("a", 6), ...places("b", 2)], 8, NOW);
    // Eight places, and five clients in the end: one for each.
    const gaveWay = ["c", "d", "e", "c", "d", "e"].map((client) => ranking.next(client)?.name ?? "nobody");
    expect(gaveWay).toEqual(["a6", "a5", "a4", "a3", "nobody", "nobody"]);
  });

  it("does not give way to itself: that would help nobody", () => {
    expect(yielding(places("a", 8), "a", 1)).toEqual(["nobody"]);
  });

  it("does not give way where that would only turn the tables", () => {
    const all = [...places("a", 3), ...places("b", 2)];
    expect(yielding(all, "b", 1)).toEqual(["nobody"]);
  });

  it("is asked for what has moved least for its age", () => {
    const busy = places("busy", 2, { bytes: 1_000_000 });
    const silent = places("silent", 1);
    const young = places("young", 1, { age_s: 2 });
    const all = [...busy, ...silent, ...young].map((place) => ({ ...place, client: "a" }));
    expect(yielding(all, "b", 2)).toEqual(["silent1", "young1"]);
  });
});

describe("nobody gives way", () => {
  it("below a 32nd of all places, however many strangers come", () => {
    const ranking = new Ranking([...places("a", 32), ...places("office", 3, { age_s: 60 })], 64, NOW);
    const gaveWay = Array.from({ length: 40 }, (_, i) => ranking.next(`stranger${i}`)?.name ?? "nobody");
    expect(gaveWay.filter((name) => name.startsWith("a"))).toHaveLength(30);
    expect(gaveWay.filter((name) => name.startsWith("office"))).toEqual(["office3"]);
    expect(gaveWay.at(-1)).toBe("nobody");
  });

  it("below its share, however silent it is, and however busy others are", () => {
    const streams = places("stream", 20, { age_s: 3_600 });
    const attack = places("attacker", 108, { bytes: 1_000_000 });
    const gaveWay = yielding([...streams, ...attack], "newcomer", 60);
    expect(gaveWay.filter((name) => name.startsWith("stream"))).toEqual([]);
    expect(gaveWay.filter((name) => name.startsWith("attacker"))).toHaveLength(54);
  });

  it("who came just now: what is quick ends by itself", () => {
    expect(yielding(places("a", 8, { age_s: 0.9 }), "b", 1)).toEqual(["nobody"]);
  });

  it("where everybody has as much", () => {
    expect(yielding([...places("a", 1), ...places("b", 1), ...places("c", 1)], "d", 1)).toEqual(["nobody"]);
  });
});

describe("what is slower than honest clients", () => {
  it("gives way first, also where it is the only place of its client", () => {
    const all = [...places("a", 6), ...places("b", 1, { isSlow: true })];
    expect(yielding(all, "c", 2)).toEqual(["b1", "a6"]);
  });

  it("gives way in the order of what its client holds", () => {
    const all = [...places("a", 2, { isSlow: true }), ...places("b", 1, { isSlow: true }), ...places("c", 5)];
    expect(yielding(all, "d", 3).map((name) => name.charAt(0))).toEqual(["a", "a", "b"]);
  });
});

it("the order is made anew after a moment only, which a flood of newcomers shares; then nothing of it is kept", () => {
  let looks = 0;
  const later: (() => void)[] = [];
  const time = { now_ms: NOW, now: () => time.now_ms, after: (_ms: number, then: () => void) => later.push(then) };
  const ranking = new LatestRanking(() => {
    looks++;
    return places("a", 8);
  });
  const first = ranking.at(time, 8);
  time.now_ms += 99;
  expect(ranking.at(time, 8)).toBe(first);
  time.now_ms += 1;
  const second = ranking.at(time, 8);
  expect([second === first, looks]).toEqual([false, 2]);
  // That of the first, late.
  later[0]?.();
  expect([ranking.at(time, 8) === second, ranking.isKept]).toEqual([true, true]);
  later[1]?.();
  expect([ranking.isKept, later.length]).toEqual([false, 2]);
});
