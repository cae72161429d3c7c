/** What is shown of targets and URLs that name a user and a password: neither of them. */
import { describe, expect, it } from "vitest";
import { withoutUserinfo } from "./userinfo.ts";

describe("userinfo is hidden", () => {
  it.each([
    ["http://user:secret@host/path", "http://***@host/path"],
    ["http://secret@host", "http://***@host"],
    ["HTTPS://user:secret@host:443?q", "HTTPS://***@host:443?q"],
    ["http://user:secret@[::1]:80/", "http://***@[::1]:80/"],
    ["http://user:secret@host/a@b", "http://***@host/a@b"],
    ["http://a@b:secret@host/", "http://***@host/"],
    // Characters that should have been percent-encoded end the authority.
    ["http://user:sec/ret@host/", "http://***@host/"],
    ["http://user:sec?ret@host/", "http://***@host/"],
    ["http://user:sec#ret@host/", "http://***@host/"],
    ["http://:secret@", "http://***@"],
    // CONNECT, and what has no scheme, or hardly one.
    ["user:secret@host:443", "***@host:443"],
    ["http:user:secret@host", "***@host"],
    ["http:/user:secret@host", "http:/***@host"],
    ["http:////user:secret@host", "http:////***@host"],
    ["//user:secret@host/", "//***@host/"],
    ["ftp://user:secret@host:99999", "ftp://***@host:99999"],
    ["user:secret@", "***@"],
    ["\u0016user:secret@host", "***@host"],
  ])("%j", (text, shown) => expect(withoutUserinfo(text)).toBe(shown));
});

describe("everything else is left alone", () => {
  it.each([
    "/",
    "/@secret",
    "/a/user:word@host",
    "/go?to=http://user:word@host/",
    "http://host/@scope/name",
    "http://host?mail=a@b",
    "http://host:80/http://u:w@h",
    "host:443",
    "*",
    "",
    "unix:/run/app@1.sock",
    "//host/a@b",
  ])("%j", (text) => expect(withoutUserinfo(text)).toBe(text));
});
