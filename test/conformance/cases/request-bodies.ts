/** How the end of a request is known, and what is refused because it is not (RFC 9112 section 6). */
import { ADDED, client, exchanged, type Group, head, inChunks, NOTHING_WHOLE, OK, refusal, refused } from "../case.ts";

const CHUNKED_HEAD = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked");
const CHUNKED_HEAD_FORWARDED = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED);

function post(...lines: string[]): string {
  return head("POST / HTTP/1.1", "Host: a", ...lines);
}

const unclearCodings: readonly (readonly [coding: string, why: string])[] = [
  ["identity", "is not chunked"],
  ["gzip", "is not chunked"],
  ["chunked, identity", "ends in another coding"],
  ["chunked, gzip", "ends in another coding"],
  ["chunked, chunked", "is chunked twice"],
  ["gzip, chunked, chunked", "is chunked twice"],
  ["xchunked", "only ends like chunked"],
  ["chunkedx", "only begins like chunked"],
  ["chunked;q=1", "has a parameter"],
  ['"chunked"', "is quoted"],
  ["'chunked'", "is quoted"],
  ["chunked chunked", "is no list"],
  ["chunked\xa0", "ends in a no-break space"],
  ["", "is empty"],
  [",", "is an empty list"],
];

const invalidLengths: readonly (readonly [length: string, why: string])[] = [
  ["+5", "a plus sign"],
  ["-5", "a minus sign"],
  ["-0", "a minus sign before zero"],
  ["5 5", "a space within"],
  ["0x5", "a hexadecimal prefix"],
  ["5a", "a letter behind"],
  ["a", "a letter"],
  ["5.0", "a point"],
  ["5e0", "an exponent"],
  ["5;", "a semicolon behind"],
  ['"5"', "quotes"],
  ["5_0", "an underscore"],
  ["\xb2", "a superscript digit"],
  ["", "nothing"],
  ["9999999999999999", "sixteen digits"],
  ["18446744073709551621", "2^64 + 5"],
  ["99999999999999999999999999999999999999", "far more digits than any integer has"],
];

export const requestBodies: Group = {
  name: "Framing of requests",
  cases: [
    exchanged([22, 57], "RFC 9112 section 6.2", "A body with a length goes on with its length.", {
      request: `${post("Content-Length: 5")}hello`,
      forwarded: `${post("Content-Length: 5", ...ADDED)}hello`,
      response: OK,
      returned: OK,
    }),
    exchanged([22], "RFC 9112 section 6.3", "A GET may have a body.", {
      request: `${head("GET / HTTP/1.1", "Host: a", "Content-Length: 5")}hello`,
      forwarded: `${head("GET / HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED)}hello`,
      response: OK,
      returned: OK,
    }),
    exchanged([22], "RFC 9112 section 6.3", "A length of zero goes on as it came.", {
      request: post("Content-Length: 0"),
      forwarded: post("Content-Length: 0", ...ADDED),
      response: OK,
      returned: OK,
    }),
    exchanged([42], "RFC 9110 section 8.6", "So does a length of many digits, if it is none of many bytes.", {
      request: `${post(`Content-Length: ${"5".padStart(64, "0")}`)}hello`,
      forwarded: `${post("Content-Length: 5", ...ADDED)}hello`,
      response: OK,
      returned: OK,
    }),
    exchanged([42], "RFC 9110 section 8.6", "A length with leading zeros goes on without them.", {
      request: `${post("Content-Length: 0005", "X: y")}hello`,
      forwarded: `${post("X: y", "Content-Length: 5", ...ADDED)}hello`,
      response: OK,
      returned: OK,
    }),
    exchanged(
      [22],
      "RFC 9112 section 7",
      "Names of codings are compared without case, white space around them is none.",
      {
        request: `${post("transfer-encoding: \t CHUNKED \t")}5\r\nhello\r\n0\r\n\r\n`,
        forwarded: inChunks(CHUNKED_HEAD_FORWARDED, "hello"),
        response: OK,
        returned: OK,
      },
    ),
    exchanged([22], "RFC 9110 section 5.6.1", "Empty members of the list of codings are none.", {
      request: `${post("Transfer-Encoding: , chunked,,")}5\r\nhello\r\n0\r\n\r\n`,
      forwarded: inChunks(CHUNKED_HEAD_FORWARDED, "hello"),
      response: OK,
      returned: OK,
    }),
    {
      ...refused(
        [25],
        "RFC 9112 section 6.1",
        "A coding that is not understood is answered 501.",
        `${post("Transfer-Encoding: gzip, chunked")}0\r\n\r\n`,
        501,
        "transfer-coding-unknown",
      ),
    },
    refused(
      [25],
      "RFC 9112 section 6.1",
      "A coding that is not understood on a line of its own is answered 501.",
      `${post("Transfer-Encoding: identity", "Transfer-Encoding: chunked")}0\r\n\r\n`,
      501,
      "transfer-coding-unknown",
    ),
    ...[
      ["Content-Length: 5", "Transfer-Encoding: chunked"],
      ["Transfer-Encoding: chunked", "Content-Length: 5"],
      ["Transfer-Encoding: chunked", "content-length: 0"],
      ["Transfer-Encoding: identity", "Content-Length: 5"],
      ["Transfer-Encoding: xchunked", "Content-Length: 5"],
      ["Content-Length: x", "Transfer-Encoding: chunked"],
    ].map((lines) =>
      refused(
        [27, 29, 30],
        "RFC 9112 section 6.1",
        `A request with ${lines.join(" and ")} is refused and its connection closed.`,
        `${post(...lines)}0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`,
        400,
        "length-and-chunked",
      ),
    ),
    refused(
      [28],
      "RFC 9112 section 6.1",
      "A Transfer-Encoding in an HTTP/1.0 request is refused.",
      `${head("POST / HTTP/1.0", "Host: a", "Connection: keep-alive", "Transfer-Encoding: chunked")}0\r\n\r\n`,
      400,
      "transfer-encoding-in-http10",
    ),
    ...unclearCodings.map(([coding, why]) =>
      refused(
        [31],
        "RFC 9112 section 6.3",
        `A Transfer-Encoding of ${JSON.stringify(coding)} is refused: it ${why}.`,
        `${post(`Transfer-Encoding: ${coding}`)}0\r\n\r\n`,
        400,
        "transfer-encoding-invalid",
      ),
    ),
    refused(
      [31],
      "RFC 9112 section 6.3",
      "Two Transfer-Encoding fields of chunked are refused: chunked twice.",
      `${post("Transfer-Encoding: chunked", "X: y", "transfer-encoding: chunked")}0\r\n\r\n`,
      400,
      "transfer-encoding-invalid",
    ),
    refused(
      [31],
      "RFC 9112 section 6.3",
      "A Transfer-Encoding of chunked followed by another of identity is refused.",
      `${post("Transfer-Encoding: chunked", "Transfer-Encoding: identity")}0\r\n\r\n`,
      400,
      "transfer-encoding-invalid",
    ),
    refused(
      [18, 31],
      "RFC 9110 section 5.5",
      "A vertical tab before chunked is a control character, not white space.",
      `${post("Transfer-Encoding: \x0bchunked")}0\r\n\r\n`,
      400,
      "control-character",
    ),
    ...invalidLengths.map(([length, why]) =>
      refused(
        [32],
        "RFC 9112 section 6.3",
        `A Content-Length of ${JSON.stringify(length)} is refused: ${why}.`,
        `${post(`Content-Length: ${length}`)}hello`,
        400,
        "content-length-invalid",
      ),
    ),
    refused(
      [32],
      "RFC 9112 section 6.3",
      "Two Content-Length fields that differ are refused.",
      `${post("Content-Length: 5", "Content-Length: 6")}hello`,
      400,
      "content-length-repeated",
    ),
    refused(
      [32, 34],
      "RFC 9110 section 8.6",
      "Two Content-Length fields that agree are refused, too.",
      `${post("Content-Length: 5", "Content-Length: 5")}hello`,
      400,
      "content-length-repeated",
    ),
    refused(
      [32, 34],
      "RFC 9110 section 8.6",
      "A Content-Length that is a list is refused, even of one value.",
      `${post("Content-Length: 5, 5")}hello`,
      400,
      "content-length-repeated",
    ),
    {
      rows: [35],
      section: "RFC 9112 section 6.3",
      title: "A request whose body is shorter than its length is incomplete.",
      steps: [
        client.sends(`${post("Content-Length: 6")}hello`),
        client.halfCloses,
        client.receives(refusal(400, "request-incomplete")),
      ],
      client: ["FIN request-incomplete"],
      origin: NOTHING_WHOLE,
    },
    {
      rows: [35],
      section: "RFC 9112 section 8",
      title: "A chunked request without its last CRLF is incomplete.",
      steps: [
        client.sends(`${CHUNKED_HEAD}5\r\nhello\r\n0\r\n`),
        client.halfCloses,
        client.receives(refusal(400, "request-incomplete")),
      ],
      client: ["FIN request-incomplete"],
      origin: NOTHING_WHOLE,
    },
    {
      rows: [35],
      section: "RFC 9112 section 8",
      title: "A chunked request that ends at a chunk's end is incomplete.",
      steps: [
        client.sends(`${CHUNKED_HEAD}5\r\nhello\r\n`),
        client.halfCloses,
        client.receives(refusal(400, "request-incomplete")),
      ],
      client: ["FIN request-incomplete"],
      origin: NOTHING_WHOLE,
    },
    {
      rows: [35],
      section: "RFC 9112 section 8",
      title: "A request whose head breaks off is incomplete.",
      steps: [
        client.sends("GET / HTTP/1.1\r\nHost: a\r\n"),
        client.halfCloses,
        client.receives(refusal(400, "request-incomplete")),
      ],
      client: ["FIN request-incomplete"],
      origin: [],
    },
  ],
};
