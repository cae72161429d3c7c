/** HTTP/1.0 clients and origins, and their Keep-Alive (RFC 9112 section 9.3 and appendix C.2.2, RFC 2068 section 19.7.1). */

import type { Expected } from "../../kit/messages.ts";
import {
  ADDED,
  addedFor,
  type Case,
  client,
  DATE,
  type End,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  inChunks,
  OK,
  ordinaryExchange,
  origin,
  origin2,
  refusal,
  type Step,
} from "../case.ts";

const SECTION = "RFC 2068 section 19.7.1";
const ADDED_10 = addedFor("a", "1.0");
const GET_10 = head("GET / HTTP/1.0", "Host: a");
const GET_10_KEPT = head("GET / HTTP/1.0", "Host: a", "Connection: Keep-Alive");
const GET_10_FORWARDED = head("GET / HTTP/1.1", "Host: a", ...ADDED_10);

const TERMS = ["Connection: keep-alive", "Keep-Alive: timeout=74, max=999"];

/** What an HTTP/1.0 client gets of each framing that an origin may use. */
const framings: readonly {
  readonly name: string;
  readonly response: string;
  readonly closes: boolean;
  /** Head lines of the answer before its connection fields, and its body. */
  readonly returned: readonly [lines: readonly string[], body: string];
  /** Whether the client's connection can be kept. */
  readonly isKept: boolean;
  readonly origin: End;
}[] = [
  {
    name: "a length",
    response: OK,
    closes: false,
    returned: [["HTTP/1.1 200 OK", DATE, "Content-Length: 2"], "ok"],
    isKept: true,
    origin: "persists",
  },
  {
    name: "chunks",
    response: `${head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked")}2\r\nok\r\n0\r\n\r\n`,
    closes: false,
    returned: [["HTTP/1.1 200 OK", DATE], "ok"],
    isKept: false,
    origin: "persists",
  },
  {
    name: "a close",
    response: `${head("HTTP/1.1 200 OK", DATE)}ok`,
    closes: true,
    returned: [["HTTP/1.1 200 OK", DATE], "ok"],
    isKept: false,
    origin: "closed close-delimited",
  },
  {
    name: "no body (204)",
    response: head("HTTP/1.1 204 No Content", DATE),
    closes: false,
    returned: [["HTTP/1.1 204 No Content", DATE], ""],
    isKept: true,
    origin: "persists",
  },
  {
    name: "no body (304)",
    response: head("HTTP/1.1 304 Not Modified", DATE, "Content-Length: 5"),
    closes: false,
    returned: [["HTTP/1.1 304 Not Modified", DATE, "Content-Length: 5"], ""],
    isKept: true,
    origin: "persists",
  },
  {
    name: "a length and a close",
    response: `${head("HTTP/1.1 200 OK", DATE, "Connection: close", "Content-Length: 2")}ok`,
    closes: true,
    returned: [["HTTP/1.1 200 OK", DATE, "Content-Length: 2"], "ok"],
    isKept: true,
    origin: "closed close-received",
  },
];

const toHttp10Clients = framings.flatMap((framing): Case[] => {
  const steps = (request: string, connection: readonly string[]): Step[] => [
    client.sends(request),
    origin.receives(GET_10_FORWARDED),
    origin.sends(framing.response),
    ...(framing.closes ? [origin.halfCloses] : []),
    client.receives(`${head(...framing.returned[0], ...connection)}${framing.returned[1]}`),
  ];
  return [
    {
      rows: framing.isKept ? [58, 62, 99] : [26, 58, 62, 99],
      section: SECTION,
      title: `An HTTP/1.0 client that asks for keep-alive and gets a response with ${framing.name} ${framing.isKept ? "keeps its connection" : "sees it close"}.`,
      steps: steps(GET_10_KEPT, framing.isKept ? TERMS : ["Connection: close"]),
      client: [framing.isKept ? "persists" : "FIN close-delimited"],
      origin: [framing.origin],
    },
    {
      rows: framing.isKept ? [58] : [26, 58],
      section: "RFC 9112 section 9.3",
      title: `An HTTP/1.0 client that does not ask for keep-alive and gets a response with ${framing.name} sees its connection close.`,
      steps: steps(GET_10, ["Connection: close"]),
      client: ["FIN http10-not-kept"],
      origin: [framing.origin],
    },
  ];
});

/** Steps that let the proxy learn that its origin speaks HTTP/1.0 and keeps its connection. */
const learnsHttp10: readonly Step[] = [
  client.sends(GET),
  origin.receives(GET_FORWARDED),
  origin.sends(`${head("HTTP/1.0 200 OK", DATE, "Connection: keep-alive", "Content-Length: 2")}ok`),
  client.receives(OK),
];
const OK_10 = `${head("HTTP/1.0 200 OK", DATE, "Connection: keep-alive", "Content-Length: 2")}ok`;

function toHttp10Origin(rows: readonly number[], title: string, request: string, forwarded: Expected): Case {
  return {
    rows,
    section: "RFC 9112 section 6.1",
    title,
    steps: [
      ...learnsHttp10,
      client.sends(request),
      origin.receives(forwarded),
      origin.sends(OK_10),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["persists"],
  };
}

export const http10: Group = {
  name: "HTTP/1.0 and its Keep-Alive",
  cases: [
    ...toHttp10Clients,
    {
      rows: [58, 62, 99],
      section: SECTION,
      title: "A kept HTTP/1.0 connection carries one exchange after the other, its max counting down.",
      steps: [
        client.sends(GET_10_KEPT),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", ...TERMS)}ok`),
        client.sends(GET_10_KEPT),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(
          `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", TERMS[0] ?? "", "Keep-Alive: timeout=74, max=998")}ok`,
        ),
        client.sends(GET_10),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    {
      rows: [58],
      section: "RFC 9112 section 9.3",
      title: "close wins over keep-alive in HTTP/1.0, too.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a", "Connection: keep-alive, close")),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`),
      ],
      client: ["FIN close-received"],
      origin: ["persists"],
    },
    {
      rows: [66, 98],
      section: "RFC 9112 appendix C.2.2",
      title: "Proxy-Connection of an HTTP/1.0 client is no request for keep-alive.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=5")),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    {
      rows: [62, 98, 99],
      section: SECTION,
      title: "What the client and the proxy agree on is not told the origin, nor the other way round.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a", "Connection: Keep-Alive", "Keep-Alive: timeout=300, max=9")),
        origin.receives(GET_10_FORWARDED),
        origin.sends(
          `${head("HTTP/1.0 200 OK", DATE, "Content-Length: 2", "Connection: Keep-Alive", "Keep-Alive: timeout=15, max=3")}ok`,
        ),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", ...TERMS)}ok`),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [60, 62],
      section: SECTION,
      title: "A kept HTTP/1.0 connection carries a request with a body.",
      steps: [
        client.sends(`${head("POST / HTTP/1.0", "Host: a", "Connection: keep-alive", "Content-Length: 5")}hello`),
        origin.receives(`${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED_10)}hello`),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", ...TERMS)}ok`),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [35],
      section: "RFC 9112 section 6.3",
      title: "A body behind an HTTP/1.0 request that declares none is no body.",
      steps: [
        client.sends(`${head("POST / HTTP/1.0", "Host: a")}hello`),
        origin.receives(head("POST / HTTP/1.1", "Host: a", ...ADDED_10)),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    {
      rows: [87, 89],
      section: "RFC 9110 section 15.2",
      title: "An HTTP/1.0 client gets no 1xx, and its Expect is ignored.",
      steps: [
        client.sends(`${head("POST / HTTP/1.0", "Host: a", "Expect: 100-continue", "Content-Length: 2")}hi`),
        origin.receives(`${head("POST / HTTP/1.1", "Host: a", "Content-Length: 2", ...ADDED_10)}hi`),
        origin.sends(`${head("HTTP/1.1 100 Continue")}${head("HTTP/1.1 103 Early Hints", "Link: </a>")}${OK}`),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    {
      rows: [89],
      section: "RFC 9110 section 10.1.1",
      title: "An expectation of HTTP/1.0 that nobody knows is ignored, too.",
      steps: [
        client.sends(`${head("POST / HTTP/1.0", "Host: a", "Expect: tea", "Content-Length: 2")}hi`),
        origin.receives(`${head("POST / HTTP/1.1", "Host: a", "Content-Length: 2", ...ADDED_10)}hi`),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    {
      rows: [93],
      section: "RFC 9110 section 7.8",
      title: "Upgrade in HTTP/1.0 is ignored.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a", "Connection: upgrade", "Upgrade: websocket")),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: close")}ok`),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    toHttp10Origin(
      [26, 29],
      "A chunked request goes to an origin that speaks HTTP/1.0 with a length instead.",
      `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n`,
      `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 11", ...ADDED)}hello world`,
    ),
    toHttp10Origin(
      [26, 39],
      "Trailers of a request do not become fields towards an origin that speaks HTTP/1.0.",
      `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\nX: y\r\n\r\n`,
      `${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED)}hello`,
    ),
    {
      rows: [26, 90, 92],
      section: "RFC 9110 section 10.1.1",
      title: "An expectation towards an origin that speaks HTTP/1.0 is met by the proxy.",
      steps: [
        ...learnsHttp10,
        client.sends(head("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5")),
        client.receives(head("HTTP/1.1 100 Continue")),
        client.sends("hello"),
        origin.receives(`${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED)}hello`),
        origin.sends(OK_10),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [26, 90, 92],
      section: "RFC 9110 section 10.1.1",
      title:
        "A chunked body that is expected towards an origin that speaks HTTP/1.0 is asked for and sent with a length.",
      steps: [
        ...learnsHttp10,
        client.sends(head("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Transfer-Encoding: chunked")),
        client.receives(head("HTTP/1.1 100 Continue")),
        client.sends("5\r\nhello\r\n0\r\n\r\n"),
        origin.receives(`${head("POST / HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED)}hello`),
        origin.sends(OK_10),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    ...[0x11000, 0x40000].map(
      (size): Case => ({
        rows: [26],
        section: "RFC 9110 section 15.5.12",
        title: `A chunked body of ${size / 1024} KiB, too large to be measured for an HTTP/1.0 origin, is answered 411.`,
        onlyWhole: "the size is what counts",
        steps: [
          ...learnsHttp10,
          client.sends(
            `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}${size.toString(16)}\r\n${"x".repeat(size)}\r\n0\r\n\r\n`,
          ),
          client.receives(refusal(411, "length-required")),
        ],
        client: ["FIN request-refused"],
        origin: ["persists"],
      }),
    ),
    {
      rows: [7, 26],
      section: "RFC 9112 section 6.1",
      title: "An origin that speaks HTTP/1.1 again gets chunks again.",
      steps: [
        ...learnsHttp10,
        ...ordinaryExchange,
        client.sends(`${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}2\r\nhi\r\n0\r\n\r\n`),
        origin.receives(inChunks(head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED), "hi")),
        origin.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [26],
      section: "RFC 9112 section 6.1",
      title: "A connection that has answered in HTTP/1.0 gets no chunks, though its origin is known to speak HTTP/1.1.",
      steps: [
        ...ordinaryExchange,
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(`${head("HTTP/1.0 503 Busy", DATE, "Connection: keep-alive", "Content-Length: 2")}ok`),
        client.receives(`${head("HTTP/1.1 503 Busy", DATE, "Content-Length: 2")}ok`),
        client.sends(`${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}2\r\nhi\r\n0\r\n\r\n`),
        origin2.receives(inChunks(head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED), "hi")),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed http10-not-kept", "persists"],
    },
    {
      rows: [58, 83],
      section: "RFC 9112 section 9.3",
      title: "After an HTTP/1.0 response without keep-alive nothing more is sent on its connection.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(OK.replace("HTTP/1.1", "HTTP/1.0")),
        client.receives(OK),
        client.sends(GET),
        origin2.receives(GET_FORWARDED),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed http10-not-kept", "persists"],
    },
  ],
};
