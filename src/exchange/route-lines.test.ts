/** Requests of a route at once: who has a place, who waits, who is turned away, and that no place is ever lost. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { ConcurrencyLimit } from "./policy.ts";
import { RouteLines } from "./route-lines.ts";

class Play {
  readonly clock = new ManualClock();
  readonly lines = new RouteLines(this.clock);
  readonly told: string[] = [];
  private readonly records = new Map<string, ExchangeRecord>();
  private readonly limit: ConcurrencyLimit;

  constructor(limit: Partial<ConcurrencyLimit> = {}) {
    this.limit = { max: 2, line: 3, wait_ms: 1_000, ...limit };
  }

  /** @param name `client` and a number, like `a1` */
  enter(name: string, route = "r"): string {
    const record = {} as ExchangeRecord;
    this.records.set(name, record);
    const later = (verdict: string) => this.told.push(`${name} ${verdict}`);
    return this.lines.enter(route, this.limit, { client: name.slice(0, 1), record, later }) ?? "waits";
  }

  leave(name: string): void {
    this.lines.leave(this.records.get(name) as ExchangeRecord);
  }
}

it("places, then a line, then no", () => {
  const play = new Play();
  const asked = ["a1", "b1", "c1", "d1", "e1", "f1"].map((name) => play.enter(name));
  expect(asked).toStrictEqual(["in", "in", "waits", "waits", "waits", "route-line-full"]);
  // Another route is another line.
  expect(play.enter("g1", "other")).toBe("in");
  play.leave("b1");
  play.leave("a1");
  expect(play.told).toStrictEqual(["c1 in", "d1 in"]);
});

it("routes that a configuration has left out are forgotten once nobody is there", () => {
  const play = new Play({ max: 1 });
  play.enter("a1", "held");
  play.enter("b1", "held");
  for (let reload = 0; reload < 100; reload++) {
    play.lines.forgetEmpty();
    play.enter("c1", `r${reload}`);
    play.leave("c1");
  }
  expect(play.lines.routeCount).toBe(2);
  play.leave("a1");
  expect(play.told).toStrictEqual(["b1 in"]);
});

it("the client that holds least is next, in its own order", () => {
  const play = new Play({ line: 10 });
  for (const name of ["a1", "a2", "a3", "a4", "b1", "b2"]) play.enter(name);
  play.leave("a1");
  play.leave("a2");
  play.leave("b1");
  expect(play.told).toStrictEqual(["b1 in", "a3 in", "b2 in"]);
});

it("in a full line the client that has most gives its last place to one that has fewer", () => {
  const play = new Play();
  for (const name of ["a1", "a2", "a3", "a4", "a5"]) play.enter(name);
  expect([play.enter("a6"), play.enter("b1")]).toStrictEqual(["route-line-full", "waits"]);
  expect(play.told).toStrictEqual(["a5 route-line-full"]);
});

it("nobody waits for longer than may be", () => {
  const play = new Play({ max: 1 });
  play.enter("a1");
  play.enter("b1");
  play.clock.advance(500);
  play.enter("c1");
  play.clock.advance(500);
  expect(play.told).toStrictEqual(["b1 route-line-timeout"]);
  play.leave("a1");
  play.clock.advance(10_000);
  expect(play.told).toStrictEqual(["b1 route-line-timeout", "c1 in"]);
});

it("one that leaves the line makes room in it, and takes nobody's place", () => {
  const play = new Play({ max: 1, line: 1 });
  play.enter("a1");
  play.enter("b1");
  play.leave("b1");
  play.leave("b1");
  expect(play.enter("c1")).toBe("waits");
  play.leave("a1");
  expect([play.told, play.enter("d1")]).toStrictEqual([["c1 in"], "waits"]);
});

it("those that end at once give their places on one after the other, however many wait", () => {
  const clock = new ManualClock();
  const lines = new RouteLines(clock);
  const limit = { max: 1, line: 1_024, wait_ms: 1_000 };
  let depth = 0;
  let deepest = 0;
  let served = 0;
  const first = {} as ExchangeRecord;
  lines.enter("r", limit, { client: "a", record: first, later: () => undefined });
  for (let index = 0; index < 1_000; index++) {
    const record = {} as ExchangeRecord;
    const later = () => {
      deepest = Math.max(deepest, ++depth);
      served++;
      lines.leave(record);
      depth--;
    };
    lines.enter("r", limit, { client: `c${index % 7}`, record, later });
  }
  lines.leave(first);
  expect([served, deepest]).toStrictEqual([1_000, 1]);
});

it("never more than are allowed, and no place is lost, whoever comes and goes when", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom("enter", "leave", "pass"), fc.nat(40)), { maxLength: 120 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(4), steps, (max, line, all) => {
      const clock = new ManualClock();
      const lines = new RouteLines(clock);
      const limit = { max, line, wait_ms: 100 };
      const inside = new Set<ExchangeRecord>();
      const known: ExchangeRecord[] = [];
      const leave = (record: ExchangeRecord) => {
        inside.delete(record);
        lines.leave(record);
      };
      for (const [does, number] of all) {
        if (does === "pass") clock.advance(number);
        else if (does === "leave" && known.length > 0) leave(known[number % known.length] as ExchangeRecord);
        else {
          const record = {} as ExchangeRecord;
          known.push(record);
          const enters = (verdict: string | undefined) => verdict === "in" && inside.add(record);
          enters(lines.enter("r", limit, { client: `c${number % 3}`, record, later: enters }));
        }
        expect(inside.size).toBeLessThanOrEqual(max);
      }
      for (const record of known) leave(record);
      const verdicts = Array.from({ length: max + 1 }, () =>
        lines.enter("r", { ...limit, line: 0 }, { client: "z", record: {} as ExchangeRecord, later: () => undefined }),
      );
      expect(verdicts).toStrictEqual([...Array(max).fill("in"), "route-line-full"]);
    }),
  );
});
