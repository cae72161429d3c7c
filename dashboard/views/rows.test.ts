/** What the tables' filters let through, and how they are sorted. */
import { describe, expect, it } from "vitest";
import type { ExchangeEntry } from "../feed/api-types.ts";
import { emptyText, exchangeColumns, exchangeFilters, filtered, sorted } from "./rows.ts";

const entry = (some: Partial<ExchangeEntry>): ExchangeEntry =>
  ({
    ...{ id: 1, method: "GET", target: "/", status: 200, duration_ms: 1, outcome: "completed", retries: 0 },
    ...{ time: "2026-01-01T00:00:00.000Z", downstream: { id: 5, exchange: 1 }, ...some },
  }) as ExchangeEntry;
const upstream = {
  id: 12,
  exchange: 3,
  endpoint: "http://127.0.0.1:3000",
  reused: true,
  opened: "pool-empty",
} as const;
const rows = [
  entry({ id: 1, status: 200, target: "/Cart", host: "shop.example", duration_ms: 30 }),
  entry({ id: 2, status: 404, method: "POST", duration_ms: 10 }),
  entry({ id: 3, status: 502, reason: "upstream-closed", upstream, duration_ms: 20 }),
];
const shown = (query: Record<string, string>) => filtered(rows, exchangeFilters, query).map(({ id }) => id);

describe("filters", () => {
  it.each([
    [{ status: "404" }, [2]],
    [{ status: "5xx" }, [3]],
    [{ status: "4" }, [2]],
    [{ method: "POST" }, [2]],
    [{ host: "SHOP" }, [1]],
    [{ path: "cart" }, [1]],
    [{ reason: "upstream-closed" }, [3]],
    [{ endpoint: upstream.endpoint }, [3]],
    [{ connection: "#12" }, [3]],
    [{ connection: "5" }, [1, 2, 3]],
    [{ status: "5xx", method: "POST" }, []],
    [{ status: "", nonsense: "x" }, [1, 2, 3]],
  ])("%j", (query, ids) => expect(shown(query)).toStrictEqual(ids));
});

it.each([
  ["took", [2, 3, 1]],
  ["-took", [1, 3, 2]],
  ["", [1, 2, 3]],
  ["nonsense", [1, 2, 3]],
])("sorts by %j", (order, ids) => {
  expect(sorted(rows, exchangeColumns, order).map(({ id }) => id)).toStrictEqual(ids);
});

it("filters are to be cleared only where there are some", () => {
  for (const query of [{}, { sort: "-took" }, { status: "" }])
    expect(emptyText(query)).toBe("None is known. What comes now appears here.");
  expect(emptyText({ sort: "took", status: "5xx" })).toBe("Nothing has all of these. Clear a filter.");
});

it("what could not be read is found by what was received", () => {
  const unread = entry({ method: "", target: "", received: "GARBAGE" });
  expect(filtered([unread], exchangeFilters, { path: "garb" })).toStrictEqual([unread]);
});
