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
