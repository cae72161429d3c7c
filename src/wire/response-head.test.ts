/** Response heads, as octets and what is read from them. Each row is read whole, split everywhere, and octet by octet. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { type FieldPairs, readInEveryWay, sectionOutcome } from "../../test/fuzz/kit/reading.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import type { RefusalCode } from "./refusals.ts";
import { ResponseHead } from "./response-head.ts";

function read(bytes: string, limits = defaultHeadLimits) {
  return readInEveryWay(bytes, (pieces) =>
    sectionOutcome(new ResponseHead(limits), pieces, ({ status, reasonPhrase, minorVersion, isIrregular }) => ({
      status,
      reasonPhrase,
      minorVersion,
      isIrregular,
    })),
  );
}

interface Accepted {
  readonly name: string;
  readonly bytes: string;
  readonly status?: number;
  readonly reasonPhrase?: string;
  readonly minorVersion?: 0 | 1;
  readonly fields?: FieldPairs;
  /** The lines cannot go on as they came. */
  readonly isIrregular?: true;
}

const accepted: Accepted[] = [
  { name: "the commonest", bytes: "HTTP/1.1 200 OK\r\n\r\n" },
  { name: "fields", bytes: "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", fields: [["Server", "x"]] },
  { name: "an interim status", bytes: "HTTP/1.1 103 Early Hints\r\n\r\n", status: 103, reasonPhrase: "Early Hints" },
  { name: "a status that nobody knows", bytes: "HTTP/1.1 999 ?\r\n\r\n", status: 999, reasonPhrase: "?" },
  { name: "an empty reason-phrase", bytes: "HTTP/1.1 200 \r\n\r\n", reasonPhrase: "" },
  { name: "no reason-phrase and no space", bytes: "HTTP/1.1 200\r\n\r\n", reasonPhrase: "" },
  {
    name: "a reason-phrase with tab and obs-text",
    bytes: "HTTP/1.1 200 a\tb \xe9\r\n\r\n",
    reasonPhrase: "a\tb \xe9",
  },
  { name: "HTTP/1.0", bytes: "HTTP/1.0 200 OK\r\n\r\n", minorVersion: 0 },
  { name: "a later HTTP/1 is 1.1", bytes: "HTTP/1.7 200 OK\r\n\r\n", minorVersion: 1 },
  {
    name: "a space before a colon is removed (RFC 9112 section 5.1)",
    bytes: "HTTP/1.1 200 OK\r\nServer : x\r\nA\t :y\r\n\r\n",
    fields: [
      ["Server", "x"],
      ["A", "y"],
    ],
    isIrregular: true,
  },
  {
    name: "a folded value is joined with a space (RFC 9112 section 5.2)",
    bytes: "HTTP/1.1 200 OK\r\nA: b \t\r\n \t c \r\nD: e\r\n\r\n",
    fields: [
      ["A", "b c"],
      ["D", "e"],
    ],
    isIrregular: true,
  },
  {
    name: "a value that is only in its folded part",
    bytes: "HTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n",
    fields: [["Transfer-Encoding", "chunked"]],
    isIrregular: true,
  },
  {
    name: "a folded line of white space alone adds nothing",
    bytes: "HTTP/1.1 200 OK\r\nA: b\r\n  \r\nC: d\r\n\r\n",
    fields: [
      ["A", "b"],
      ["C", "d"],
    ],
    isIrregular: true,
  },
  {
    name: "a folded value keeps its no-break spaces (0xA0): they are no white space of HTTP's",
    bytes: "HTTP/1.1 200 OK\r\nA: \xa0b\r\n c\xa0\r\n\r\n",
    fields: [["A", "\xa0b c\xa0"]],
    isIrregular: true,
  },
];

describe("response heads that are accepted", () => {
  table(accepted, ({ bytes, status, reasonPhrase, minorVersion, fields, isIrregular }) => {
    expect(read(bytes)).toStrictEqual({
      status: status ?? 200,
      reasonPhrase: reasonPhrase ?? "OK",
      minorVersion: minorVersion ?? 1,
      isIrregular: isIrregular ?? false,
      fields: fields ?? [],
      end: bytes.length,
    });
  });
});

const refused: { readonly name: string; readonly bytes: string; readonly code: RefusalCode }[] = [
  { name: "HTTP/0.9: a body at once", bytes: "<html>\r\n\r\n", code: "status-line-malformed" },
  {
    name: "an empty line first: left over from something else",
    bytes: "\r\nHTTP/1.1 200 OK\r\n\r\n",
    code: "status-line-malformed",
  },
  { name: "an alert of TLS", bytes: "\x15\x03\x01\x00\x02\x02\x46", code: "tls-on-plain-port" },
  { name: "frames of HTTP/2", bytes: "\0\0\x12\x04\0", code: "http2-on-http1-port" },
  { name: "a lower-case name", bytes: "http/1.1 200 OK\r\n\r\n", code: "status-line-malformed" },
  { name: "two spaces", bytes: "HTTP/1.1  200 OK\r\n\r\n", code: "status-line-malformed" },
  { name: "a status of two digits", bytes: "HTTP/1.1 20 OK\r\n\r\n", code: "status-line-malformed" },
  { name: "a status of four digits", bytes: "HTTP/1.1 2000 OK\r\n\r\n", code: "status-line-malformed" },
  { name: "a status below 100", bytes: "HTTP/1.1 099 OK\r\n\r\n", code: "status-line-malformed" },
  { name: "a status that is no number", bytes: "HTTP/1.1 2x0 OK\r\n\r\n", code: "status-line-malformed" },
  {
    name: "a control character in the reason-phrase",
    bytes: "HTTP/1.1 200 O\x1bK\r\n\r\n",
    code: "status-line-malformed",
  },
  { name: "a bare CR in the reason-phrase", bytes: "HTTP/1.1 200 O\rK\r\n\r\n", code: "status-line-malformed" },
  { name: "a tab instead of a space", bytes: "HTTP/1.1\t200 OK\r\n\r\n", code: "status-line-malformed" },
  { name: "a request", bytes: "GET / HTTP/1.1\r\n\r\n", code: "status-line-malformed" },
  { name: "HTTP/2.0", bytes: "HTTP/2.0 200 OK\r\n\r\n", code: "version-unsupported" },
  { name: "a bare LF after the status-line", bytes: "HTTP/1.1 200 OK\n\r\n", code: "line-ending-invalid" },
  { name: "a bare LF after a field", bytes: "HTTP/1.1 200 OK\r\nA: b\n\r\n", code: "line-ending-invalid" },
  {
    name: "a space before the first field",
    bytes: "HTTP/1.1 200 OK\r\n A: b\r\n\r\n",
    code: "space-before-first-field",
  },
  { name: "no colon", bytes: "HTTP/1.1 200 OK\r\nA\r\n\r\n", code: "field-line-malformed" },
  { name: "a NUL in a value", bytes: "HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", code: "control-character" },
  { name: "a bare CR in a value", bytes: "HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", code: "control-character" },
  { name: "a bare CR in a folded part", bytes: "HTTP/1.1 200 OK\r\nA: b\r\n c\rd\r\n\r\n", code: "control-character" },
];

describe("response heads that are refused", () => {
  table(refused, ({ bytes, code }) => {
    expect(read(bytes)).toStrictEqual({ refused: code });
  });
});

it("is limited in octets, whatever it consists of", () => {
  const limits = { headBytesMax: 100, fieldsMax: 10 };
  const head = (length: number) => `HTTP/1.1 200 OK\r\nA: ${"v".repeat(length - 24)}\r\n\r\n`;
  expect(read(head(100), limits)).toHaveProperty("end", 100);
  expect(read(head(101), limits)).toStrictEqual({ refused: "head-too-large" });
  expect(read(`HTTP/1.1 200 ${"x".repeat(200)}`, limits)).toStrictEqual({ refused: "head-too-large" });
});

it("counts folded lines as lines", () => {
  const limits = { headBytesMax: 100, fieldsMax: 3 };
  expect(read("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n d\r\n\r\n", limits)).toHaveProperty("fields", [["A", "b c d"]]);
  expect(read("HTTP/1.1 200 OK\r\nA: b\r\n c\r\n d\r\n e\r\n\r\n", limits)).toStrictEqual({
    refused: "too-many-fields",
  });
});

it("reads from the middle of a buffer", () => {
  expect(new ResponseHead(defaultHeadLimits).read(octets("xxHTTP/1.1 200 OK\r\n\r\nbody"), 2)).toBe(21);
});
