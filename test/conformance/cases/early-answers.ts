/** Final responses that come before their request is complete (RFC 9112 section 9.5, RFC 9110 section 7.5). */
import {
  ADDED,
  client,
  DATE,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  inChunksSoFar,
  NOTHING_WHOLE,
  OK,
  origin,
  origin2,
  refusal,
  waits,
} from "../case.ts";

const POST_HEAD = head("POST / HTTP/1.1", "Host: a", "Content-Length: 10");
const POST_HEAD_FORWARDED = head("POST / HTTP/1.1", "Host: a", "Content-Length: 10", ...ADDED);
const CHUNKED_HEAD = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked");
const CHUNKED_HEAD_FORWARDED = head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED);
const TOO_LARGE = (...lines: string[]) =>
  `${head("HTTP/1.1 413 Content Too Large", DATE, "Content-Length: 2", ...lines)}no`;

/** More than the buffers of the proxy and of the system hold together. */
const LARGE = "x".repeat(24 * 1024 * 1024);

export const earlyAnswers: Group = {
  name: "Early answers",
  cases: [
    {
      rows: [60, 78, 79, 83, 91],
      section: "RFC 9112 section 9.5",
      title: "An origin that answers early and closes gets no more of the body; the client is told close.",
      steps: [
        client.sends(`${POST_HEAD}hello`),
        origin.receives(`${POST_HEAD_FORWARDED}hello`),
        origin.sends(TOO_LARGE("Connection: close")),
        client.receives(TOO_LARGE("Connection: close")),
        client.sends("world"),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed close-received"],
    },
    {
      rows: [78, 91],
      section: "RFC 9112 section 9.5",
      title: "An origin that answers early in chunks and closes gets no more of a chunked body.",
      steps: [
        client.sends(`${CHUNKED_HEAD}5\r\nhello\r\n`),
        origin.receives(inChunksSoFar(CHUNKED_HEAD_FORWARDED, "hello")),
        origin.sends(
          `${head("HTTP/1.1 403 Forbidden", DATE, "Connection: close", "Transfer-Encoding: chunked")}2\r\nno\r\n0\r\n\r\n`,
        ),
        client.receives({
          head: head("HTTP/1.1 403 Forbidden", DATE, "Transfer-Encoding: chunked", "Connection: close"),
          content: "no",
          trailers: "",
          isUnfinished: false,
        }),
        client.sends("5\r\nworld\r\n0\r\n\r\n"),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed close-received"],
    },
    {
      rows: [60, 78, 91],
      section: "RFC 9110 section 7.5",
      title:
        "An origin that answers early gets the rest of the body and no request behind it; the client's connection persists.",
      steps: [
        client.sends(`${POST_HEAD}hello`),
        origin.receives(`${POST_HEAD_FORWARDED}hello`),
        origin.sends(OK),
        client.receives(OK),
        client.sends("world"),
        origin.receives("world"),
      ],
      client: ["persists"],
      origin: ["closed request-unfinished"],
    },
    {
      rows: [60, 78],
      section: "RFC 9112 section 9.3",
      title: "After an early answer a body that is not finished in time ends both connections.",
      settings: { bodyTimeout_ms: 60_000 },
      steps: [
        client.sends(`${POST_HEAD}hello`),
        origin.receives(`${POST_HEAD_FORWARDED}hello`),
        origin.sends(OK),
        client.receives(OK),
        waits(60_100),
      ],
      client: ["FIN request-incomplete"],
      origin: ["closed request-incomplete"],
    },
    {
      rows: [60, 78],
      section: "RFC 9112 section 9.3",
      title: "After an early answer a client that closes in its body ends both connections.",
      steps: [
        client.sends(`${POST_HEAD}hello`),
        origin.receives(`${POST_HEAD_FORWARDED}hello`),
        origin.sends(OK),
        client.receives(OK),
        client.halfCloses,
      ],
      client: ["FIN request-incomplete"],
      origin: ["closed request-incomplete"],
    },
    {
      rows: [60, 78, 83],
      section: "RFC 9112 section 9.5",
      title: "After an early answer an origin that closes without having said so ends the client's connection, too.",
      steps: [
        client.sends(`${POST_HEAD}hello`),
        origin.receives(`${POST_HEAD_FORWARDED}hello`),
        origin.sends(OK),
        client.receives(OK),
        origin.halfCloses,
        client.sends("world"),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed request-unfinished"],
    },
    {
      rows: [6, 60, 78],
      section: "RFC 9112 section 9.2",
      title: "A body that turns out malformed after an early answer gets no second answer.",
      steps: [
        client.sends(`${CHUNKED_HEAD}5\r\nhello\r\n`),
        origin.receives(inChunksSoFar(CHUNKED_HEAD_FORWARDED, "hello")),
        origin.sends(OK),
        client.receives(OK),
        client.sends("zz\r\n"),
      ],
      client: ["FIN request-refused"],
      origin: ["closed request-incomplete"],
    },
    {
      rows: [60, 63, 67],
      section: "RFC 9112 section 9.3",
      title: "A request behind a body that ends after its early answer is a request of its own.",
      steps: [
        client.sends(`${POST_HEAD}hello`),
        origin.receives(`${POST_HEAD_FORWARDED}hello`),
        origin.sends(OK),
        client.receives(OK),
        client.sends(`world${GET}`),
        origin.receives("world"),
        origin2.receives(GET_FORWARDED),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed request-unfinished", "persists"],
    },
    {
      rows: [78, 84],
      section: "RFC 9112 section 9.5",
      title: "A client that goes on sending to an origin that is gone gets its answer whole.",
      onlyWhole: "the size is what counts",
      steps: [
        client.sends(`${head("PUT / HTTP/1.1", "Host: a", `Content-Length: ${LARGE.length}`)}hello`),
        origin.receives(`${head("PUT / HTTP/1.1", "Host: a", `Content-Length: ${LARGE.length}`, ...ADDED)}hello`),
        origin.resets,
        client.sends(LARGE.slice(5)),
        client.receives(refusal(502, "upstream-closed")),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed peer-reset"],
    },
    {
      rows: [78, 84],
      section: "RFC 9112 section 9.5",
      title: "A client that goes on sending a large body after an early answer that closes gets its answer whole.",
      onlyWhole: "the size is what counts",
      steps: [
        client.sends(`${head("PUT / HTTP/1.1", "Host: a", `Content-Length: ${LARGE.length}`)}hello`),
        origin.receives(`${head("PUT / HTTP/1.1", "Host: a", `Content-Length: ${LARGE.length}`, ...ADDED)}hello`),
        origin.sends(TOO_LARGE("Connection: close")),
        client.sends(LARGE.slice(5)),
        client.receives(TOO_LARGE("Connection: close")),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed close-received"],
    },
    {
      rows: [35, 84],
      section: "RFC 9112 section 6.3",
      title: "A chunk that is malformed late ends a request that has begun to go on, visibly incomplete.",
      steps: [
        client.sends(`${CHUNKED_HEAD}5\r\nhello\r\n`),
        origin.receives(inChunksSoFar(CHUNKED_HEAD_FORWARDED, "hello")),
        client.sends("zz\r\n"),
        client.receives(refusal(400, "chunk-size-invalid")),
      ],
      client: ["FIN request-refused"],
      origin: NOTHING_WHOLE,
    },
  ],
};
