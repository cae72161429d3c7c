/** Chunked bodies and trailers of requests (RFC 9112 section 7.1). */
import { ADDED, type Case, exchanged, type Group, head, inChunks, OK, refusedInBody } from "../case.ts";

const CHUNKED_HEAD = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked");
const CHUNKED_HEAD_FORWARDED = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED);

function post(...lines: string[]): string {
  return head("POST / HTTP/1.1", "Host: a", ...lines);
}

/** A chunked request that goes on with `content`. */
function chunked(rows: readonly number[], section: string, title: string, body: string, content: string): Case {
  return exchanged(rows, section, title, {
    request: `${CHUNKED_HEAD}${body}`,
    forwarded: inChunks(CHUNKED_HEAD_FORWARDED, content),
    response: OK,
    returned: OK,
  });
}

const invalidChunks: readonly (readonly [title: string, body: string])[] = [
  ["a minus sign before its size", "-5\r\nhello\r\n0\r\n\r\n"],
  ["a plus sign before its size", "+5\r\nhello\r\n0\r\n\r\n"],
  ["a hexadecimal prefix", "0x5\r\nhello\r\n0\r\n\r\n"],
  ["a space before its size", " 5\r\nhello\r\n0\r\n\r\n"],
  ["a tab before its size", "\t5\r\nhello\r\n0\r\n\r\n"],
  ["a space and no extension behind its size", "5 \r\nhello\r\n0\r\n\r\n"],
  ["no size", "\r\nhello\r\n0\r\n\r\n"],
  ["only an extension", ";a=b\r\nhello\r\n0\r\n\r\n"],
  ["a letter that is no digit", "5g\r\nhello\r\n0\r\n\r\n"],
  ["an underscore in its size", "1_0\r\nhello world 1234\r\n0\r\n\r\n"],
  ["a comma in its size", "5,5\r\nhello\r\n0\r\n\r\n"],
  ["a NUL behind its size", "5\x00\r\nhello\r\n0\r\n\r\n"],
  ["a bare LF behind its size", "5\nhello\r\n0\r\n\r\n"],
  ["a bare CR behind its size", "5\rhello\r\n0\r\n\r\n"],
  ["CR CR LF behind its size", "5\r\r\nhello\r\n0\r\n\r\n"],
  ["a bare LF behind the size of the last one", "5\r\nhello\r\n0\n\r\n"],
];

const overruns: readonly (readonly [title: string, body: string])[] = [
  ["more data than its size", "5\r\nhello!\r\n0\r\n\r\n"],
  ["a bare LF behind its data", "5\r\nhello\n0\r\n\r\n"],
  ["a bare CR behind its data", "5\r\nhello\r0\r\n\r\n"],
  ["no line end behind its data", "5\r\nhello0\r\n\r\n"],
  ["LF CR behind its data", "5\r\nhello\n\r0\r\n\r\n"],
];

const hugeSizes = ["10000000000000005", "ffffffffffffffff", "1000000000001", "5".padStart(65, "0"), "8000000000000000"];

const invalidExtensions: readonly (readonly [title: string, body: string])[] = [
  ["a bare LF", "5;a=b\nhello\r\n0\r\n\r\n"],
  ["a NUL", "5;a=\x00\r\nhello\r\n0\r\n\r\n"],
  ["a bare LF in quotes", '5;a="\nGET /x HTTP/1.1"\r\nhello\r\n0\r\n\r\n'],
  ["an ESC", "5;\x1b\r\nhello\r\n0\r\n\r\n"],
  ["no name", "5;\r\nhello\r\n0\r\n\r\n"],
  ["no name behind another", "5;a=b;\r\nhello\r\n0\r\n\r\n"],
  ["no name in the last one", "5\r\nhello\r\n0; \r\n\r\n"],
  ["a bracket in its name", "5;bad[=x\r\nhello\r\n0\r\n\r\n"],
  ["no value behind its equals sign", "5;a=\r\nhello\r\n0\r\n\r\n"],
  ["two names", "5;a b\r\nhello\r\n0\r\n\r\n"],
  ["white space at its end", "5;a \r\nhello\r\n0\r\n\r\n"],
  ["quotes that do not end", '5;a="b\r\nhello\r\n0\r\n\r\n'],
  ["quotes that a backslash keeps open", '5;a="b\\"\r\nhello\r\n0\r\n\r\n'],
  ["something behind its quotes", '5;a="b"c\r\nhello\r\n0\r\n\r\n'],
];

const droppedTrailers = [
  "Content-Length: 3",
  "Transfer-Encoding: chunked",
  "Host: b",
  "Connection: close",
  "Keep-Alive: timeout=1",
  "TE: gzip",
  "Trailer: X",
  "Upgrade: websocket",
  "Authorization: Basic x",
  "Cookie: a=b",
  "Content-Type: text/html",
  "Content-Encoding: gzip",
  "Cache-Control: no-store",
  "Max-Forwards: 1",
  "Expect: 100-continue",
  "X-Forwarded-For: 1.2.3.4",
  "Via: 1.1 x",
  "Range: bytes=0-1",
];

export const requestChunks: Group = {
  name: "Chunks of requests",
  cases: [
    chunked(
      [22, 23, 29],
      "RFC 9112 section 7.1",
      "A chunked body goes on in chunks.",
      "5\r\nhello\r\n0\r\n\r\n",
      "hello",
    ),
    chunked(
      [22],
      "RFC 9112 section 7.1",
      "Chunk sizes are read in either case and with leading zeros.",
      "A\r\n0123456789\r\n0000000000000000000000b\r\nhello world\r\n000\r\n\r\n",
      "0123456789hello world",
    ),
    chunked([22], "RFC 9112 section 7.1", "A chunked body may be empty.", "0\r\n\r\n", ""),
    chunked(
      [22],
      "RFC 9112 section 7.1",
      "Chunk data may look like the end of a body.",
      "10\r\n\r\n0\r\n\r\nGET / HTT\r\n0\r\n\r\n",
      "\r\n0\r\n\r\nGET / HTT",
    ),
    ...hugeSizes.map((size) =>
      refusedInBody(
        [37],
        "RFC 9112 section 7.1",
        `A chunk size of ${size} does not overflow, it is refused.`,
        `${CHUNKED_HEAD}${size}\r\nhello\r\n0\r\n\r\n`,
        400,
        "chunk-size-too-large",
      ),
    ),
    ...invalidChunks.map(([title, body]) =>
      refusedInBody(
        title.includes("bare LF") ? [3, 6, 37] : [6, 37],
        "RFC 9112 section 7.1",
        `A chunk with ${title} is refused.`,
        `${CHUNKED_HEAD}${body}`,
        400,
        "chunk-size-invalid",
      ),
    ),
    ...overruns.map(([title, body]) =>
      refusedInBody(
        [6],
        "RFC 9112 section 7.1",
        `A chunk with ${title} is refused.`,
        `${CHUNKED_HEAD}${body}`,
        400,
        "chunk-data-overrun",
      ),
    ),
    chunked(
      [38],
      "RFC 9112 section 7.1.1",
      "Chunk extensions are ignored and do not go on.",
      '5;a;b=c;d="e;f\\"\\\\"\r\nhello\r\n6 ; g = h\r\n world\r\n0;last\r\n\r\n',
      "hello world",
    ),
    ...invalidExtensions.map(([title, body]) =>
      refusedInBody(
        [38],
        "RFC 9112 section 7.1.1",
        `A chunk extension with ${title} is refused.`,
        `${CHUNKED_HEAD}${body}`,
        400,
        "chunk-extension-invalid",
      ),
    ),
    refusedInBody(
      [2, 38],
      "RFC 9112 section 7.1.1",
      "A chunk extension with a bare CR is refused.",
      `${CHUNKED_HEAD}5;a\rb\r\nhello\r\n0\r\n\r\n`,
      400,
      "chunk-size-invalid",
    ),
    refusedInBody(
      [38],
      "RFC 9112 section 7.1.1",
      "Chunk extensions of more than 16 KiB are refused.",
      `${CHUNKED_HEAD}5;${"a".repeat(16 * 1024)}\r\nhello\r\n0\r\n\r\n`,
      400,
      "chunk-extensions-too-long",
    ),
    exchanged([39, 40], "RFC 9112 section 7.1.2", "Trailers go on as trailers, and Trailer announces them.", {
      request: `${post("Trailer: X-Sum", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\nX-Sum: 1\r\nX-Sum: 2\r\n\r\n`,
      forwarded: inChunks(
        post("Trailer: X-Sum", "Transfer-Encoding: chunked", ...ADDED),
        "hello",
        "X-Sum: 1",
        "X-Sum: 2",
      ),
      response: OK,
      returned: OK,
    }),
    exchanged([39], "RFC 9110 section 6.5.1", "Trailers that decide framing, routing or access do not go on.", {
      request: `${CHUNKED_HEAD}0\r\n${droppedTrailers.join("\r\n")}\r\nX-Sum: 1\r\n\r\n`,
      forwarded: inChunks(CHUNKED_HEAD_FORWARDED, "", "X-Sum: 1"),
      response: OK,
      returned: OK,
    }),
    refusedInBody(
      [3, 39],
      "RFC 9112 section 2.2",
      "A trailer that ends with a bare LF is refused.",
      `${CHUNKED_HEAD}0\r\nX: y\n\r\n`,
      400,
      "line-ending-invalid",
    ),
    refusedInBody(
      [14, 39],
      "RFC 9112 section 5.1",
      "A trailer with a space before its colon is refused.",
      `${CHUNKED_HEAD}0\r\nX : y\r\n\r\n`,
      400,
      "space-before-colon",
    ),
    refusedInBody(
      [16, 39],
      "RFC 9112 section 5.2",
      "A folded trailer is refused.",
      `${CHUNKED_HEAD}0\r\nX: y\r\n z\r\n\r\n`,
      400,
      "obsolete-line-folding",
    ),
    refusedInBody(
      [18, 39],
      "RFC 9110 section 5.5",
      "A trailer with a NUL is refused.",
      `${CHUNKED_HEAD}0\r\nX: \x00\r\n\r\n`,
      400,
      "control-character",
    ),
    {
      ...refusedInBody(
        [19, 39],
        "RFC 9110 section 5.4",
        "Trailers beyond the limit are answered 431.",
        `${CHUNKED_HEAD}0\r\nX: ${"y".repeat(200)}\r\n\r\n`,
        431,
        "trailers-too-large",
      ),
      settings: { headLimits: { headBytesMax: 160, fieldsMax: 5 } },
    },
  ],
};
