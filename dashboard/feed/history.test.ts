/** What the page remembers of exchanges: each once, in the order of their ends, and failures for longer. */
import { expect, it } from "vitest";
import type { ExchangeEntry } from "./api-types.ts";
import { ExchangeHistory } from "./history.ts";

function exchange(id: number, some: Partial<ExchangeEntry> = {}): ExchangeEntry {
  return {
    ...{ type: "exchange", time: new Date(id * 1_000).toISOString(), id, client: "192.0.2.1", method: "GET" },
    ...{ target: "/", version: "1.1", status: 200, outcome: "completed", duration_ms: 1, requestBytes: 0 },
    ...{ responseBytes: 0, retries: 0, downstream: { id: 1, exchange: id }, ...some },
  } as ExchangeEntry;
}

it("has each once, whether an event or an answer told it first", () => {
  const history = new ExchangeHistory();
  history.add(exchange(2));
  expect([exchange(2), exchange(1)].map((one) => history.add(one))).toStrictEqual([false, true]);
  expect(history.latestFirst().map(({ id }) => id)).toStrictEqual([2, 1]);
});

it("puts the latest end first, not the latest begin", () => {
  const history = new ExchangeHistory();
  for (const one of [exchange(1, { duration_ms: 60_000 }), exchange(2)]) history.add(one);
  expect(history.latestFirst().map(({ id }) => id)).toStrictEqual([1, 2]);
});

it("tells exchanges of several workers apart", () => {
  const history = new ExchangeHistory();
  for (const worker of [1, 2]) history.add(exchange(1, { worker }));
  expect(history.latestFirst()).toHaveLength(2);
});

it("is bounded, and a failure outlives thousands that went well", () => {
  const history = new ExchangeHistory();
  history.add(exchange(0, { status: 502, reason: "upstream-closed" }));
  for (let id = 1; id <= 6_000; id++) history.add(exchange(id));
  expect(history.latestFirst()).toHaveLength(2_001);
  expect(history.latestFirst().at(-1)?.id).toBe(0);
});
