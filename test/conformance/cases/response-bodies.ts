/** How the end of a response is known, and what happens when it is not (RFC 9112 sections 6 to 8). */
import {
  ADDED,
  addedFor,
  badResponse,
  type Case,
  client,
  DATE,
  type End,
  exchanged,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  inChunks,
  inChunksSoFar,
  OK,
  origin,
  waits,
} from "../case.ts";

function ok(...lines: string[]): string {
  return head("HTTP/1.1 200 OK", DATE, ...lines);
}

const CHUNKED = ok("Transfer-Encoding: chunked");
/** A chunked head as it goes on: our own field stands behind the others. */
const CHUNKED_RETURNED = ok("Transfer-Encoding: chunked");

const brokenChunks: readonly (readonly [title: string, body: string])[] = [
  ["a chunk size that overflows", "10000000000000000\r\n"],
  ["a chunk size that is no number", "xyz\r\n"],
  ["a negative chunk size", "-1\r\n"],
  ["a chunk size behind a space", " 5\r\nhello\r\n"],
  ["two chunk sizes", "5 5\r\nhello\r\n"],
  ["a bare LF behind a chunk size", "5\nhello\r\n"],
  ["a NUL in a chunk extension", "5;\x00\r\nhello\r\n"],
  ["a chunk extension without a name", "5;\r\nhello\r\n"],
  ["a bracket in the name of a chunk extension", "5;bad[=x\r\nhello\r\n"],
  ["a chunk extension whose quotes do not end", '5;a="b\r\nhello\r\n'],
];

const badFramings: readonly (readonly [title: string, lines: readonly string[], rows: readonly number[]])[] = [
  ["both Content-Length and Transfer-Encoding", ["Content-Length: 5", "Transfer-Encoding: chunked"], [29, 30, 33]],
  ["two Content-Length fields that differ", ["Content-Length: 2", "Content-Length: 3"], [33]],
  ["two Content-Length fields that agree", ["Content-Length: 2", "Content-Length: 2"], [33, 34]],
  ["a list of equal lengths", ["Content-Length: 2, 2"], [33, 34]],
  ["a negative length", ["Content-Length: -2"], [33]],
  ["a length with a plus sign", ["Content-Length: +2"], [33]],
  ["a hexadecimal length", ["Content-Length: 0x2"], [33]],
  ["an empty length", ["Content-Length:"], [33]],
  ["a length beyond any integer", ["Content-Length: 99999999999999999999"], [33]],
  ["chunked twice", ["Transfer-Encoding: chunked, chunked"], [23, 33]],
  ["two Transfer-Encoding fields of chunked", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], [23, 33]],
  ["a coding that is not understood", ["Transfer-Encoding: gzip, chunked"], [25, 33]],
  ["a last coding other than chunked", ["Transfer-Encoding: gzip"], [33]],
  ["an obscured chunked", ["Transfer-Encoding: xchunked"], [33]],
];

/** A response that breaks off after its head went on: the client must see that it is incomplete. */
function truncated(
  rows: readonly number[],
  title: string,
  wire: { response: string; returned: Case["steps"][number]; how: "half-closes" | "resets" },
  ends: { client: End; origin: End },
): Case {
  return {
    rows,
    section: "RFC 9112 section 8",
    title,
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      origin.sends(wire.response),
      wire.how === "resets" ? origin.resets : origin.halfCloses,
      wire.returned,
    ],
    client: [ends.client],
    origin: [ends.origin],
  };
}

export const responseBodies: Group = {
  name: "Bodies of responses",
  cases: [
    exchanged([22, 23, 29], "RFC 9112 section 7.1", "A chunked response comes back in chunks.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${CHUNKED}5\r\nhello\r\n06;x=y\r\n world\r\n0\r\n\r\n`,
      returned: inChunks(CHUNKED_RETURNED, "hello world"),
    }),
    exchanged([22, 23], "RFC 9112 section 7.1", "White space behind the sizes of a response's chunks is read over.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${CHUNKED}5   \r\nhello\r\n6\t\r\n world\r\n0   \r\n\r\n`,
      returned: inChunks(CHUNKED_RETURNED, "hello world"),
    }),
    exchanged([42], "RFC 9110 section 8.6", "A length with leading zeros comes back without them.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${ok("Content-Length: 002", "X: y")}ok`,
      returned: `${ok("X: y", "Content-Length: 2")}ok`,
    }),
    {
      rows: [58, 60],
      section: "RFC 9112 section 6.3",
      title: "A response that only a close ends comes back in chunks, and the client's connection persists.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(`${ok()}hello`),
        client.receives(inChunksSoFar(CHUNKED_RETURNED, "hello")),
        origin.halfCloses,
        client.receives("0\r\n\r\n"),
      ],
      client: ["persists"],
      origin: ["closed close-delimited"],
    },
    {
      rows: [26, 57],
      section: "RFC 9112 section 6.1",
      title: "An HTTP/1.0 client gets a chunked response without chunks, ended by a close.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a", "Connection: keep-alive")),
        origin.receives(head("GET / HTTP/1.1", "Host: a", ...addedFor("a", "1.0"))),
        origin.sends(`${ok("Trailer: X", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\nX: y\r\n\r\n`),
        client.receives(`${ok("Connection: close")}hello`),
      ],
      client: ["FIN close-delimited"],
      origin: ["persists"],
    },
    ...badFramings.map(([title, lines, rows]) =>
      badResponse(
        rows,
        "RFC 9112 section 6.3",
        `A response with ${title} is discarded.`,
        `${ok(...lines)}2\r\nok\r\n0\r\n\r\n`,
      ),
    ),
    badResponse(
      [28, 33],
      "RFC 9112 section 6.1",
      "An HTTP/1.0 response with a Transfer-Encoding is discarded.",
      `${head("HTTP/1.0 200 OK", "Connection: keep-alive", "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n\r\n`,
    ),
    {
      ...badResponse(
        [42, 43],
        "RFC 9110 section 8.6",
        "A 304 with an invalid length is discarded.",
        head("HTTP/1.1 304 Not Modified", "Content-Length: 5x"),
      ),
    },
    truncated(
      [35, 44],
      "A response shorter than its length stays short, and the client's connection closes.",
      {
        response: `${ok("Content-Length: 6")}hello`,
        returned: client.receives(`${ok("Content-Length: 6")}hello`),
        how: "half-closes",
      },
      { client: "FIN upstream-failed", origin: "closed response-truncated" },
    ),
    truncated(
      [35, 44],
      "A response shorter than its length by a reset stays short, too.",
      {
        response: `${ok("Content-Length: 6")}hello`,
        returned: client.receives(`${ok("Content-Length: 6")}hello`),
        how: "resets",
      },
      { client: "FIN upstream-failed", origin: "closed peer-reset" },
    ),
    truncated(
      [35, 44],
      "A chunked response without its last chunk gets none.",
      {
        response: `${CHUNKED}5\r\nhello\r\n`,
        returned: client.receives(inChunksSoFar(CHUNKED_RETURNED, "hello")),
        how: "half-closes",
      },
      { client: "FIN upstream-failed", origin: "closed response-truncated" },
    ),
    truncated(
      [35, 44],
      "A chunked response without its last CRLF gets no last chunk.",
      {
        response: `${CHUNKED}5\r\nhello\r\n0\r\n`,
        returned: client.receives(inChunksSoFar(CHUNKED_RETURNED, "hello")),
        how: "half-closes",
      },
      { client: "FIN upstream-failed", origin: "closed response-truncated" },
    ),
    truncated(
      [35, 44],
      "A response that only a close ends and that ends by a reset is not made complete.",
      {
        response: `${ok()}hello`,
        returned: client.receives(inChunksSoFar(CHUNKED_RETURNED, "hello")),
        how: "resets",
      },
      { client: "FIN upstream-failed", origin: "closed peer-reset" },
    ),
    {
      rows: [35, 44],
      section: "RFC 9112 section 8",
      title: "An HTTP/1.0 client that only a close would tell the end sees a reset instead.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a")),
        origin.receives(head("GET / HTTP/1.1", "Host: a", ...addedFor("a", "1.0"))),
        origin.sends(`${CHUNKED}5\r\nhello\r\n`),
        client.receives(`${ok("Connection: close")}hello`),
        origin.halfCloses,
        origin.sees("FIN"),
        waits(600),
      ],
      client: ["RST upstream-failed"],
      origin: ["FIN response-truncated"],
    },
    {
      rows: [37, 44],
      section: "RFC 9112 section 8",
      title: "An HTTP/1.0 client of a response with a malformed chunk sees a reset, too.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a")),
        origin.receives(head("GET / HTTP/1.1", "Host: a", ...addedFor("a", "1.0"))),
        origin.sends(`${CHUNKED}5\r\nhello\r\n`),
        client.receives(`${ok("Connection: close")}hello`),
        origin.sends("oops"),
        origin.sees("either"),
        waits(600),
      ],
      client: ["RST upstream-failed"],
      origin: ["closed response-malformed"],
    },
    {
      rows: [35, 58],
      section: "RFC 9112 section 6.3",
      title: "An HTTP/1.0 client gets a response that only a close ends, ended by a close.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a")),
        origin.receives(head("GET / HTTP/1.1", "Host: a", ...addedFor("a", "1.0"))),
        origin.sends(`${ok()}hello`),
        origin.halfCloses,
        client.receives(`${ok("Connection: close")}hello`),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["closed close-delimited"],
    },
    ...brokenChunks.map(
      ([title, body]): Case => ({
        rows: [37, 44],
        section: "RFC 9112 section 7.1",
        title: `A response with ${title} stays visibly incomplete.`,
        steps: [
          client.sends(GET),
          origin.receives(GET_FORWARDED),
          origin.sends(`${CHUNKED}2\r\nok\r\n${body}0\r\n\r\n`),
          client.receives(inChunksSoFar(CHUNKED_RETURNED, "ok")),
        ],
        client: ["FIN upstream-failed"],
        origin: ["closed response-malformed"],
      }),
    ),
    {
      rows: [36, 64],
      section: "RFC 9112 section 6.3",
      title: "Bytes behind a response are no response to the next request.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned`),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets"],
    },
    {
      rows: [36, 64],
      section: "RFC 9112 section 6.3",
      title: "A body behind a response that has none is no response to the next request.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(`${head("HTTP/1.1 304 Not Modified", DATE)}HTTP/1.1 200 OK\r\n\r\n`),
        client.receives(head("HTTP/1.1 304 Not Modified", DATE)),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets"],
    },
    {
      rows: [36, 43],
      section: "RFC 9112 section 6.3",
      title: "A response to HEAD ends with its head, whatever body the origin sends behind it.",
      steps: [
        client.sends(head("HEAD / HTTP/1.1", "Host: a")),
        origin.receives(head("HEAD / HTTP/1.1", "Host: a", ...ADDED)),
        origin.sends(OK),
        client.receives(ok("Content-Length: 2")),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets"],
    },
    exchanged([39, 40], "RFC 9112 section 7.1.2", "Trailers of a response come back as trailers.", {
      request: head("GET / HTTP/1.1", "Host: a", "Connection: TE", "TE: trailers"),
      forwarded: head("GET / HTTP/1.1", "Host: a", "Connection: TE", "TE: trailers", ...ADDED),
      response: `${ok("Trailer: X-Sum", "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n`,
      returned: inChunks(ok("Trailer: X-Sum", "Transfer-Encoding: chunked"), "ok", "X-Sum: 1", "X-Sum: 2"),
    }),
    exchanged(
      [39],
      "RFC 9110 section 6.5.1",
      "Trailers of a response that decide framing or caching do not come back.",
      {
        request: GET,
        forwarded: GET_FORWARDED,
        response: `${CHUNKED}0\r\nContent-Length: 5\r\nSet-Cookie: a=b\r\nCache-Control: public\r\nX: y\r\nDate: now\r\nTransfer-Encoding: chunked\r\n\r\n`,
        returned: inChunks(CHUNKED_RETURNED, "", "X: y"),
      },
    ),
    exchanged([24, 41, 42], "RFC 9110 section 8.6", "A 204 comes back without Content-Length.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 204 No Content", DATE, "Content-Length: 5", "X: y"),
      returned: head("HTTP/1.1 204 No Content", DATE, "X: y"),
    }),
    exchanged([24, 43], "RFC 9112 section 6.1", "A 204 comes back without Transfer-Encoding, and has no body.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 204 No Content", DATE, "Transfer-Encoding: chunked", "X: y"),
      returned: head("HTTP/1.1 204 No Content", DATE, "X: y"),
    }),
    exchanged([43], "RFC 9112 section 6.3", "A 304 has no body, and keeps the length that it describes.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 304 Not Modified", DATE, "Content-Length: 5"),
      returned: head("HTTP/1.1 304 Not Modified", DATE, "Content-Length: 5"),
    }),
    exchanged([24, 43], "RFC 9112 section 6.3", "A 304 that describes a chunked body has none.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 304 Not Modified", DATE, "Transfer-Encoding: chunked"),
      returned: head("HTTP/1.1 304 Not Modified", DATE),
    }),
    exchanged([43], "RFC 9112 section 6.3", "A response to HEAD has no body, and keeps the length that it describes.", {
      request: head("HEAD / HTTP/1.1", "Host: a"),
      forwarded: head("HEAD / HTTP/1.1", "Host: a", ...ADDED),
      response: ok("Content-Length: 500"),
      returned: ok("Content-Length: 500"),
    }),
    exchanged([43], "RFC 9112 section 6.3", "A response to HEAD that describes a chunked body has none.", {
      request: head("HEAD / HTTP/1.1", "Host: a"),
      forwarded: head("HEAD / HTTP/1.1", "Host: a", ...ADDED),
      response: ok("Transfer-Encoding: chunked"),
      returned: ok(),
    }),
    exchanged([43], "RFC 9112 section 6.3", "A response to HEAD that declares nothing ends with its head.", {
      request: head("HEAD / HTTP/1.1", "Host: a"),
      forwarded: head("HEAD / HTTP/1.1", "Host: a", ...ADDED),
      response: ok("X: y"),
      returned: ok("X: y"),
    }),
    exchanged([56], "RFC 9110 section 6.6.1", "A Date is added when the origin sent none.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${head("HTTP/1.1 200 OK", "Content-Length: 2")}ok`,
      returned: `${head("HTTP/1.1 200 OK", "Content-Length: 2", DATE)}ok`,
    }),
    exchanged([56], "RFC 9110 section 6.6.1", "The origin's Date is kept.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${head("HTTP/1.1 200 OK", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Content-Length: 2")}ok`,
      returned: `${head("HTTP/1.1 200 OK", "Date: Thu, 01 Jan 1970 00:00:00 GMT", "Content-Length: 2")}ok`,
    }),
    exchanged([43], "RFC 9110 section 15.3.6", "A 205 is framed like any other response: a length of zero, here.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: head("HTTP/1.1 205 Reset Content", DATE, "Content-Length: 0"),
      returned: head("HTTP/1.1 205 Reset Content", DATE, "Content-Length: 0"),
    }),
    exchanged([22, 43], "RFC 9110 section 15.3.6", "A 205 may say in chunks that it has no content.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${head("HTTP/1.1 205 Reset Content", DATE, "Transfer-Encoding: chunked")}0\r\n\r\n`,
      returned: inChunks(head("HTTP/1.1 205 Reset Content", DATE, "Transfer-Encoding: chunked"), ""),
    }),
    {
      rows: [43],
      section: "RFC 9110 section 15.3.6",
      title: "A 205 that says nothing of its end ends with its connection: it is not known to be empty before.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(head("HTTP/1.1 205 Reset Content", DATE)),
        origin.halfCloses,
        client.receives(inChunks(head("HTTP/1.1 205 Reset Content", DATE, "Transfer-Encoding: chunked"), "")),
      ],
      client: ["persists"],
      origin: ["closed close-delimited"],
    },
  ],
};
