/**
 * What shapes of one value cannot say: how lines, names, chunks, messages and reads come together.
 */
import { NOMINATED_MAX } from "../../src/wire/fields.ts";
import { defaultHeadLimits } from "../../src/wire/head-reader.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { octetsOf, type Play, ROOM_BYTES } from "./inputs.ts";
import { HEAD_LIMIT_MS } from "./measure.ts";

export interface Stream {
  readonly name: string;
  readonly limit_ms: number;
  play(bytes: number): Play;
}

/** Field lines beside the few that a message has anyway. */
const LINES_MAX = defaultHeadLimits.fieldsMax - 10;
/** A body is not a head: each chunk, request or read in it is work of its own, and is counted by the client's own bytes. */
const STREAM_LIMIT_MS = 25;
/** A system call for each byte costs far more than what is done with it. */
const BYTE_BY_BYTE_LIMIT_MS = 100;

const START = "GET http://a/ HTTP/1.1\r\nHost: a\r\n";
const POST = "POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
const OK = "HTTP/1.1 200 OK\r\n";
const CHUNKED_OK = `${OK}Transfer-Encoding: chunked\r\n`;
const REQUEST = `${START}\r\n`;
const ANSWER: readonly [Octets] = [octetsOf(`${OK}Content-Length: 0\r\n\r\n`)];
const ASKED = [octetsOf(REQUEST)];

/** As many lines as there may be, and room for. */
function linesOf(bytes: number, lineAt: (index: number) => string): string {
  let lines = "";
  for (let index = 0; index < LINES_MAX; index++) {
    const line = `${lineAt(index)}\r\n`;
    if (lines.length + line.length > bytes - ROOM_BYTES - NOMINATING.length) break;
    lines += line;
  }
  return lines;
}

/** Names of all lengths, each letter often, so that a line's name is told from them by nothing but its text. */
const nominated = Array.from({ length: NOMINATED_MAX }, (_, index) => `x-${"a".repeat(index % 40)}${index}`);
const NOMINATING = `Connection: ${nominated.join(",")}\r\n`;
const notNominated = (index: number) => `${nominated[index % NOMINATED_MAX]?.replace("x", "y")}: b`;

function byteByByte(text: string): Play["request"] {
  return Array.from(text, octetsOf);
}

const filled = (bytes: number, unit: string) => unit.repeat(Math.floor((bytes - ROOM_BYTES) / unit.length));

const heads: readonly (readonly [name: string, play: (bytes: number) => Play])[] = [
  [
    `a request that nominates ${NOMINATED_MAX} names, and lines of others`,
    (bytes) => ({
      request: [octetsOf(`${START}${NOMINATING}${linesOf(bytes, notNominated)}\r\n`)],
      response: ANSWER,
    }),
  ],
  [
    `a response that nominates ${NOMINATED_MAX} names, and lines of others`,
    (bytes) => ({
      request: ASKED,
      response: [octetsOf(`${OK}${NOMINATING}${linesOf(bytes, notNominated)}\r\n`)],
    }),
  ],
  [
    `a request that nominates ${NOMINATED_MAX} names, and trailers of others`,
    (bytes) => ({
      request: [octetsOf(`${POST}${NOMINATING}\r\n0\r\n${linesOf(bytes, notNominated)}\r\n`)],
      response: ANSWER,
    }),
  ],
  [
    `a response that nominates ${NOMINATED_MAX} names, and trailers of others`,
    (bytes) => ({
      request: ASKED,
      response: [octetsOf(`${CHUNKED_OK}${NOMINATING}\r\n0\r\n${linesOf(bytes, notNominated)}\r\n`)],
    }),
  ],
  ...["x_forwarded-hosT", "Proxy-Authorizatiom", "content_lengths", "x-forwarded-porx", "!", "A"].map(
    (name) =>
      [
        `lines named ${name}`,
        (bytes: number) => ({
          request: [octetsOf(`${START}${linesOf(bytes, () => `${name}: b`)}\r\n`)],
          response: ANSWER,
        }),
      ] as const,
  ),
  [
    "a value on as many folded lines as there may be",
    (bytes) => ({ request: ASKED, response: [octetsOf(`${OK}A: b\r\n${linesOf(bytes, () => " \t c \t ")}\r\n`)] }),
  ],
  [
    "more folded lines than there may be",
    (bytes) => ({ request: ASKED, response: [octetsOf(`${OK}A: b\r\n${filled(bytes, " \r\n")}\r\n`)] }),
  ],
  [
    "white space before a colon",
    (bytes) => ({ request: ASKED, response: [octetsOf(`${OK}A${filled(bytes, " \t")}: b\r\n\r\n`)] }),
  ],
  ["empty lines before a request", (bytes) => ({ request: [octetsOf(filled(bytes, "\r\n"))], response: [] })],
];

const streams: readonly (readonly [name: string, limit_ms: number, play: (bytes: number) => Play])[] = [
  [
    "a request's body in chunks of one byte",
    STREAM_LIMIT_MS,
    (bytes) => ({ request: [octetsOf(`${POST}\r\n${filled(bytes, "1\r\nx\r\n")}0\r\n\r\n`)], response: ANSWER }),
  ],
  [
    "a response's body in chunks of one byte",
    STREAM_LIMIT_MS,
    (bytes) => ({ request: ASKED, response: [octetsOf(`${CHUNKED_OK}\r\n${filled(bytes, "1\r\nx\r\n")}0\r\n\r\n`)] }),
  ],
  [
    "chunk sizes with as many zeros as there may be",
    STREAM_LIMIT_MS,
    (bytes) => ({
      request: [octetsOf(`${POST}\r\n${filled(bytes, `${"0".repeat(63)}1\r\nx\r\n`)}0\r\n\r\n`)],
      response: ANSWER,
    }),
  ],
  [
    "requests one behind the other",
    STREAM_LIMIT_MS,
    (bytes) => ({
      request: [octetsOf(filled(bytes, REQUEST))],
      response: Array.from({ length: Math.ceil(bytes / REQUEST.length) }, () => ANSWER[0]),
    }),
  ],
  [
    "requests that are refused, one behind the other",
    STREAM_LIMIT_MS,
    (bytes) => ({ request: [octetsOf(filled(bytes, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"))], response: [] }),
  ],
  [
    "interim responses one behind the other",
    STREAM_LIMIT_MS,
    (bytes) => ({ request: ASKED, response: [octetsOf(filled(bytes, "HTTP/1.1 103 Early\r\nLink: a\r\n b\r\n\r\n"))] }),
  ],
  [
    "a request's head byte by byte",
    BYTE_BY_BYTE_LIMIT_MS,
    (bytes) => ({
      request: byteByByte(`${START}${linesOf(bytes, () => `A: ${"b".repeat(60)}`)}\r\n`),
      response: ANSWER,
    }),
  ],
  [
    "a field byte by byte",
    BYTE_BY_BYTE_LIMIT_MS,
    (bytes) => ({ request: byteByByte(`${START}A: ${filled(bytes, "b")}\r\n\r\n`), response: ANSWER }),
  ],
  [
    "a response's head byte by byte",
    BYTE_BY_BYTE_LIMIT_MS,
    (bytes) => ({ request: ASKED, response: byteByByte(`${OK}${linesOf(bytes, () => `A: ${"b".repeat(60)}`)}\r\n`) }),
  ],
  [
    "trailers byte by byte",
    BYTE_BY_BYTE_LIMIT_MS,
    (bytes) => ({
      request: byteByByte(`${POST}\r\n0\r\n${linesOf(bytes, () => `A: ${"b".repeat(60)}`)}\r\n`),
      response: ANSWER,
    }),
  ],
  [
    "a request's body byte by byte, while there is no connection",
    BYTE_BY_BYTE_LIMIT_MS,
    (bytes) => ({ request: byteByByte(`${POST}\r\n${filled(bytes, "1\r\nx\r\n")}`), response: ANSWER }),
  ],
  [
    "requests byte by byte, one behind the other",
    BYTE_BY_BYTE_LIMIT_MS,
    (bytes) => ({
      request: byteByByte(filled(bytes, REQUEST)),
      response: Array.from({ length: Math.ceil(bytes / REQUEST.length) }, () => ANSWER[0]),
    }),
  ],
];

export const inputs: readonly Stream[] = [
  ...heads.map(([name, play]) => ({ name, limit_ms: HEAD_LIMIT_MS, play })),
  ...streams.map(([name, limit_ms, play]) => ({ name, limit_ms, play })),
];
