/**
 * Every part of a message that a stranger writes, filled with each shape: what to send at a given size.
 *
 * The fields are those that the wire room recognises and those that are asked for by name, so none that is added can be
 * forgotten. A request's answer is malformed, so that an answer of the proxy's own is made, too.
 */
import { readdirSync, readFileSync } from "node:fs";
import { recognisedNames } from "../../src/wire/fields.ts";
import type { Octets } from "../../src/wire/octets.ts";
import type { Shape } from "./shapes.ts";
import type { Mode } from "./stage.ts";

/** What is sent, in pieces as they arrive. */
export interface Play {
  readonly request: readonly Octets[];
  readonly response: readonly Octets[];
}

export interface Part {
  readonly name: string;
  readonly modes: readonly Mode[];
  /** With `text` in it, which is at most `room` octets shorter than the size in question. */
  play(text: string): Play;
}

export function octetsOf(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}

/** Octets of a head beside what fills it. */
export const ROOM_BYTES = 512;

const src = new URL("../../src/", import.meta.url);
/** Names by which fields are asked for, `accept` for one, in the rooms that strangers reach. */
const askedByName = ["wire", "proxy"].flatMap((room) =>
  readdirSync(new URL(`${room}/`, src))
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .flatMap((file) => [
      ...readFileSync(new URL(`${room}/${file}`, src), "utf8").matchAll(/fields\??\.get\("([^"]+)"\)/g),
    ])
    .map(([, name = ""]) => name),
);
/** `x-unknown` stands for every field that nobody looks at. */
export const fieldNames = [...new Set([...recognisedNames, ...askedByName, "x_forwarded_for", "x-unknown"])];

const BAD_ANSWER = octetsOf("HTTP/1.1 200 OK\r\nContent-Length: -\r\n\r\n");
const GOOD_ANSWER = octetsOf("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

const BOTH: readonly Mode[] = ["gateway", "forward"];

function request(text: string, answer = BAD_ANSWER): Play {
  return { request: [octetsOf(text)], response: [answer] };
}

/** Lines that make the fields beside them count. */
const NOMINATING = "Connection: upgrade, te, keep-alive\r\n";

function requestFields(): Part[] {
  const starts = {
    GET: "GET http://a/ HTTP/1.1\r\n",
    "OPTIONS that ends here": "OPTIONS http://a/ HTTP/1.1\r\nMax-Forwards: 0\r\n",
    "TRACE that ends here": "TRACE http://a/ HTTP/1.1\r\nMax-Forwards: 0\r\n",
    OPTIONS: "OPTIONS http://a/ HTTP/1.1\r\n",
  };
  return fieldNames.flatMap((name) => {
    const host = name === "host" ? "" : "Host: a\r\n";
    const kinds = name === "max-forwards" ? (["GET", "OPTIONS"] as const) : (["GET", "TRACE that ends here"] as const);
    return kinds.map((kind) => ({
      name: `a request's ${name} (${kind})`,
      modes: BOTH,
      play: (text: string) => request(`${starts[kind]}${host}${NOMINATING}${name}: ${text}\r\n\r\n`),
    }));
  });
}

/** What a response says in the field, and on lines folded behind it. */
function responseFields(): Part[] {
  const kinds: readonly (readonly [status: string, method: string, lines: string])[] = [
    ["200 OK", "GET", ""],
    ["200 OK", "HEAD", ""],
    ["204 No Content", "GET", ""],
    ["103 Early Hints", "GET", ""],
    ["101 Switching Protocols", "GET", "Connection: upgrade\r\n"],
    ["426 Upgrade Required", "GET", ""],
    ["407 Proxy Authentication Required", "GET", ""],
  ];
  return fieldNames.flatMap((name) =>
    kinds.flatMap(([status, method, lines]) =>
      [false, true].map((isFolded) => ({
        name: `a response's ${name} (${status.slice(0, 3)} to ${method}${isFolded ? ", folded" : ""})`,
        modes: BOTH,
        play: (text: string) => {
          const half = text.length >> 1;
          const value = isFolded ? `${text.slice(0, half)}\r\n ${text.slice(half)}\r\n\t` : text;
          return {
            request: [
              octetsOf(`${method} http://a/ HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: a, b\r\n\r\n`),
            ],
            response: [octetsOf(`HTTP/1.1 ${status}\r\n${lines}Connection: keep-alive\r\n${name}: ${value}\r\n\r\n`)],
          };
        },
      })),
    ),
  );
}

const HOST = "Host: a\r\n\r\n";

function startLines(): Part[] {
  const targets = ["/", "", "http://", "http://a/", "http://a:", "http://[", "http://a?", "a://", "*"];
  const fromStatus = (before: string, behind: string) => (text: string) => ({
    request: [octetsOf(`GET http://a/ HTTP/1.1\r\n${HOST}`)],
    response: [octetsOf(`HTTP/1.1 ${before}${text}${behind}\r\n\r\n`)],
  });
  return [
    { name: "a method", modes: BOTH, play: (text) => request(`${text} / HTTP/1.1\r\n${HOST}`) },
    ...targets.map(
      (start): Part => ({
        name: `a target that begins with "${start}"`,
        modes: BOTH,
        play: (text) => request(`GET ${start}${text} HTTP/1.1\r\n${HOST}`),
      }),
    ),
    ...["", "["].map(
      (start): Part => ({
        name: `a CONNECT target that begins with "${start}"`,
        modes: BOTH,
        play: (text) => request(`CONNECT ${start}${text}:443 HTTP/1.1\r\n${HOST}`),
      }),
    ),
    { name: "a version", modes: BOTH, play: (text) => request(`GET / HTTP/1.${text}\r\n${HOST}`) },
    { name: "what is no request-line", modes: BOTH, play: (text) => request(`GET ${text}`) },
    { name: "a status", modes: BOTH, play: fromStatus("", "") },
    { name: "a reason-phrase", modes: BOTH, play: fromStatus("200 ", "") },
    { name: "an interim response's reason-phrase", modes: BOTH, play: fromStatus("103 ", "") },
  ];
}

/** The text as field lines of at most 60 octets, at most 990 of them: as many as there may be. */
function lines(name: string, text: string): string {
  const each = Math.max(1, Math.ceil(text.length / 990) - name.length - 4);
  let all = "";
  for (let from = 0; from < text.length && all.length < text.length; from += each) {
    all += `${name}: ${text.slice(from, from + each)}\r\n`;
  }
  return all;
}

function manyLines(): Part[] {
  return fieldNames.flatMap((name) => [
    {
      name: `${name} on many lines of a request`,
      modes: BOTH,
      play: (text: string) =>
        request(
          `GET http://a/ HTTP/1.1\r\n${name === "host" ? "" : "Host: a\r\n"}${NOMINATING}${lines(name, text)}\r\n`,
        ),
    },
    {
      name: `${name} on many lines of a response`,
      modes: BOTH,
      play: (text: string) => ({
        request: [octetsOf(`GET http://a/ HTTP/1.1\r\n${HOST}`)],
        response: [octetsOf(`HTTP/1.1 200 OK\r\nConnection: keep-alive\r\n${lines(name, text)}\r\n`)],
      }),
    },
  ]);
}

export const parts: readonly Part[] = [...requestFields(), ...responseFields(), ...startLines(), ...manyLines()];
export { GOOD_ANSWER, type Shape };
