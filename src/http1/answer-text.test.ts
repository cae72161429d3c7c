/** What the proxy's own answers are written in. */
import { describe, expect, it } from "vitest";
import { readViaName } from "../config/values.ts";
import { errorAnswer, statusName } from "./answer-text.ts";

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

describe("the name in Proxy-Status is a token or a string of structured fields (RFC 8941 section 3.3)", () => {
  it.each([
    ["hopwise-1a2b3c", "hopwise-1a2b3c"],
    ["proxy.example:8080", "proxy.example:8080"],
    ["*", "*"],
    ["10.0.0.5", '"10.0.0.5"'],
    ["3proxy", '"3proxy"'],
    ["_proxy", '"_proxy"'],
    ["-", '"-"'],
    ["!#$%&'*+.^_`|~0", '"!#$%&\'*+.^_`|~0"'],
  ])("%s: %s", (name, item) => {
    expect(statusName(readViaName(name))).toBe(item);
    const answer = errorAnswer("overloaded", {
      accept: "",
      isHead: false,
      date: "",
      connectionLines: "",
      viaName: name,
    });
    expect(answer).toContain(`\r\nProxy-Status: ${item}; error=connection_limit_reached; details="overloaded"\r\n`);
    expect(item).toMatch(/^(?:[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]*|"[\x20\x21\x23-\x5b\x5d-\x7e]*")$/);
  });
});

it("reads an Accept of any length in time linear in its bytes, and no more than 64 ranges of it", () => {
  const context = { isHead: false, date: "", connectionLines: "", viaName: "x" };
  const answerTo = (accept: string) => errorAnswer("overloaded", { ...context, accept });
  expect(answerTo(`application/json${" ".repeat(60_000)};q=1`)).toContain("application/problem+json");
  expect(answerTo(`${"a/b,".repeat(63)}application/json`)).toContain("application/problem+json");
  expect(answerTo(`${"a/b,".repeat(64)}application/json`)).toContain("text/plain");
});
