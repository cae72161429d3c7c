/** The chunked transfer coding (RFC 9112 section 7.1), as octets, and what is decoded from them. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { type BodyOutcome, bodyOutcome, readInEveryWay } from "../../test/fuzz/kit/reading.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { BodyReader } from "./body-reader.ts";
import { ChunkScanner } from "./chunk-scanner.ts";
import { CHUNK_END, chunkStart, lastChunk } from "./chunk-writer.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import type { RefusalCode } from "./refusals.ts";

function decode(bytes: string, isOfResponse = false): BodyOutcome {
  return readInEveryWay(bytes, (pieces) =>
    bodyOutcome(new BodyReader({ kind: "chunked", length: -1 }, defaultHeadLimits, isOfResponse), pieces),
  );
}

const complete: { readonly name: string; readonly bytes: string; readonly gives: Partial<BodyOutcome> }[] = [
  { name: "an empty body", bytes: "0\r\n\r\n", gives: {} },
  { name: "one chunk", bytes: "5\r\nhello\r\n0\r\n\r\n", gives: { body: "hello" } },
  { name: "two chunks", bytes: "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", gives: { body: "abcde" } },
  {
    name: "a size in hexadecimal, either case",
    bytes: "A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
    gives: { body: "01234567890123456789a" },
  },
  { name: "leading zeros, 64 digits", bytes: `${"3".padStart(64, "0")}\r\nabc\r\n0\r\n\r\n`, gives: { body: "abc" } },
  { name: "several zeros end it", bytes: "000\r\n\r\n", gives: {} },
  { name: "CRLF within data is data", bytes: "4\r\n\r\n\r\n\r\n0\r\n\r\n", gives: { body: "\r\n\r\n" } },
  { name: "data that looks like the end", bytes: "5\r\n0\r\n\r\n\r\n0\r\n\r\n", gives: { body: "0\r\n\r\n" } },
  { name: "what follows is the next message", bytes: "1\r\nx\r\n0\r\n\r\nGET /", gives: { body: "x", rest: "GET /" } },
  { name: "an extension is ignored", bytes: "1;a=b\r\nx\r\n0\r\n\r\n", gives: { body: "x" } },
  {
    name: "an extension with white space around its parts",
    bytes: "1 \t; a = b\r\nx\r\n0\r\n\r\n",
    gives: { body: "x" },
  },
  { name: "a quoted extension", bytes: '1;a="b;c=\\"d"\r\nx\r\n0\r\n\r\n', gives: { body: "x" } },
  ...[
    "1;a",
    "1;a=b",
    '1;a=""',
    '1;a="b";c',
    '1;a="b" ; c = "d"',
    "1; \ta",
    '1 ;a \t= \t"b"',
    '1;a="\\"\\\\\\;\t\xff\\\xe9"',
    "1;!#$%&'*+-.^_`|~0=!#$%&'*+-.^_`|~0",
    "1;a;a;a",
  ].map((line) => ({ name: JSON.stringify(line), bytes: `${line}\r\nx\r\n0\r\n\r\n`, gives: { body: "x" } })),
  { name: "an extension without a value", bytes: "1;a;b\r\nx\r\n0;c\r\n\r\n", gives: { body: "x" } },
  {
    name: "trailers",
    bytes: "1\r\nx\r\n0\r\nA: 1\r\nB: 2\r\n\r\nrest",
    gives: {
      body: "x",
      trailers: [
        ["A", "1"],
        ["B", "2"],
      ],
      rest: "rest",
    },
  },
];

describe("bodies that are complete", () => {
  table(complete, ({ bytes, gives }) => {
    expect(decode(bytes)).toStrictEqual({ body: "", state: "complete", rest: "", trailers: [], ...gives });
  });
});

const refused: { readonly name: string; readonly bytes: string; readonly code: RefusalCode; readonly body?: string }[] =
  [
    { name: "no size", bytes: "\r\n", code: "chunk-size-invalid" },
    { name: "an extension instead of a size", bytes: ";a\r\n", code: "chunk-size-invalid" },
    { name: "a sign", bytes: "+1\r\nx", code: "chunk-size-invalid" },
    { name: "a negative size", bytes: "-1\r\n", code: "chunk-size-invalid" },
    { name: "0x", bytes: "0x1\r\nx", code: "chunk-size-invalid" },
    { name: "an underscore", bytes: "1_0\r\n", code: "chunk-size-invalid" },
    { name: "a letter beyond f", bytes: "g\r\n", code: "chunk-size-invalid" },
    { name: "a space first", bytes: " 1\r\nx", code: "chunk-size-invalid" },
    { name: "a space behind the size", bytes: "1 \r\nx", code: "chunk-size-invalid" },
    { name: "two sizes", bytes: "1 1\r\nx", code: "chunk-size-invalid" },
    { name: "a bare LF behind the size", bytes: "1\nx", code: "chunk-size-invalid" },
    { name: "a bare CR behind the size", bytes: "1\rx", code: "chunk-size-invalid" },
    { name: "CR CR LF behind the size", bytes: "1\r\r\nx", code: "chunk-size-invalid" },
    { name: "a vertical tab behind the size", bytes: "1\x0b\r\n", code: "chunk-size-invalid" },
    { name: "a NUL behind the size", bytes: "1\0\r\n", code: "chunk-size-invalid" },
    { name: "65 digits", bytes: `${"1".padStart(65, "0")}\r\nx`, code: "chunk-size-too-large" },
    { name: "2^48 + 1", bytes: "1000000000001\r\n", code: "chunk-size-too-large" },
    { name: "2^64 + 5, which overflows to 5", bytes: "10000000000000005\r\nhello\r\n", code: "chunk-size-too-large" },
    { name: "all ones", bytes: "ffffffffffffffff\r\n", code: "chunk-size-too-large" },
    { name: "data longer than its size", bytes: "1\r\nxy\r\n0\r\n\r\n", code: "chunk-data-overrun", body: "x" },
    { name: "data with a bare LF behind it", bytes: "1\r\nx\n0\r\n\r\n", code: "chunk-data-overrun", body: "x" },
    { name: "data with a bare CR behind it", bytes: "1\r\nx\r0\r\n\r\n", code: "chunk-data-overrun", body: "x" },
    { name: "data with nothing behind it", bytes: "1\r\nx0\r\n\r\n", code: "chunk-data-overrun", body: "x" },
    { name: "data shorter than its size", bytes: "3\r\nx\r\n0\r\n\r\n", code: "chunk-data-overrun", body: "x\r\n" },
    ...[
      "1;",
      "1; ",
      "1;;",
      "1;a;",
      "1;a; ",
      "1;a ",
      "1;a=b ",
      '1;a="b" ',
      "1;a=",
      "1;a= ",
      "1;=b",
      "1;a==b",
      "1;a=b=c",
      "1;a b",
      "1;a=b c",
      '1;a"b"',
      '1;a=b"c"',
      '1;a="b"c',
      '1;a="b""c"',
      '1;a="b',
      '1;a="b\\"',
      "1;bad[=x",
      "1;a=[x]",
      "1;a,b",
      "1;a/b=c",
      "1;\xe9",
      "1;a=\xe9",
      '1;"a"=b',
      '1;a="\\',
      '1;a="\x7f"',
      '1;a="\\\x01"',
    ].map((line) => ({ name: JSON.stringify(line), bytes: `${line}\r\nx`, code: "chunk-extension-invalid" as const })),
    { name: "an extension with a bare LF", bytes: "1;a\nx\r\n", code: "chunk-extension-invalid" },
    { name: "an extension with a bare CR", bytes: "1;a\rb\r\n", code: "chunk-size-invalid" },
    { name: "an extension with a NUL", bytes: "1;\0\r\n", code: "chunk-extension-invalid" },
    { name: "an extension with DEL", bytes: "1;\x7f\r\n", code: "chunk-extension-invalid" },
    { name: "a malformed trailer", bytes: "0\r\nA\r\n\r\n", code: "field-line-malformed" },
    { name: "a folded trailer", bytes: "0\r\nA: b\r\n c\r\n\r\n", code: "obsolete-line-folding" },
    { name: "a bare LF at the end", bytes: "0\r\n\n", code: "line-ending-invalid" },
  ];

describe("bodies that are refused", () => {
  table(refused, ({ bytes, code, body }) => {
    expect(decode(bytes)).toMatchObject({ state: code, body: body ?? "" });
  });
});

describe("bodies that are not complete", () => {
  const rows = [
    "",
    "1",
    "1\r",
    "1\r\n",
    "1\r\nx",
    "1\r\nx\r",
    "1\r\nx\r\n",
    "1\r\nx\r\n0",
    "0\r\n",
    "0\r\n\r",
    "0\r\nA: b\r\n",
    "1;",
    "1 ",
    '1;a="\\',
  ];
  table(
    rows.map((bytes) => ({ name: JSON.stringify(bytes), bytes })),
    ({ bytes }) => {
      expect(decode(bytes)).toMatchObject({ state: "more", rest: "" });
    },
  );
});

it("takes a chunk of 2^48 octets to be honest until it arrives", () => {
  expect(decode("1000000000000\r\nabc")).toMatchObject({ state: "more", body: "abc" });
});

describe("extensions of a message together are at most 16 KiB", () => {
  const chunkWith = (extension: string) => `1${extension}\r\nx\r\n`;

  it("exactly as many", () => {
    expect(decode(`${chunkWith(`;${"e".repeat(16_383)}`)}0\r\n\r\n`)).toMatchObject({ state: "complete", body: "x" });
  });

  it("one more", () => {
    expect(decode(`${chunkWith(`;${"e".repeat(16_384)}`)}0\r\n\r\n`).state).toBe("chunk-extensions-too-long");
  });

  it("in many chunks", () => {
    // Cut at every place they would take seconds; few long ones, above, are.
    const stateOf = (chunks: number) =>
      bodyOutcome(new BodyReader({ kind: "chunked", length: -1 }, defaultHeadLimits), [
        octets(chunkWith(";123").repeat(chunks)),
      ]).state;
    expect(stateOf(4_096)).toBe("more");
    expect(stateOf(4_097)).toBe("chunk-extensions-too-long");
  });

  it("white space counts", () => {
    expect(decode(`1${" ".repeat(16_385)};a\r\nx\r\n0\r\n\r\n`).state).toBe("chunk-extensions-too-long");
  });

  it("a refused body stays refused, at whichever octet the limit is passed", () => {
    const bytes = octets(`1${" ".repeat(16_384)};\r\nx\r\n0\r\n\r\n`);
    const scanner = new ChunkScanner(defaultHeadLimits);
    let body = 0;
    scanner.read(bytes, 0, {
      onBodyOctets(piece) {
        body += piece.length;
      },
    });
    expect({ refusal: scanner.refusal, isComplete: scanner.isComplete, body }).toStrictEqual({
      refusal: "chunk-extensions-too-long",
      isComplete: false,
      body: 0,
    });
  });
});

describe("in a response, white space behind a size is read over (RFC 2616 section 2.1)", () => {
  it.each(["5 ", "5\t", "5 \t  ", "0005 "])("%j", (line) => {
    const bytes = `${line}\r\nhello\r\n0 \r\n\r\nrest`;
    expect(decode(bytes, true)).toStrictEqual({ body: "hello", state: "complete", rest: "rest", trailers: [] });
    expect(decode(bytes).state).toBe("chunk-size-invalid");
  });

  it.each([
    " 5",
    "5 5",
    "5 \n",
    "5 \rx",
    "5 x",
    "5 \x0b",
    " ",
    "5\x0b",
    "5;a ",
    "5;a=b ",
    "5 ; ",
  ])("and nothing else: %j", (line) => {
    const bytes = `${line}\r\nhello\r\n0\r\n\r\n`;
    expect(decode(bytes, true)).toStrictEqual(decode(bytes));
    expect(decode(bytes, true).state).toMatch(/^chunk-(?:size|extension)-invalid$/);
  });
});

it("copies nothing: says where the data lies in the buffer that was read", () => {
  const scanner = new ChunkScanner(defaultHeadLimits);
  const all = octets("3\r\nabc\r\n2\r\nde");
  const seen: [unknown, number, number][] = [];
  scanner.read(all, 0, { onBodyOctets: (piece, from, to) => void seen.push([piece, from, to]) });
  expect(seen.map(([, from, to]) => all.latin1Slice(from, to))).toStrictEqual(["abc", "de"]);
  for (const [piece] of seen) expect(piece).toBe(all);
});

it("what the chunk writer writes is what the scanner reads", () => {
  const bytes = `${chunkStart(5)}hello${CHUNK_END}${chunkStart(16)}0123456789abcdef${CHUNK_END}${lastChunk("A: b\r\n")}`;
  expect(bytes).toBe("5\r\nhello\r\n10\r\n0123456789abcdef\r\n0\r\nA: b\r\n\r\n");
  expect(decode(bytes)).toStrictEqual({
    body: "hello0123456789abcdef",
    state: "complete",
    rest: "",
    trailers: [["A", "b"]],
  });
  expect(lastChunk("")).toBe("0\r\n\r\n");
});
