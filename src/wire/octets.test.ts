/** Characters of HTTP: tokens and white space. */
import { describe, expect, it } from "vitest";
import { isToken, isTokenOctet, matchesAt, trimWhitespace } from "./octets.ts";

describe("tokens (RFC 9110 section 5.6.2)", () => {
  it("the token characters are just these 77", () => {
    const characters = [...isTokenOctet.keys()].filter((code) => isTokenOctet[code] === 1);
    expect(String.fromCharCode(...characters)).toBe(
      "!#$%&'*+-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ^_`abcdefghijklmnopqrstuvwxyz|~",
    );
  });

  it("a token has at least one character, and only such", () => {
    expect(["a", "a-b", "!"].map(isToken)).toStrictEqual([true, true, true]);
    expect(["", "a b", "a:", "\xe9", "\u0100", "\ud83d\ude00"].map(isToken)).toStrictEqual(Array(6).fill(false));
  });
});

it("white space is SP and HTAB, nothing else", () => {
  expect(trimWhitespace(" \ta b\t ")).toBe("a b");
  expect(trimWhitespace(" \t ")).toBe("");
  expect(trimWhitespace("\xa0\v\fa\n")).toBe("\xa0\v\fa\n");
});

it("text is matched without case, from a place, and not beyond its end", () => {
  expect(matchesAt("xxHoSt", 2, "host")).toBe(true);
  expect(matchesAt("xxHoSt", 3, "host")).toBe(false);
  expect(matchesAt("xxHos", 2, "host")).toBe(false);
});
