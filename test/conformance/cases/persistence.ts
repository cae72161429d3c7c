/** When a connection persists, on which hop, and whose response is whose (RFC 9112 sections 9.2 and 9.3). */
import { DOUBT_MS } from "../../../src/pool/pooled-connection.ts";
import {
  ADDED,
  type Case,
  client,
  client2,
  DATE,
  type End,
  exchanged,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  OK,
  OK_CLOSE,
  ordinaryExchange,
  origin,
  origin2,
  origin3,
  waits,
} from "../case.ts";

const SECTION = "RFC 9112 section 9.3";

/** What nobody has asked for. */
const EVIL = `${head("HTTP/1.1 200 OK", "Content-Length: 4")}EVIL`;
/** A response of just as many octets as are read at once. */
const READ_BYTES = 64 * 1024;
const fullHead = head("HTTP/1.1 200 OK", DATE, "Content-Length: 65000");
const FULL_READ = fullHead.replace("65000", String(READ_BYTES - fullHead.length)).padEnd(READ_BYTES, "x");

/** An exchange in which the client says something of its connection. */
function clientSays(rows: readonly number[], title: string, connection: string, returned: string, end: End): Case {
  return {
    rows,
    section: SECTION,
    title,
    steps: [
      client.sends(head("GET / HTTP/1.1", "Host: a", connection)),
      origin.receives(GET_FORWARDED),
      origin.sends(OK),
      client.receives(returned),
    ],
    client: [end],
    origin: ["persists"],
  };
}

/** An exchange in which the origin says something of its connection: the client never hears of it. */
function originSays(rows: readonly number[], title: string, startLine: string, connection: string[], end: End): Case {
  return {
    rows,
    section: SECTION,
    title,
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      origin.sends(`${head(startLine, DATE, "Content-Length: 2", ...connection)}ok`),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: [end],
  };
}

const OK_TERMS = (terms: string) =>
  `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: keep-alive", `Keep-Alive: ${terms}`)}ok`;

const okWith = (...lines: string[]) => `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", ...lines)}ok`;
const get = (path: string) => head(`GET ${path} HTTP/1.1`, "Host: a");
const getForwarded = (path: string) => head(`GET ${path} HTTP/1.1`, "Host: a", ...ADDED);

/** What an origin says of its connection, and after how many exchanges more it must not be used any longer. */
function originAllows(max: number, how: readonly string[]): Case {
  const later = (n: number) => okWith(...(how[n] ? [how[n]] : []));
  const first = okWith("Connection: keep-alive", `Keep-Alive: max=${max}`);
  return {
    rows: [58],
    section: "RFC 2068 section 19.7.1.1",
    title: `An origin's max=${max} is used up and not overdrawn, when it ${how.length > 0 ? "counts down itself" : "says so once"}.`,
    steps: [
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      origin.sends(first),
      client.receives(OK),
      ...Array.from({ length: max }, (_, n) => [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(later(n)),
        client.receives(OK),
      ]).flat(),
    ],
    client: ["persists"],
    origin: ["closed hint-max"],
  };
}

export const persistence: Group = {
  name: "Persistence",
  cases: [
    {
      rows: [57, 58, 61, 63],
      section: SECTION,
      title: "Both connections persist by default and carry one exchange after the other.",
      steps: [...ordinaryExchange, ...ordinaryExchange, ...ordinaryExchange],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [57, 60, 63],
      section: SECTION,
      title: "Connections persist after requests and responses with bodies of every framing.",
      steps: [
        client.sends(`${head("POST /1 HTTP/1.1", "Host: a", "Content-Length: 3")}one`),
        origin.receives(`${head("POST /1 HTTP/1.1", "Host: a", "Content-Length: 3", ...ADDED)}one`),
        origin.sends(`${head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked")}3\r\nuno\r\n0\r\n\r\n`),
        client.receives({
          head: head("HTTP/1.1 200 OK", DATE, "Transfer-Encoding: chunked"),
          content: "uno",
          trailers: "",
          isUnfinished: false,
        }),
        client.sends(`${head("POST /2 HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}3\r\ntwo\r\n0\r\n\r\n`),
        origin.receives({
          head: head("POST /2 HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", ...ADDED),
          content: "two",
          trailers: "",
          isUnfinished: false,
        }),
        origin.sends(head("HTTP/1.1 204 No Content", DATE)),
        client.receives(head("HTTP/1.1 204 No Content", DATE)),
        waits(DOUBT_MS),
        client.sends(head("HEAD /3 HTTP/1.1", "Host: a")),
        origin.receives(head("HEAD /3 HTTP/1.1", "Host: a", ...ADDED)),
        origin.sends(head("HTTP/1.1 200 OK", DATE, "Content-Length: 9")),
        client.receives(head("HTTP/1.1 200 OK", DATE, "Content-Length: 9")),
        waits(DOUBT_MS),
        ...ordinaryExchange,
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [36, 64],
      section: "RFC 9112 section 6.3",
      title:
        "Right behind a response to HEAD that describes a body, nobody else gets the connection: some origins send it.",
      steps: [
        client.sends(head("HEAD / HTTP/1.1", "Host: a")),
        origin.receives(head("HEAD / HTTP/1.1", "Host: a", ...ADDED)),
        origin.sends(head("HTTP/1.1 200 OK", DATE, "Content-Length: 42")),
        client.receives(head("HTTP/1.1 200 OK", DATE, "Content-Length: 42")),
        client.sends(GET),
        origin2.receives(GET_FORWARDED),
        origin.sends(EVIL),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets", "closed distrusted"],
    },
    {
      rows: [36, 64],
      section: "RFC 9112 section 6.3",
      title:
        "Bytes that come late behind a 204 are nobody's response, and then each request to that origin gets its own connection.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(head("HTTP/1.1 204 No Content", DATE)),
        client.receives(head("HTTP/1.1 204 No Content", DATE)),
        client.sends(GET),
        origin2.receives(GET_FORWARDED),
        origin.sends(EVIL),
        origin2.sends(OK),
        client.receives(OK),
        client.sends(GET),
        origin3.receives(GET_FORWARDED),
        origin3.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets", "closed distrusted", "closed distrusted"],
    },
    {
      rows: [36, 61, 64],
      section: "RFC 9112 section 6.3",
      title: "What comes right behind a response is no answer to the request that waits, however the bytes are read.",
      onlyWhole: "the size is what counts: the response ends where a read ends",
      steps: [
        client.sends(`${GET}${GET}`),
        origin.receives(GET_FORWARDED),
        origin.sends(`${FULL_READ}${EVIL}`),
        client.receives(FULL_READ),
        origin2.receives(GET_FORWARDED),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets", "closed distrusted"],
    },
    clientSays(
      [58, 59, 79, 80, 81],
      "A client's close is honoured and said in return; the origin's connection persists.",
      "Connection: close",
      OK_CLOSE,
      "FIN close-received",
    ),
    clientSays([58], "Connection options are read without case.", "connection: CLOSE", OK_CLOSE, "FIN close-received"),
    clientSays(
      [58],
      "close wins over keep-alive, in whatever order.",
      "Connection: keep-alive, close",
      OK_CLOSE,
      "FIN close-received",
    ),
    clientSays(
      [58],
      "close is seen among other options and on any Connection field.",
      "Connection: X-A\r\nConnection: ,close ,",
      OK_CLOSE,
      "FIN close-received",
    ),
    clientSays([58], "An option that only contains close is none.", "Connection: closed, enclose", OK, "persists"),
    ...["close\xac keep-alive", "keep-alive close", '"close"', "close;"].map((value) =>
      clientSays(
        [58],
        `What is no list of tokens may have been meant to close, so it does: ${value}.`,
        `Connection: ${value}`,
        OK_CLOSE,
        "FIN close-received",
      ),
    ),
    clientSays(
      [58, 98, 100],
      "A client that asks for keep-alive is told the terms, shorter than they are enforced.",
      "Connection: keep-alive",
      OK_TERMS("timeout=74"),
      "persists",
    ),
    {
      rows: [58, 98, 100],
      section: "RFC 2068 section 19.7.1.1",
      title: "max counts down, and the last response says close.",
      settings: { maxRequests: 2, keepAliveTimeout_ms: 5_000 },
      steps: [
        client.sends(head("GET / HTTP/1.1", "Host: a", "Connection: Keep-Alive")),
        origin.receives(GET_FORWARDED),
        origin.sends(OK),
        client.receives(OK_TERMS("timeout=4, max=1")),
        client.sends(head("GET / HTTP/1.1", "Host: a", "Connection: Keep-Alive")),
        origin.receives(GET_FORWARDED),
        origin.sends(OK),
        client.receives(OK_CLOSE),
      ],
      client: ["FIN max-requests"],
      origin: ["persists"],
    },
    originSays(
      [58, 83],
      "An origin's close ends its connection and no other.",
      "HTTP/1.1 200 OK",
      ["Connection: close"],
      "closed close-received",
    ),
    originSays(
      [58, 83],
      "An origin's close wins over its keep-alive.",
      "HTTP/1.0 200 OK",
      ["Connection: keep-alive", "Connection: close"],
      "closed close-received",
    ),
    originSays(
      [58],
      "An origin's Connection that is no list of tokens ends its connection.",
      "HTTP/1.1 200 OK",
      ["Connection: keep-alive\xac close"],
      "closed close-received",
    ),
    originSays([58], "An HTTP/1.0 origin's connection closes.", "HTTP/1.0 200 OK", [], "closed http10-not-kept"),
    originSays(
      [58],
      "An HTTP/1.0 origin's connection persists if it agrees to keep-alive, even unasked.",
      "HTTP/1.0 200 OK",
      ["Connection: Keep-Alive", "Keep-Alive: timeout=15, max=100"],
      "persists",
    ),
    originSays(
      [100],
      "A Keep-Alive field without its token is ignored.",
      "HTTP/1.1 200 OK",
      ["Keep-Alive: timeout=0, max=0"],
      "persists",
    ),
    originSays(
      [58],
      "An origin's max is not overdrawn.",
      "HTTP/1.1 200 OK",
      ["Connection: keep-alive", "Keep-Alive: timeout=15, max=0"],
      "closed hint-max",
    ),
    originAllows(1, []),
    originAllows(3, []),
    originAllows(2, ["Connection: keep-alive\r\nKeep-Alive: max=1", "Connection: keep-alive\r\nKeep-Alive: max=0"]),
    {
      rows: [58, 75],
      section: "RFC 2068 section 19.7.1.1",
      title: "The latest terms of an origin's connection count.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(okWith("Connection: keep-alive", "Keep-Alive: timeout=5")),
        client.receives(OK),
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(okWith("Connection: keep-alive", "Keep-Alive: timeout=50")),
        client.receives(OK),
        waits(20_000),
        ...ordinaryExchange,
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [58, 83],
      section: "RFC 9112 section 9.6",
      title: "Of two connections to an origin the one on which it says close goes, and the other serves on.",
      steps: [
        client.sends(get("/1")),
        origin.receives(getForwarded("/1")),
        client2.sends(get("/2")),
        origin2.receives(getForwarded("/2")),
        origin.sends(okWith("Connection: close")),
        client.receives(OK),
        origin2.sends(OK),
        client2.receives(OK),
        client.sends(get("/3")),
        origin2.receives(getForwarded("/3")),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists", "persists"],
      origin: ["closed close-received", "persists"],
    },
    {
      rows: [58, 75],
      section: "RFC 2068 section 19.7.1.1",
      title: "An origin's timeout is used up before it ends.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(
          `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", "Connection: keep-alive", "Keep-Alive: timeout=5")}ok`,
        ),
        client.receives(OK),
        waits(4_100),
        client.sends(GET),
        origin2.receives(GET_FORWARDED),
        origin2.sends(OK),
        client.receives(OK),
        waits(60_000),
      ],
      client: ["persists"],
      origin: ["FIN idle-timeout", "FIN idle-timeout"],
    },
    {
      rows: [57],
      section: SECTION,
      title: "One connection that its origin closed at once is no reason never to reuse another.",
      steps: [
        ...ordinaryExchange,
        origin.halfCloses,
        client.sends(GET),
        origin2.receives(GET_FORWARDED),
        origin2.sends(OK),
        client.receives(OK),
        waits(61_000),
        client.sends(GET),
        origin3.receives(GET_FORWARDED),
        origin3.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["FIN peer-closed-idle", "FIN idle-timeout", "persists"],
    },
    {
      rows: [61],
      section: SECTION,
      title: "A connection whose response is not finished carries no other exchange.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(OK.slice(0, -1)),
        client.receives(OK.slice(0, -1)),
        client2.sends(GET),
        origin2.receives(GET_FORWARDED),
        origin2.sends(OK),
        client2.receives(OK),
        origin.sends("k"),
        client.receives("k"),
      ],
      client: ["persists", "persists"],
      origin: ["persists", "persists"],
    },
    {
      rows: [65],
      section: "RFC 9110 section 3.3",
      title: "An origin's connection serves one client after another, and nothing of the one reaches the other.",
      steps: [
        client.sends(head("GET / HTTP/1.1", "Host: a", "Authorization: Basic one", "Cookie: one")),
        origin.receives(head("GET / HTTP/1.1", "Host: a", "Authorization: Basic one", "Cookie: one", ...ADDED)),
        origin.sends(`${head("HTTP/1.1 200 OK", DATE, "Set-Cookie: one", "Content-Length: 3")}one`),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Set-Cookie: one", "Content-Length: 3")}one`),
        client2.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(OK),
        client2.receives(OK),
      ],
      client: ["persists", "persists"],
      origin: ["persists"],
    },
    {
      rows: [64],
      section: "RFC 9112 section 9.2",
      title: "What an idle origin says unasked is no response, and its connection closes.",
      steps: [...ordinaryExchange, origin.sends("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")],
      client: ["persists"],
      origin: ["closed unexpected-octets"],
    },
    {
      rows: [64],
      section: "RFC 9112 section 9.2",
      title: "An origin that says something unasked and closes is not mistaken for one that answers.",
      steps: [
        ...ordinaryExchange,
        origin.sends("H"),
        origin.halfCloses,
        client.sends(GET),
        origin2.receives(GET_FORWARDED),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets", "closed distrusted"],
    },
    exchanged([66], "RFC 9112 appendix C.2.2", "The origin is told no keep-alive and no Proxy-Connection.", {
      request: head("GET / HTTP/1.1", "Host: a", "Proxy-Connection: keep-alive", "Keep-Alive: timeout=5, max=100"),
      forwarded: GET_FORWARDED,
      response: OK,
      returned: OK,
    }),
  ],
};
