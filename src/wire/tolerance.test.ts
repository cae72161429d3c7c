/** Heads of responses that are mended on an operator's word, and what is refused all the same. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { feedHead, pairsOf, readInEveryWay } from "../../test/fuzz/kit/reading.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { defaultHeadLimits, type HeadLimits } from "./head-reader.ts";
import type { RefusalCode } from "./refusals.ts";
import { ResponseHead } from "./response-head.ts";
import { responseHeadFor, type ToleranceKind, toleranceKinds } from "./tolerance.ts";

const ALL = toleranceKinds;

function read(bytes: string, kinds: readonly ToleranceKind[] = ALL, limits: HeadLimits = defaultHeadLimits) {
  return readInEveryWay(bytes, (pieces) => {
    const head = responseHeadFor(limits, new Set(kinds));
    const end = feedHead(head, pieces);
    if (head.refusal !== undefined) return { refused: head.refusal };
    if (end < 0) return "incomplete";
    const { status, fields, tolerated, isDoubtful } = head;
    return {
      status,
      fields: pairsOf(fields),
      rest: bytes.slice(end),
      tolerated: [...tolerated].toSorted(),
      isDoubtful,
    };
  });
}

const CSP = "default-src 'self'; script-src 'self'";

interface Mended {
  readonly name: string;
  readonly bytes: string;
  readonly fields: readonly (readonly [string, string])[];
  readonly tolerated: readonly ToleranceKind[];
  readonly isDoubtful: boolean;
}

const mended: readonly Mended[] = [
  {
    name: "nothing is tolerated of a head that has no fault",
    bytes: "HTTP/1.1 200 OK\r\nA: b\r\n\r\nbo\ndy\0",
    fields: [["A", "b"]],
    tolerated: [],
    isDoubtful: false,
  },
  {
    name: "a value that goes on behind bare LF is joined with a space",
    bytes: `HTTP/1.1 200 OK\r\nCSP: ${CSP.replace("; ", ";\n   ")}\r\nContent-Length: 2\r\n\r\nok`,
    fields: [
      ["CSP", CSP],
      ["Content-Length", "2"],
    ],
    tolerated: ["bare-lf"],
    isDoubtful: false,
  },
  {
    name: "lines that all end with bare LF",
    bytes: "HTTP/1.0 200 OK\nContent-Length: 2\nA: b\n\nok",
    fields: [
      ["Content-Length", "2"],
      ["A", "b"],
    ],
    tolerated: ["bare-lf"],
    isDoubtful: true,
  },
  {
    name: "a status-line with bare LF, and lines of both kinds",
    bytes: "HTTP/1.0 200 OK\nA: b\r\nContent-Length: 2\n\r\nok",
    fields: [
      ["A", "b"],
      ["Content-Length", "2"],
    ],
    tolerated: ["bare-lf"],
    isDoubtful: true,
  },
  {
    name: "a head without fields",
    bytes: "HTTP/1.0 200 OK\n\nok",
    fields: [],
    tolerated: ["bare-lf"],
    isDoubtful: true,
  },
  {
    name: "a bare LF between fields that decide nothing",
    bytes: "HTTP/1.1 200 OK\r\nA: b\nC: d\r\nContent-Length: 2\r\n\r\nok",
    fields: [
      ["A", "b"],
      ["C", "d"],
      ["Content-Length", "2"],
    ],
    tolerated: ["bare-lf"],
    isDoubtful: true,
  },
  {
    name: "control characters in a value are spaces",
    bytes: "HTTP/1.1 200 OK\r\nA: \x00b\x01c\rd\x7f\r\r\nB: \t\x1b[31m\r\n\r\n",
    fields: [
      ["A", "b c d"],
      ["B", "[31m"],
    ],
    tolerated: ["control-characters"],
    isDoubtful: false,
  },
  {
    name: "both in one value",
    bytes: "HTTP/1.1 200 OK\r\nA: b\x0b\n c\x00d\r\n\r\n",
    fields: [["A", "b  c d"]],
    tolerated: ["bare-lf", "control-characters"],
    isDoubtful: false,
  },
];

describe("what is mended", () => {
  table(mended, ({ bytes, fields, tolerated, isDoubtful }) => {
    const result = read(bytes);
    if (typeof result === "string" || !("fields" in result)) throw new Error(JSON.stringify(result));
    // How much white space joins a folded value is no matter.
    const spaced = result.fields.map(([name, value]) => [name, value.replace(/ +/g, " ")]);
    expect(spaced).toStrictEqual(fields.map(([name, value]) => [name, value.replace(/ +/g, " ")]));
    const rest = /(?:ok|bo\ndy\0)?$/.exec(bytes)?.[0];
    expect({ ...result, fields: [] }).toStrictEqual({ status: 200, fields: [], rest, tolerated, isDoubtful });
  });
});

const refused: readonly {
  readonly name: string;
  readonly bytes: string;
  readonly code: RefusalCode;
  readonly kinds?: readonly ToleranceKind[];
}[] = [
  ...[
    "Content-Length: 2",
    "Transfer-Encoding: chunked",
    "Connection: close",
    "Keep-Alive: timeout=5",
    "Upgrade: x",
  ].flatMap((line) => [
    {
      name: `${line}, ended by bare LF where the status-line is not`,
      bytes: `HTTP/1.1 200 OK\r\n${line}\nA: b\r\n\r\n`,
      code: "line-ending-invalid" as const,
    },
    {
      name: `${line}, begun by bare LF where the status-line is not`,
      bytes: `HTTP/1.1 200 OK\r\nA: b\n${line}\r\n\r\n`,
      code: "line-ending-invalid" as const,
    },
    {
      name: `${line}, folded by bare LF`,
      bytes: `HTTP/1.1 200 OK\r\n${line.replace(" ", "\n ")}\r\n\r\n`,
      code: "line-ending-invalid" as const,
    },
    {
      name: `${line}, with a control character`,
      bytes: `HTTP/1.1 200 OK\r\n${line}\x00\r\nA: b\r\n\r\n`,
      code: "control-character" as const,
    },
    {
      name: `${line}, with a control character, behind another such line`,
      bytes: `HTTP/1.1 200 OK\nA: \x01b\n${line}\x01\n\n`,
      code: "control-character" as const,
    },
  ]),
  ...["\n\n", "\n\r\n", "\r\n\n"].map((end) => ({
    name: `an end of the head by ${JSON.stringify(end)} where the status-line ends with CRLF`,
    bytes: `HTTP/1.1 200 OK\r\nA: b${end}`,
    code: "line-ending-invalid" as const,
  })),
  {
    name: "a status-line with a control character",
    bytes: "HTTP/1.1 200 O\x00K\r\n\r\n",
    code: "status-line-malformed",
  },
  { name: "a control character in a name", bytes: "HTTP/1.1 200 OK\r\nA\x00: b\r\n\r\n", code: "field-line-malformed" },
  { name: "a bare CR in a name", bytes: "HTTP/1.1 200 OK\r\nA\rB: b\r\n\r\n", code: "field-line-malformed" },
  { name: "a line without a colon", bytes: "HTTP/1.1 200 OK\r\nA: b\nc\r\n\r\n", code: "field-line-malformed" },
  { name: "an empty line before it", bytes: "\nHTTP/1.1 200 OK\r\n\r\n", code: "status-line-malformed" },
  { name: "an interim response of bare LF", bytes: "HTTP/1.1 103 Early Hints\n\n", code: "line-ending-invalid" },
  { name: "a switch of protocols of bare LF", bytes: "HTTP/1.1 101 Switching\n\n", code: "line-ending-invalid" },
  {
    name: "bare LF, where only control characters are tolerated",
    bytes: "HTTP/1.1 200 OK\r\nA: b\n c\r\n\r\n",
    code: "line-ending-invalid",
    kinds: ["control-characters"],
  },
  {
    name: "a control character, where only bare LF is tolerated",
    bytes: "HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n",
    code: "control-character",
    kinds: ["bare-lf"],
  },
  {
    name: "a bare CR, where only bare LF is tolerated",
    bytes: "HTTP/1.1 200 OK\r\nA: b\rc\r\n\r\n",
    code: "control-character",
    kinds: ["bare-lf"],
  },
];

describe("what is refused all the same", () => {
  table(refused, ({ bytes, code, kinds }) => expect(read(bytes, kinds)).toStrictEqual({ refused: code }));

  it("a head beyond the limit, whichever way its lines end", () => {
    const limits = { headBytesMax: 100, fieldsMax: 5 };
    expect(read(`HTTP/1.1 200 OK\nA: ${"b".repeat(100)}`, ALL, limits)).toStrictEqual({ refused: "head-too-large" });
    expect(read(`HTTP/1.1 200 OK\n${"A: b\n".repeat(6)}`, ALL, limits)).toStrictEqual({ refused: "too-many-fields" });
  });

  table(
    ["HTTP/1.1 200 OK\n", "HTTP/1.1 200 OK\r", "HTTP/1.1 200 OK\nA: b\n", "HTTP/1.1 200 OK\nA: b\r"].map((bytes) => ({
      name: `${JSON.stringify(bytes)} is not complete`,
      bytes,
    })),
    ({ bytes }) => expect(read(bytes)).toBe("incomplete"),
  );
});

it("nothing is tolerated unless it is named, by the reader that has nothing to do with it", () => {
  const head = responseHeadFor(defaultHeadLimits, new Set());
  expect(head.constructor).toBe(ResponseHead);
  expect([head.tolerated, head.isDoubtful]).toStrictEqual([[], false]);
});

it("the work is linear in the bytes, byte by byte", () => {
  const bytes = octets(`HTTP/1.1 200 OK\r\nA: ${"b\n \x00".repeat(16_000)}\r\n\r\n`);
  const head = responseHeadFor({ ...defaultHeadLimits, fieldsMax: 20_000 }, new Set(ALL));
  const began = performance.now();
  for (let i = 0; i < bytes.length && head.refusal === undefined; i++) head.read(bytes.subarray(i, i + 1), 0);
  expect(head.refusal).toBe("head-too-large");
  expect(performance.now() - began).toBeLessThan(2_000);
});
