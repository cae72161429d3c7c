/** Which path routes judge: the one way in which a target can be understood, or none. */
import { describe, expect, it } from "vitest";
import { requestPathOf } from "./request-path.ts";

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
