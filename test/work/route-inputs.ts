/** What strangers write of messages that routes judge and change: paths, keys that are counted, addresses, cookies, references, credentials. */

import type { Octets } from "../../src/wire/octets.ts";
import type { Part, Play } from "./inputs.ts";
import { type Mode, ORIGIN } from "./stage.ts";

const MODES: readonly Mode[] = ["gateway with routes"];
const HOST = "Host: a\r\n";
const BAD_ANSWER = octetsOf("HTTP/1.1 200 OK\r\nContent-Length: -\r\n\r\n");

function octetsOf(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}

const asked = (text: string): Play => ({ request: [octetsOf(text)], response: [BAD_ANSWER] });
const answered = (line: string): Play => ({
  request: [octetsOf(`GET /x/a HTTP/1.1\r\n${HOST}\r\n`)],
  response: [octetsOf(`HTTP/1.1 302 Found\r\nContent-Length: 0\r\n${line}\r\n\r\n`)],
});

/** @param lines says a text on as many lines of this name as a head may have */
export function routeParts(lines: (name: string, text: string) => string): readonly Part[] {
  const part = (name: string, play: (text: string) => Play): Part => ({ name, modes: MODES, isBrief: true, play });
  return [
    part("a path that a route changes", (text) => asked(`GET /x/${text} HTTP/1.1\r\n${HOST}\r\n`)),
    part("a value that is counted", (text) => asked(`GET /x/a HTTP/1.1\r\n${HOST}X-Unknown: ${text}\r\n\r\n`)),
    part("values that are counted", (text) => asked(`GET /x/a HTTP/1.1\r\n${HOST}${lines("x-unknown", text)}\r\n`)),
    part("an address that is judged", (text) => asked(`GET /x/a HTTP/1.1\r\n${HOST}X-Forwarded-For: ${text}\r\n\r\n`)),
    part("credentials for a route", (text) => {
      const token = Buffer.from(text.slice(0, (text.length * 3) >> 2), "latin1").toString("base64");
      return asked(`GET /in HTTP/1.1\r\n${HOST}Authorization: Basic ${token.slice(0, text.length)}\r\n\r\n`);
    }),
    part("an Authorization for a route", (text) => asked(`GET /in HTTP/1.1\r\n${HOST}Authorization: ${text}\r\n\r\n`)),
    part("a cookie's attributes", (text) => answered(`Set-Cookie: a=b;${text}`)),
    part("a cookie's path", (text) => answered(`Set-Cookie: a=b; Path=/${text}`)),
    part("a cookie's path, with space", (text) => answered(`Set-Cookie: a=b; Path ${text}=/`)),
    part("a cookie's domain", (text) => answered(`Set-Cookie: a=b; Domain=${text}`)),
    part("a cookie", (text) => answered(`Set-Cookie: ${text}`)),
    part("many cookies", (text) => answered(lines("Set-Cookie", text).slice(0, -2))),
    part("many cookies with paths", (text) =>
      answered(lines("Set-Cookie", ";Path=/;".repeat(text.length >> 3)).slice(0, -2)),
    ),
    part("a Location that a route changes", (text) => answered(`Location: /y/${text}`)),
    part("a Location of the origin that a route changes", (text) => answered(`Location: ${ORIGIN}/y${text}`)),
    part("a Location of the site that a route changes", (text) => answered(`Location: http://a${text}`)),
  ];
}
