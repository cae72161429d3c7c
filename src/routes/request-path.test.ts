/** Which path routes judge: the one way in which a target can be understood, or none. */
import { describe, expect, it } from "vitest";
import { readingsOf, requestPathOf } from "./request-path.ts";

describe("is understood", () => {
  it.each<readonly [target: string, path: string]>([
    ["/", "/"],
    ["/a/b", "/a/b"],
    ["/a/b/?c=/../d%00//", "/a/b/"],
    ["/.well-known/x", "/.well-known/x"],
    ["/a/...", "/a/..."],
    ["/a/..b/c..", "/a/..b/c.."],
    ["/%61%2Db", "/a-b"],
    ["/caf%C3%A9", "/caf\xc3\xa9"],
    ["/a;b=c/d", "/a;b=c/d"],
    ["/%252e%252e/a", "/%2e%2e/a"],
    ["*", "*"],
  ])("%s", (target, path) => {
    expect(requestPathOf(target)).toBe(path);
  });
});

describe("could be understood in several ways", () => {
  it.each([
    "/..",
    "/.",
    "/a/../b",
    "/a/./b",
    "/a/..",
    "/../a",
    "/a/%2e%2e/b",
    "/a/.%2E/b",
    "/a/%2E",
    "/a/..;/b",
    "/a/..;x=y/b",
    "/a/.;/b",
    "/a/..%3b/b",
    "//a",
    "/a//b",
    "/a//",
    "/a%2fb",
    "/a%2Fb",
    "/a%5cb",
    "/a\\b",
    "/a%00",
    "/a%",
    "/a%4",
    "/a%zz",
  ])("%s", (target) => {
    expect(requestPathOf(target)).toBeUndefined();
  });
});

describe("is understood in a few ways", () => {
  it.each<readonly [target: string, ...readings: string[]]>([
    ["/@scope%2fname?a=%2f", "/@scope\0name", "/@scope/name"],
    ["/queues/%2F/a", "/queues/\0/a", "/queues///a", "/queues/a"],
    ["/a//b/", "/a//b/", "/a/b/"],
    ["//a/b", "//a/b", "/a/b", "/b"],
    ["///a", "///a", "/a", "/"],
    ["/%2Fa/b", "/\0a/b", "//a/b", "/a/b", "/b"],
    ["/%61%2f//b", "/a\0//b", "/a///b", "/a\0/b", "/a/b"],
  ])("%s", (target, ...readings) => {
    expect(new Set(readingsOf(target))).toStrictEqual(new Set(readings));
  });
});

describe("is understood in more ways than can be told", () => {
  it.each([
    "/a/..",
    "/a%2f..%2fb",
    "/a//../b",
    "/a/%2e%2fb",
    "/a%2f..;x/b",
    "/a%5cb",
    "/a\\b",
    "/a%00",
    "/a%",
    "/a%zz%2f",
    `/${"a".repeat(8_192)}//b`,
  ])("%s", (target) => {
    expect(readingsOf(target)).toStrictEqual([]);
  });
});
