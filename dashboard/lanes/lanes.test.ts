/** Where things stand in the drawing: times, lanes, and what keys and pointers lead to. */
import { describe, expect, it } from "vitest";
import { type Connection, createModel, type Exchange } from "../model/model.ts";
import { SyntheticProxy } from "../model/synthetic.fixture.ts";
import { type Choice, chosenAfter, counterpartOf, exchangeAt, spanOn } from "./choice.ts";
import { beginsAt, heightsOf, layoutOf, pixelsPerMs, ticksOf, timeAt, xOf } from "./layout.ts";
import { levelsOf } from "./levels.ts";
import { Rows } from "./rows.ts";

const NOW = 1_000_000;

describe("time", () => {
  it.each([1_280, 390])("runs to the left from now, which is at the right edge of the plot: %d px", (width) => {
    const layout = layoutOf(width);
    expect(xOf(layout, NOW, NOW)).toBe(layout.plotRight);
    expect(xOf(layout, beginsAt(layout, NOW), NOW)).toBeCloseTo(layout.plotLeft);
    expect(timeAt(layout, xOf(layout, NOW - 1_234, NOW), NOW)).toBeCloseTo(NOW - 1_234);
    expect(timeAt(layout, width, NOW)).toBe(NOW);
  });

  it("has marks that have room, and the first one is now", () => {
    for (const width of [390, 800, 2_000]) {
      for (const window_ms of [5_000, 20_000, 120_000]) {
        const layout = layoutOf(width, window_ms);
        const [now, first = 0] = ticksOf(layout);
        expect(now).toBe(0);
        expect(first * pixelsPerMs(layout)).toBeGreaterThan(60);
      }
    }
  });

  it("a narrow page shows less of it, unless a window is chosen", () => {
    expect(layoutOf(390).window_ms).toBeLessThan(layoutOf(1_280).window_ms);
    expect(layoutOf(390, 60_000).window_ms).toBe(60_000);
  });
});

it.each([
  [600, [100, 200], [100, 200]],
  [600, [100, 2_000], [100, 500]],
  [600, [2_000, 100], [500, 100]],
  [600, [2_000, 2_000], [300, 300]],
] as const)("of %d px two groups that need %j get %j", (room, needs, expected) => {
  expect(heightsOf(room, needs)).toStrictEqual(expected);
});

describe("rows", () => {
  const lane = (key: string) => ({ key }) as Connection;
  const keys = ({ rows }: Rows) => rows.map((row) => row?.key ?? "-").join(" ");

  it("a lane keeps its row while it is shown, and a newcomer takes the uppermost free one", () => {
    const rows = new Rows();
    const [a, b, c, d] = ["a", "b", "c", "d"].map(lane) as [Connection, Connection, Connection, Connection];
    expect(rows.update([a, b, c])).toBe(true);
    expect(rows.update([a, b, c])).toBe(false);
    rows.update([b, c]);
    expect(keys(rows)).toBe("- b c");
    rows.update([b, c, d]);
    expect(keys(rows)).toBe("d b c");
    expect(rows.rowOf("b")).toBe(1);
    rows.update([b]);
    expect(keys(rows)).toBe("- b");
    expect(rows.rowOf("d")).toBeUndefined();
  });

  it("many gaps are closed, in the same order", () => {
    const rows = new Rows();
    const all = Array.from({ length: 40 }, (_, index) => lane(String(index)));
    rows.update(all);
    rows.update(all.slice(30));
    expect(keys(rows)).toBe("30 31 32 33 34 35 36 37 38 39");
    expect(rows.rowOf("31")).toBe(1);
  });
});

/** A quiet proxy's lanes after ten seconds. */
function lanesOfSome() {
  const proxy = new SyntheticProxy({ seed: 5, clients: 4, exchangesPerSecond: 8 });
  const model = createModel(() => proxy.now_ms);
  for (let step = 0; step < 100; step++) model.events(proxy.pass(100));
  return [...model.lanes("downstream"), ...model.lanes("upstream")];
}

describe("choosing by keys", () => {
  const lanes = lanesOfSome();
  const [first, second] = lanes as [Connection, Connection];
  const pressed = (choice: Choice | undefined, ...steps: Parameters<typeof chosenAfter>[0][]) =>
    steps.reduce<Choice | undefined>((at, step) => chosenAfter(step, at, lanes), choice);

  it("leads down from the first lane to the last, over both hops, and no further", () => {
    expect(pressed(undefined, "ArrowDown")?.connection).toBe(first);
    expect(pressed(undefined, "ArrowDown", "ArrowDown")?.connection).toBe(second);
    expect(pressed(undefined, "ArrowDown", "ArrowUp")?.connection).toBe(first);
    expect(pressed(undefined, "End", "ArrowDown")?.connection).toBe(lanes.at(-1));
    expect(pressed(undefined, "End")?.connection.hop).toBe("upstream");
    expect(pressed(undefined, "ArrowUp")?.connection).toBe(lanes.at(-1));
    expect(pressed(undefined, "End", "Home")?.connection).toBe(first);
    expect(chosenAfter("ArrowDown", undefined, [])).toBeUndefined();
  });

  it("leads left from the latest exchange to older ones, and right back again", () => {
    const { exchanges } = first;
    expect(exchanges.length).toBeGreaterThan(2);
    const lane: Choice = { connection: first, exchange: undefined };
    expect(pressed(lane, "ArrowLeft")?.exchange).toBe(exchanges.at(-1));
    expect(pressed(lane, "ArrowLeft", "ArrowLeft")?.exchange).toBe(exchanges.at(-2));
    expect(pressed(lane, "ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight")?.exchange).toBe(exchanges.at(-1));
    expect(pressed(lane, "ArrowLeft", "ArrowDown")).toStrictEqual({ connection: second, exchange: undefined });
  });

  it("a lane that is gone is where it begins anew", () => {
    expect(pressed({ connection: {} as Connection, exchange: undefined }, "ArrowDown")?.connection).toBe(first);
  });

  it("leads to the counterpart on the other hop, and back", () => {
    const exchange = first.exchanges.find(({ upstream }) => upstream !== undefined) as Exchange;
    const there = counterpartOf({ connection: first, exchange });
    expect(there?.connection).toBe(exchange.upstream?.connection);
    expect(there === undefined ? undefined : counterpartOf(there)?.connection).toBe(first);
    expect(counterpartOf({ connection: first, exchange: undefined })).toBeUndefined();
  });
});

describe("pointing", () => {
  it("finds each exchange in its middle, on both hops, and near its edges", () => {
    for (const connection of lanesOfSome()) {
      for (const exchange of connection.exchanges) {
        const [from_ms, to_ms] = spanOn(exchange, connection);
        if (!Number.isFinite(to_ms)) continue;
        const middle = (from_ms + to_ms) / 2;
        expect(exchangeAt(connection, middle, 0)?.key).toBe(exchange.key);
      }
      const [first] = connection.exchanges;
      if (first === undefined) continue;
      const [from_ms] = spanOn(first, connection);
      expect(exchangeAt(connection, from_ms - 40, 50)).toBe(first);
      expect(exchangeAt(connection, from_ms - 60, 50)).toBeUndefined();
    }
  });
});

it("exchanges at the same time lie one above the other, at most four; one after another there is one level", () => {
  const on = { hop: "downstream" } as Connection;
  const spans = (...all: [number, number][]) =>
    all.map(([beganAt_ms, endedAt_ms]) => ({ beganAt_ms, endedAt_ms, downstream: { connection: on } }) as Exchange);
  const levels = (...all: [number, number][]) => {
    const shown = spans(...all);
    const found = levelsOf(on, shown);
    return found === undefined ? undefined : shown.map((exchange) => found.of.get(exchange));
  };
  expect(levels([0, 10], [10, 20], [25, 30])).toBeUndefined();
  expect(levels([0, 10], [5, 20], [10, 30], [15, 40])).toStrictEqual([0, 1, 0, 2]);
  const given = new WeakMap<Exchange, number>();
  const [first, second, third] = spans([0, 10], [5, 30], [12, 20]) as [Exchange, Exchange, Exchange];
  expect(levelsOf(on, [first, second], given)?.of.get(second)).toBe(1);
  // What was above it is out of sight: it stays, and newcomers stand above it.
  expect([second, third].map((it) => levelsOf(on, [second, third], given)?.of.get(it))).toStrictEqual([1, 0]);
  expect(levels([0, 9], [0, 9], [0, 9], [0, 9], [0, 9], [0, 9])).toStrictEqual([0, 1, 2, 3, 3, 3]);
});
