/** Failures with the same cause are one group, whatever they asked for; what went well is in none. */
import { expect, it } from "vitest";
import type { ExchangeEntry } from "../feed/api-types.ts";
import { countsOver, groupsOf } from "./failure-groups.ts";

function exchange(id: number, some: Partial<ExchangeEntry> = {}): ExchangeEntry {
  return {
    ...{ type: "exchange", time: new Date(id * 1_000).toISOString(), id, client: "192.0.2.1", method: "GET" },
    ...{ target: `/${id}`, version: "1.1", status: 502, outcome: "answered", duration_ms: 0, requestBytes: 0 },
    ...{ responseBytes: 0, retries: 0, downstream: { id: 1, exchange: id }, ...some },
  } as ExchangeEntry;
}
const upstream = {
  id: 7,
  exchange: 1,
  endpoint: "http://127.0.0.1:3000",
  reused: false,
  opened: "pool-empty",
} as const;

it("the most frequent first, each with its first and last time", () => {
  const groups = groupsOf([
    exchange(4, { reason: "connect-failed", fault: "ENOTFOUND" }),
    exchange(3, { reason: "connect-failed", fault: "ECONNREFUSED" }),
    exchange(2, { reason: "connect-failed", fault: "ENOTFOUND" }),
    exchange(1, { status: 200, outcome: "completed" }),
  ]);
  expect(groups.map(({ key, exchanges }) => [key, exchanges.length])).toStrictEqual([
    ["connect-failed ENOTFOUND", 2],
    ["connect-failed ECONNREFUSED", 1],
  ]);
  expect(groups[0]).toMatchObject({ firstAt_ms: 2_000, lastAt_ms: 4_000, statuses: [502] });
});

it("origins' own errors by status, with the origins that answered so", () => {
  const [group] = groupsOf([exchange(1, { status: 503, outcome: "completed", upstream })]);
  expect(group).toMatchObject({ key: "origin-status 503", endpoints: [upstream.endpoint] });
});

it("hopwise's own 4xx are there, an origin's 404 is not: nothing has failed", () => {
  expect(groupsOf([exchange(1, { status: 400, reason: "host-missing" })])).toHaveLength(1);
  expect(groupsOf([exchange(1, { status: 404, outcome: "completed", upstream })])).toHaveLength(0);
});

it("how many there were over time, the oldest first", () => {
  const [group] = groupsOf([9, 8, 1].map((id) => exchange(id, { reason: "upstream-closed" })));
  if (group === undefined) throw new Error("there is one");
  expect(countsOver(group, 10_000, 5_000, 2)).toStrictEqual([1, 2]);
});
