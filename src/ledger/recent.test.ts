import { expect, it } from "vitest";
import { acceptedFacts } from "../connection/connection-record.ts";
import { Life } from "../connection/life.ts";
import { OwnRecord } from "../exchange/record-notes.ts";
import { RecentExchanges } from "./recent.ts";

const connection = new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 1 }, 0));

function ended(id: number, some: Partial<OwnRecord> = {}): OwnRecord {
  return Object.assign(new OwnRecord(id, connection, 0), { status: 200, ...some });
}

it("the latest come first", () => {
  const recent = new RecentExchanges();
  for (let id = 1; id <= 3; id++) recent.note(ended(id, { status: id === 2 ? 502 : 200 }));
  expect([...recent].map(({ id }) => id)).toEqual([3, 2, 1]);
});

it("1,000 are kept, and failures for longer", () => {
  const recent = new RecentExchanges();
  recent.note(ended(1, { status: 502 }));
  recent.note(ended(2, { status: 200 }));
  recent.note(ended(3, { status: 429, reason: "overloaded" }));
  for (let id = 4; id <= 2_003; id++) recent.note(ended(id));
  const ids = [...recent].map(({ id }) => id);
  expect(ids.slice(0, 2)).toEqual([2_003, 2_002]);
  expect(ids.slice(-3)).toEqual([1_004, 3, 1]);
  expect(ids).toHaveLength(1_002);
});

it("failures are bounded, too", () => {
  const recent = new RecentExchanges();
  for (let id = 1; id <= 5_000; id++) recent.note(ended(id, { status: 500 }));
  expect([...recent]).toHaveLength(1_000);
});

it("where targets are huge fewer are kept: 4 KiB for each on average, the latest in any case", () => {
  const recent = new RecentExchanges();
  const bytesOf = () => [...recent].reduce((sum, { target }) => sum + target.length, 0);
  for (let id = 1; id <= 2_000; id++) recent.note(ended(id, { status: 502, target: "/".padEnd(64 * 1_024, "x") }));
  expect(bytesOf()).toBeLessThanOrEqual(1_200 * 4 * 1_024);
  expect([...recent].map(({ id }) => id).slice(0, 60)).toEqual(Array.from({ length: 60 }, (_, at) => 2_000 - at));
  recent.note(ended(2_001, { status: 502, target: "x".repeat(16 * 1_024 * 1_024) }));
  expect([...recent].map(({ id }) => id)).toEqual([2_001]);
  // What was forgotten makes room again.
  for (let id = 3_000; id < 5_000; id++) recent.note(ended(id, { target: "/" }));
  expect([...recent].filter(({ id }) => id >= 4_000)).toHaveLength(1_000);
});
