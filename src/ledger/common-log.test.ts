/** Apache's `common` and `combined`, byte for byte, and read back by a parser of them as log tools have one. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { apacheTime, combinedLine, commonLine } from "./common-log.ts";
import type { ConnectionEntry, LoggedExchange } from "./entries.ts";
import { EntryMaker } from "./entry-maker.ts";
import { formatterOf } from "./log-format.ts";

const TIME = "2026-01-02T03:04:05.678Z";
const STAMP = apacheTime(new Date(TIME));

function exchange(some: Partial<LoggedExchange> = {}): LoggedExchange {
  return {
    ...{ type: "exchange", id: 7, time: TIME, client: "192.0.2.1", method: "GET", target: "/", version: "1.1" },
    ...{ status: 200, outcome: "completed", duration_ms: 1.5, requestBytes: 0, responseBytes: 3, retries: 0 },
    ...{ downstream: { id: 1, exchange: 2 }, ...some },
  };
}

describe("times", () => {
  it.each([
    ["2000-10-10T20:55:36Z", -420, "10/Oct/2000:13:55:36 -0700"],
    ["2026-01-02T03:04:05.678Z", 0, "02/Jan/2026:03:04:05 +0000"],
    ["2026-12-31T23:30:00Z", 345, "01/Jan/2027:05:15:00 +0545"],
    ["2024-03-01T00:10:00Z", -30, "29/Feb/2024:23:40:00 -0030"],
  ])("%s, %i minutes east: %s", (iso, east, text) => {
    expect(apacheTime(new Date(iso), east)).toBe(text);
  });
});

describe("common", () => {
  it('is %h %l %u %t "%r" %>s %b', () => {
    const line = commonLine(
      exchange({ user: "frank", target: "/apache_pb.gif?a=1", version: "1.0", responseBytes: 2_326 }),
    );
    expect(line).toBe(`192.0.2.1 - frank [${STAMP}] "GET /apache_pb.gif?a=1 HTTP/1.0" 200 2326`);
  });

  it.each<[string, Partial<LoggedExchange>, string]>([
    ["no user, no body", { status: 204, responseBytes: 0 }, `192.0.2.1 - - [${STAMP}] "GET / HTTP/1.1" 204 -`],
    ["an empty user", { user: "" }, `192.0.2.1 - "" [${STAMP}] "GET / HTTP/1.1" 200 3`],
    ["a user in UTF-8", { user: "mö" }, `192.0.2.1 - m\\xc3\\xb6 [${STAMP}] "GET / HTTP/1.1" 200 3`],
    ["a Unix socket", { client: "unknown" }, `- - - [${STAMP}] "GET / HTTP/1.1" 200 3`],
    ["IPv6", { client: "2001:db8::1" }, `2001:db8::1 - - [${STAMP}] "GET / HTTP/1.1" 200 3`],
    ["nobody was left to answer", { status: 0, responseBytes: 0 }, `192.0.2.1 - - [${STAMP}] "GET / HTTP/1.1" - -`],
    ["nothing came", { method: "", target: "", status: 408, responseBytes: 0 }, `192.0.2.1 - - [${STAMP}] "-" 408 -`],
    [
      "TLS on a port without",
      { method: "", target: "", received: '\\x16\\x03"', status: 400, responseBytes: 0 },
      `192.0.2.1 - - [${STAMP}] "\\x16\\x03\\"" 400 -`,
    ],
    ["a quote and a backslash", { target: '/"\\' }, `192.0.2.1 - - [${STAMP}] "GET /\\"\\\\ HTTP/1.1" 200 3`],
    ["a tunnel", { method: "CONNECT", target: "a:443" }, `192.0.2.1 - - [${STAMP}] "CONNECT a:443 HTTP/1.1" 200 3`],
    ["HTTP/2", { version: "2.0" }, `192.0.2.1 - - [${STAMP}] "GET / HTTP/2.0" 200 3`],
  ])("%s", (_what, some, line) => {
    expect(commonLine(exchange(some))).toBe(line);
  });

  it("has no line for a connection", () => {
    const connection: ConnectionEntry = {
      ...{ type: "connection", time: TIME, id: 1, opened: "accepted", hop: "downstream", client: "192.0.2.1:1" },
      ...{ closed: "peer-closed-idle", ended: "peer-fin", exchanges: 1, age_ms: 1 },
    };
    const lines = (["common", "combined", "json"] as const).map((format) =>
      formatterOf(format, "access.log", new EntryMaker(new ManualClock())).connection(connection),
    );
    expect(lines).toEqual([undefined, undefined, `${JSON.stringify(connection)}\n`]);
  });

  it("cuts a target that is longer than any real one", () => {
    expect(commonLine(exchange({ target: `/${"x".repeat(60_000)}` })).length).toBeLessThan(4_300);
  });
});

describe("combined", () => {
  it.each<[string, Partial<LoggedExchange>, string]>([
    ["neither field", {}, '"-" "-"'],
    ["both", { referer: "https://a.test/?q=1", userAgent: "curl/8.5" }, '"https://a.test/?q=1" "curl/8.5"'],
    ["a field that is there and empty", { userAgent: "" }, '"-" ""'],
    ["quotes and backslashes", { userAgent: 'a"b\\c\\"' }, String.raw`"-" "a\"b\\c\\\""`],
    ["bytes that are not ASCII", { userAgent: "\xc3\xa9\x80\xff" }, String.raw`"-" "\xc3\xa9\x80\xff"`],
    ["what has a letter in C", { userAgent: "\b\t\n\v\r" }, String.raw`"-" "\b\t\n\v\r"`],
    ["what has none", { userAgent: "\0\x07\x0c\x1b[31m\x7f" }, String.raw`"-" "\x00\x07\x0c\x1b[31m\x7f"`],
  ])("ends with Referer and User-Agent: %s", (_what, some, end) => {
    expect(combinedLine(exchange(some))).toBe(`${commonLine(exchange(some))} ${end}`);
  });
});

/** As log tools read it: quoted items with escapes, the others up to the next space. */
const COMBINED =
  /^(\S+) (\S+) (\S+) \[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d+|-) "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)"$/;

function parsed(line: string) {
  const [, client, , user, time, request = "", status, bytes, referer = "", userAgent = ""] = COMBINED.exec(line) ?? [];
  return {
    client,
    user,
    time,
    request: unescaped(request),
    status,
    bytes,
    ...{ referer: unescaped(referer), userAgent: unescaped(userAgent) },
  };
}

const LETTERS: Readonly<Record<string, string>> = { b: "\b", t: "\t", n: "\n", v: "\v", r: "\r" };

function unescaped(text: string): string {
  return text.replace(/\\(?:x([0-9a-f]{2})|(.))/g, (_all, hex?: string, letter = "") =>
    hex === undefined ? (LETTERS[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

describe("a parser of it", () => {
  const bytes = fc.array(fc.integer({ min: 0, max: 255 })).map((codes) => String.fromCharCode(...codes));

  it("reads back any byte of any client, on one line of printable ASCII", () => {
    fc.assert(
      fc.property(bytes, bytes, bytes, (path, referer, userAgent) => {
        const line = combinedLine(exchange({ target: `/${path}`, referer, userAgent })) ?? "";
        expect(line).toMatch(/^[\x20-\x7e]*$/);
        expect(parsed(line)).toEqual({
          ...{ client: "192.0.2.1", user: "-", time: STAMP, request: `GET /${path} HTTP/1.1` },
          ...{ status: "200", bytes: "3", referer, userAgent },
        });
      }),
    );
  });
});
