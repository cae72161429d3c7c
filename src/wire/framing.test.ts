/** How the end of a body is known: every row of RFC 9112 section 6.3, for requests and for responses. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { type FramingDecision, requestFraming, responseFraming } from "./framing.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import { RequestHead } from "./request-head.ts";
import { ResponseHead } from "./response-head.ts";

const none = { kind: "none", length: 0 } as const;
const chunked = { kind: "chunked", length: -1 } as const;
const untilClose = { kind: "close", length: -1 } as const;
const lengthOf = (length: number) => ({ kind: "length", length }) as const;

function requestWith(lines: readonly string[], minorVersion: 0 | 1 = 1): RequestHead {
  const head = new RequestHead(defaultHeadLimits);
  head.read(octets(`POST / HTTP/1.${minorVersion}\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  return head;
}

function responseWith(status: number, lines: readonly string[], minorVersion: 0 | 1 = 1): ResponseHead {
  const head = new ResponseHead(defaultHeadLimits);
  head.read(octets(`HTTP/1.${minorVersion} ${status} ?\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  return head;
}

interface Row {
  readonly name: string;
  readonly lines: readonly string[];
  readonly minorVersion?: 0 | 1;
  readonly gives: FramingDecision;
}

/** What the two fields declare, for requests and for responses that have a body. */
const declared: Row[] = [
  // Content-Length alone.
  { name: "a length", lines: ["Content-Length: 5"], gives: lengthOf(5) },
  { name: "length 0", lines: ["Content-Length: 0"], gives: lengthOf(0) },
  { name: "leading zeros", lines: ["Content-Length: 0005"], gives: lengthOf(5) },
  { name: "64 digits", lines: [`Content-Length: ${"5".padStart(64, "0")}`], gives: lengthOf(5) },
  { name: "65 digits", lines: [`Content-Length: ${"5".padStart(65, "0")}`], gives: "content-length-invalid" },
  { name: "fifteen digits", lines: ["Content-Length: 999999999999999"], gives: lengthOf(999_999_999_999_999) },
  { name: "sixteen digits", lines: ["Content-Length: 1000000000000000"], gives: "content-length-invalid" },
  { name: "2^64 + 1", lines: ["Content-Length: 18446744073709551617"], gives: "content-length-invalid" },
  { name: "an empty length", lines: ["Content-Length:"], gives: "content-length-invalid" },
  { name: "a sign", lines: ["Content-Length: +5"], gives: "content-length-invalid" },
  { name: "a negative length", lines: ["Content-Length: -1"], gives: "content-length-invalid" },
  { name: "a fraction", lines: ["Content-Length: 5.0"], gives: "content-length-invalid" },
  { name: "an exponent", lines: ["Content-Length: 1e2"], gives: "content-length-invalid" },
  { name: "hexadecimal", lines: ["Content-Length: 0x5"], gives: "content-length-invalid" },
  { name: "two words", lines: ["Content-Length: 5 5"], gives: "content-length-invalid" },
  { name: "digits beyond ASCII", lines: ["Content-Length: 5\xb2"], gives: "content-length-invalid" },
  { name: "a no-break space", lines: ["Content-Length: \xa05"], gives: "content-length-invalid" },
  { name: "a list of equal lengths", lines: ["Content-Length: 5, 5"], gives: "content-length-repeated" },
  { name: "a list of different lengths", lines: ["Content-Length: 5, 6"], gives: "content-length-repeated" },
  { name: "an empty list member", lines: ["Content-Length: 5,"], gives: "content-length-repeated" },
  { name: "equal lines", lines: ["Content-Length: 5", "Content-Length: 5"], gives: "content-length-repeated" },
  { name: "different lines", lines: ["Content-Length: 5", "content-length: 6"], gives: "content-length-repeated" },

  // Transfer-Encoding alone.
  { name: "chunked", lines: ["Transfer-Encoding: chunked"], gives: chunked },
  { name: "chunked, whatever its case", lines: ["transfer-encoding: cHuNkEd"], gives: chunked },
  { name: "empty list members around chunked", lines: ["Transfer-Encoding: , chunked ,"], gives: chunked },
  { name: "an empty line before chunked", lines: ["Transfer-Encoding:", "Transfer-Encoding: chunked"], gives: chunked },
  { name: "no coding", lines: ["Transfer-Encoding:"], gives: "transfer-encoding-invalid" },
  { name: "chunked twice", lines: ["Transfer-Encoding: chunked, chunked"], gives: "transfer-encoding-invalid" },
  {
    name: "chunked twice in two lines",
    lines: ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    gives: "transfer-encoding-invalid",
  },
  { name: "chunked not last", lines: ["Transfer-Encoding: chunked, gzip"], gives: "transfer-encoding-invalid" },
  {
    name: "chunked not last, in two lines",
    lines: ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    gives: "transfer-encoding-invalid",
  },
  {
    name: "seventeen codings, however they are said",
    lines: [`Transfer-Encoding: ${"gzip,".repeat(16)}`, "Transfer-Encoding: chunked"],
    gives: "transfer-encoding-invalid",
  },
  { name: "without chunked", lines: ["Transfer-Encoding: gzip"], gives: "transfer-encoding-invalid" },
  { name: "identity", lines: ["Transfer-Encoding: identity"], gives: "transfer-encoding-invalid" },
  { name: "chunked with a parameter", lines: ["Transfer-Encoding: chunked;a=b"], gives: "transfer-encoding-invalid" },
  { name: "chunked in quotes", lines: ['Transfer-Encoding: "chunked"'], gives: "transfer-encoding-invalid" },
  { name: "xchunked", lines: ["Transfer-Encoding: xchunked"], gives: "transfer-encoding-invalid" },
  { name: "two words", lines: ["Transfer-Encoding: x chunked"], gives: "transfer-encoding-invalid" },
  { name: "a no-break space", lines: ["Transfer-Encoding: \xa0chunked"], gives: "transfer-encoding-invalid" },
  { name: "gzip, then chunked", lines: ["Transfer-Encoding: gzip, chunked"], gives: "transfer-coding-unknown" },
  {
    name: "gzip, then chunked, in two lines",
    lines: ["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"],
    gives: "transfer-coding-unknown",
  },
  {
    name: "chunked in HTTP/1.0",
    lines: ["Transfer-Encoding: chunked"],
    minorVersion: 0,
    gives: "transfer-encoding-in-http10",
  },

  // Both.
  {
    name: "chunked and a length",
    lines: ["Transfer-Encoding: chunked", "Content-Length: 5"],
    gives: "length-and-chunked",
  },
  {
    name: "a length and chunked",
    lines: ["Content-Length: 5", "Transfer-Encoding: chunked"],
    gives: "length-and-chunked",
  },
  {
    name: "a length and a coding nobody knows",
    lines: ["Content-Length: 5", "Transfer-Encoding: x"],
    gives: "length-and-chunked",
  },
];

describe("a request", () => {
  table([{ name: "neither field: no body", lines: [], gives: none }, ...declared], ({ lines, minorVersion, gives }) => {
    expect(requestFraming(requestWith(lines, minorVersion))).toStrictEqual(gives);
  });
});

describe("a response with a body", () => {
  const rows: Row[] = [
    { name: "neither field: until the connection closes", lines: [], gives: untilClose },
    { name: "neither field in HTTP/1.0", lines: [], minorVersion: 0, gives: untilClose },
    ...declared,
  ];
  table(rows, ({ lines, minorVersion, gives }) => {
    expect(responseFraming(responseWith(200, lines, minorVersion), "GET")).toStrictEqual(gives);
  });
});

describe("a response without a body, whatever its fields say", () => {
  const rows: { name: string; status: number; method: string; lines: string[]; gives: FramingDecision }[] = [
    { name: "100", status: 100, method: "POST", lines: [], gives: none },
    { name: "103 with a length", status: 103, method: "GET", lines: ["Content-Length: 5"], gives: none },
    { name: "101", status: 101, method: "GET", lines: ["Transfer-Encoding: chunked"], gives: none },
    { name: "204 with a length", status: 204, method: "GET", lines: ["Content-Length: 5"], gives: none },
    { name: "204 with chunked", status: 204, method: "GET", lines: ["Transfer-Encoding: chunked"], gives: none },
    { name: "304", status: 304, method: "GET", lines: [], gives: none },
    {
      name: "304 with the length of the other response",
      status: 304,
      method: "GET",
      lines: ["Content-Length: 5"],
      gives: none,
    },
    {
      name: "304 that would be chunked",
      status: 304,
      method: "GET",
      lines: ["Transfer-Encoding: chunked"],
      gives: none,
    },
    {
      name: "304 with a length known to be wrong",
      status: 304,
      method: "GET",
      lines: ["Content-Length: x"],
      gives: "content-length-invalid",
    },
    { name: "200 to HEAD", status: 200, method: "HEAD", lines: [], gives: none },
    { name: "200 to HEAD with a length", status: 200, method: "HEAD", lines: ["Content-Length: 5"], gives: none },
    { name: "200 to HEAD, chunked", status: 200, method: "HEAD", lines: ["Transfer-Encoding: chunked"], gives: none },
    { name: "404 to HEAD", status: 404, method: "HEAD", lines: ["Content-Length: 5"], gives: none },
    {
      name: "200 to HEAD with two lengths",
      status: 200,
      method: "HEAD",
      lines: ["Content-Length: 5", "Content-Length: 6"],
      gives: "content-length-repeated",
    },
    {
      name: "200 to CONNECT begins a tunnel",
      status: 200,
      method: "CONNECT",
      lines: ["Content-Length: 5"],
      gives: none,
    },
    { name: "299 to CONNECT", status: 299, method: "CONNECT", lines: ["Transfer-Encoding: chunked"], gives: none },
    {
      name: "403 to CONNECT has a body",
      status: 403,
      method: "CONNECT",
      lines: ["Content-Length: 5"],
      gives: lengthOf(5),
    },
    { name: "methods are case-sensitive: head is not HEAD", status: 200, method: "head", lines: [], gives: untilClose },
    {
      name: "205 is framed like any other",
      status: 205,
      method: "GET",
      lines: ["Content-Length: 0"],
      gives: lengthOf(0),
    },
  ];
  table(rows, ({ status, method, lines, gives }) => {
    expect(responseFraming(responseWith(status, lines), method)).toStrictEqual(gives);
  });
});

it("a CONNECT request has no content (RFC 9110 section 9.3.6): a declared body is refused or none, never read", () => {
  for (const line of ["Content-Length: 3", "Transfer-Encoding: chunked"]) {
    const head = new RequestHead(defaultHeadLimits);
    head.read(octets(`CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n${line}\r\n\r\nabc`), 0);
    const decision = requestFraming(head);
    expect(typeof decision === "string" ? "refused" : decision.kind).toMatch(/^(?:refused|none)$/);
  }
});
