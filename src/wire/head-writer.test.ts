/** Fields as they go on: what is cut, what is kept, and that the rest is just as it came. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { FieldTable, Kind } from "./fields.ts";
import { defaultHeadLimits } from "./head-reader.ts";
import { type Cut, fieldLines, kindSet } from "./head-writer.ts";
import { ResponseHead } from "./response-head.ts";

interface Row {
  readonly name: string;
  readonly lines: readonly string[];
  readonly cut?: Partial<Cut>;
  readonly gives: readonly string[];
}

const rows: Row[] = [
  { name: "no fields", lines: [], gives: [] },
  { name: "nothing to cut", lines: ["A: 1", "b:2", "A:  3 "], gives: ["A: 1", "b:2", "A:  3 "] },
  { name: "nothing of the kinds to cut", lines: ["A: 1"], cut: { kinds: kindSet(Kind.te) }, gives: ["A: 1"] },
  { name: "the first", lines: ["TE: x", "A: 1", "B: 2"], cut: { kinds: kindSet(Kind.te) }, gives: ["A: 1", "B: 2"] },
  { name: "the last", lines: ["A: 1", "B: 2", "TE: x"], cut: { kinds: kindSet(Kind.te) }, gives: ["A: 1", "B: 2"] },
  { name: "one between", lines: ["A: 1", "TE: x", "B: 2"], cut: { kinds: kindSet(Kind.te) }, gives: ["A: 1", "B: 2"] },
  {
    name: "two together",
    lines: ["A: 1", "TE: x", "Upgrade: y", "B: 2"],
    cut: { kinds: kindSet(Kind.te, Kind.upgrade) },
    gives: ["A: 1", "B: 2"],
  },
  {
    name: "several apart",
    lines: ["TE: x", "A: 1", "TE: y", "B: 2", "te: z"],
    cut: { kinds: kindSet(Kind.te) },
    gives: ["A: 1", "B: 2"],
  },
  { name: "all", lines: ["TE: x", "TE: y"], cut: { kinds: kindSet(Kind.te) }, gives: [] },
  {
    name: "nominated fields, whatever their case",
    lines: ["X-A: 1", "B: 2", "x-a: 3"],
    cut: { nominated: new Set(["x-a"]) },
    gives: ["B: 2"],
  },
  {
    name: "a nominated field that is not there",
    lines: ["A: 1"],
    cut: { nominated: new Set(["x-a"]) },
    gives: ["A: 1"],
  },
  {
    name: "a field of a kind of its own can be nominated",
    lines: ["Via: 1.1 a", "B: 2"],
    cut: { nominated: new Set(["via"]) },
    gives: ["B: 2"],
  },
  {
    name: "what is kept cannot be nominated away",
    lines: ["Host: h", "Cookie: c", "B: 2"],
    cut: { nominated: new Set(["host", "cookie", "b"]), kept: kindSet(Kind.host, Kind.cookie) },
    gives: ["Host: h", "Cookie: c"],
  },
  {
    name: "what is kept can still be cut by its kind",
    lines: ["Host: h", "B: 2"],
    cut: { kinds: kindSet(Kind.host), nominated: new Set(["b"]), kept: kindSet(Kind.host) },
    gives: [],
  },
  {
    name: "irregular lines are written anew",
    lines: ["A : 1", "B: 2\r\n 3", "C:4"],
    cut: { isIrregular: true },
    gives: ["A: 1", "B: 2 3", "C: 4"],
  },
  {
    name: "irregular lines are cut as well, with all their parts",
    lines: ["TE : 1", "X-A: 2\r\n\t3", "C: 4"],
    cut: { isIrregular: true, kinds: kindSet(Kind.te), nominated: new Set(["x-a"]) },
    gives: ["C: 4"],
  },
];

describe("field lines that go on", () => {
  table(rows, ({ lines, cut, gives }) => {
    const head = new ResponseHead(defaultHeadLimits);
    head.read(octets(`HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\nbody`), 0);
    expect(head.refusal).toBeUndefined();
    const text = fieldLines(head.fields, {
      kinds: 0,
      nominated: new Set(),
      kept: 0,
      isIrregular: head.isIrregular,
      ...cut,
    });
    expect(text).toBe(gives.map((line) => `${line}\r\n`).join(""));
  });
});

it("an empty table has no lines", () => {
  expect(fieldLines(new FieldTable(), { kinds: 0, nominated: new Set(), kept: 0, isIrregular: false })).toBe("");
});
