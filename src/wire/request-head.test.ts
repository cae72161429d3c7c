/** Request heads, as octets and what is read from them. Each row is read whole, split everywhere, and octet by octet. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { type FieldPairs, readInEveryWay, sectionOutcome } from "../../test/fuzz/kit/reading.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { defaultHeadLimits, type HeadLimits } from "./head-reader.ts";
import type { RefusalCode } from "./refusals.ts";
import { RequestHead } from "./request-head.ts";

function read(bytes: string, limits: HeadLimits = defaultHeadLimits) {
  return readInEveryWay(bytes, (pieces) =>
    sectionOutcome(new RequestHead(limits), pieces, ({ method, target, minorVersion }) => ({
      method,
      target,
      minorVersion,
    })),
  );
}

interface Accepted {
  readonly name: string;
  readonly bytes: string;
  readonly method?: string;
  readonly target?: string;
  readonly minorVersion?: 0 | 1;
  readonly fields?: FieldPairs;
  /** Octets behind the head; all others belong to it. */
  readonly rest?: string;
}

const accepted: Accepted[] = [
  { name: "the shortest 1.1 head", bytes: "GET / HTTP/1.1\r\n\r\n" },
  { name: "a field", bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", fields: [["Host", "a"]] },
  {
    name: "names keep their case, values their inner white space, both their order and repetition",
    bytes: "GET / HTTP/1.1\r\nHOST: a\r\nx-B:  1  2\t3 \r\nX-b: 4\r\nx-B:5\r\n\r\n",
    fields: [
      ["HOST", "a"],
      ["x-B", "1  2\t3"],
      ["X-b", "4"],
      ["x-B", "5"],
    ],
  },
  {
    name: "an empty value",
    bytes: "GET / HTTP/1.1\r\nA:\r\nB: \t \r\n\r\n",
    fields: [
      ["A", ""],
      ["B", ""],
    ],
  },
  {
    name: "obs-text in a value is kept octet by octet",
    bytes: "GET / HTTP/1.1\r\nA: \x80\xe9\xff\r\n\r\n",
    fields: [["A", "\x80\xe9\xff"]],
  },
  {
    name: "a no-break space (0xA0) is no white space of HTTP's",
    bytes: "GET / HTTP/1.1\r\nA: \xa0b\xa0\r\n\r\n",
    fields: [["A", "\xa0b\xa0"]],
  },
  {
    name: "every token character in a name",
    bytes: "GET / HTTP/1.1\r\n!#$%&'*+-.^_`|~09azAZ: 1\r\n\r\n",
    fields: [["!#$%&'*+-.^_`|~09azAZ", "1"]],
  },
  {
    name: "colons in a value belong to it",
    bytes: "GET / HTTP/1.1\r\nA: b:c::\r\n\r\n",
    fields: [["A", "b:c::"]],
  },
  { name: "HTTP/1.0", bytes: "GET / HTTP/1.0\r\n\r\n", minorVersion: 0 },
  { name: "a later HTTP/1 is spoken to as 1.1", bytes: "GET / HTTP/1.9\r\n\r\n", minorVersion: 1 },
  { name: "a method nobody knows", bytes: "!brew* / HTTP/1.1\r\n\r\n", method: "!brew*" },
  { name: "methods are case-sensitive", bytes: "get / HTTP/1.1\r\n\r\n", method: "get" },
  { name: "a method of 64 characters", bytes: `${"M".repeat(64)} / HTTP/1.1\r\n\r\n`, method: "M".repeat(64) },
  {
    name: "the absolute form",
    bytes: "GET http://a.b:80/c?d HTTP/1.1\r\n\r\n",
    target: "http://a.b:80/c?d",
  },
  { name: "the authority form", bytes: "CONNECT a:443 HTTP/1.1\r\n\r\n", method: "CONNECT", target: "a:443" },
  { name: "the asterisk form", bytes: "OPTIONS * HTTP/1.1\r\n\r\n", method: "OPTIONS", target: "*" },
  {
    name: "a target keeps its percent-encoding and its dot segments",
    bytes: "GET /%2e%2E/../a//b?q=%00&[x]={y}|z HTTP/1.1\r\n\r\n",
    target: "/%2e%2E/../a//b?q=%00&[x]={y}|z",
  },
  { name: "an empty line before the request-line is skipped", bytes: "\r\nGET / HTTP/1.1\r\n\r\n" },
  { name: "four empty lines are skipped", bytes: "\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n" },
  {
    name: "what follows belongs to the body or the next request",
    bytes: "GET / HTTP/1.1\r\n\r\nGET /2",
    rest: "GET /2",
  },
];

describe("request heads that are accepted", () => {
  table(accepted, ({ bytes, method, target, minorVersion, fields, rest }) => {
    expect(read(bytes)).toStrictEqual({
      method: method ?? "GET",
      target: target ?? "/",
      minorVersion: minorVersion ?? 1,
      fields: fields ?? [],
      end: bytes.length - (rest ?? "").length,
    });
  });
});

const refused: { readonly name: string; readonly bytes: string; readonly code: RefusalCode }[] = [
  // The request-line (RFC 9112 section 3).
  { name: "one word", bytes: "GET\r\n\r\n", code: "request-line-malformed" },
  { name: "HTTP/0.9", bytes: "GET /\r\n\r\n", code: "request-line-malformed" },
  { name: "two spaces", bytes: "GET  / HTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "two spaces before the version", bytes: "GET /  HTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a space at the end", bytes: "GET / HTTP/1.1 \r\n\r\n", code: "request-line-malformed" },
  { name: "a tab instead of a space", bytes: "GET\t/ HTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a vertical tab instead of a space", bytes: "GET /\x0bHTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a space in the target", bytes: "GET /a b HTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a space at the start", bytes: " GET / HTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  {
    name: "a space at the start after an empty line",
    bytes: "\r\n GET / HTTP/1.1\r\n\r\n",
    code: "request-line-malformed",
  },
  { name: "no method", bytes: "/ HTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a method that is no token", bytes: "G@T / HTTP/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a lower-case version name", bytes: "GET / http/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a version of two digits", bytes: "GET / HTTP/1.10\r\n\r\n", code: "request-line-malformed" },
  { name: "a version without a dot", bytes: "GET / HTTP/11\r\n\r\n", code: "request-line-malformed" },
  { name: "another protocol", bytes: "GET / HTTPS/1.1\r\n\r\n", code: "request-line-malformed" },
  { name: "a bare CR within the request-line", bytes: "GET / HTTP/1.1\r \r\n\r\n", code: "request-line-malformed" },
  { name: "a response", bytes: "HTTP/1.1 200 OK\r\n\r\n", code: "request-line-malformed" },
  { name: "HTTP/2 with prior knowledge", bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", code: "http2-on-http1-port" },
  { name: "HTTP/2 otherwise", bytes: "GET / HTTP/2.0\r\n\r\n", code: "version-unsupported" },
  { name: "major version 0", bytes: "GET / HTTP/0.9\r\n\r\n", code: "version-unsupported" },
  { name: "a method of 65 characters", bytes: `${"M".repeat(65)} / HTTP/1.1\r\n\r\n`, code: "method-too-long" },
  { name: "a fragment", bytes: "GET /a#b HTTP/1.1\r\n\r\n", code: "target-invalid" },
  { name: "a NUL in the target", bytes: "GET /\0 HTTP/1.1\r\n\r\n", code: "target-invalid" },
  { name: "DEL in the target", bytes: "GET /\x7f HTTP/1.1\r\n\r\n", code: "target-invalid" },
  { name: "obs-text in the target", bytes: "GET /\xe9 HTTP/1.1\r\n\r\n", code: "target-invalid" },
  { name: "a tab in the target", bytes: "GET /\t HTTP/1.1\r\n\r\n", code: "target-invalid" },
  { name: "a bare CR in the target", bytes: "GET /\rX HTTP/1.1\r\n\r\n", code: "target-invalid" },
  { name: "a TLS handshake, at its first octet", bytes: "\x16\x03\x01", code: "tls-on-plain-port" },
  {
    name: "a TLS handshake after an empty line, at its first octet",
    bytes: "\r\n\x16\x03\x01",
    code: "tls-on-plain-port",
  },
  { name: "SOCKS 4", bytes: "\x04\x01\x00\x50", code: "socks-on-http-port" },
  { name: "SOCKS 5", bytes: "\x05\x01\x00", code: "socks-on-http-port" },
  {
    name: "the PROXY protocol",
    bytes: "PROXY TCP4 192.0.2.1 192.0.2.2 56324 80\r\nGET / HTTP/1.1\r\n\r\n",
    code: "proxy-protocol-unexpected",
  },
  { name: "the PROXY protocol over IPv6", bytes: "PROXY TCP6 ::1 ::1 1 80\r\n", code: "proxy-protocol-unexpected" },
  { name: "the PROXY protocol of a probe", bytes: "PROXY UNKNOWN\r\n", code: "proxy-protocol-unexpected" },
  {
    name: "the PROXY protocol's second version",
    bytes: "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
    code: "proxy-protocol-unexpected",
  },
  { name: "a method of that name", bytes: "PROXY TCP4\r\n", code: "request-line-malformed" },
  { name: "NUL", bytes: "\0", code: "request-line-malformed" },
  { name: "NUL after an empty line", bytes: "\r\n\0", code: "request-line-malformed" },
  { name: "a banner", bytes: "SSH-2.0-OpenSSH_9.6\r\n", code: "request-line-malformed" },
  { name: "five empty lines", bytes: "\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n", code: "empty-lines-before-message" },

  // Lines (RFC 9112 section 2.2).
  { name: "a bare LF after the request-line", bytes: "GET / HTTP/1.1\nHost: a\r\n\r\n", code: "line-ending-invalid" },
  { name: "a bare LF after a field", bytes: "GET / HTTP/1.1\r\nHost: a\n\r\n", code: "line-ending-invalid" },
  { name: "a bare LF as the empty line", bytes: "GET / HTTP/1.1\r\nHost: a\r\n\n", code: "line-ending-invalid" },
  { name: "a bare LF before the request-line", bytes: "\nGET / HTTP/1.1\r\n\r\n", code: "line-ending-invalid" },
  { name: "CR CR LF after a field", bytes: "GET / HTTP/1.1\r\nA: b\r\r\n\r\n", code: "control-character" },
  { name: "CR CR LF as the empty line", bytes: "GET / HTTP/1.1\r\nA: b\r\n\r\r\n\r\n", code: "field-line-malformed" },

  // Field lines (RFC 9112 section 5).
  { name: "no colon", bytes: "GET / HTTP/1.1\r\nHost\r\n\r\n", code: "field-line-malformed" },
  { name: "no name", bytes: "GET / HTTP/1.1\r\n: a\r\n\r\n", code: "field-line-malformed" },
  { name: "a space within a name", bytes: "GET / HTTP/1.1\r\nA b: c\r\n\r\n", code: "field-line-malformed" },
  { name: "a NUL within a name", bytes: "GET / HTTP/1.1\r\nA\0: c\r\n\r\n", code: "field-line-malformed" },
  { name: "obs-text within a name", bytes: "GET / HTTP/1.1\r\nA\xe9: c\r\n\r\n", code: "field-line-malformed" },
  { name: "a bare CR within a name", bytes: "GET / HTTP/1.1\r\nA\rB: c\r\n\r\n", code: "field-line-malformed" },
  { name: "a space before the colon", bytes: "GET / HTTP/1.1\r\nHost : a\r\n\r\n", code: "space-before-colon" },
  { name: "a tab before the colon", bytes: "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", code: "space-before-colon" },
  {
    name: "a space before the first field",
    bytes: "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    code: "space-before-first-field",
  },
  { name: "a line of spaces first", bytes: "GET / HTTP/1.1\r\n  \r\n\r\n", code: "space-before-first-field" },
  { name: "a folded value", bytes: "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", code: "obsolete-line-folding" },
  { name: "a value folded with a tab", bytes: "GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", code: "obsolete-line-folding" },
  {
    name: "a folded Transfer-Encoding",
    bytes: "POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
    code: "obsolete-line-folding",
  },
  { name: "a NUL in a value", bytes: "GET / HTTP/1.1\r\nA: b\0c\r\n\r\n", code: "control-character" },
  { name: "a bare CR in a value", bytes: "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", code: "control-character" },
  { name: "a vertical tab in a value", bytes: "GET / HTTP/1.1\r\nA: b\x0b\r\n\r\n", code: "control-character" },
  { name: "ESC in a value", bytes: "GET / HTTP/1.1\r\nA: \x1b[0m\r\n\r\n", code: "control-character" },
  { name: "DEL in a value", bytes: "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", code: "control-character" },

  // The first fault in octet order is the one that is told.
  {
    name: "a malformed line before a bad ending",
    bytes: "GET / HTTP/1.1\r\nA\r\nB: c\n\r\n",
    code: "field-line-malformed",
  },
  {
    name: "a bad ending before a malformed line",
    bytes: "GET / HTTP/1.1\r\nB: c\nA\r\n\r\n",
    code: "line-ending-invalid",
  },
];

describe("request heads that are refused", () => {
  table(refused, ({ bytes, code }) => {
    expect(read(bytes)).toStrictEqual({ refused: code });
  });
});

describe("request heads that are not complete", () => {
  table(
    [
      { name: "nothing", bytes: "" },
      { name: "half an empty line", bytes: "\r" },
      { name: "an empty line", bytes: "\r\n" },
      { name: "a method", bytes: "GET" },
      { name: "a request-line without its LF", bytes: "GET / HTTP/1.1\r" },
      { name: "a head without its empty line", bytes: "GET / HTTP/1.1\r\nHost: a\r\n" },
      { name: "a head without its last LF", bytes: "GET / HTTP/1.1\r\nHost: a\r\n\r" },
    ],
    ({ bytes }) => {
      expect(read(bytes)).toBe("incomplete");
    },
  );
});

describe("limits of a request head", () => {
  const limits: HeadLimits = { headBytesMax: 200, fieldsMax: 3 };
  const lineLeft = "GET / HTTP/1.1\r\n";
  const fieldOf = (length: number) => `A: ${"v".repeat(length - 5)}\r\n`;

  table(
    [
      {
        name: "exactly as long as is allowed",
        bytes: `${lineLeft}${fieldOf(200 - lineLeft.length - 2)}\r\n`,
        code: undefined,
      },
      {
        name: "one octet longer",
        bytes: `${lineLeft}${fieldOf(200 - lineLeft.length - 1)}\r\n`,
        code: "head-too-large",
      },
      { name: "longer without any end", bytes: `${lineLeft}A: ${"v".repeat(300)}`, code: "head-too-large" },
      { name: "longer only by what follows", bytes: `${lineLeft}\r\n${"x".repeat(300)}`, code: undefined },
      {
        name: "a target longer than a head",
        bytes: `GET /${"p".repeat(300)} HTTP/1.1\r\n\r\n`,
        code: "target-too-long",
      },
      { name: "a target without end", bytes: `GET /${"p".repeat(300)}`, code: "target-too-long" },
      { name: "a method longer than a head", bytes: `${"M".repeat(300)} / HTTP/1.1\r\n\r\n`, code: "method-too-long" },
      { name: "as many fields as are allowed", bytes: `${lineLeft}A:\r\nB:\r\nC:\r\n\r\n`, code: undefined },
      { name: "one field more", bytes: `${lineLeft}A:\r\nB:\r\nC:\r\nD:\r\n\r\n`, code: "too-many-fields" },
    ],
    ({ bytes, code }) => {
      const outcome = read(bytes, limits);
      if (code === undefined) expect(outcome).toHaveProperty("end");
      else expect(outcome).toStrictEqual({ refused: code });
    },
  );

  it("skipped empty lines do not count", () => {
    expect(read(`\r\n\r\n${lineLeft}${fieldOf(200 - lineLeft.length - 2)}\r\n`, limits)).toHaveProperty("end");
  });

  it("by default: 64 KiB and 1,000 field lines", () => {
    expect(defaultHeadLimits).toStrictEqual({ headBytesMax: 65_536, fieldsMax: 1_000 });
  });
});

describe("whether a head has begun", () => {
  table(
    [
      { name: "nothing", bytes: "", begun: false },
      { name: "an empty line", bytes: "\r\n", begun: false },
      { name: "two empty lines", bytes: "\r\n\r\n", begun: false },
      { name: "the first octet of a method", bytes: "G", begun: true },
      { name: "a method after an empty line", bytes: "\r\nG", begun: true },
    ],
    ({ bytes, begun }) => {
      const result = readInEveryWay(bytes, (pieces) => {
        const head = new RequestHead(defaultHeadLimits);
        for (const piece of pieces) head.read(piece, 0);
        return head.hasBegun;
      });
      expect(result).toBe(begun);
    },
  );

  it("half an empty line is no head either: a client may send CR LF after a body in two segments", () => {
    const head = new RequestHead(defaultHeadLimits);
    head.read(octets("\r"), 0);
    expect(head.hasBegun).toBe(false);
  });
});

it("reads from the middle of a buffer and says where the head ends in it", () => {
  const head = new RequestHead(defaultHeadLimits);
  expect(head.read(octets("bodyGET / HTTP/1.1\r\nHost: a\r\n\r\nrest"), 4)).toBe(4 + 27);
});

it("finds the end of a head beyond the first window of 4 KiB", () => {
  const bytes = `GET / HTTP/1.1\r\nA: ${"v".repeat(9_000)}\r\n\r\nrest`;
  expect(read(bytes)).toMatchObject({ end: bytes.length - 4 });
});
