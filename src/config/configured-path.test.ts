/** Paths of a configuration: what neighbours understand in several ways is not sent to them by hopwise itself. */
import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./gateway-config.ts";
import { readRewrites } from "./message-changes.ts";
import { pathText } from "./problems.ts";

const NOTE = "has a segment of dots or a \\, which servers understand in several ways";

/** Each key that is a path, with a path in it. */
const keys: readonly (readonly [key: string, file: (path: string) => unknown])[] = [
  ["routes[0].stripPrefix", (path) => ({ routes: [{ match: { path: "/a/*" }, to: "http://a", stripPrefix: path }] })],
  ["routes[0].addPrefix", (path) => ({ routes: [{ to: "http://a", addPrefix: path }] })],
  ["routes[0].redirect", (path) => ({ routes: [{ redirect: path }] })],
  ["routes[0].redirect.to", (path) => ({ routes: [{ redirect: { to: path, status: 301 } }] })],
  [
    "groups.app.health.path",
    (path) => ({ groups: { app: { to: "http://a", health: { path } } }, routes: [{ to: "app" }] }),
  ],
  ["rewritePath", (path) => ({ to: "http://a", rewritePath: { "/x": path } })],
  ["rewritePath", (path) => ({ to: "http://a", rewritePath: { [path]: "/x" } })],
];

const said = (value: unknown) =>
  (readGatewayConfig(value, "/", 10_000).problems ?? []).map(({ path, message }) => `${pathText(path)}: ${message}`);

describe.each(keys)("%s", (key, file) => {
  it.each([
    ["/a/../b", "write /b"],
    ["/a/./b", "write /a/b"],
    ["/a/%2e%2E/b", "write /b"],
    ["/a/.%2e/b", "write /b"],
    ["/a/..;x/b", "leave it out"],
    ["/a\\b", "write /a/b"],
    ["/a/..", "write /"],
  ])("is not %s", (path, how) => {
    expect(said(file(path))).toStrictEqual([`${key}: "${path}" ${NOTE}: ${how}`]);
  });

  it.each(["/a/..b", "/a/.well-known", "/a/b..", "/a/...", "/a/b%2Fc"])("may be %s", (path) => {
    expect(said(file(path)).filter((one) => one.includes(NOTE))).toStrictEqual([]);
  });
});

it("queries and fragments are looked into by nobody, and names of hosts are none", () => {
  for (const redirect of ["/a?back=/../b", "/a#/../b", "https://a.example/?x=/./y"]) {
    expect(said({ routes: [{ redirect }] }), redirect).toStrictEqual([]);
  }
  expect(said({ routes: [{ redirect: "https://a.example/x/../y" }] })).toStrictEqual([
    `routes[0].redirect: "https://a.example/x/../y" ${NOTE}: write https://a.example/y`,
  ]);
});

it("what is compared with paths refuses them by its own words", () => {
  expect(said({ routes: [{ match: { path: "/a/%2e%2e/b" }, refuse: true }] })).toStrictEqual([
    expect.stringContaining("has a segment of dots, with which no request is let in"),
  ]);
});

it("a flag says the same", () => {
  expect(() => readRewrites("/api=/v1/..")).toThrow(`"/v1/.." ${NOTE}: write /`);
});
