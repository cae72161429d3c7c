/** HTTP/1.0, half-close, early and interim responses, retries, pipelining: the life of exchanges. */
import {
  allowed,
  awaits,
  awaitsContinue,
  fails,
  GET,
  GET_NEXT,
  halfCloses,
  head,
  holds,
  type Observation,
  OK,
  type PeerCase,
  replies,
  repliesEarly,
  sends,
} from "../case.ts";

const POST = `${head("POST /once HTTP/1.1", "Host: a", "Content-Length: 5")}hello`;
const HEAD = head("HEAD /first HTTP/1.1", "Host: a");
const CHUNKED_OK = `${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`;

const HELLO = `${head("HTTP/1.1 200 OK", "Connection: close", "Content-Length: 5")}hello`;

const http10: readonly PeerCase[] = [
  {
    id: "http10-close",
    section: "RFC 9112 9.3",
    level: "MUST",
    requirement: "An HTTP/1.0 client that asks for nothing sees its connection close behind the response.",
    client: [sends(head("GET / HTTP/1.0", "Host: a")), awaits(1)],
    judge: ({ responses: [response], ended }) =>
      response?.status !== 200
        ? fails("not answered as the origin did")
        : ended === "FIN"
          ? holds
          : fails("it stays open: the client hangs"),
  },
  {
    id: "http10-chunked",
    section: "RFC 9112 6.1",
    level: "MUST",
    requirement: "An HTTP/1.0 client gets no chunks.",
    client: [sends(head("GET / HTTP/1.0", "Host: a")), awaits(1)],
    origin: [{ ...replies(CHUNKED_OK), toHttp10: HELLO }],
    judge: ({ responses: [response], ended }) => {
      if (response === undefined) return fails("not answered as the origin did");
      if (response.fields.has("transfer-encoding")) return fails("chunks sent");
      return response.body === "hello" && ended === "FIN" ? holds : fails("the client cannot see the end");
    },
  },
  {
    id: "http10-keep-alive",
    section: "RFC 9112 9.3",
    level: "relied on",
    requirement: "An HTTP/1.0 client that asks for keep-alive is told so, or its connection closes.",
    client: [sends(head("GET / HTTP/1.0", "Host: a", "Connection: keep-alive")), awaits(1)],
    judge: ({ responses: [response], ended }) => {
      if (response?.status !== 200) return fails("not answered as the origin did");
      if (response.fields.lists("connection", "keep-alive")) {
        return ended === undefined ? holds : fails("told keep-alive, and closed");
      }
      return ended === "FIN" ? allowed("not granted") : fails("it stays open, unsaid: the client hangs");
    },
  },
  {
    id: "http10-no-interim",
    section: "RFC 9110 15.2",
    level: "MUST",
    requirement: "An HTTP/1.0 client gets the final response, and no 1xx before it.",
    client: [sends(`${head("POST / HTTP/1.0", "Host: a", "Content-Length: 5")}hello`), awaits(1)],
    origin: [{ ...replies(`${head("HTTP/1.1 100 Continue")}${OK}`), toHttp10: OK }],
    judge: ({ responses: [response], interim }) =>
      interim.length > 0 ? fails("1xx sent") : response?.status === 200 ? holds : fails("the final response is lost"),
  },
];

const ends: readonly PeerCase[] = [
  {
    id: "half-close",
    section: "RFC 9112 9.6",
    level: "relied on",
    requirement: "A client that closes its side behind its request still gets the response.",
    client: [sends(GET), halfCloses, awaits(1)],
    origin: [{ ...replies(OK), after_ms: 100 }],
    // It does not say that the client wants no response; but whoever serves may close at any time (section 9.5).
    judge: ({ responses: [response], ended }) => {
      if (response?.status === 200) return holds;
      return ended === undefined ? fails("no answer") : allowed("closed without an answer");
    },
  },
  {
    id: "close-unanswered",
    section: "RFC 9112 9.6",
    level: "MUST",
    requirement: "A client that says close gets its response, then FIN.",
    client: [sends(head("GET / HTTP/1.1", "Host: a", "Connection: close")), awaits(1)],
    judge: ({ responses: [response], ended }) =>
      response?.isComplete !== true
        ? fails("not answered as the origin did")
        : ended === "FIN"
          ? holds
          : fails(`then ${ended ?? "nothing"}`),
  },
  {
    id: "early-response",
    section: "RFC 9112 9.5",
    level: "SHOULD",
    requirement: "An origin that refuses a large body early is heard.",
    client: [
      sends(head("POST / HTTP/1.1", "Host: a", "Content-Length: 400000")),
      sends("x".repeat(100_000)),
      awaits(1),
    ],
    origin: [
      repliesEarly(`${head("HTTP/1.1 413 Content Too Large", "Connection: close", "Content-Length: 2")}no`, "FIN"),
    ],
    judge: ({ responses: [response], requests, hung }) => {
      if (response?.status === 413) return holds;
      // It listens while it sends (section 9.5); whoever sends nothing yet hears nothing.
      if (requests.length === 0) return allowed("forwards a body only once all of it has come: it is sent in vain");
      return fails(hung ? "not heard while the body is incomplete" : `${response?.status ?? "nothing"}`);
    },
  },
  {
    id: "pipelining",
    section: "RFC 9112 9.3.2",
    level: "MUST",
    requirement: "Pipelined requests are answered in their order.",
    client: [sends([1, 2, 3].map((n) => head(`GET /${n} HTTP/1.1`, "Host: a")).join("")), awaits(3)],
    origin: [1, 2, 3].map((n) => replies(`${head("HTTP/1.1 200 OK", "Content-Length: 1")}${n}`)),
    judge: ({ responses, requests }) => {
      const bodies = responses.map(({ body }) => body).join("");
      if (bodies === "123") return holds;
      // Each request must get its own response, in whatever order they reached the origin.
      const order = requests.map(({ path }) => path.slice(1)).join("");
      if (bodies.length === 3 && order !== "123") return allowed("the origin gets them in another order");
      return fails(bodies === "" ? "no response" : `answered ${bodies}`);
    },
  },
];

const interim: readonly PeerCase[] = [
  {
    id: "expect-continue",
    section: "RFC 9110 10.1.1",
    level: "relied on",
    requirement: "A client that waits for 100 (Continue) is told to go on, and its request is served.",
    client: [
      sends(head("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 5")),
      awaitsContinue,
      sends("hello"),
      awaits(1),
    ],
    origin: [{ ...repliesEarly(head("HTTP/1.1 100 Continue")), afterwards: OK, isIfExpected: true }],
    judge: ({ interim: [first], responses: [response] }) => {
      if (first?.status !== 100) return fails("it waits for ever");
      return response?.status === 200 ? holds : fails("the final response is lost");
    },
  },
  {
    id: "expect-refused",
    section: "RFC 9110 10.1.1",
    level: "relied on",
    requirement: "A final response instead of 100 (Continue) reaches the client.",
    client: [sends(head("POST / HTTP/1.1", "Host: a", "Expect: 100-continue", "Content-Length: 500000")), awaits(1)],
    origin: [repliesEarly(`${head("HTTP/1.1 401 Unauthorized", "Connection: close", "Content-Length: 2")}no`, "FIN")],
    judge: ({ responses: [response], interim: [first] }) => {
      if (response?.status === 401) return holds;
      return first?.status === 100 ? allowed("says 100 by itself, so the body is sent in vain") : fails("not heard");
    },
  },
  {
    id: "early-hints",
    section: "RFC 9110 15.2",
    level: "MUST",
    requirement: "A 1xx response is understood: the final one behind it is not lost.",
    client: [sends(GET), awaits(1)],
    origin: [replies(`${head("HTTP/1.1 103 Early Hints", "Link: </a>")}${OK}`)],
    judge: ({ interim: [first], responses: [response] }) => {
      if (response?.status !== 200) return fails("the final response is lost");
      // Only a proxy that the client has chosen must forward it (RFC 9110 section 3.7); these here are gateways.
      return first?.status === 103 ? holds : allowed("not forwarded: the client gets no hint");
    },
  },
];

const posts = ({ requests }: Observation) => requests.filter(({ method }) => method === "POST").length;

const retries: readonly PeerCase[] = [
  {
    id: "post-not-repeated",
    section: "RFC 9110 9.2.2",
    level: "MUST",
    requirement: "POST on a reused connection that dies is not sent again.",
    client: [sends(GET), awaits(1), sends(POST), awaits(2)],
    origin: [replies(OK), replies("", "FIN"), replies(OK)],
    judge: (seen) => {
      if (posts(seen) > 1) return fails(`sent ${posts(seen)} times`);
      if (posts(seen) === 0) return fails("not forwarded");
      const { responses, ended } = seen;
      if ((responses[1]?.status ?? 0) >= 500) return holds;
      return ended === undefined ? fails("no answer") : allowed("closed without an answer");
    },
  },
  {
    id: "get-after-close",
    section: "RFC 9112 9.3.1",
    level: "relied on",
    requirement: "GET on a reused connection that dies is sent again.",
    client: [sends(GET), awaits(1), sends(GET_NEXT), awaits(2)],
    origin: [replies(OK), replies("", "FIN"), replies(OK)],
    judge: ({ responses: [, second], ended }) => {
      if (second?.status === 200) return holds;
      if (second !== undefined) return allowed(`not sent again: ${second.status}`);
      return ended === undefined ? fails("no answer") : allowed("closed without an answer");
    },
  },
];

const bodiless: readonly PeerCase[] = [
  {
    id: "head-length",
    section: "RFC 9110 9.3.2",
    level: "relied on",
    requirement: "A response to HEAD keeps its length and has no body; the connection goes on.",
    client: [sends(HEAD), awaits(1), sends(GET_NEXT), awaits(2)],
    origin: [replies(head("HTTP/1.1 200 OK", "Content-Length: 5")), replies(OK)],
    judge: ({ responses: [first, second] }) => {
      if (first === undefined) return fails("not answered as the origin did");
      if (second?.body !== "ok") return fails("the next exchange is lost");
      return first.fields.get("content-length") === "5" ? holds : allowed("the length is lost");
    },
  },
  {
    id: "not-modified",
    section: "RFC 9112 6.3",
    level: "MUST",
    requirement: "304 has no body, whatever its Content-Length says; the connection goes on.",
    client: [sends(GET), awaits(1), sends(GET_NEXT), awaits(2)],
    origin: [replies(head("HTTP/1.1 304 Not Modified", "Content-Length: 5", 'ETag: "x"')), replies(OK)],
    judge: ({ responses: [first, second] }) =>
      first?.status !== 304
        ? fails("not answered as the origin did")
        : second?.body === "ok"
          ? holds
          : fails("the next exchange is lost"),
  },
  {
    id: "request-trailers",
    section: "RFC 9110 6.5.1",
    level: "MUST",
    requirement: "A request's trailers do not become fields of its head.",
    client: [
      sends(
        `${head("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\nX-Trailer: one\r\nAuthorization: two\r\n\r\n`,
      ),
      awaits(1),
    ],
    judge: ({ requests: [request] }) => {
      if (request?.body !== "hello") return fails("the body is lost");
      return request.head.includes("one") || request.head.includes("two") ? fails("merged into the head") : holds;
    },
  },
  {
    id: "response-trailers",
    section: "RFC 9110 6.5.1",
    level: "relied on",
    requirement: "A response's trailers go on or are dropped; the body is whole, and the connection goes on.",
    client: [sends(GET), awaits(1), sends(GET_NEXT), awaits(2)],
    origin: [
      replies(`${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\nX-Trailer: one\r\n\r\n`),
      replies(OK),
    ],
    judge: ({ responses: [first, second] }) => {
      if (first?.body !== "hello") return fails("the body is lost");
      if (first.head.includes("X-Trailer")) return fails("merged into the head");
      return second?.body === "ok" ? holds : fails("the next exchange is lost");
    },
  },
];

export const exchangeCases: readonly PeerCase[] = [...http10, ...ends, ...interim, ...retries, ...bodiless];
