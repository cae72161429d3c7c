/**
 * Every part of a message that a stranger writes, filled with each shape: what to send at a given size.
 *
 * The fields are those that the wire room recognises and those that are asked for by name, so none that is added can be
 * forgotten. Answers to requests are malformed, so that an answer of the proxy's own is made, too. Deliberately absent: which
 * shapes there are, and what they may cost.
 */
import { readdirSync, readFileSync } from "node:fs";
import { recognisedNames } from "../../src/wire/fields.ts";
import { FORWARDING_NAMES, FORWARDING_PREFIXES } from "../../src/wire/forwarding-names.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { routeParts } from "./route-inputs.ts";
import { type Mode, ORIGIN } from "./stage.ts";

/** What is sent, in pieces as they arrive. */
export interface Play {
  readonly request: readonly Octets[];
  readonly response: readonly Octets[];
  /** What the client sends once there is a connection to the origin. */
  readonly late?: readonly Octets[];
}

export interface Part {
  readonly name: string;
  readonly modes: readonly Mode[];
  /** Played with every shape in the short form, too; others take their turns. */
  readonly isBrief: boolean;
  /** The message with `text` in it, and at most `ROOM_BYTES` of its own in each head. */
  play(text: string): Play;
}

/** For what surrounds a text in its head. */
export const ROOM_BYTES = 512;

export function octetsOf(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}

const src = new URL("../../src/", import.meta.url);
/** Names by which fields are asked for, `accept` for one, in the rooms that strangers reach. */
const askedByName = ["wire", "exchange", "http1", "forward", "gateway"].flatMap((room) =>
  readdirSync(new URL(`${room}/`, src))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .flatMap((file) => [
      ...readFileSync(new URL(`${room}/${file}`, src), "utf8").matchAll(/fields\??\.get\("([^"]+)"/g),
    ])
    .map(([, name = ""]) => name),
);
/** `x-unknown` stands for every field that nobody looks at. */
export const fieldNames = [
  ...new Set([
    ...recognisedNames,
    ...FORWARDING_PREFIXES.map((prefix) => `${prefix}-a`),
    ...askedByName,
    "x_forwarded_for",
    "x-unknown",
  ]),
];
/** They are treated alike, so that in the short form the first stands for all. */
const alike: ReadonlySet<string> = new Set([
  ...FORWARDING_NAMES.slice(1),
  ...FORWARDING_PREFIXES.slice(1).map((prefix) => `${prefix}-a`),
]);

/** Folded lines are joined before anything looks at them. */
const FOLDED_BRIEFLY: ReadonlySet<string> = new Set(["connection", "keep-alive", "location", "x-unknown"]);

/** The first one stands for the others, mostly. */
const ALL: readonly Mode[] = ["gateway", "forward", "strangers' gateway"];
const STRANGERS_FIRST: readonly Mode[] = ["strangers' gateway", "gateway", "forward"];
const BAD_ANSWER = octetsOf("HTTP/1.1 200 OK\r\nContent-Length: -\r\n\r\n");
const HOST = "Host: a\r\n";
/** Lines that make the fields beside them count. */
const NOMINATING = "Connection: upgrade, te, keep-alive\r\n";
const UPGRADING = octetsOf(`GET http://a/ HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: a, b\r\n\r\n`);

function asked(text: string): Play {
  return { request: [octetsOf(text)], response: [BAD_ANSWER] };
}

function answered(text: string, method = "GET"): Play {
  const request = method === "GET" ? UPGRADING : octetsOf(`${method} http://a/ HTTP/1.1\r\n${HOST}\r\n`);
  return { request: [request], response: [octetsOf(text)] };
}

function requestFields(): Part[] {
  return fieldNames.flatMap((name): Part[] => {
    const host = name === "host" ? "" : HOST;
    const line = (text: string) => `${host}${NOMINATING}${name}: ${text}\r\n\r\n`;
    return [
      {
        name: `${name} of a request`,
        modes: name === "proxy-authorization" ? ["forward, with users", ...ALL] : ALL,
        isBrief: !alike.has(name),
        play: (text) => asked(`OPTIONS http://a/ HTTP/1.1\r\n${line(text)}`),
      },
      {
        name: `${name} of a TRACE that ends here`,
        ...{ modes: ALL, isBrief: false },
        play: (text) => asked(`TRACE http://a/ HTTP/1.1\r\nMax-Forwards: 0\r\n${line(text)}`),
      },
    ];
  });
}

/** Half of the text on the first line of the value, half on one that is folded behind it. */
function folded(text: string): string {
  const half = text.length >> 1;
  return `${text.slice(0, half)}\r\n ${text.slice(half)}\r\n\t`;
}

function responseFields(): Part[] {
  const kinds: readonly (readonly [status: string, method: string])[] = [
    ["200 OK", "GET"],
    ["200 OK", "HEAD"],
    ["204 No Content", "GET"],
    ["103 Early Hints", "GET"],
    ["101 Switching Protocols", "GET"],
    ["426 Upgrade Required", "GET"],
    ["407 Proxy Authentication Required", "GET"],
  ];
  const head = (status: string, name: string, value: string) =>
    `HTTP/1.1 ${status}\r\n${NOMINATING}${name}: ${value}\r\n\r\n`;
  return fieldNames.flatMap((name) =>
    kinds.flatMap(([status, method]): Part[] => {
      const title = `${name} of a response ${status.slice(0, 3)} to ${method}`;
      const modes = ALL;
      // What is chosen of an offer is read of a 101 alone.
      const isBrief =
        !alike.has(name) &&
        ((status === "200 OK" && method === "GET") || (status.startsWith("101") && name === "upgrade"));
      return [
        { name: title, modes, isBrief, play: (text) => answered(head(status, name, text), method) },
        {
          name: `${title}, folded`,
          ...{ modes, isBrief: isBrief && FOLDED_BRIEFLY.has(name) },
          play: (text) => answered(head(status, name, folded(text)), method),
        },
      ];
    }),
  );
}

function startLines(): Part[] {
  const part = (name: string, play: (text: string) => Play): Part => ({ name, modes: ALL, isBrief: true, play });
  const targets = ["/", "", "http://", "http://a/", "http://a:", "http://[", "http://a?", "a://", "*"];
  return [
    part("a method", (text) => asked(`${text} / HTTP/1.1\r\n${HOST}\r\n`)),
    part("a method without end", (text) => asked(text)),
    ...targets.map((start) =>
      part(`a target behind "${start}"`, (text) => asked(`GET ${start}${text} HTTP/1.1\r\n${HOST}\r\n`)),
    ),
    ...["", "["].map((start) =>
      part(`a CONNECT's target behind "${start}"`, (text) =>
        asked(`CONNECT ${start}${text}:443 HTTP/1.1\r\n${HOST}\r\n`),
      ),
    ),
    part("a target without end", (text) => asked(`GET /${text}`)),
    part("a version", (text) => asked(`GET / HTTP/1.${text}\r\n${HOST}\r\n`)),
    part("a field's name", (text) => asked(`GET http://a/ HTTP/1.1\r\n${HOST}${text}: b\r\n\r\n`)),
    part("a head without end", (text) => asked(`GET http://a/ HTTP/1.1\r\n${HOST}A: ${text}`)),
    part("a status-line", (text) => answered(`HTTP/1.1 ${text}\r\n\r\n`)),
    part("a reason-phrase", (text) => answered(`HTTP/1.1 200 ${text}\r\n\r\n`)),
    part("a reason-phrase of an interim response", (text) => answered(`HTTP/1.1 103 ${text}\r\n\r\n`)),
    part("a request without Host", (text) => asked(`GET /${text} HTTP/1.0\r\n\r\n`)),
  ];
}

/** References that name the origin, as the client is told them. */
function references(): Part[] {
  const part = (name: string, modes: readonly Mode[], line: (text: string) => string): Part => ({
    ...{ name, modes, isBrief: true },
    play: (text) => answered(`HTTP/1.1 302 Found\r\n${line(text)}\r\n\r\n`),
  });
  return [
    part("a Location on the origin", ALL, (text) => `Location: ${ORIGIN}/${text}`),
    part("a Location's host", ALL, (text) => `Location: http://${text}`),
    part("a Refresh of the origin", STRANGERS_FIRST, (text) => `Refresh: 0;url=${ORIGIN}/${text}`),
    part("what comes before a Refresh's URL", STRANGERS_FIRST, (text) => `Refresh: 0${text};url=${ORIGIN}/`),
    part("a Refresh's URL", STRANGERS_FIRST, (text) => `Refresh: 0;url${text}`),
  ];
}

/** What only a gateway takes that was told to tolerate it. */
function tolerated(): Part[] {
  const part = (name: string, play: (text: string) => Play): Part => ({
    ...{ name, modes: ["strangers' gateway"], isBrief: true },
    play,
  });
  const bare = (text: string) => text.replaceAll("\r\n", "\n");
  return [
    part("a value before a bare LF", (text) => answered(`HTTP/1.1 200 OK\nA: ${text}\n\n`)),
    part("a value on lines with bare LF", (text) => answered(`HTTP/1.1 200 OK\nA: ${bare(folded(text))}\n\n`)),
    part("lines with bare LF", (text) => answered(`HTTP/1.1 200 OK\n${bare(lines("x-a", text))}\n`)),
    part("a value with control characters", (text) => answered(`HTTP/1.1 200 OK\r\nA: \0${text}\x01\r\n\r\n`)),
    part("a status-line before a bare LF", (text) => answered(`HTTP/1.1 200 ${text}\n\n`)),
  ];
}

/** As many lines as a head may have, all of one name, with the text divided among them. */
function lines(name: string, text: string): string {
  const each = Math.max(1, Math.ceil((text.length - 900 * (name.length + 4)) / 900));
  let all = "";
  for (let from = 0; from < text.length && all.length + name.length + each + 4 <= text.length; from += each) {
    all += `${name}: ${text.slice(from, from + each)}\r\n`;
  }
  return all;
}

function manyLines(): Part[] {
  return fieldNames.flatMap((name): Part[] => {
    const host = name === "host" ? "" : HOST;
    return [
      {
        name: `${name} on many lines of a request`,
        ...{ modes: ALL, isBrief: false },
        play: (text) => asked(`GET http://a/ HTTP/1.1\r\n${host}${NOMINATING}${lines(name, text)}\r\n`),
      },
      {
        name: `${name} on many lines of a response`,
        ...{ modes: ALL, isBrief: false },
        play: (text) => answered(`HTTP/1.1 200 OK\r\n${NOMINATING}${lines(name, text)}\r\n`),
      },
    ];
  });
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";

function bodies(): Part[] {
  const part = (name: string, play: (text: string) => Play): Part => ({ name, modes: ALL, isBrief: true, play });
  const posted = (body: string) => ({
    request: [octetsOf(`POST http://a/ HTTP/1.1\r\n${HOST}${CHUNKED}Connection: x-a, x-b\r\n\r\n`), octetsOf(body)],
    response: [BAD_ANSWER],
  });
  const returned = (body: string) => answered(`HTTP/1.1 200 OK\r\n${CHUNKED}Connection: x-a, x-b\r\n\r\n${body}`);
  return [
    ...[posted, returned].flatMap((sent, index) => {
      const of = index === 0 ? "a request" : "a response";
      return [
        part(`a chunk's size line in ${of}`, (text) => sent(`${text}\r\n`)),
        part(`a chunk's extension in ${of}`, (text) => sent(`1;${text}\r\nx\r\n0\r\n\r\n`)),
        part(`a chunk extension's value in ${of}`, (text) => sent(`1 ;a=${text}\r\nx\r\n0\r\n\r\n`)),
        part(`a quoted chunk extension in ${of}`, (text) => sent(`1;a="${text}"\r\nx\r\n0\r\n\r\n`)),
        part(`a last chunk's extension in ${of}`, (text) => sent(`0 ${text}\r\n\r\n`)),
        part(`a trailer in ${of}`, (text) => sent(`0\r\nA: ${text}\r\n\r\n`)),
        part(`a trailer's name in ${of}`, (text) => sent(`0\r\n${text}: a\r\n\r\n`)),
        part(`trailers in ${of}`, (text) => sent(`0\r\n${lines("x-a", text)}\r\n`)),
      ];
    }),
    {
      name: "Basic credentials",
      ...{ modes: ["forward, with users"], isBrief: true },
      play: (text) => {
        const room = text.slice(0, Math.floor(text.length / 4) * 3);
        const token = Buffer.from(room, "latin1").toString("base64").slice(0, text.length);
        return asked(`GET http://a/ HTTP/1.1\r\n${HOST}Proxy-Authorization: Basic ${token}\r\n\r\n`);
      },
    },
  ];
}

export const parts: readonly Part[] = [
  ...requestFields(),
  ...responseFields(),
  ...startLines(),
  ...references(),
  ...tolerated(),
  ...manyLines(),
  ...bodies(),
  ...routeParts(lines),
];
