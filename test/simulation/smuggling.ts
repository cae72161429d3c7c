/**
 * Messages that are malformed or ambiguous: attempts at request smuggling that must never reach an origin as a request.
 *
 * Deliberately absent: which answer each gets; that they are refused and end their connection is what counts here.
 */

import type { Random } from "../../src/net/simulated/random.ts";
import { content } from "./content.ts";
import { RequestRecord } from "./record.ts";

const INNER = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

/** Heads that are refused as a whole: not one octet of them may reach an origin. */
const heads: readonly [string, ...string[]] = [
  `POST /evil HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: ${INNER.length}\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
  `POST /evil HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${INNER}`,
  `GET /evil HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`,
  `GET /evil HTTP/1.1\r\n\r\n`,
  `GET /evil HTTP/1.1\r\nHost: a b\r\n\r\n`,
  `GET /evil HTTP/2.0\r\nHost: a\r\n\r\n`,
  `GET /evil HTTP/1.1\nHost: a\n\n${INNER}`,
  `GET /evil HTTP/1.1\r\nHost: a\nX: y\r\n\r\n`,
  `GET /evil HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n`,
  `GET /evil HTTP/1.1\r\nHost: a\r\nX: y\rz: w\r\n\r\n`,
  `GET  /evil HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /evil bad HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET /evil\x7f HTTP/1.1\r\nHost: a\r\n\r\n`,
  `GET evil HTTP/1.1\r\nHost: a\r\n\r\n`,
  `CONNECT evil:443 HTTP/1.1\r\nHost: evil:443\r\n\r\n${INNER}`,
  `G@T /evil HTTP/1.1\r\nHost: a\r\n\r\n`,
  ` GET /evil HTTP/1.1\r\nHost: a\r\n\r\n`,
  `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03`,
  `GET /evil HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n`,
  `GET /evil HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n`,
];

/** Chunked bodies that are malformed from some point on: the request may begin at an origin and never ends there. */
const bodies: readonly [string, ...string[]] = [
  `5 5\r\nhello\r\n0\r\n\r\n`,
  `0x5\r\nhello\r\n0\r\n\r\n`,
  `-5\r\nhello\r\n0\r\n\r\n`,
  `5\nhello\r\n0\r\n\r\n`,
  `5\r\nhello0\r\n\r\n`,
  `5\r\nhello\n0\r\n\r\n`,
  `5;a\x00\r\nhello\r\n0\r\n\r\n`,
  `5;a\nhello\r\n0\r\n\r\n`,
  `fffffffffffffffff\r\nhello`,
  `\r\nhello`,
  `0\r\nX : y\r\n\r\n`,
  `0\r\nX: y\r\n z\r\n\r\n`,
  `0\r\nX: \x00\r\n\r\n`,
  `0\nX: y\r\n\r\n`,
  `0\r\n\n${INNER}`,
];

/** A whole message that is refused by its head. */
export function evilHead(random: Random): string {
  return random.pick(heads as [string, ...string[]]);
}

/** A request whose head is in order and whose body is not. */
/** @param host of a request to a forward proxy */
export function evilBody(id: string, random: Random, host?: string): RequestRecord {
  const good = content(id, 0, random.pick([0, 10, 2_000]));
  const bad = random.pick(bodies as [string, ...string[]]);
  const fault = bad.startsWith("5") ? "hello" : "";
  const goodChunk = good === "" ? "" : `${good.length.toString(16)}\r\n${good}\r\n`;
  const path = `/r/${id}`;
  return new RequestRecord({
    id,
    method: "POST",
    minorVersion: 1,
    path,
    host: host ?? "a",
    framing: "chunked",
    body: good + fault,
    headText: `POST ${host === undefined ? path : `http://${host}${path}`} HTTP/1.1\r\nHost: a\r\nX-End: ${id}\r\nTransfer-Encoding: chunked\r\n\r\n`,
    bodyText: goodChunk + bad,
    expectsContinue: false,
    saysClose: false,
    saysKeepAlive: false,
    endFields: [["X-End", id]],
    takesTrailers: false,
    logsIn: false,
    wantsTunnel: false,
    mustNotComplete: true,
    isClosed: false,
  });
}
