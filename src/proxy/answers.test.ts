/** What the proxy's own answers are written in. */
import { describe, expect, it } from "vitest";
import { errorAnswer } from "./answers.ts";

const contentType = (accept: string | undefined) =>
  /Content-Type: ([^;\r]*)/.exec(
    errorAnswer("overloaded", { accept, isHead: false, date: "", connectionLines: "", viaName: "hopwise" }),
  )?.[1];

describe("an error is told as JSON to those who ask for JSON by name (RFC 9110 section 12.5.1)", () => {
  it.each([
    "application/json",
    "APPLICATION/Problem+JSON",
    "text/plain, application/json;q=0.1",
    "application/*",
    'text/plain;x="a, b", application/json ; q=1',
  ])("%s", (accept) => expect(contentType(accept)).toBe("application/problem+json"));

  it.each([
    undefined,
    "",
    "*/*",
    "text/html, */*",
    "application/json;q=0, text/plain",
    "application/json; q=0.000",
    "image/x-json-foo",
    'text/plain;x="json"',
    'text/plain;x="a, application/json"',
  ])("not %s", (accept) => expect(contentType(accept)).toBe("text/plain"));
});

it("does not read an Accept of more than a kilobyte: its client gets text", () => {
  const context = { isHead: false, date: "", connectionLines: "", viaName: "x" };
  const padded = (spaces: number) => `application/json${" ".repeat(spaces)};q=1`;
  expect(errorAnswer("overloaded", { ...context, accept: padded(10) })).toContain("application/problem+json");
  expect(errorAnswer("overloaded", { ...context, accept: padded(60_000) })).toContain("text/plain");
});
