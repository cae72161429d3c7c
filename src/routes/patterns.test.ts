/** What hosts and paths of routes may be, and what is said of those that may not. */
import { describe, expect, it } from "vitest";
import { hostOf, readHostPattern, readPathPattern } from "./patterns.ts";

describe("a host", () => {
  it.each([
    ["App.Example.com", { kind: "exact", name: "app.example.com" }],
    ["example.com.", { kind: "exact", name: "example.com" }],
    ["*.example.com", { kind: "below", name: "example.com" }],
    ["localhost", { kind: "exact", name: "localhost" }],
    ["192.0.2.1", { kind: "exact", name: "192.0.2.1" }],
    ["[2001:db8::1]", { kind: "exact", name: "[2001:db8::1]" }],
    ["[2001:0DB8:0:0::1]", { kind: "exact", name: "[2001:db8::1]" }],
  ])("%s", (written, pattern) => {
    expect(readHostPattern(written)).toStrictEqual(pattern);
  });

  it.each([
    "",
    "*",
    "*.",
    "a.*.com",
    "a b",
    "example.com:80",
    "http://a",
    "*.[::1]",
    "-a",
    "a..b",
    "*a.com",
  ])("not %j", (written) => {
    expect(() => readHostPattern(written)).toThrow(
      `"${written}" is not a host: write a name like app.example.com or *.example.com, without a port`,
    );
  });
});

it.each([
  ["münchen.example", "xn--mnchen-3ya.example"],
  ["*.Bücher.example", '"*.xn--bcher-kva.example"'],
  ["::1", '"[::1]"'],
  ["2001:db8:0:0::1", '"[2001:db8::1]"'],
])("of the host %s it is said how it stands in requests", (written, spelled) => {
  expect(() => readHostPattern(written)).toThrow(`"${written}" is not how a host stands in requests: write ${spelled}`);
});

it.each([
  ["A.example.COM:8080", "a.example.com"],
  ["a.example.com.", "a.example.com"],
  ["a.example.com.:80", "a.example.com"],
  ["[2001:DB8::1]:80", "[2001:db8::1]"],
  ["[::1]", "[::1]"],
  // One address, one host, however it is spelled: a route that guards it takes all of them.
  ["[0:0:0:0:0:0:0:1]:80", "[::1]"],
  ["[0::0001]", "[::1]"],
  ["[::FFFF:127.0.0.1]", "[::ffff:7f00:1]"],
  ["", ""],
])("of %j the host is %j", (authority, host) => {
  expect(hostOf(authority)).toBe(host);
});

describe("a path", () => {
  it.each([
    ["/", "exact", [""]],
    ["/login", "exact", ["login"]],
    ["/login/", "exact", ["login", ""]],
    ["/%61", "exact", ["a"]],
    ["/café", "exact", ["caf\xc3\xa9"]],
    ["/caf%c3%a9", "exact", ["caf\xc3\xa9"]],
    ["/users/:id", "parameters", ["users", undefined]],
    ["/:a/x/:b", "parameters", [undefined, "x", undefined]],
    ["/*", "prefix", []],
    ["/api/*", "prefix", ["api"]],
    ["/t/:tenant/*", "prefix", ["t", undefined]],
  ] as const)("%s", (written, kind, segments) => {
    expect(readPathPattern(written)).toStrictEqual({ kind, segments });
  });

  it.each([
    ["", "is no path"],
    ["api", "is no path"],
    ["*", "is no path"],
    ["/a?b", "has a query, which routes do not look at"],
    ["/a#b", "has a query, which routes do not look at"],
    ["/a*", "has a * elsewhere than at its end"],
    ["/*/a", "has a * elsewhere than at its end"],
    ["/a//b", "has nothing between two slashes"],
    ["//*", "has nothing between two slashes"],
    ["/:", 'has a parameter without a name (":")'],
    ["/:1", 'has a parameter without a name (":1")'],
    ["/a/../b", "has a segment of dots, with which no request is let in"],
    ["/a/%2e", "has a segment of dots, with which no request is let in"],
    ["/a%2fb", "has %2F, %5C or %00, with which no request is let in"],
    ["/a%00", "has %2F, %5C or %00, with which no request is let in"],
  ])("not %j: %s", (written, why) => {
    expect(() => readPathPattern(written)).toThrow(`"${written}" ${why}: write one like /login, /users/:id or /api/*`);
  });
});
