/** What is sent again when a connection turns out to be dead, and what never is (RFC 9112 section 9.3.1). */
import {
  ADDED,
  answer,
  type Case,
  client,
  DATE,
  GET,
  GET_FORWARDED,
  type Group,
  head,
  OK,
  ordinaryExchange,
  origin,
  origin2,
  refusal,
  waits,
} from "../case.ts";

const RETRY_SECTION = "RFC 9110 section 9.2.2";

const POST = `${head("POST /p HTTP/1.1", "Host: a", "Content-Length: 5")}hello`;
const POST_FORWARDED = `${head("POST /p HTTP/1.1", "Host: a", "Content-Length: 5", ...ADDED)}hello`;
const PUT = POST.replace("POST", "PUT");
const PUT_FORWARDED = POST_FORWARDED.replace("POST", "PUT");

/** The origin's idle connection dies when the next request has reached it: by FIN, or by RST. */
function retried(
  method: string,
  request: string,
  forwarded: string,
  death: "half-closes" | "resets",
  answer = OK,
): Case {
  return {
    rows: [69, 71],
    section: RETRY_SECTION,
    title: `${method} on a reused connection that ${death === "resets" ? "is reset" : "closes"} before it answers is sent once more, on a fresh connection.`,
    steps: [
      ...ordinaryExchange,
      waits(10_000),
      client.sends(request),
      origin.receives(forwarded),
      death === "resets" ? origin.resets : origin.halfCloses,
      origin2.receives(forwarded),
      origin2.sends(answer),
      client.receives(answer),
    ],
    client: ["persists"],
    origin: [death === "resets" ? "closed peer-reset" : "closed peer-closed", "persists"],
  };
}

function notRetried(method: string, request: string, forwarded: string, death: "half-closes" | "resets"): Case {
  return {
    rows: [70, 72],
    section: RETRY_SECTION,
    title: `${method} on a reused connection that ${death === "resets" ? "is reset" : "closes"} before it answers is never sent again.`,
    steps: [
      ...ordinaryExchange,
      client.sends(request),
      origin.receives(forwarded),
      death === "resets" ? origin.resets : origin.halfCloses,
      client.receives(answer(502, "upstream-closed")),
    ],
    client: ["persists"],
    origin: [death === "resets" ? "closed peer-reset" : "closed peer-closed"],
  };
}

export const retries: Group = {
  name: "Retries",
  cases: [
    retried("GET", GET, GET_FORWARDED, "half-closes"),
    retried("GET", GET, GET_FORWARDED, "resets"),
    retried(
      "HEAD",
      head("HEAD / HTTP/1.1", "Host: a"),
      head("HEAD / HTTP/1.1", "Host: a", ...ADDED),
      "half-closes",
      head("HTTP/1.1 200 OK", DATE, "Content-Length: 2"),
    ),
    {
      ...retried("PUT with a body that is still at hand", PUT, PUT_FORWARDED, "half-closes"),
      onlyWhole: "the body is at hand only if it came with the head",
    },
    {
      rows: [71, 72],
      section: RETRY_SECTION,
      title: "PUT whose body has gone on as it came is not sent again: it is not at hand any more.",
      steps: [
        ...ordinaryExchange,
        client.sends(PUT.slice(0, -4)),
        origin.receives(PUT_FORWARDED.slice(0, -4)),
        client.sends("ello"),
        origin.receives("ello"),
        origin.halfCloses,
        client.receives(answer(502, "upstream-closed")),
      ],
      client: ["persists"],
      origin: ["closed peer-closed"],
    },
    retried("DELETE", GET.replace("GET", "DELETE"), GET_FORWARDED.replace("GET", "DELETE"), "resets"),
    notRetried("POST", POST, POST_FORWARDED, "half-closes"),
    notRetried("POST", POST, POST_FORWARDED, "resets"),
    notRetried(
      "POST without a body",
      head("POST /p HTTP/1.1", "Host: a", "Content-Length: 0"),
      head("POST /p HTTP/1.1", "Host: a", "Content-Length: 0", ...ADDED),
      "half-closes",
    ),
    notRetried("PATCH", POST.replace("POST", "PATCH"), POST_FORWARDED.replace("POST", "PATCH"), "resets"),
    notRetried("An unknown method", GET.replace("GET", "BREW"), GET_FORWARDED.replace("GET", "BREW"), "half-closes"),
    notRetried("A lowercase get", GET.replace("GET", "get"), GET_FORWARDED.replace("GET", "get"), "half-closes"),
    {
      rows: [73],
      section: RETRY_SECTION,
      title: "A retry that fails is not retried.",
      steps: [
        ...ordinaryExchange,
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.halfCloses,
        origin2.receives(GET_FORWARDED),
        origin2.halfCloses,
        client.receives(answer(502, "upstream-closed")),
      ],
      client: ["persists"],
      origin: ["closed peer-closed", "closed peer-closed"],
    },
    {
      rows: [71, 73],
      section: RETRY_SECTION,
      title: "A request on a fresh connection that dies is not sent again: that was no stale connection.",
      steps: [
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.halfCloses,
        client.receives(answer(502, "upstream-closed")),
      ],
      client: ["persists"],
      origin: ["closed peer-closed"],
    },
    {
      rows: [71],
      section: RETRY_SECTION,
      title: "Once any byte of a response has come, a request is not sent again.",
      steps: [
        ...ordinaryExchange,
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends("HTTP/1.1 200"),
        origin.halfCloses,
        client.receives(answer(502, "response-incomplete")),
      ],
      client: ["persists"],
      origin: ["closed peer-closed"],
    },
    {
      rows: [71],
      section: RETRY_SECTION,
      title: "An interim response shows that the connection lived: its request is not sent again.",
      steps: [
        ...ordinaryExchange,
        client.sends(GET),
        origin.receives(GET_FORWARDED),
        origin.sends(head("HTTP/1.1 102 Processing")),
        client.receives(head("HTTP/1.1 102 Processing")),
        origin.resets,
        client.receives(answer(502, "response-incomplete")),
      ],
      client: ["persists"],
      origin: ["closed peer-reset"],
    },
    {
      rows: [72],
      section: RETRY_SECTION,
      title: "An idempotent request whose body is not complete yet is not sent again.",
      steps: [
        ...ordinaryExchange,
        client.sends(PUT.slice(0, -2)),
        origin.receives(PUT_FORWARDED.slice(0, -2)),
        origin.halfCloses,
        client.receives(refusal(502, "upstream-closed")),
      ],
      client: ["FIN request-unfinished"],
      origin: ["closed peer-closed"],
    },
    {
      rows: [72],
      section: RETRY_SECTION,
      title: "A request that may not be sent again goes on no connection that has idled for long.",
      steps: [
        ...ordinaryExchange,
        waits(30_000),
        client.sends(POST),
        origin2.receives(POST_FORWARDED),
        origin2.sends(OK),
        client.receives(OK),
      ],
      client: ["persists"],
      origin: ["persists", "persists"],
    },
    {
      rows: [71, 76],
      section: "RFC 9112 section 9.5",
      title: "A request may be sent again on a connection that has idled for long.",
      steps: [...ordinaryExchange, waits(30_000), ...ordinaryExchange],
      client: ["persists"],
      origin: ["persists"],
    },
  ],
};
