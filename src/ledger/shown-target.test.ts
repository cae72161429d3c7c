/** Queries, fragments, names and passwords are in no place where more people look than read the operator's own log. */
import { describe, expect, it } from "vitest";
import { discreet, shownIn } from "../admin/api.ts";
import { why } from "../cli/top/screen.ts";
import type { ExchangeEntry } from "./entries.ts";
import { prettyLine } from "./pretty-log.ts";
import { askedText, shownTarget } from "./shown-target.ts";

function entry(some: Partial<ExchangeEntry>): ExchangeEntry {
  return {
    ...{ type: "exchange", id: 1, time: "2026-01-02T03:04:05.678Z", client: "192.0.2.1", method: "GET", target: "" },
    ...{ version: "1.1", status: 400, outcome: "answered", reason: "request-line-malformed", duration_ms: 0 },
    ...{ requestBytes: 0, responseBytes: 0, retries: 0, downstream: { id: 1, exchange: 1 }, ...some },
  };
}

// As ledger/entries.ts has them: of what could be read a target, of the rest what was received.
describe.each<[string, Partial<ExchangeEntry>]>([
  ["a query", { target: "/users?token=SECRET" }],
  ["a query in absolute-form", { target: "http://app.test/users?token=SECRET" }],
  ["a fragment", { target: "/users#access_token=SECRET" }],
  ["a fragment before a query", { target: "/users#access_token=SECRET?x" }],
  ["a query without a path", { target: "?SECRET" }],
  ["a line that could not be read", { method: "", received: "<b> /users?token=SECRET HTTP/1.1" }],
  ["a line of which the method could be read", { received: "GET /users?token=SECRET" }],
  ["a line with a fragment", { method: "", received: "GET /users#SECRET and more" }],
])("%s is shown by", (_what, some) => {
  const all = entry(some);
  const shown = shownIn(discreet, all);

  it.each<[string, string]>([
    ["no trace and no span", shownTarget(all.target)],
    ["no answer of the admin port", JSON.stringify(shown)],
    ["no line for people", prettyLine(all, { hasColours: false, columns: undefined })],
    ["neither hopwise top nor the dashboard", `${askedText(shown)} ${why(shown)}`],
  ])("%s", (_where, text) => {
    expect(text).not.toContain("SECRET");
  });
});

it("what could not be read is shown as far as it was received, once", () => {
  expect(askedText(entry({ received: "GET /a" }))).toBe("GET /a");
  expect(prettyLine(entry({ received: "GET /a" }), { hasColours: false, columns: undefined })).toMatch(
    / - {4}GET \/a 400 /,
  );
});
