/** Trailer sections, as octets and what is read from them. */
import { describe, expect, it } from "vitest";
import { type FieldPairs, readInEveryWay, sectionOutcome } from "../../test/fuzz/kit/reading.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import type { RefusalCode } from "./refusals.ts";
import { Trailers } from "./trailers.ts";

function read(bytes: string, limits = defaultHeadLimits) {
  return readInEveryWay(bytes, (pieces) => sectionOutcome(new Trailers(limits), pieces, () => ({})));
}

const accepted: {
  readonly name: string;
  readonly bytes: string;
  readonly fields: FieldPairs;
  readonly rest?: string;
}[] = [
  { name: "none", bytes: "\r\n", fields: [] },
  { name: "one", bytes: "Digest: x\r\n\r\n", fields: [["Digest", "x"]] },
  {
    name: "two of a name, in order",
    bytes: "A: 1\r\nA: 2\r\n\r\n",
    fields: [
      ["A", "1"],
      ["A", "2"],
    ],
  },
  { name: "what follows is the next message", bytes: "A: 1\r\n\r\nGET", fields: [["A", "1"]], rest: "GET" },
  {
    name: "fields that decide framing are read, not obeyed",
    bytes: "Content-Length: 9\r\n\r\n",
    fields: [["Content-Length", "9"]],
  },
];

describe("trailer sections that are accepted", () => {
  table(accepted, ({ bytes, fields, rest }) => {
    expect(read(bytes)).toStrictEqual({ fields, end: bytes.length - (rest ?? "").length });
  });
});

const refused: { readonly name: string; readonly bytes: string; readonly code: RefusalCode }[] = [
  { name: "no colon", bytes: "A\r\n\r\n", code: "field-line-malformed" },
  { name: "a start-line", bytes: "GET / HTTP/1.1\r\n\r\n", code: "field-line-malformed" },
  { name: "a space before the colon", bytes: "A : 1\r\n\r\n", code: "space-before-colon" },
  { name: "a space first", bytes: " A: 1\r\n\r\n", code: "space-before-first-field" },
  { name: "folding", bytes: "A: 1\r\n 2\r\n\r\n", code: "obsolete-line-folding" },
  { name: "a bare LF", bytes: "A: 1\n\r\n", code: "line-ending-invalid" },
  { name: "a bare LF as the empty line", bytes: "\n", code: "line-ending-invalid" },
  { name: "a control character", bytes: "A: \x00\r\n\r\n", code: "control-character" },
];

describe("trailer sections that are refused", () => {
  table(refused, ({ bytes, code }) => {
    expect(read(bytes)).toStrictEqual({ refused: code });
  });
});

it("is limited in octets and in lines", () => {
  const limits = { headBytesMax: 64, fieldsMax: 2 };
  expect(read(`A: ${"v".repeat(57)}\r\n\r\n`, limits)).toHaveProperty("end", 64);
  expect(read(`A: ${"v".repeat(58)}\r\n\r\n`, limits)).toStrictEqual({ refused: "trailers-too-large" });
  expect(read(`A: ${"v".repeat(100)}`, limits)).toStrictEqual({ refused: "trailers-too-large" });
  expect(read("A:\r\nB:\r\nC:\r\n\r\n", limits)).toStrictEqual({ refused: "too-many-fields" });
});
