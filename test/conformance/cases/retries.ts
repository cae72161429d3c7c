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
  type Step,
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

const FAREWELL = head("HTTP/1.1 408 Request Timeout", DATE, "Content-Length: 0", "Connection: close");
const TIMEOUT_SECTION = "RFC 9110 section 15.5.9";

/** The origin has timed its idle connection out with 408 when the next request has just gone out. */
function sentBehindFarewell(method: string, request: string, forwarded: string): Case {
  return {
    rows: [69, 71],
    section: TIMEOUT_SECTION,
    title: `${method} that crosses the 408 of an origin that ends an idle connection is sent once more, on a fresh connection.`,
    steps: [
      ...ordinaryExchange,
      waits(10_000),
      client.sends(request),
      origin.receives(forwarded),
      origin.sends(FAREWELL),
      origin2.receives(forwarded),
      origin2.sends(OK),
      client.receives(OK),
    ],
    client: ["persists"],
    origin: ["closed close-received", "persists"],
  };
}

/** A 408 that may well answer the request goes to the client. */
function passedOn(title: string, steps: readonly Step[], response = FAREWELL): Case {
  return {
    rows: [70, 72],
    section: TIMEOUT_SECTION,
    title,
    steps: [...steps, origin.sends(response), client.receives(response.replace("Connection: close\r\n", ""))],
    client: ["persists"],
    origin: [response === FAREWELL ? "closed close-received" : "persists"],
  };
}

const farewells: readonly Case[] = [
  sentBehindFarewell("GET", GET, GET_FORWARDED),
  { ...sentBehindFarewell("PUT", PUT, PUT_FORWARDED), onlyWhole: "the body is at hand only if it came with the head" },
  passedOn("A 408 to a request that is not idempotent goes on: the origin may have had it.", [
    ...ordinaryExchange,
    client.sends(POST),
    origin.receives(POST_FORWARDED),
  ]),
  passedOn("A 408 on a fresh connection goes on: it answers the request.", [
    client.sends(GET),
    origin.receives(GET_FORWARDED),
  ]),
  passedOn("A 408 that comes a while behind the request goes on: it answers that.", [
    ...ordinaryExchange,
    client.sends(GET),
    origin.receives(GET_FORWARDED),
    waits(1_100),
  ]),
  passedOn("A 408 behind an interim response goes on: the request has arrived.", [
    ...ordinaryExchange,
    client.sends(GET),
    origin.receives(GET_FORWARDED),
    origin.sends(head("HTTP/1.1 102 Processing")),
    client.receives(head("HTTP/1.1 102 Processing")),
  ]),
  passedOn(
    "A 408 behind which the connection persists goes on: it answers the request.",
    [...ordinaryExchange, client.sends(GET), origin.receives(GET_FORWARDED)],
    head("HTTP/1.1 408 Request Timeout", DATE, "Content-Length: 0"),
  ),
  {
    rows: [71, 72],
    section: TIMEOUT_SECTION,
    title: "A second 408 goes on: a request is sent again once.",
    steps: [
      ...ordinaryExchange,
      client.sends(GET),
      origin.receives(GET_FORWARDED),
      origin.sends(FAREWELL),
      origin2.receives(GET_FORWARDED),
      origin2.sends(FAREWELL),
      client.receives(FAREWELL.replace("Connection: close\r\n", "")),
    ],
    client: ["persists"],
    origin: ["closed close-received", "closed close-received"],
  },
];

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
    ...farewells,
  ],
};
