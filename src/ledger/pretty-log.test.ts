/** Lines for people: as wide as the terminal, explained in words, and without a byte that could steer it. */
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clockTime } from "./clock-time.ts";
import type { ConnectionEntry, ExchangeEntry, UpstreamFacts } from "./entries.ts";
import { prettyLine } from "./pretty-log.ts";

const TIME = "2026-01-02T03:04:05.678Z";
const CLOCK = clockTime(TIME);
const plain = { hasColours: false, columns: undefined };

function exchange(some: Partial<ExchangeEntry> = {}): ExchangeEntry {
  return {
    ...{ type: "exchange", id: 7, time: TIME, client: "192.0.2.1", method: "GET", target: "/users?token=secret" },
    ...{ host: "app.test", version: "1.1", status: 200, outcome: "completed", duration_ms: 7.24 },
    ...{ requestBytes: 0, responseBytes: 3, retries: 0, downstream: { id: 12, exchange: 2 } },
    ...{ upstream: on(7, true), ...some },
  };
}

function on(id: number, reused: boolean): UpstreamFacts & { readonly opened: "pool-empty" } {
  return { id, exchange: reused ? 4 : 1, endpoint: "http://127.0.0.1:3000", reused, opened: "pool-empty" };
}

const lost = (id: number) => ({ ...on(id, true), after_ms: 1 });
/** What a terminal of this width shows. */
const rows = (entry: ExchangeEntry | ConnectionEntry, columns: number) =>
  (prettyLine(entry, { hasColours: false, columns }).match(new RegExp(`.{1,${columns}}`, "gu")) ?? []).map((row) =>
    row.trimEnd(),
  );

describe("a line", () => {
  it("says when, what, where, with which result, in what time, and on which connections", () => {
    expect(prettyLine(exchange(), plain)).toBe(`${CLOCK} GET  app.test/users?… 200   7.2ms #12 → #7 reused`);
  });

  it.each<[string, Partial<ExchangeEntry>, string]>([
    ["a fresh connection", { upstream: on(9, false) }, "#12 → #9 new"],
    ["sent again", { retries: 1, lost: [lost(7)], upstream: on(9, false) }, "#12 → #7 lost → #9 new"],
    ["sent again, and no connection", { retries: 1, lost: [lost(7)], upstream: on(7, true) }, "#12 → #7 lost"],
    ["workers' ids", { downstream: { id: 3e12 + 1, exchange: 1 }, upstream: on(3e12 + 7, true) }, "#3.1 → #3.7 reused"],
  ])("tells the connections: %s", (_what, some, connections) => {
    expect(prettyLine(exchange(some), plain).endsWith(` ${connections}`)).toBe(true);
  });

  it("shows what a forward proxy is asked for as it was asked", () => {
    const target = "http://a.test/x?y";
    expect(prettyLine(exchange({ target, host: "a.test" }), plain)).toContain(" http://a.test/x?… ");
  });

  it.each([
    [7.24, "7.2ms"],
    [312.4, "312ms"],
    [12_340, "12.3s"],
    [150_000, "150s"],
    [3_600_000, "60min"],
  ])("%d ms are %s", (duration_ms, text) => {
    expect(prettyLine(exchange({ duration_ms }), plain)).toContain(` 200 ${text.padStart(7)} `);
  });

  it("never shows a query", () => {
    expect(prettyLine(exchange(), plain)).not.toContain("secret");
  });
});

describe("at 80 columns", () => {
  it("a line is as wide as the terminal, and columns stand under each other", () => {
    const [short = "", long = ""] = [exchange(), exchange({ target: `/${"x".repeat(200)}` })].flatMap((entry) =>
      rows(entry, 80),
    );
    expect(long.length).toBe(80);
    expect(long).toContain("xx… 200 ");
    expect(short.indexOf(" 200 ")).toBe(long.indexOf(" 200 "));
  });

  // The three failures that everybody meets.
  it.each<[string, Partial<ExchangeEntry>, string[]]>([
    [
      "the origin closed early",
      { status: 502, outcome: "answered", reason: "upstream-closed" },
      [
        "         upstream-closed: The origin closed the connection before it answered.",
        "         (http://127.0.0.1:3000)",
      ],
    ],
    [
      "its name is not found",
      {
        ...{ status: 502, outcome: "answered", reason: "connect-failed", fault: "ENOTFOUND" },
        ...{ upstream: undefined as never, endpoint: "http://nobody.invalid" },
      },
      [
        "         connect-failed: No connection to the origin could be opened. ENOTFOUND,",
        "         its name cannot be resolved. (http://nobody.invalid)",
      ],
    ],
    [
      "it is silent",
      { status: 504, outcome: "answered", reason: "response-timeout" },
      [
        "         response-timeout: The origin took the request and did not begin to",
        "         answer in time. Check what it waits for. (http://127.0.0.1:3000)",
      ],
    ],
  ])("a failure is explained in the rows below: %s", (_what, some, words) => {
    const [, ...below] = rows(exchange(some), 80);
    expect(below).toEqual(words);
  });

  it("and behind the line where the terminal is wide enough, all in one line in any case", () => {
    const failed = exchange({ status: 502, outcome: "answered", reason: "upstream-closed" });
    expect(rows(failed, 200)).toEqual([
      expect.stringMatching(/ #12 → #7 reused {2}upstream-closed: The origin closed .*\(http:\/\/127\.0\.0\.1:3000\)$/),
    ]);
    for (const columns of [20, 80, 200]) expect(prettyLine(failed, { hasColours: true, columns })).not.toContain("\n");
  });
});

describe("colours", () => {
  it.each([
    [200, 32],
    [304, 36],
    [404, 33],
    [502, 31],
    [0, 31],
  ])("of a status %i: %i", (status, colour) => {
    const line = prettyLine(exchange({ status }), { hasColours: true, columns: 80 });
    expect(line).toContain(`\u001b[${colour}m${status || "---"}\u001b[39m`);
  });

  it("change nothing of what is seen", () => {
    for (const some of [{}, { status: 502, reason: "upstream-closed" } as const]) {
      const coloured = prettyLine(exchange(some), { hasColours: true, columns: 80 });
      expect(stripVTControlCharacters(coloured)).toBe(prettyLine(exchange(some), { hasColours: false, columns: 80 }));
    }
  });
});

it("no byte of a client's reaches the terminal but printable ASCII", () => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 })).map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(bytes, bytes, bytes, (method, host, path) => {
      const line = prettyLine(exchange({ method, host, target: `/${path}`, reason: "upstream-closed" }), plain);
      expect(line.replaceAll("→", "").replaceAll("…", "")).toMatch(/^[\x20-\x7e]*$/);
    }),
  );
});

it("a connection that is gone says why, and who ended it how", () => {
  const entry: ConnectionEntry = {
    ...{ type: "connection", time: TIME, id: 7, opened: "pool-empty", hop: "upstream" },
    ...{ endpoint: "http://127.0.0.1:3000", closed: "peer-closed-idle", ended: "peer-fin", exchanges: 1, age_ms: 9 },
  };
  expect(prettyLine(entry, plain)).toBe(
    `${CLOCK} #7 origin http://127.0.0.1:3000 closed: peer-closed-idle (origin, FIN), 1 exchange`,
  );
});
