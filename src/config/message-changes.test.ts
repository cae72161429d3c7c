import { describe, expect, it } from "vitest";
import type { HookRequest, HookResponse } from "../exchange/hooks.ts";
import { HopwiseError } from "./error.ts";
import { both, readFieldSettings, readRewrites, rewritten, settingHooks } from "./message-changes.ts";

const problemOf = (read: () => unknown): string => {
  try {
    read();
  } catch (error) {
    if (error instanceof HopwiseError) return error.problem;
    throw error;
  }
  return "none";
};

describe("the beginning of a path", () => {
  it.each([
    ["/api=/", "/api", "/"],
    ["/api=/", "/api/", "/"],
    ["/api=/", "/api/users?x=/api", "/users?x=/api"],
    ["/api=/", "/api?x", "/?x"],
    ["/api=/", "/apis", "/apis"],
    ["/api=/", "/x/api", "/x/api"],
    ["/api=/v1", "/api/users", "/v1/users"],
    ["/api/=/v1/", "/api/users", "/v1/users"],
    ["/api/=/v1", "/api/users", "/v1/users"],
    ["/api/=/v1", "/api", "/api"],
    ["/=/app/", "/users", "/app/users"],
    ["/=/app", "/users", "/app/users"],
    ["/=/app", "/", "/app"],
    ["/a%2Fb=/c", "/a%2Fb/d", "/c/d"],
    ["/api=/", "/API/users", "/API/users"],
    ["/api=/", "*", "*"],
  ])("with %s %s becomes %s", (written, path, expected) => {
    expect(rewritten(path, readRewrites(written))).toBe(expected);
  });

  it("is replaced once, by the first that fits", () => {
    const rewrites = readRewrites({ "/a/b": "/c", "/a": "/d", "/c": "/e" });
    expect(["/a/b/x", "/a/x", "/c"].map((path) => rewritten(path, rewrites))).toStrictEqual(["/c/x", "/d/x", "/e"]);
  });

  it.each([
    ["api=/", /^"api" is not the beginning of a path: write one that begins with \/$/],
    ["/api=", /^"" is not the beginning of a path/],
    ["/a?b=/", /^"\/a\?b" is not the beginning/],
    ["/a b=/", /^"\/a b" is not the beginning/],
    ["/api", /^"\/api" is not complete: write FROM=TO, like \/api=\/$/],
  ])("%s is refused", (written, problem) => expect(problemOf(() => readRewrites(written))).toMatch(problem));
});

it("all variables that are not known are told, with the fields that they stand in", () => {
  const written = { "X-A": "$remote_addr", "X-B": "{client} {hots}", "X-C": "{client}" };
  expect(problemOf(() => readFieldSettings(written))).toBe(
    'X-A: "$remote_addr" is another program\'s variable: write {client}; ' +
      'X-B: "{hots}" is not known here; did you mean {host}? (for these letters themselves write {{hots}})',
  );
});

describe("fields", () => {
  it.each([
    ["X-A: b", [{ name: "X-A", values: [" b"] }]],
    [
      ["X-A: b:c", "X-B:"],
      [
        { name: "X-A", values: [" b:c"] },
        { name: "X-B", values: [] },
      ],
    ],
    [
      { "X-A": ["b", "c"], "X-B": null, "X-C": 7 },
      [
        { name: "X-A", values: ["b", "c"] },
        { name: "X-B", values: [] },
        { name: "X-C", values: ["7"] },
      ],
    ],
  ])("%j", (written, expected) => expect(readFieldSettings(written as string)).toStrictEqual(expected));

  it.each([
    ["X-A", /is not complete: write "Name: value"/],
    ["X A: b", /^"X A" is not a field name$/],
    ["X-A: b\r\nX-B: c", /^the value of X-A has a character that no field can carry$/],
    ["Content-Length: 5", /^Content-Length is the proxy's own to say/],
    ["Host: a", /^Host cannot be changed here: originHost \(--origin-host\) says what the origin gets$/],
    ["Connection: close", /^Connection is the proxy's own to say/],
    ["Content_Length: 5", /^Content_Length would be taken for a field with a hyphen in its place$/],
  ])("%j is refused", (written, problem) => expect(problemOf(() => readFieldSettings(written))).toMatch(problem));
});

describe("what is set comes before what the application does", () => {
  const request = { path: "/api/x", fields: new Map<string, unknown>() };

  it("to requests and responses", () => {
    const seen: unknown[] = [];
    const set = settingHooks(readRewrites("/api=/"), readFieldSettings("A: b"), readFieldSettings("C: d"));
    const { onRequest, onResponse } = both(set, {
      onRequest: ({ path }) => void seen.push(path),
      onResponse: () => void seen.push("response"),
    });
    onRequest?.(request as unknown as HookRequest);
    const response = { fields: new Map<string, unknown>() };
    onResponse?.(response as unknown as HookResponse, request as unknown as HookRequest);
    expect(seen).toStrictEqual(["/x", "response"]);
    expect([...request.fields, ...response.fields]).toStrictEqual([
      ["A", [" b"]],
      ["C", [" d"]],
    ]);
  });

  it("nothing is asked where nothing is set", () => {
    expect(both(settingHooks([], [], []), {})).toStrictEqual({});
  });
});
