/** Heads as HTTP/1 writes them, as fields of HTTP/2. */
import { expect, it } from "vitest";
import { responseFields, trailerFields } from "./response-fields.ts";

it.each<[what: string, lines: string, fields: Record<string, unknown>]>([
  [
    "fields, in lowercase",
    'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: "x"\r\n',
    { ":status": 200, "content-type": "text/plain", etag: '"x"' },
  ],
  ["no reason-phrase", "HTTP/1.1 204 \r\n", { ":status": 204 }],
  ["a status beyond 599", "HTTP/1.1 999 What\r\n", { ":status": 500 }],
  [
    "cookies, each by itself",
    "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n",
    { ":status": 200, "set-cookie": ["a=1", "b=2"] },
  ],
  [
    "lines of one name, each by itself",
    "HTTP/1.1 200 OK\r\nVary: a\r\nvary: b\r\nX-Day: Mon, 1 Jan\r\nX-Day: Tue, 2 Jan\r\nX-Day: Wed, 3 Jan\r\n",
    { ":status": 200, vary: ["a", "b"], "x-day": ["Mon, 1 Jan", "Tue, 2 Jan", "Wed, 3 Jan"] },
  ],
  [
    "what the runtime sends only once, as one",
    "HTTP/1.1 200 OK\r\nETag: a\r\nEtag: b\r\nETag: c\r\n",
    { ":status": 200, etag: "a, b, c" },
  ],
  [
    "what speaks of a connection of HTTP/1: not at all",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nKeep-Alive: timeout=5\r\nUpgrade: x\r\n",
    { ":status": 200 },
  ],
  [
    "a length of content that does not go on: not at all",
    "HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\nX: y\r\n",
    { ":status": 205, x: "y" },
  ],
  [
    "a name that objects have",
    "HTTP/1.1 200 OK\r\n__proto__: x\r\nconstructor: y\r\n",
    { ":status": 200, ["__proto__"]: "x", constructor: "y" },
  ],
])("%s", (_what, lines, fields) => {
  expect(Object.entries(responseFields(`${lines}\r\n`))).toEqual(Object.entries(fields));
});

it("trailers have no status", () => {
  expect({ ...trailerFields("X-Sum: 1\r\nX-A: 1\r\nx-a: 2\r\n\r\n") }).toEqual({ "x-sum": "1", "x-a": ["1", "2"] });
});
