/** One cookie among others: read, and left out. */
import { describe, expect, it } from "vitest";
import { cookiesNamed, withoutCookie } from "./cookies.ts";

const rows: readonly (readonly [line: string, values: readonly string[], rest: string])[] = [
  ["", [], ""],
  ["id=1", ["1"], ""],
  ["a=b; id=1", ["1"], "a=b"],
  ["id=1; a=b", ["1"], "a=b"],
  ["a=b; id=1; c=d", ["1"], "a=b; c=d"],
  ["a=b;id=1;c=d", ["1"], "a=b;c=d"],
  ["a=b; \t id=1 \t ; c=d", ["1"], "a=b; c=d"],
  ["id=1; id=2", ["1", "2"], ""],
  ['id="1"', ["1"], ""],
  ['id="', ['"'], ""],
  ['id="1', ['"1'], ""],
  ["id=", [""], ""],
  ["id=1=2", ["1=2"], ""],
  ["id", [], "id"],
  ["id =1", [], "id =1"],
  ["ID=1", [], "ID=1"],
  ["xid=1; idx=2; a=id=3", [], "xid=1; idx=2; a=id=3"],
  ["=1; ;; garbage;id=1;=", ["1"], "=1; ;; garbage;="],
  ["a=b; c", [], "a=b; c"],
];

describe.each(rows)("%j", (line, values, rest) => {
  it(`has ${JSON.stringify(values)}`, () => expect(cookiesNamed([line], "id", 8)).toStrictEqual(values));
  it(`without: ${JSON.stringify(rest)}`, () => expect(withoutCookie(line, "id")).toBe(rest));
});

it("several lines are read in order, up to as many values as are wanted", () => {
  const lines = ["id=1; a=b", "c=d", "id=2; id=3"];
  expect([1, 2, 8].map((max) => cookiesNamed(lines, "id", max))).toStrictEqual([["1"], ["1", "2"], ["1", "2", "3"]]);
});
