/**
 * What shapes of one value cannot say: how lines, names, chunks, messages and reads come together.
 */
import { NOMINATED_MAX } from "../../src/wire/fields.ts";
import { defaultHeadLimits } from "../../src/wire/head-reader.ts";
import type { Octets } from "../../src/wire/octets.ts";
import { octetsOf, type Play, ROOM_BYTES } from "./inputs.ts";
import { HEAD_LIMIT_MS } from "./measure.ts";
import { type Mode, ORIGIN } from "./stage.ts";

export interface Stream {
  readonly name: string;
  readonly limit_ms: number;
  /** In the short form the first one stands for the others. */
  readonly modes: readonly Mode[];
  play(bytes: number): Play;
}

/** Field lines beside the few that a message has anyway. */
const LINES_MAX = defaultHeadLimits.fieldsMax - 10;
/** A body is not a head: each chunk or request in it is work of its own, and is counted by the client's own bytes. */
const STREAM_LIMIT_MS = 25;
/** The shortest requests there are, of 37 bytes, each with an exchange of its own. */
const EXCHANGES_LIMIT_MS = 100;

const ALL: readonly Mode[] = ["gateway", "forward", "strangers' gateway"];

export const START = "GET http://a/ HTTP/1.1\r\nHost: a\r\n";
export const POST = "POST http://a/ HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";
export const OK = "HTTP/1.1 200 OK\r\n";
export const CHUNKED_OK = `${OK}Transfer-Encoding: chunked\r\n`;
export const REQUEST = `${START}\r\n`;
const ANSWER_TEXT = `${OK}Content-Length: 0\r\n\r\n`;
export const ANSWER: readonly Octets[] = [octetsOf(ANSWER_TEXT)];
export const ASKED: readonly Octets[] = [octetsOf(REQUEST)];
/** One response for each request that `bytes` have room for. */
export const answersFor = (bytes: number): readonly Octets[] =>
  Array.from({ length: Math.ceil(bytes / REQUEST.length) }, () => octetsOf(ANSWER_TEXT));

/** As many lines as there may be, and room for. */
export function linesOf(bytes: number, lineAt: (index: number) => string): string {
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

export const filled = (bytes: number, unit: string) => unit.repeat(Math.floor((bytes - ROOM_BYTES) / unit.length));

/** As many lines as fit that name the origin, to a client that calls it by a name of half the room. */
function references(bytes: number, nameLine: (host: string) => string): Play {
  return {
    request: [octetsOf(`GET / HTTP/1.1\r\n${nameLine("a".repeat((bytes - ROOM_BYTES) / 2))}\r\n\r\n`)],
    response: [octetsOf(`HTTP/1.1 302 Found\r\n${linesOf(bytes / 2, () => `Location: ${ORIGIN}/`)}\r\n`)],
  };
}

type Row = readonly [name: string, play: (bytes: number) => Play, modes?: readonly Mode[]];

const heads: readonly Row[] = [
  [
    "an answer of the proxy's own to an Accept of white space",
    (bytes) => ({
      request: [octetsOf(`GET a HTTP/1.1\r\nHost: a\r\nAccept: a${filled(bytes, " ")}b\r\n\r\n`)],
      response: [],
    }),
  ],
  [
    "white space before a folded line",
    (bytes) => ({
      request: ASKED,
      response: [octetsOf(`${OK}Connection: a${filled(bytes, " \t")}b\r\n c\r\n\r\n`)],
    }),
  ],
  [
    "a request-line of white space",
    (bytes) => ({ request: [octetsOf(`GET${filled(bytes, " ")}/ HTTP/1.1\r\nHost: a\r\n\r\n`)], response: [] }),
  ],
  [
    "an Upgrade of as many protocols as fit",
    (bytes) => ({
      request: [octetsOf(`${START}Connection: upgrade\r\nUpgrade: ${filled(bytes, "a,")}\r\n\r\n`)],
      response: ANSWER,
    }),
  ],
  [
    "a long Host, and an origin that names itself on many lines",
    (bytes) => references(bytes, (host) => `Host: ${host}`),
    ["gateway", "strangers' gateway"],
  ],
  [
    "a long X-Forwarded-Host, and an origin that names itself on many lines",
    (bytes) => references(bytes, (host) => `Host: a\r\nX-Forwarded-Host: ${host}`),
    ["gateway"],
  ],
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
  [
    "interim responses one behind the other",
    (bytes) => ({ request: ASKED, response: [octetsOf(filled(bytes, "HTTP/1.1 103 Early\r\nLink: a\r\n b\r\n\r\n"))] }),
  ],
  [
    "requests that are refused, one behind the other",
    (bytes) => ({ request: [octetsOf(filled(bytes, "GET a HTTP/1.1\r\nHost: a\r\n\r\n"))], response: [] }),
  ],
  ["empty lines before a request", (bytes) => ({ request: [octetsOf(filled(bytes, "\r\n"))], response: [] })],
];

const chunked = (bytes: number, chunk: string) => `${filled(bytes, chunk)}0\r\n\r\n`;

const bodies: readonly Row[] = [
  ...(
    [
      ["in chunks of one byte", "1\r\nx\r\n"],
      ["in chunks with as many zeros as there may be", `${"0".repeat(63)}1\r\nx\r\n`],
      ["in chunks with extensions", '1;a;b="\\""\r\nx\r\n'],
    ] as const
  ).flatMap(([how, chunk]): Row[] => [
    [
      `a request's body ${how}`,
      (bytes) => ({ request: [octetsOf(`${POST}\r\n${chunked(bytes, chunk)}`)], response: ANSWER }),
    ],
    [
      `a response's body ${how}`,
      (bytes) => ({ request: ASKED, response: [octetsOf(`${CHUNKED_OK}\r\n${chunked(bytes, chunk)}`)] }),
    ],
  ]),
];

const exchanges: readonly Row[] = [
  [
    "requests one behind the other",
    (bytes) => ({ request: [octetsOf(filled(bytes, REQUEST))], response: answersFor(bytes) }),
  ],
];

const limited = (limit_ms: number, rows: readonly Row[]): Stream[] =>
  rows.map(([name, play, modes = ALL]) => ({ name, limit_ms, modes, play }));

export const streams: readonly Stream[] = [
  ...limited(HEAD_LIMIT_MS, heads),
  ...limited(STREAM_LIMIT_MS, bodies),
  ...limited(EXCHANGES_LIMIT_MS, exchanges),
];
