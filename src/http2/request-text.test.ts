/** Requests of HTTP/2 as the bytes that they would be in HTTP/1.1. */
import { expect, it } from "vitest";
import type { FieldList } from "./field-list.ts";
import { requestText } from "./request-text.ts";

const list: FieldList = {
  method: "GET",
  scheme: "https",
  authority: "a.test",
  path: "/x?y",
  protocol: undefined,
  fields: [],
};
const writing = { isSecure: true, namesOrigin: false, hasBody: false, webSocketKey: "KEY" };

it.each<[what: string, list: Partial<FieldList>, writing: Partial<typeof writing>, text: string]>([
  ["a request", {}, {}, "GET /x?y HTTP/1.1\r\nhost: a.test\r\n\r\n"],
  [
    "Host where there is no :authority",
    { authority: "", fields: ["host", "b.test"] },
    {},
    "GET /x?y HTTP/1.1\r\nhost: b.test\r\n\r\n",
  ],
  ["both, if they are the same", { fields: ["host", "A.test"] }, {}, "GET /x?y HTTP/1.1\r\nhost: a.test\r\n\r\n"],
  [
    "both, to be refused, if not",
    { fields: ["host", "b.test"] },
    {},
    "GET /x?y HTTP/1.1\r\nhost: a.test\r\nhost: b.test\r\n\r\n",
  ],
  [
    "a second Host, to be refused",
    { fields: ["host", "a.test", "host", "a.test"] },
    {},
    "GET /x?y HTTP/1.1\r\nhost: a.test\r\nhost: a.test\r\n\r\n",
  ],
  [
    "pieces of a cookie",
    { fields: ["cookie", "a=1", "x", "y", "cookie", "b=2"] },
    {},
    "GET /x?y HTTP/1.1\r\nhost: a.test\r\nx: y\r\ncookie: a=1; b=2\r\n\r\n",
  ],
  [
    "TE, nominated",
    { fields: ["te", "trailers"] },
    {},
    "GET /x?y HTTP/1.1\r\nhost: a.test\r\nte: trailers\r\nconnection: te\r\n\r\n",
  ],
  [
    "a body without a length",
    { method: "POST" },
    { hasBody: true },
    "POST /x?y HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n",
  ],
  [
    "no body where one is usual",
    { method: "POST" },
    {},
    "POST /x?y HTTP/1.1\r\nhost: a.test\r\ncontent-length: 0\r\n\r\n",
  ],
  [
    "a length of 0, once",
    { method: "PUT", fields: ["content-length", "0"] },
    {},
    "PUT /x?y HTTP/1.1\r\nhost: a.test\r\ncontent-length: 0\r\n\r\n",
  ],
  [
    "a body with one",
    { method: "POST", fields: ["content-length", "3"] },
    { hasBody: true },
    "POST /x?y HTTP/1.1\r\nhost: a.test\r\ncontent-length: 3\r\n\r\n",
  ],
  [
    "another scheme than the connection's",
    {},
    { isSecure: false },
    "GET https://a.test/x?y HTTP/1.1\r\nhost: a.test\r\n\r\n",
  ],
  [
    "a request to a forward proxy",
    { scheme: "http" },
    { isSecure: false, namesOrigin: true },
    "GET http://a.test/x?y HTTP/1.1\r\nhost: a.test\r\n\r\n",
  ],
  ["OPTIONS *", { method: "OPTIONS", path: "*" }, { namesOrigin: true }, "OPTIONS * HTTP/1.1\r\nhost: a.test\r\n\r\n"],
  [
    "CONNECT",
    { method: "CONNECT", scheme: "", path: "", authority: "a.test:443" },
    { hasBody: true },
    "CONNECT a.test:443 HTTP/1.1\r\nhost: a.test:443\r\n\r\n",
  ],
  [
    "a WebSocket",
    { method: "CONNECT", protocol: "websocket", fields: ["sec-websocket-version", "13"] },
    { hasBody: true },
    "GET /x?y HTTP/1.1\r\nhost: a.test\r\nsec-websocket-version: 13\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: KEY\r\n\r\n",
  ],
])("%s", (_what, said, how, text) => {
  expect(requestText({ ...list, ...said }, { ...writing, ...how })).toBe(text);
});

it.each<[what: string, list: Partial<FieldList>]>([
  ["a space in the path", { path: "/a b" }],
  ["a space in the method", { method: "GET /x" }],
  ["a space in the authority of a tunnel", { method: "CONNECT", authority: "a b:443" }],
  ["a line break in the path", { path: "/\r\n" }],
])("cannot be written: %s", (_what, said) => {
  expect(requestText({ ...list, ...said }, writing)).toBeUndefined();
});
