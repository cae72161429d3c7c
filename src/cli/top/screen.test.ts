/** What `hopwise top` draws: as many lines as there are, as wide as the terminal, and nothing of strangers that could steer it. */
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import type { ExchangeEntry, ProxyStats } from "../../index.ts";
import { clockTime } from "../../ledger/clock-time.ts";
import { Ledger } from "../../ledger/ledger.ts";
import { statsOf } from "../../ledger/stats.ts";
import { nodeClock } from "../../net/node-clock.ts";
import type { Sample } from "./sample.ts";
import { type ListKey, lists, screen, type View } from "./screen.ts";

/** As this machine has it. */
const NOON = clockTime("2026-11-29T12:00:00.000Z");
const stats: ProxyStats = { ...statsOf(new Ledger(nodeClock)), uptime_ms: 3_723_000 };

function exchange(id: number, some: Partial<ExchangeEntry> = {}): ExchangeEntry {
  return {
    ...{ type: "exchange", time: "2026-11-29T12:00:00.000Z", id, client: "192.0.2.1", method: "GET", target: "/" },
    ...{ version: "1.1", status: 200, outcome: "completed", duration_ms: id, requestBytes: 0, responseBytes: 0 },
    ...{ retries: 0, downstream: { id: 1, exchange: id }, ...some },
  } as ExchangeEntry;
}

const failed = exchange(3, { status: 502, reason: "connect-failed", fault: "ECONNREFUSED", outcome: "answered" });
const sample: Sample = {
  at_ms: 1_000,
  stats,
  exchanges: [failed, exchange(2), exchange(1)],
  connections: [
    { ...{ id: 9, hop: "downstream", state: "idle", client: "192.0.2.1:4000", secure: false, opened: "accepted" } },
  ].map((one) => ({ ...one, age_ms: 61_000, idle_ms: 1_500, exchanges: 4 })) as NonNullable<Sample["connections"]>,
};
const view: View = {
  ...{ source: "127.0.0.1:9901", list: "f", filter: "", isFiltering: false, isPaused: false, fault: undefined },
};
const drawn = (some: Partial<View> = {}, columns = 80, rows = 24, before?: Sample) =>
  screen(sample, before, { ...view, ...some }, columns, rows).map((line) => stripVTControlCharacters(line));

describe("the screen", () => {
  it.each(Object.keys(lists) as ListKey[])("fits 80 columns and 24 lines: %s", (list) => {
    const many = { ...sample, exchanges: Array.from({ length: 500 }, (_, id) => ({ ...failed, id })) };
    const lines = screen(many, undefined, { ...view, list }, 80, 24).map((line) => stripVTControlCharacters(line));
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(lines.at(-1)).toContain("q quit");
  });

  it("explains a failure in words", () => {
    expect(drawn().join(" ").replace(/\s+/g, " ")).toContain(
      "connect-failed: No connection to the origin could be opened. ECONNREFUSED, nothing listens there.",
    );
  });

  it("counts failures by cause, the most frequent first, and leaves out what origins answer in order", () => {
    const upstream = { id: 7, exchange: 1, endpoint: "http://a", reused: false, opened: "pool-empty" } as const;
    const exchanges = [
      exchange(6, { status: 404, upstream }),
      exchange(5, { status: 504, reason: "response-timeout", upstream }),
      exchange(4, { status: 502, reason: "connect-failed", fault: "ENOTFOUND" }),
      failed,
      exchange(2, { status: 502, reason: "connect-failed", fault: "ECONNREFUSED" }),
    ] as const;
    const rows = (list: ListKey) =>
      screen({ ...sample, exchanges }, undefined, { ...view, list }, 80, 50).map((row) =>
        stripVTControlCharacters(row),
      );
    const counts = rows("g").flatMap(
      (row) => /^ +([0-9]+) {2}last (\S+ {2}[0-9]+)/.exec(row)?.slice(1, 3).join(" ") ?? [],
    );
    expect(counts).toEqual([`2 ${NOON}  502`, `1 ${NOON}  504`, `1 ${NOON}  502`]);
    expect(rows("g").join(" ")).toContain("nothing listens there");
    expect(rows("f").filter((row) => row.startsWith(NOON))).toHaveLength(4);
  });

  it("shows how an origin is although its name is long, and that its last request failed", () => {
    const endpoint = `http://${"a-long-name.".repeat(12)}example:8080`;
    const connections = { inUse: 0, idle: 0, bound: 0, dialing: 0 };
    const one = { endpoint, group: "app", state: "available", connections, failures: 3, weight: 1, avoided_ms: 0 };
    const now = { ...sample, stats: { ...stats, endpoints: [one] as unknown as ProxyStats["endpoints"] } };
    const shownOf = (exchanges: readonly ExchangeEntry[]) =>
      screen({ ...now, exchanges }, undefined, view, 80, 24)
        .map((row) => stripVTControlCharacters(row))
        .find((row) => row.startsWith("app"));
    expect(shownOf([])).toMatch(/^app {2}http:\/\/a-long.*….*:8080 {2}0 +0 +- +3 +well$/);
    expect(shownOf([{ ...failed, endpoint }, exchange(1, { endpoint })])).toMatch(/ 3 +fails: ECONNREFUSED$/);
    // The client's doing, and what the application itself answers, say nothing of the origin.
    expect(shownOf([exchange(4, { endpoint, outcome: "client-gone", status: 0 })])).toMatch(/well$/);
    expect(shownOf([exchange(4, { endpoint, status: 500 }), { ...failed, endpoint }])).toMatch(/well$/);
  });

  it("says rates once there are two samples", () => {
    const before = { ...sample, at_ms: 0 };
    const now = { ...stats, exchanges: { ...stats.exchanges, total: 25 } };
    expect(drawn()[1]).toContain("…/s");
    expect(screen({ ...sample, stats: now }, before, view, 80, 24)[1]).toContain("25/s, 0 in progress, 25 in all");
  });

  it("lists the slowest first", () => {
    const rows = drawn({ list: "s" }).filter((line) => line.startsWith(NOON));
    expect(rows.map((line) => line.trim().split(/\s+/)[2])).toEqual(["3", "2", "1"]);
  });

  it("filters, and says so", () => {
    expect(drawn({ list: "e", filter: "502" }).filter((line) => line.startsWith(NOON))).toHaveLength(1);
    expect(drawn({ list: "e", filter: "nowhere" })).toContain("none with this text");
  });

  it("says what to do where there is nothing", () => {
    const empty = { ...sample, exchanges: [], connections: [] };
    expect(screen(empty, undefined, { ...view, list: "e" }, 80, 24).join()).toContain(
      "send a request through the proxy",
    );
  });
});
