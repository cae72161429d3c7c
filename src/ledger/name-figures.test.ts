/** What is told of names that are looked up again and again, by one process and by several. */
import { describe, expect, it } from "vitest";
import type { NameLookup, NameRecord } from "../connection/connection-record.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Clock } from "../net/ports.ts";
import { departed, figuresOf, sumOf } from "./figures.ts";
import { Ledger } from "./ledger.ts";
import { metricsText } from "./metrics.ts";
import { lookupEntry } from "./name-figures.ts";
import { statsFrom } from "./stats.ts";

const clock: Clock = {
  now: () => 1_000,
  date: () => 1_700_000_000_000,
  after: () => () => {},
  afterArrivals: () => {},
};
const record: NameRecord = { group: "app", name: "http://app.test" };
const found: NameLookup = {
  result: "found",
  addresses: ["192.0.2.1"],
  added: ["192.0.2.1"],
  removed: [],
  hasTurned: false,
};
const failed: NameLookup = {
  ...found,
  result: { failure: "no-answer", detail: "EAI_AGAIN" },
  added: [],
  hasTurned: true,
};

/** One process: the addresses that it found at `since_ms`, and the look-ups that it made. */
function figures(addresses: readonly string[] | undefined, since_ms: number, ...lookups: readonly NameLookup[]) {
  const ledger = new Ledger(clock);
  const isFailing = lookups.at(-1) === failed;
  const lastFailed = isFailing ? { failure: "no-answer", detail: "EAI_AGAIN", at_ms: 900 } : undefined;
  const names = [{ record, addresses, since_ms, isFailing, lastFailed }];
  const clients = { connections: [] };
  ledger.watch({ isDraining: false, clients, routing: { endpoints: [], waiting: 0, names } } as unknown as Gateway);
  for (const lookup of lookups) ledger.nameLookedUp(record, lookup);
  return figuresOf(ledger);
}

describe("a name", () => {
  it("has its addresses, how look-ups ended, and why the latest failed that did", () => {
    expect(statsFrom(figures(["192.0.2.1"], 400, found, failed)).names).toStrictEqual([
      {
        ...{ group: "app", name: "http://app.test", addresses: ["192.0.2.1"], since: "2023-11-14T22:13:19.400Z" },
        failing: true,
        lookups: { found: 1, "no-answer": 1 },
        lastFailure: { reason: "no-answer", detail: "EAI_AGAIN", at: "2023-11-14T22:13:19.900Z" },
      },
    ]);
  });

  it("is not told where none is looked up", () => {
    expect(statsFrom(figuresOf(new Ledger(clock)))).not.toHaveProperty("names");
  });

  it("has a series for each way in which look-ups end", async () => {
    const text = await metricsText(figures(["192.0.2.1", "192.0.2.2"], 0, found, failed));
    const labels = 'group="app",name="http://app.test"';
    for (const line of [
      `hopwise_lookups_total{${labels},result="found"} 1`,
      `hopwise_lookups_total{${labels},result="no-answer"} 1`,
      `hopwise_lookups_total{${labels},result="not-found"} 0`,
      `hopwise_name_addresses{${labels}} 2`,
      `hopwise_name_found{${labels}} 0`,
    ]) {
      expect(text).toContain(`${line}\n`);
    }
  });

  it("is one over several processes: where it led last, and all that they counted", () => {
    const [older, newer] = [figures(["192.0.2.1"], 100, found), figures(["192.0.2.2"], 200, found, failed)];
    const none = figures(undefined, 900, failed);
    for (const all of [[older, newer, none] as const, [none, newer, older] as const]) {
      expect(sumOf(all).names).toMatchObject([
        { addresses: ["192.0.2.2"], lookups: { found: 2, "no-answer": 2 }, isFailing: true },
      ]);
    }
    expect(sumOf([departed(newer), older]).names).toMatchObject([
      { addresses: ["192.0.2.1"], lookups: { found: 2, "no-answer": 1 }, isFailing: false },
    ]);
  });
});

describe("an event", () => {
  it("tells what has changed, or that it fails, or is found again, and nothing twice", () => {
    const told = { type: "lookup", time: "now", ...record, addresses: ["192.0.2.1"], removed: [] };
    const again: NameLookup = { ...found, added: [] };
    expect(
      [found, failed, { ...failed, hasTurned: false }, { ...again, hasTurned: true }, again].map((lookup) =>
        lookupEntry("now", record, lookup),
      ),
    ).toStrictEqual([
      { ...told, state: "changed", added: ["192.0.2.1"] },
      { ...told, state: "failed", added: [], reason: "no-answer", detail: "EAI_AGAIN" },
      undefined,
      { ...told, state: "recovered", added: [] },
      undefined,
    ]);
  });
});
