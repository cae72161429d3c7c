/** What stands in field values: lists within their bounds, parameters, weights, comments and quoted strings. */
import { describe, expect, it } from "vitest";
import {
  hasNoWeight,
  listElements,
  listMembers,
  withoutComments,
  withoutParameters,
  withoutQuotedText,
} from "./lists.ts";

describe("lists (RFC 9110 section 5.6.1)", () => {
  it.each([
    ["", []],
    ["a", ["a"]],
    ["A, b ,\tC", ["a", "b", "c"]],
    [",, ,a,, ,", ["a"]],
    ["a b", ["a b"]],
    ["\xa0a", ["\xa0a"]],
  ])("%j", (value, members) => {
    expect(listMembers(value, 16)).toStrictEqual(members);
  });

  it("elements are as they were written", () => {
    expect(listElements("WebSocket, foo/2 ", 2)).toStrictEqual(["WebSocket", "foo/2"]);
  });

  it.each([
    ["a,b", 2, true],
    ["a,b,c", 2, false],
    // Empty ones are counted: ignoring them is not for nothing (section 5.6.1.2).
    ["a,,", 3, true],
    ["a,,,", 3, false],
    [",".repeat(65_000), 256, false],
  ])("%.10j within %i elements: %s", (value, elementsMax, fits) => {
    expect(listMembers(value, elementsMax) !== undefined).toBe(fits);
  });
});

describe("what stands before parameters", () => {
  it.each([
    ["a", "a"],
    ["a;q=1", "a"],
    ["a \t;q=1;b", "a"],
    [";q=1", ""],
  ])("%j: %j", (member, before) => expect(withoutParameters(member)).toBe(before));
});

describe("a weight of nothing (RFC 9110 section 12.4.2)", () => {
  it.each(["a;q=0", "a; q=0.0", "a;\tq=0.000 ;b", "a;b;q=0"])("%s", (member) => expect(hasNoWeight(member)).toBe(true));
  it.each(["a", "a;q=0.001", "a;q=01", "a;q=0.0000", "q=0", "a;xq=0"])("not %s", (member) =>
    expect(hasNoWeight(member)).toBe(false));
});

describe("comments become spaces (RFC 9110 section 5.6.5)", () => {
  it.each([
    ["a", "a"],
    ["1.1 a (b), 1.0 c", "1.1 a  , 1.0 c"],
    ["a(b(c)d(e))f", "a f"],
    ["a(b)(c)d", "a  d"],
    ["(\\))a", " a"],
    ["(\\()a", " a"],
    ["\\(b)a", "\\ a"],
    // One that does not end is left, with all that is within it.
    ["(a", "(a"],
    ["(a, b", "(a, b"],
    ["(a (b) c", "(a (b) c"],
    ["(a) (b (c) d", "  (b (c) d"],
    ["a) b", "a) b"],
    ["a) (b) (", "a)   ("],
    ["(a\\", "(a\\"],
  ])("%j: %j", (value, kept) => expect(withoutComments(value)).toBe(kept));
});

describe("quoted strings are emptied (RFC 9110 section 5.6.4)", () => {
  it.each([
    ["a", "a"],
    ['a="b, c", d', 'a="", d'],
    ['"a""b"', '""""'],
    ['"a\\"b", c', '"", c'],
    ['"a\\\\", c', '"", c'],
    // One that does not end is left.
    ['"a, b', '"a, b'],
    ['"a\\", b', '"a\\", b'],
    ['"a", "b', '"", "b'],
    ['"\\', '"\\'],
  ])("%j: %j", (value, kept) => expect(withoutQuotedText(value)).toBe(kept));
});
