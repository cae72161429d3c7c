import { expect, it } from "vitest";
import { thrownText } from "./thrown-text.ts";

const textless = {
  toString: () => {
    throw new Error("no text");
  },
};

it.each([
  ["an error", new TypeError("no"), "no"],
  ["a text", "no", "no"],
  ["nothing", undefined, "undefined"],
  ["a symbol", Symbol("no"), "Symbol(no)"],
  ["an object without any method", Object.create(null), "something that has no text (object)"],
  ["an object whose text throws", textless, "something that has no text (object)"],
  [
    "an error whose message is an object",
    Object.assign(new Error("no"), { message: textless }),
    "something that has no text (object)",
  ],
])("%s", (_what, thrown, text) => {
  expect(thrownText(thrown)).toBe(text);
});

it("says where an error comes from, where that is wanted", () => {
  expect(thrownText(new Error("no"), true)).toMatch(/^Error: no\n {4}at /);
});
