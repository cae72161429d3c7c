/** Connections that were gone before the dashboard looked: the last exchange that they carried is all that is known of them. */
import { expect, it } from "vitest";
import type { ExchangeEntry } from "../../src/ledger/entries.ts";
import { createModel } from "./model.ts";

it("they end with their last exchange, and are not idle since", () => {
  const now_ms = Date.parse("2026-01-01T00:01:00.000Z");
  const model = createModel(() => now_ms);
  const entry = {
    ...{
      type: "exchange",
      id: 1,
      time: "2026-01-01T00:00:10.000Z",
      duration_ms: 500,
      client: "192.0.2.1",
      method: "GET",
    },
    ...{
      target: "/",
      version: "1.1",
      status: 200,
      outcome: "completed",
      requestBytes: 0,
      responseBytes: 0,
      retries: 0,
    },
    downstream: { id: 1, exchange: 1 },
    upstream: { id: 2, exchange: 1, endpoint: "http://127.0.0.1:3000", reused: false, opened: "pool-empty" },
  } as ExchangeEntry;
  model.snapshot(
    { exchanges: { exchanges: [entry], more: false }, connections: { connections: [], more: false } },
    now_ms - 10,
  );
  const [connection] = model.lanes("upstream");
  expect(connection?.closedAt_ms).toBe(Date.parse("2026-01-01T00:00:10.500Z"));
  expect(model.lanes("upstream", now_ms - 20_000)).toStrictEqual([]);
});
