/** Field lists of HTTP/2 requests: what RFC 9113 section 8 lets in, and each rule that it has. */
import { describe, expect, it } from "vitest";
import { readFieldList, readTrailers } from "./field-list.ts";

const GET = [":method", "GET", ":scheme", "https", ":authority", "a.test", ":path", "/x?y"];
const without = (name: string) => GET.filter((_, at) => GET[at - (at % 2)] !== name);
const replaced = (name: string, value: string) =>
  GET.map((part, at) => (at > 0 && GET[at - 1] === name ? value : part));

it("says what the request is, and has its fields as they came", () => {
  expect(readFieldList([...GET, "accept", "*/*", "cookie", "a=1", "cookie", "b=2"])).toStrictEqual({
    ...{ method: "GET", scheme: "https", authority: "a.test", path: "/x?y", protocol: undefined },
    fields: ["accept", "*/*", "cookie", "a=1", "cookie", "b=2"],
  });
});

describe("lets in", () => {
  it.each<[what: string, list: readonly string[]]>([
    ["a request that names its host in a field", [...without(":authority"), "host", "a.test"]],
    ["pseudo-header fields in any order", [":path", "/", ":method", "GET", ":scheme", "https"]],
    ["OPTIONS *", replaced(":path", "*").map((part) => (part === "GET" ? "OPTIONS" : part))],
    ["TE: trailers", [...GET, "te", "trailers"]],
    ["an empty value", [...GET, "x", ""]],
    ["bytes beyond ASCII in a value", [...GET, "x", "caf\xe9"]],
    ["CONNECT", [":method", "CONNECT", ":authority", "a.test:443"]],
    ["CONNECT for a protocol", [":method", "CONNECT", ":protocol", "websocket", ...GET.slice(2)]],
  ])("%s", (_what, list) => {
    expect(readFieldList(list)).not.toHaveProperty("malformed");
  });
});

describe("refuses", () => {
  it.each<[what: string, list: readonly string[]]>([
    ["no :method", without(":method")],
    ["an empty :method", replaced(":method", "")],
    ["no :scheme", without(":scheme")],
    ["an empty :scheme", replaced(":scheme", "")],
    [":scheme with an authority of its own", replaced(":scheme", "http://evil.test/?")],
    [":scheme that does not begin with a letter", replaced(":scheme", "1x")],
    ["no :path", without(":path")],
    ["an empty :path", replaced(":path", "")],
    [":path without a slash", replaced(":path", "x")],
    [":path * for another method than OPTIONS", replaced(":path", "*")],
    ["a pseudo-header field twice", [...GET, ":path", "/"]],
    ["a pseudo-header field behind others", ["accept", "*/*", ...GET]],
    ["a pseudo-header field of responses", [":status", "200", ...GET]],
    ["an unknown pseudo-header field", [":x", "y", ...GET]],
    ["user information in :authority", replaced(":authority", "me@a.test")],
    [":protocol without CONNECT", [...GET, ":protocol", "websocket"]],
    ["CONNECT with :path", [":method", "CONNECT", ":authority", "a.test:443", ":path", "/"]],
    ["CONNECT with :scheme", [":method", "CONNECT", ":authority", "a.test:443", ":scheme", "https"]],
    ["CONNECT to nowhere", [":method", "CONNECT"]],
    ["a capital letter in a name", [...GET, "Accept", "*/*"]],
    ["an empty name", [...GET, "", "x"]],
    ["a colon in a name", [...GET, "a:b", "x"]],
    ["a space in a name", [...GET, "a b", "x"]],
    ["Connection", [...GET, "connection", "close"]],
    ["Proxy-Connection", [...GET, "proxy-connection", "close"]],
    ["Keep-Alive", [...GET, "keep-alive", "timeout=5"]],
    ["Transfer-Encoding", [...GET, "transfer-encoding", "chunked"]],
    ["Upgrade", [...GET, "upgrade", "websocket"]],
    ["TE other than trailers", [...GET, "te", "gzip"]],
    ["a line break in a value", [...GET, "x", "a\r\nb: c"]],
    ["NUL in a value", [...GET, "x", "a\0"]],
    ["white space before a value", [...GET, "x", " a"]],
    ["white space behind a value", [...GET, "x", "a\t"]],
    ["a line break in :path", replaced(":path", "/ HTTP/1.1\r\nx: y")],
  ])("%s", (_what, list) => {
    expect(readFieldList(list)).toStrictEqual({ malformed: expect.any(String) });
  });
});

describe("trailers", () => {
  it("are fields", () => {
    expect(readTrailers(["x-sum", "1", "x-sum", "2"])).toStrictEqual(["x-sum", "1", "x-sum", "2"]);
  });

  it.each<[what: string, list: readonly string[]]>([
    ["a pseudo-header field", [":path", "/"]],
    ["a capital letter", ["X-Sum", "1"]],
    ["a field of HTTP/1 connections", ["transfer-encoding", "chunked"]],
    ["a line break", ["x", "a\nb"]],
  ])("do not have %s", (_what, list) => {
    expect(readTrailers(list)).toStrictEqual({ malformed: expect.any(String) });
  });
});
