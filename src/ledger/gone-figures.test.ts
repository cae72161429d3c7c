/** What is told of processes that are gone, beside those that work. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { type Figures, figuresOf, sumOf } from "./figures.ts";
import { GoneFigures } from "./gone-figures.ts";
import { Ledger } from "./ledger.ts";
import { metricsText } from "./metrics.ts";

const tally = { statuses: [], durations: { counts: [], count: 0, sum_ms: 0 }, failures: 1, checks: {} };

function figures(endpoints: readonly string[], names: readonly string[] = []): Figures {
  return {
    ...figuresOf(new Ledger(new ManualClock())),
    exchanges: 5,
    endpoints: endpoints.map((endpoint) => ({
      ...{ endpoint, group: "app", weight: 1, isBackup: false, failures: 1, tally, minorVersion: 1, advertised_ms: 9 },
      ...{ idle: 0, bound: 0, inUse: 2, dialing: 0, conditions: [], avoided_ms: [], lifetimes_ms: [] },
    })),
    names: names.map((name) => ({
      ...{ group: "app", name, addresses: ["10.0.0.1"], since_ms: 1, lookups: { found: 3 }, isFailing: false },
    })),
  };
}

const told = (gone: GoneFigures, working: readonly [Figures, ...Figures[]]) =>
  sumOf([...working, ...gone.beside(working)]);

describe("endpoints of processes that are gone", () => {
  it("are told for as long as a process that works has them", () => {
    const gone = new GoneFigures();
    gone.note(figures(["a", "b"]), [figures(["a", "b"])]);
    expect(told(gone, [figures(["a", "b"])]).endpoints).toMatchObject([
      { endpoint: "a", failures: 2, inUse: 2 },
      { endpoint: "b", failures: 2, inUse: 2 },
    ]);
    const behindReload = told(gone, [figures(["b", "c"]), figures(["b"])]);
    expect(behindReload.endpoints.map(({ endpoint, failures }) => [endpoint, failures])).toEqual([
      ["b", 3],
      ["c", 1],
    ]);
    expect(behindReload.exchanges).toBe(15);
  });

  it("that an answer of a name server lacked once are what they were", () => {
    const gone = new GoneFigures();
    gone.note(figures(["a"]), []);
    expect(told(gone, [figures(["b"])]).endpoints).toMatchObject([{ endpoint: "b" }]);
    expect(told(gone, [figures(["a"])]).endpoints).toMatchObject([{ endpoint: "a", failures: 2 }]);
  });

  it("do not become more with each that is lost, while addresses come and go", () => {
    const gone = new GoneFigures();
    for (let i = 0; i < 100; i++) gone.note(figures([`http://10.0.0.${i}`]), [figures(["a"])]);
    expect(gone.beside([])[0]?.endpoints.length).toBeLessThanOrEqual(1);
    expect(gone.beside([])[0]?.exchanges).toBe(500);
  });

  it("are all told while no process works", () => {
    const gone = new GoneFigures();
    expect(gone.beside([])).toEqual([]);
    gone.note(figures(["a"], ["n"]), []);
    expect(gone.beside([])).toMatchObject([{ endpoints: [{ endpoint: "a", inUse: 0 }], names: [{ name: "n" }] }]);
  });
});

it("a name that is not looked up any more has no row, so nothing alerts on its addresses", async () => {
  const gone = new GoneFigures();
  gone.note(figures(["a"], ["http://old.internal", "http://app.internal"]), []);
  const working = [figures(["a"], ["http://app.internal"])] as const;
  const text = await metricsText(told(gone, working));
  expect(text).toContain('hopwise_name_addresses{group="app",name="http://app.internal"} 1\n');
  expect(text).toContain('hopwise_lookups_total{group="app",name="http://app.internal",result="found"} 6\n');
  expect(text).not.toContain("old.internal");
});
