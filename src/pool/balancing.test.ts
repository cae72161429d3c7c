/** Which endpoint takes a request. */
import { describe, expect, it } from "vitest";
import { Random } from "../net/simulated/random.ts";
import { Balancing, type Candidate } from "./balancing.ts";
import { type Balance, plainBalances } from "./group.ts";
import type { Standing } from "./health.ts";
import { hashOf } from "./rendezvous.ts";

interface Named extends Candidate {
  readonly name: string;
  outstanding: number;
  weight: number;
  isBackup: boolean;
  isFull: boolean;
}

type Facts = Partial<Omit<Named, "name" | "standing" | "nameHash">>;

function endpoint(name: string, standing: Standing, outstanding: number, facts: Facts = {}): Named {
  const usual = { weight: 1, isBackup: false, isFull: false, avoidUntil_ms: 0, nameHash: hashOf(name) };
  return { name, outstanding, standing: () => standing, ...usual, ...facts };
}

const well = (name: string, weight: number) => endpoint(name, "well", 0, { weight });

const chosen = (endpoints: readonly Named[], turn = 0, tried?: ReadonlySet<Named>, balance?: Balance) =>
  new Balancing<Named>(balance).choose(endpoints, turn, 0, tried)?.name;

/** The one that is chosen, and gets the request. */
function taken(balancing: Balancing<Named>, endpoints: readonly Named[], turn: number, key = 0): Named {
  const it = balancing.choose(endpoints, turn % endpoints.length, 0, undefined, key) as Named;
  balancing.noteTaken(it);
  return it;
}

const everyKind: readonly Balance[] = [...plainBalances, { hash: "client" }];

describe("whatever the kind of balance, it is", () => {
  describe.each(everyKind)("%j", (balance) => {
    it.each<[string, readonly Named[], string | undefined]>([
      ["one that is well, however much it has to do", [endpoint("a", "avoided", 0), endpoint("b", "well", 99)], "b"],
      [
        "one that answers badly before one that does not answer",
        [endpoint("a", "avoided", 0), endpoint("b", "refusing", 9)],
        "b",
      ],
      [
        "of those that do not answer the one that is tried again first",
        [endpoint("a", "avoided", 0, { avoidUntil_ms: 2_000 }), endpoint("b", "avoided", 5, { avoidUntil_ms: 1_000 })],
        "b",
      ],
      [
        "no backup while another is well",
        [endpoint("a", "well", 0, { isBackup: true }), endpoint("b", "well", 9)],
        "b",
      ],
      [
        "no backup while another is well that has no room",
        [endpoint("a", "well", 0, { isBackup: true }), endpoint("b", "well", 9, { isFull: true })],
        "b",
      ],
      [
        "a backup that is well before others that are not",
        [endpoint("a", "refusing", 0), endpoint("b", "well", 9, { isBackup: true })],
        "b",
      ],
      ["one that has room", [endpoint("a", "well", 1, { isFull: true }), endpoint("b", "well", 5)], "b"],
      ["none of weight 0", [endpoint("a", "well", 0, { weight: 0 }), endpoint("b", "well", 9)], "b"],
      [
        "none of weight 0 though no other is well",
        [endpoint("a", "well", 0, { weight: 0 }), endpoint("b", "avoided", 9)],
        "b",
      ],
      ["nothing where all have weight 0", [endpoint("a", "well", 0, { weight: 0 })], undefined],
    ])("%s", (_name, endpoints, expected) => {
      expect(chosen(endpoints, 0, undefined, balance)).toBe(expected);
      expect(chosen(endpoints.toReversed(), 0, undefined, balance)).toBe(expected);
    });

    it("none that was tried", () => {
      const endpoints = ["a", "b"].map((name) => well(name, 1));
      const [a] = endpoints;
      expect(chosen(endpoints, 0, new Set(endpoints.slice(0, 1)), balance)).toBe("b");
      expect(chosen(endpoints, 0, new Set(endpoints), balance)).toBeUndefined();
      expect(chosen([a as Named, well("b", 0)], 0, new Set(endpoints.slice(0, 1)), balance)).toBeUndefined();
    });

    it("one after the other with shares by weight, within a tenth", () => {
      const endpoints = [well("a", 1), well("b", 2), well("c", 5)];
      const balancing = new Balancing<Named>(balance);
      const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
      for (let i = 0; i < 8_000; i++) {
        const { name } = taken(balancing, endpoints, i, hashOf(`client ${i}`));
        counts[name] = (counts[name] ?? 0) + 1;
      }
      for (const { name, weight } of endpoints) {
        expect(counts[name]).toBeGreaterThan(900 * weight);
        expect(counts[name]).toBeLessThan(1_100 * weight);
      }
    });
  });
});

describe("least outstanding", () => {
  it.each<[string, readonly Named[], string]>([
    ["the one with least to do", [endpoint("a", "well", 2), endpoint("b", "well", 1), endpoint("c", "well", 3)], "b"],
    [
      "one on trial, whatever has been going on there since before it failed",
      [endpoint("a", "well", 1), endpoint("b", "on-trial", 50), endpoint("c", "well", 0)],
      "b",
    ],
    [
      "of those that answer badly the one with least to do",
      [endpoint("a", "refusing", 2), endpoint("b", "refusing", 1)],
      "b",
    ],
    [
      "with weights the one with less than its part",
      [endpoint("a", "well", 2, { weight: 1 }), endpoint("b", "well", 3, { weight: 2 })],
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

  it.each([1, 2, 8, 50])("a canary of weight 1 beside 99 gets its hundredth with %i requests at once", (atOnce) => {
    const endpoints = [well("old", 99), well("canary", 1)];
    const balancing = new Balancing<Named>();
    const inProgress: Named[] = [];
    let canary = 0;
    for (let i = 0; i < 10_000; i++) {
      const it = taken(balancing, endpoints, i);
      it.outstanding++;
      if (it.name === "canary") canary++;
      inProgress.push(it);
      if (inProgress.length === atOnce) (inProgress.shift() as Named).outstanding--;
    }
    expect(canary).toBeGreaterThan(90);
    expect(canary).toBeLessThan(110);
  });

  it("one that ends nothing gets no more than its part of what is outstanding", () => {
    const endpoints = [well("stuck", 5), well("b", 2), well("c", 1)];
    const [stuck] = endpoints;
    const balancing = new Balancing<Named>();
    const inProgress: Named[] = [];
    for (let i = 0; i < 1_000; i++) {
      const it = taken(balancing, endpoints, i);
      it.outstanding++;
      if (it !== stuck) inProgress.push(it);
      if (inProgress.length > 3) (inProgress.shift() as Named).outstanding--;
    }
    // Five eighths of all that is outstanding, rounded up, where three are elsewhere.
    expect(stuck?.outstanding).toBe(7);
  });
});

it("turns by weight are smooth", () => {
  const endpoints = [well("a", 5), well("b", 1), well("c", 1)];
  const balancing = new Balancing<Named>("round-robin");
  const names = Array.from({ length: 14 }, (_, turn) => {
    // One that has no room gives its turn to nobody.
    balancing.choose(endpoints, turn, 0, undefined);
    return taken(balancing, endpoints, turn).name;
  });
  expect(names.join(" ")).toBe("a a b a c a a a a b a c a a");
});

it("of two choices the one with less to do for its weight is taken", () => {
  const endpoints = [endpoint("a", "well", 3, { weight: 2 }), endpoint("b", "well", 2)];
  expect(chosen(endpoints, 0, undefined, "two-choices")).toBe("a");
});

/** In words: of those that get requests and were not tried the best standing, then no backup, then room; there first one on trial. */
function naive(endpoints: readonly Named[], tried: ReadonlySet<Named>, balance: Balance): readonly Named[] {
  const order = ["well or on-trial", "refusing", "avoided"];
  const classOf = (it: Named) => {
    const standing = order.findIndex((names) => names.includes(it.standing(0)));
    return `${standing}${it.isBackup ? 1 : 0}${it.isFull ? 1 : 0}`;
  };
  const left = endpoints.filter((it) => it.weight > 0 && !tried.has(it));
  const [best] = left.map(classOf).toSorted();
  const alike = left.filter((it) => classOf(it) === best);
  const onTrial = alike.filter((it) => it.standing(0) === "on-trial");
  if (onTrial.length > 0 && typeof balance === "string") return onTrial;
  const first_ms = Math.min(...alike.map((it) => it.avoidUntil_ms));
  return best?.startsWith("2") ? alike.filter((it) => it.avoidUntil_ms === first_ms) : alike;
}

it("a naive model agrees on who comes into question, and by least outstanding on who is chosen", () => {
  const random = new Random(4);
  const standings = ["well", "on-trial", "refusing", "avoided"] as const;
  for (let round = 0; round < 5_000; round++) {
    const isEven = random.chance(0.5);
    const endpoints = Array.from({ length: random.between(1, 5) }, (_, index) =>
      endpoint(`e${index}`, random.pick([...standings]), random.between(0, 3), {
        weight: random.chance(0.2) ? 0 : isEven ? 1 : random.between(1, 4),
        isBackup: random.chance(0.3),
        isFull: random.chance(0.3),
        avoidUntil_ms: random.between(1, 3),
      }),
    );
    const tried = new Set(endpoints.filter(() => random.chance(0.2)));
    const balance: Balance = random.pick([...everyKind]) ?? "least-outstanding";
    const alike = naive(endpoints, tried, balance);
    const it = new Balancing<Named>(balance).choose(endpoints, random.between(0, 4), 0, tried, random.next());
    expect(it === undefined ? [] : [it].filter((one) => !alike.includes(one))).toStrictEqual([]);
    expect(it === undefined).toBe(alike.length === 0);
    if (it === undefined || balance !== "least-outstanding" || ["avoided", "on-trial"].includes(it.standing(0)))
      continue;
    const total = alike.reduce((sum, one) => sum + one.outstanding, 1);
    const weights = alike.reduce((sum, one) => sum + one.weight, 0);
    if (isEven) expect(it.outstanding).toBe(Math.min(...alike.map(({ outstanding }) => outstanding)));
    else expect(it.outstanding / it.weight).toBeLessThan(total / weights);
  }
});
