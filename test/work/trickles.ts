/**
 * Messages that arrive byte by byte, one read each: what a reader does again at each read is done as often as there are bytes.
 */
import { octetsOf, type Play, ROOM_BYTES } from "./inputs.ts";
import type { Mode } from "./stage.ts";
import {
  ANSWER,
  ASKED,
  answersFor,
  CHUNKED_OK,
  filled,
  linesOf,
  OK,
  POST,
  REQUEST,
  START,
  type Stream,
} from "./streams.ts";

/** A system call for each byte costs far more than what is done with it. */
const BYTE_BY_BYTE_LIMIT_MS = 100;
/** Interim responses that an origin may send at once. */
const INTERIM_RESPONSES = 30;

const GATEWAYS: readonly Mode[] = ["gateway", "forward"];
const FORWARD: readonly Mode[] = ["forward"];
const TOLERANT: readonly Mode[] = ["strangers' gateway"];

const line = () => `A: ${"b".repeat(60)}`;
const chunks = (bytes: number) => filled(bytes, "1\r\nx\r\n");
const CONNECT = "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n";
const SWITCH = "Connection: upgrade\r\nUpgrade: a\r\n";

function byteByByte(text: string): Play["request"] {
  return Array.from(text, octetsOf);
}

type Text = (bytes: number) => string;
type Row = readonly [name: string, text: Text, modes?: readonly Mode[]];

const ofRequests: readonly Row[] = [
  ["a request's head", (bytes) => `${START}${linesOf(bytes, line)}\r\n`],
  ["a field of a request", (bytes) => `${START}A: ${filled(bytes, "b")}\r\n\r\n`],
  ["a target", (bytes) => `GET http://a/${filled(bytes, "b")} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ["a target of CONNECT", (bytes) => `CONNECT ${filled(bytes, "b")}:443 HTTP/1.1\r\nHost: a\r\n\r\n`, FORWARD],
  ["a request's chunks, while there is no connection", (bytes) => `${POST}\r\n${chunks(bytes)}`],
  ["a chunk extension of a request", (bytes) => `${POST}\r\n1;a=${filled(bytes / 4, "b")}\r\nx\r\n0\r\n\r\n`],
  ["a request's trailers", (bytes) => `${POST}\r\n0\r\n${linesOf(bytes, line)}\r\n`],
  [
    "a request's body with a length, while there is no connection",
    (bytes) => `POST http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n${filled(bytes, "x")}`,
  ],
  ["what comes behind a CONNECT, before the tunnel", (bytes) => CONNECT + filled(bytes, "x"), FORWARD],
];

const ofResponses: readonly Row[] = [
  ["a response's head", (bytes) => `${OK}${linesOf(bytes, line)}\r\n`],
  ["a field of a response", (bytes) => `${OK}A: ${filled(bytes, "b")}\r\n\r\n`],
  ["folded lines of a response", (bytes) => `${OK}A: b\r\n${linesOf(bytes, () => ` ${line()}`)}\r\n`],
  ["a response's chunks", (bytes) => `${CHUNKED_OK}\r\n${chunks(bytes)}0\r\n\r\n`],
  ["a chunk extension of a response", (bytes) => `${CHUNKED_OK}\r\n1;a=${filled(bytes / 4, "b")}\r\nx\r\n0\r\n\r\n`],
  ["a response's trailers", (bytes) => `${CHUNKED_OK}\r\n0\r\n${linesOf(bytes, line)}\r\n`],
  ["a response's body that its close ends", (bytes) => `${OK}\r\n${filled(bytes, "x")}`],
  [
    "as many interim responses as there may be",
    (bytes) => {
      const link = `Link: ${"a".repeat((bytes - ROOM_BYTES) / INTERIM_RESPONSES - 40)}`;
      return `HTTP/1.1 103 Early Hints\r\n${link}\r\n\r\n`.repeat(INTERIM_RESPONSES) + OK;
    },
  ],
  ["a response's head with bare LF", (bytes) => `${OK}${linesOf(bytes, line)}\r\n`.replaceAll("\r\n", "\n"), TOLERANT],
  ["a field with control characters", (bytes) => `${OK}A: ${filled(bytes, "\x01")}\r\n\r\n`, TOLERANT],
  ["what comes behind a switch of protocols", (bytes) => `HTTP/1.1 101 A\r\n${SWITCH}\r\n${filled(bytes, "x")}`],
];

const switching = [octetsOf(`${START}${SWITCH}\r\n`)];

const named = (name: string, modes: readonly Mode[], play: Stream["play"]): Stream => ({
  ...{ name: `${name}, byte by byte`, limit_ms: BYTE_BY_BYTE_LIMIT_MS, modes },
  play,
});

export const trickles: readonly Stream[] = [
  ...ofRequests.map(([name, text, modes = GATEWAYS]) =>
    named(name, modes, (bytes) => ({ request: byteByByte(text(bytes)), response: ANSWER })),
  ),
  ...ofResponses.map(([name, text, modes = GATEWAYS]) =>
    named(name, modes, (bytes) => ({
      request: name.includes("switch") ? switching : ASKED,
      response: byteByByte(text(bytes)),
    })),
  ),
  named("requests one behind the other", GATEWAYS, (bytes) => ({
    request: byteByByte(filled(bytes, REQUEST)),
    response: answersFor(bytes),
  })),
  named("a request's body behind its connection", GATEWAYS, (bytes) => ({
    request: [octetsOf(`${POST}\r\n1\r\nx\r\n`)],
    response: [],
    late: byteByByte(chunks(bytes)),
  })),
  named("what a client says in its tunnel", FORWARD, (bytes) => ({
    request: [octetsOf(CONNECT)],
    response: [],
    late: byteByByte(filled(bytes, "x")),
  })),
];
