/** Cookies on their way back through a route that changes paths: what a browser must hear, so that it sends them again. */
import { describe, expect, it } from "vitest";
import { type CookieChanges, clientCookie } from "./cookie-changes.ts";

const changes = (stripped = "", added = "", domains: Record<string, string | null> = {}): CookieChanges => ({
  stripped,
  added,
  domains: new Map(Object.entries(domains)),
});

describe("Path", () => {
  it.each([
    ["without attributes", "a=1", "a=1"],
    ["without a path", "a=1; Secure", "a=1; Secure"],
    ["the root", "a=1; Path=/", "a=1; Path=/api"],
    ["below it", "a=1; Path=/x/y", "a=1; Path=/api/x/y"],
    ["a directory", "a=1; Path=/x/", "a=1; Path=/api/x/"],
    ["one that has it already", "a=1; Path=/api", "a=1; Path=/api"],
    ["below that", "a=1; Path=/api/x", "a=1; Path=/api/x"],
    ["one that begins with the same letters", "a=1; Path=/apis", "a=1; Path=/api/apis"],
    ["in any case, among others", "a=1;path = /x ;HttpOnly", "a=1; Path=/api/x;HttpOnly"],
    ["said twice", "a=1; Path=/x; Path=/y", "a=1; Path=/api/x; Path=/api/y"],
    ["that begins with no slash", "a=1; Path=x", "a=1; Path=x"],
    ["in quotes, which is none", 'a=1; Path="/x"', 'a=1; Path="/x"'],
    ["empty", "a=1; Path=", "a=1; Path="],
    ["in the value of the cookie", "path=/x", "path=/x"],
    ["in the name of another attribute", "a=1; XPath=/x", "a=1; XPath=/x"],
    ["of a cookie for the whole host", "__Host-a=1; Path=/; Secure", "__Host-a=1; Path=/; Secure"],
  ])("%s", (_, came, goes) => {
    expect(clientCookie(came, changes("/api"))).toBe(goes);
  });

  it.each([
    ["what was put in front is taken away", "/v2/x", "/x"],
    ["all of it", "/v2", "/"],
    ["all of it, as a directory", "/v2/", "/"],
    ["above it, it is all that the route leads to", "/", "/"],
    ["beside it, it stays", "/v20", "/v20"],
  ])("%s", (_, came, goes) => {
    expect(clientCookie(`a=1; Path=${came}`, changes("", "/v2"))).toBe(`a=1; Path=${goes}`);
  });

  it.each([
    ["/v2/app/x", "/api/x"],
    ["/v2/app", "/api"],
    ["/v2", "/api"],
    ["/", "/api"],
    ["/v", "/v"],
  ])("both: %s is %s", (came, goes) => {
    expect(clientCookie(`a=1; Path=${came}`, changes("/api", "/v2/app"))).toBe(`a=1; Path=${goes}`);
  });
});

describe("Domain", () => {
  it.each([
    ["one that is named", "a=1; Domain=app.internal; Secure", "a=1; Domain=example.com; Secure"],
    ["in any case, with a dot", "a=1; domain=.App.Internal", "a=1; Domain=example.com"],
    ["another", "a=1; Domain=other.internal", "a=1; Domain=other.internal"],
    ["one that is taken away", "a=1; Domain=db.internal; Secure", "a=1; Secure"],
    ["none", "a=1", "a=1"],
  ])("%s", (_, came, goes) => {
    expect(clientCookie(came, changes("", "", { "app.internal": "example.com", "db.internal": null }))).toBe(goes);
  });

  it("any, but one that is named", () => {
    const any = changes("", "", { "*": null, "app.internal": "example.com" });
    expect(clientCookie("a=1; Domain=x.test", any)).toBe("a=1");
    expect(clientCookie("a=1; Domain=app.internal", any)).toBe("a=1; Domain=example.com");
  });
});
