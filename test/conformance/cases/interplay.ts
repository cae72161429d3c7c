/**
 * Where several rules meet on one connection: pipelining beside bodies, closes, expectations, early answers, versions and
 * responses without a body. Each rule has cases of its own elsewhere; here none may spoil another.
 */
import {
  ADDED,
  addedFor,
  answer,
  client,
  DATE,
  exchanged,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  inChunks,
  inChunksSoFar,
  OK,
  OK_CLOSE,
  ordinaryExchange,
  origin,
  origin2,
  origin3,
  origin4,
  refusal,
} from "../case.ts";

const PERSISTENCE = "RFC 9112 section 9.3";
const EXPECT = "RFC 9110 section 10.1.1";
const FRAMING = "RFC 9112 section 6.3";

const CONTINUE = head("HTTP/1.1 100 Continue");
const HINTS = head("HTTP/1.1 103 Early Hints", "Link: </a.css>");

function request(method: string, path: string, ...lines: string[]): string {
  return head(`${method} ${path} HTTP/1.1`, "Host: a", ...lines);
}
function forwarded(method: string, path: string, ...lines: string[]): string {
  return request(method, path, ...lines, ...ADDED);
}
const EXPECTING = ["Expect: 100-continue", "Content-Length: 5"];

/** HTTP/1.0 in both directions. */
const GET_10_KEPT = head("GET / HTTP/1.0", "Host: a", "Connection: keep-alive");
const GET_10_FORWARDED = head("GET / HTTP/1.1", "Host: a", ...addedFor("a", "1.0"));
const terms = (max: number) => ["Connection: keep-alive", `Keep-Alive: timeout=74, max=${max}`];
const OK_10 = (...lines: string[]) => `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2", ...lines)}ok`;

const MANY_CHUNKS = 5_000;
const MANY = "m".repeat(MANY_CHUNKS);
const IN_MANY_CHUNKS = `${"1\r\nm\r\n".repeat(MANY_CHUNKS)}0\r\n\r\n`;
const CHUNKED = "Transfer-Encoding: chunked";

export const interplay: Group = {
  name: "Interplay",
  cases: [
    {
      rows: [43, 63, 67, 81],
      section: FRAMING,
      title: "Pipelined responses to HEAD, of 204 and of 304 have no body, and the last request's close is honoured.",
      steps: [
        client.sends(
          request("HEAD", "/1") +
            request("GET", "/2") +
            request("GET", "/3", 'If-None-Match: "e"') +
            request("GET", "/4", "Connection: close"),
        ),
        origin.receives(forwarded("HEAD", "/1")),
        origin.sends(head("HTTP/1.1 200 OK", DATE, "Content-Length: 1000")),
        client.receives(head("HTTP/1.1 200 OK", DATE, "Content-Length: 1000")),
        // HEAD was answered with a length: that connection rests for a moment.
        origin2.receives(forwarded("GET", "/2")),
        origin2.sends(head("HTTP/1.1 204 No Content", DATE)),
        client.receives(head("HTTP/1.1 204 No Content", DATE)),
        // Nor is it known yet that this origin sends nothing behind such responses.
        origin3.receives(forwarded("GET", "/3", 'If-None-Match: "e"')),
        origin3.sends(head("HTTP/1.1 304 Not Modified", DATE, 'ETag: "e"', "Content-Length: 1000")),
        client.receives(head("HTTP/1.1 304 Not Modified", DATE, 'ETag: "e"', "Content-Length: 1000")),
        origin4.receives(forwarded("GET", "/4")),
        origin4.sends(OK),
        client.receives(OK_CLOSE),
      ],
      client: ["FIN close-received"],
      origin: ["persists", "persists", "persists", "persists"],
    },
    {
      rows: [43, 58],
      section: PERSISTENCE,
      title: "A 204 whose origin says close ends the origin's connection alone.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(head("HTTP/1.1 204 No Content", DATE, "Connection: close")),
        client.receives(head("HTTP/1.1 204 No Content", DATE)),
      ],
      client: ["persists"],
      origin: ["closed close-received"],
    },
    {
      rows: [67, 90, 91],
      section: EXPECT,
      title: "An expectation that is pipelined waits for its turn; then its 100 comes, its body, and its response.",
      steps: [
        client.sends(request("GET", "/1") + request("PUT", "/2", ...EXPECTING)),
        origin.receives(forwarded("GET", "/1")),
        origin.sends(OK),
        client.receives(OK),
        origin.receives(forwarded("PUT", "/2", ...EXPECTING)),
        origin.sends(CONTINUE),
        client.receives(CONTINUE),
        client.sends(`hello${request("GET", "/3")}`),
        origin.receives("hello"),
        origin.sends(OK),
        client.receives(OK),
        origin.receives(forwarded("GET", "/3")),
        origin.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [81, 90],
      section: EXPECT,
      title: "A client may expect 100 and say close in the same request.",
      steps: [
        client.sends(request("PUT", "/", "Connection: close", ...EXPECTING)),
        origin.receives(forwarded("PUT", "/", ...EXPECTING)),
        origin.sends(CONTINUE),
        client.receives(CONTINUE),
        client.sends("hello"),
        origin.receives("hello"),
        origin.sends(OK),
        client.receives(OK_CLOSE),
      ],
      client: ["FIN close-received"],
      origin: ["persists"],
    },
    {
      rows: [60, 78, 82],
      section: "RFC 9112 section 9.6",
      title:
        "Behind an early answer that closes, neither the rest of the body nor what is pipelined behind it is heard.",
      steps: [
        client.sends(`${request("POST", "/", "Content-Length: 10")}hello`),
        origin.receives(`${forwarded("POST", "/", "Content-Length: 10")}hello`),
        origin.sends(`${head("HTTP/1.1 413 Content Too Large", DATE, "Connection: close", "Content-Length: 2")}no`),
        client.receives(`${head("HTTP/1.1 413 Content Too Large", DATE, "Content-Length: 2", "Connection: close")}no`),
        client.sends(`world${GET}`),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed close-received"],
    },
    {
      rows: [43, 60, 78],
      section: "RFC 9110 section 7.5",
      title: "An early answer without a body leaves the client's connection to the rest of the request.",
      steps: [
        client.sends(`${request("POST", "/", CHUNKED)}5\r\nhello\r\n`),
        origin.receives(inChunksSoFar(forwarded("POST", "/", CHUNKED), "hello")),
        origin.sends(head("HTTP/1.1 204 No Content", DATE)),
        client.receives(head("HTTP/1.1 204 No Content", DATE)),
        client.sends("5\r\nworld\r\n0\r\n\r\n"),
        origin.receives(inChunks("", "world")),
      ],
      client: ["persists"],
      origin: ["closed request-unfinished"],
    },
    {
      rows: [33, 88],
      section: "RFC 9110 section 15.2",
      title: "An error behind an interim response is answered behind it, and the client's connection persists.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(`${HINTS}nonsense\r\n\r\n`),
        client.receives(HINTS),
        client.receives(answer(502, "response-malformed")),
      ],
      client: ["persists"],
      origin: ["closed response-malformed"],
    },
    exchanged([88], "RFC 9110 section 15.2", "An origin's own error behind interim responses comes back as it is.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${HINTS}${HINTS}${head("HTTP/1.1 503 Service Unavailable", DATE, "Retry-After: 1", "Content-Length: 0")}`,
      returned: `${HINTS}${HINTS}${head("HTTP/1.1 503 Service Unavailable", DATE, "Retry-After: 1", "Content-Length: 0")}`,
    }),
    {
      rows: [64, 88],
      section: "RFC 9112 section 9.2",
      title: "An interim response behind the final one belongs to no request.",
      steps: [client.sends(GET), origin.receives(GET_FORWARDED), origin.sends(`${OK}${CONTINUE}`), client.receives(OK)],
      client: ["persists"],
      origin: ["closed unexpected-octets"],
    },
    {
      rows: [71, 91],
      section: "RFC 9110 section 9.2.2",
      title: "Behind a 100 nothing is sent again, although its connection was reused and the method is idempotent.",
      steps: [
        ...ordinaryExchange,
        client.sends(request("PUT", "/", ...EXPECTING)),
        origin.receives(forwarded("PUT", "/", ...EXPECTING)),
        origin.sends(CONTINUE),
        client.receives(CONTINUE),
        client.sends("hello"),
        origin.receives("hello"),
        origin.halfCloses,
        client.receives(answer(502, "response-incomplete")),
      ],
      client: ["persists"],
      origin: ["closed peer-closed"],
    },
    {
      rows: [72, 91],
      section: "RFC 9110 section 9.2.2",
      title: "A request that waits for 100 on a connection that dies is not sent again: its body is not at hand.",
      steps: [
        ...ordinaryExchange,
        client.sends(request("PUT", "/", ...EXPECTING)),
        origin.receives(forwarded("PUT", "/", ...EXPECTING)),
        origin.halfCloses,
        client.receives(refusal(502, "upstream-closed")),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed peer-closed"],
    },
    {
      rows: [36, 64, 67],
      section: "RFC 9112 section 9.2",
      title: "Bytes behind a response do not answer the request that is pipelined behind it.",
      steps: [
        client.sends(request("GET", "/1") + request("GET", "/2")),
        origin.receives(forwarded("GET", "/1")),
        origin.sends(`${OK}${head("HTTP/1.1 200 OK", "Content-Length: 6")}forged`),
        client.receives(OK),
        origin2.receives(forwarded("GET", "/2")),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed unexpected-octets", "closed distrusted"],
      onlyWhole: "once the next request has gone out, nobody can tell them from its answer",
    },
    {
      rows: [67, 93],
      section: "RFC 9110 section 7.8",
      title: "A request that is pipelined behind an offer to upgrade is served when the offer is not taken.",
      steps: [
        client.sends(request("GET", "/1", "Connection: Upgrade", "Upgrade: new") + request("GET", "/2")),
        origin.receives(forwarded("GET", "/1", "Connection: Upgrade", "Upgrade: new")),
        origin.sends(OK),
        client.receives(OK),
        origin2.receives(forwarded("GET", "/2")),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed upgrade-refused", "persists"],
    },
    {
      rows: [62, 67, 99],
      section: "RFC 2068 section 19.7.1",
      title: "Pipelined requests of a kept HTTP/1.0 connection are answered in order, and max counts down.",
      steps: [
        client.sends(GET_10_KEPT + GET_10_KEPT),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(OK_10(...terms(999))),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(OK_10(...terms(998))),
      ],
      client: ["persists"],
      origin: ["persists"],
    },
    {
      rows: [58, 82],
      section: PERSISTENCE,
      title: "Nothing behind an HTTP/1.0 request without keep-alive is processed.",
      steps: [
        client.sends(head("GET / HTTP/1.0", "Host: a") + GET_10_KEPT),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(OK_CLOSE),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    {
      rows: [58, 67],
      section: PERSISTENCE,
      title:
        "Each request of a connection says for itself: HTTP/1.1 persists, a kept HTTP/1.0 behind it too, a bare one ends it.",
      steps: [
        client.sends(GET + GET_10_KEPT + head("GET / HTTP/1.0", "Host: a")),
        origin.receives(GET_FORWARDED),
        origin.sends(OK),
        client.receives(OK),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(OK_10(...terms(998))),
        origin.receives(GET_10_FORWARDED),
        origin.sends(OK),
        client.receives(OK_CLOSE),
      ],
      client: ["FIN http10-not-kept"],
      origin: ["persists"],
    },
    {
      rows: [33, 43, 67],
      section: FRAMING,
      title: "An answer of the proxy's own to HEAD has no body either, and what is pipelined behind it is served.",
      steps: [
        client.sends(request("HEAD", "/1") + request("GET", "/2")),
        origin.receives(forwarded("HEAD", "/1")),
        origin.sends("nonsense\r\n\r\n"),
        client.receives({ status: 502, reason: "response-malformed", connectionLines: "", isHead: true }),
        origin2.receives(forwarded("GET", "/2")),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["closed response-malformed", "persists"],
    },
    {
      rows: [33, 99],
      section: "RFC 2068 section 19.7.1",
      title: "An answer of the proxy's own keeps an HTTP/1.0 connection that asked for it.",
      steps: [
        client.sends(GET_10_KEPT),
        origin.receives(GET_10_FORWARDED),
        origin.sends("nonsense\r\n\r\n"),
        client.receives({
          status: 502,
          reason: "response-malformed",
          connectionLines: terms(999)
            .map((line) => `${line}\r\n`)
            .join(""),
          isHead: false,
        }),
      ],
      client: ["persists"],
      origin: ["closed response-malformed"],
    },
    {
      rows: [58, 59, 81],
      section: PERSISTENCE,
      title: "A client that says close gets a response that only a close ends in chunks all the same.",
      steps: [
        client.sends(request("GET", "/", "Connection: close")),
        origin.receives(GET_FORWARDED),
        origin.sends(`${head("HTTP/1.1 200 OK", DATE)}all of it`),
        origin.halfCloses,
        client.receives(inChunks(head("HTTP/1.1 200 OK", DATE, CHUNKED, "Connection: close"), "all of it")),
      ],
      client: ["FIN close-received"],
      origin: ["closed close-delimited"],
    },
    exchanged(
      [21, 22],
      "RFC 9110 section 9.1",
      "A method that nobody knows may have a body, and so may its response.",
      {
        request: `${request("BREW", "/pot", CHUNKED)}3\r\ntea\r\n0\r\n\r\n`,
        forwarded: inChunks(forwarded("BREW", "/pot", CHUNKED), "tea"),
        response: `${head("HTTP/1.1 418 I'm a teapot", DATE, "Content-Length: 5")}short`,
        returned: `${head("HTTP/1.1 418 I'm a teapot", DATE, "Content-Length: 5")}short`,
      },
    ),
    {
      ...exchanged([22, 37], "RFC 9112 section 7.1", "A body of 5,000 chunks of one byte passes in both directions.", {
        request: `${request("POST", "/", CHUNKED)}${IN_MANY_CHUNKS}`,
        forwarded: inChunks(forwarded("POST", "/", CHUNKED), MANY),
        response: `${head("HTTP/1.1 200 OK", DATE, CHUNKED)}${IN_MANY_CHUNKS}`,
        returned: inChunks(head("HTTP/1.1 200 OK", DATE, CHUNKED), MANY),
      }),
      onlyWhole: "the number of chunks is what counts",
    },
    exchanged([38], "RFC 9112 section 7.1.1", "Chunk extensions of a response are ignored and do not come back.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${head("HTTP/1.1 200 OK", DATE, CHUNKED)}2;a=1\r\nok\r\n2 ; b="\\";2"\r\nay\r\n0;last\r\n\r\n`,
      returned: inChunks(head("HTTP/1.1 200 OK", DATE, CHUNKED), "okay"),
    }),
    exchanged([45, 46], "RFC 9110 section 7.6.1", "Trailers that the origin's Connection nominates do not come back.", {
      request: GET,
      forwarded: GET_FORWARDED,
      response: `${head("HTTP/1.1 200 OK", DATE, CHUNKED, "Connection: X-Hop")}2\r\nok\r\n0\r\nX-Hop: 1\r\nX-Sum: 2\r\nKeep-Alive: timeout=5\r\nConnection: close\r\n\r\n`,
      returned: inChunks(head("HTTP/1.1 200 OK", DATE, CHUNKED), "ok", "X-Sum: 2"),
    }),
    exchanged(
      [46, 58],
      "RFC 9110 section 7.6.1",
      "A close in a request's trailers decides nothing and does not go on.",
      {
        request: `${request("POST", "/", CHUNKED)}2\r\nok\r\n0\r\nConnection: close\r\nKeep-Alive: max=0\r\nX-Sum: 2\r\n\r\n`,
        forwarded: inChunks(forwarded("POST", "/", CHUNKED), "ok", "X-Sum: 2"),
        response: OK,
        returned: OK,
      },
    ),
    {
      rows: [39, 62, 99],
      section: "RFC 9112 section 7.1.2",
      title: "Trailers of a response do not become fields for an HTTP/1.0 client, who gets its content and a close.",
      steps: [
        client.sends(GET_10_KEPT),
        origin.receives(GET_10_FORWARDED),
        origin.sends(`${head("HTTP/1.1 200 OK", DATE, CHUNKED)}2\r\nok\r\n0\r\nX-Sum: 2\r\n\r\n`),
        client.receives(`${head("HTTP/1.1 200 OK", DATE, "Connection: close")}ok`),
      ],
      client: ["FIN close-delimited"],
      origin: ["persists"],
    },
  ],
};
