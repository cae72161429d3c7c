/** References that name an origin, as the client gets them. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { parseOriginAddress } from "../pool/origin-address.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { RequestHead } from "../wire/request-head.ts";
import { ResponseHead } from "../wire/response-head.ts";
import { type OriginHost, OriginReferences } from "./origin-references.ts";

function requestOf(...lines: string[]): RequestHead {
  const head = new RequestHead(defaultHeadLimits);
  head.read(octets(`${lines.join("\r\n")}\r\n\r\n`), 0);
  expect(head.refusal).toBeUndefined();
  return head;
}

interface Scene {
  readonly to?: readonly string[];
  readonly originHost?: OriginHost;
  readonly request?: readonly string[];
  readonly isTrusted?: boolean;
}

const ORIGINS = ["http://127.0.0.1:3000", "https://app.example"];
const ASKED = ["GET /x HTTP/1.1", "Host: site.example:8080"];

/** The lines as they are said anew; undefined: they pass as they came. */
function linesOf(scene: Scene, ...lines: string[]): string | undefined {
  const { to = ORIGINS, originHost = "keep", request = ASKED, isTrusted = false } = scene;
  const response = new ResponseHead(defaultHeadLimits);
  response.read(octets(`HTTP/1.1 302 Found\r\n${lines.map((line) => `${line}\r\n`).join("")}\r\n`), 0);
  expect(response.refusal).toBeUndefined();
  const references = new OriginReferences(to.map(parseOriginAddress), originHost);
  return references.lines(response, requestOf(...request), isTrusted);
}

/** What becomes of one Location. */
function location(value: string, scene: Scene = {}): string | undefined {
  return linesOf(scene, `Location: ${value}`)?.replace(/^Location: (.*)\r\n$/, "$1");
}

const CLIENT = "http://site.example:8080";

describe("what names a configured origin exactly is said as the client would say it", () => {
  it.each([
    ["http://127.0.0.1:3000/login?a=b#c", `${CLIENT}/login?a=b#c`],
    ["HTTP://127.0.0.1:3000", CLIENT],
    ["http://127.0.0.1:3000?a", `${CLIENT}?a`],
    ["http://127.0.0.1:3000#a", `${CLIENT}#a`],
    ["http://127.0.0.1:3000//evil.example/", `${CLIENT}//evil.example/`],
    ["https://app.example/", `${CLIENT}/`],
    ["https://APP.example:443/", `${CLIENT}/`],
    ["https://app.example:/", `${CLIENT}/`],
  ])("%s", (value, expected) => expect(location(value)).toBe(expected));
});

describe("what names anything else passes as it came", () => {
  it.each([
    "/login",
    "//127.0.0.1:3000/login",
    "https://127.0.0.1:3000/",
    "http://127.0.0.1:3001/",
    "http://127.0.0.1/",
    "http://127.0.0.1:30000/",
    "http://app.example/",
    "https://app.example:8443/",
    "https://app.example.evil.example/",
    "http://127.0.0.1:3000@evil.example/",
    "http://user@127.0.0.1:3000/",
    "http://127.0.0.1:3000\\x/",
    "ftp://127.0.0.1:3000/",
    "http:/127.0.0.1:3000/",
    "http://",
    "",
    "see http://127.0.0.1:3000/",
  ])("%j", (value) => expect(location(value)).toBeUndefined());
});

describe("the Host that an origin was sent names it, too, with the scheme that it was told", () => {
  const named: Scene = { to: ["http://10.0.0.2:3000"], originHost: { name: "shop.internal" } };
  const https = [...ASKED, "X-Forwarded-Proto: https"];
  it.each<[string, Scene, string | undefined]>([
    ["http://shop.internal/a", named, `${CLIENT}/a`],
    ["http://10.0.0.2:3000/a", named, `${CLIENT}/a`],
    ["https://shop.internal/a", named, undefined],
    ["https://shop.internal/a", { ...named, request: https, isTrusted: true }, "https://site.example:8080/a"],
    ["https://shop.internal/a", { ...named, request: https }, undefined],
    ["http://shop.internal/a", { ...named, originHost: "keep" }, undefined],
    [
      "https://10.0.0.2:3000/a",
      { ...named, originHost: "origin", request: https, isTrusted: true },
      "https://site.example:8080/a",
    ],
    ["http://localhost/a", { to: ["unix:/run/app"], originHost: "origin" }, `${CLIENT}/a`],
    ["http://localhost/a", { to: ["unix:/run/app"] }, undefined],
  ])("%s %j", (value, scene, expected) => expect(location(value, scene)).toBe(expected));
});

describe("what leads in the clear to the client's port of TLS leads there over TLS", () => {
  const secure = (host: string, to = ORIGINS): Scene => ({
    to,
    request: ["GET /x HTTP/1.1", `Host: ${host}`, "X-Forwarded-Proto: https"],
    isTrusted: true,
  });
  it.each<[string, Scene, string | undefined]>([
    ["http://site.example:8443/a/?b", secure("site.example:8443"), "https://site.example:8443/a/?b"],
    ["HTTP://SITE.example:8443", secure("site.example:8443", ["unix:/run/app"]), "https://site.example:8443"],
    ["http://site.example:443/", secure("site.example"), "https://site.example/"],
    // Where somebody may answer.
    ["http://site.example/a", secure("site.example"), undefined],
    ["http://site.example:80/a", secure("site.example:80"), undefined],
    ["http://site.example:8444/a", secure("site.example:8443"), undefined],
    ["http://other.example:8443/a", secure("site.example:8443"), undefined],
    ["http://site.example:8080/a", {}, undefined],
    // An origin that wants TLS, and is not told that there is none.
    ["https://site.example:8080/a", {}, undefined],
    ["http://site.example:8443/a", secure("site.example:8443", []), undefined],
  ])("%s %j", (value, scene, expected) => expect(location(value, scene)).toBe(expected));
});

describe("the server that the client named is", () => {
  const url = "http://127.0.0.1:3000/a";
  it.each<[string, Scene, string | undefined]>([
    ["its absolute target", { request: ["GET http://other/x HTTP/1.1", "Host: b"] }, "http://other/a"],
    ["none at all", { request: ["GET /x HTTP/1.0"] }, undefined],
    ["empty", { request: ["GET /x HTTP/1.1", "Host:"] }, undefined],
    [
      "what a trusted neighbour says it is",
      {
        request: [...ASKED, "X-Forwarded-Host: a.example, b", "X-Forwarded-Proto: HTTPS, http"],
        isTrusted: true,
      },
      "https://a.example/a",
    ],
    ["not what a stranger says it is", { request: [...ASKED, "X-Forwarded-Host: b"] }, `${CLIENT}/a`],
    [
      "not what is no host or scheme",
      { request: [...ASKED, "X-Forwarded-Host: a/b", "X-Forwarded-Proto: ftp"], isTrusted: true },
      `${CLIENT}/a`,
    ],
  ])("%s", (_, scene, expected) => expect(location(url, scene)).toBe(expected));
});

it("Content-Location and Refresh are read, too, and all lines keep their order", () => {
  expect(
    linesOf(
      {},
      "content-location: http://127.0.0.1:3000/a",
      "X: http://127.0.0.1:3000/",
      "Refresh: 5; URL = 'http://127.0.0.1:3000/b'",
      "Location: /c",
    ),
  ).toBe(`content-location: ${CLIENT}/a\r\nRefresh: 5; URL = '${CLIENT}/b'\r\nLocation: /c\r\n`);
});

describe("Refresh", () => {
  it.each([
    ["0;url=http://127.0.0.1:3000/", `0;url=${CLIENT}/`],
    ['1.5, url="http://127.0.0.1:3000/"', `1.5, url="${CLIENT}/"`],
    ["0 http://127.0.0.1:3000/", `0 ${CLIENT}/`],
    ["0; http://127.0.0.1:3000/", `0; ${CLIENT}/`],
    ["5", undefined],
    ["", undefined],
    ["0;url", undefined],
    ["0;url=", undefined],
    ["0;urlhttp://127.0.0.1:3000/", undefined],
    ["0;url=/a?http://127.0.0.1:3000/", undefined],
  ])("%j", (value, expected) => {
    const line = linesOf({}, `Refresh: ${value}`);
    expect(line).toBe(expected === undefined ? undefined : `Refresh: ${expected}\r\n`);
  });
});

it("a forward proxy, which has no origins of its own, says nothing anew", () => {
  expect(location("http://127.0.0.1:3000/", { to: [] })).toBeUndefined();
});

it("a client that names its server at greater length than DNS knows gets references as they came", () => {
  const askedBy = (host: string) =>
    location("http://127.0.0.1:3000/", { request: ["GET / HTTP/1.1", `Host: ${host}`] });
  const longest = `${"a".repeat(254)}:65535`;
  expect(askedBy(longest)).toBe(`http://${longest}/`);
  expect(askedBy(`a${longest}`)).toBeUndefined();
});
