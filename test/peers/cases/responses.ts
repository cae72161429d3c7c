/** Responses that are cut, ambiguous, or followed by what nobody asked for. */
import {
  allowed,
  awaits,
  fails,
  GET,
  GET_NEXT,
  head,
  holds,
  type Observation,
  OK,
  type PeerCase,
  type Reply,
  replies,
  sends,
  type Verdict,
} from "../case.ts";

/** The client must be able to see that something is missing. */
function cut(id: string, requirement: string, origin: Reply): PeerCase {
  return {
    id,
    section: "RFC 9112 8",
    level: origin.ends === "RST" ? "relied on" : "MUST",
    times: origin.ends === "RST" ? 10 : 1,
    requirement,
    client: [sends(GET), awaits(1)],
    origin: [origin],
    judge: ({ responses: [response], ended }) => {
      if (response === undefined) return ended === undefined ? fails("no answer") : allowed("closed without an answer");
      if (response.status >= 500) return response.isComplete ? holds : fails("an incomplete error");
      if (response.isComplete) return fails("it looks complete");
      return ended === undefined ? fails("the client hangs") : holds;
    },
  };
}

const truncated: readonly PeerCase[] = [
  cut(
    "cut-length",
    "A response that ends before its length is seen to be incomplete.",
    replies(`${head("HTTP/1.1 200 OK", "Content-Length: 10")}hello`, "FIN"),
  ),
  cut(
    "cut-chunked",
    "A response that ends before its last chunk is seen to be incomplete.",
    replies(`${head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked")}5\r\nhello\r\n`, "FIN"),
  ),
  cut(
    "cut-until-close",
    "A response that a close would end, and a reset ends, is seen to be incomplete.",
    replies(`${head("HTTP/1.1 200 OK")}hello`, "RST"),
  ),
  cut("cut-head", "A response that ends in its head is an error.", replies("HTTP/1.1 200 OK\r\nContent-Len", "FIN")),
  {
    id: "until-close",
    section: "RFC 9112 6.3",
    level: "MUST",
    requirement: "A response that a close ends is whole, in chunks or by a close.",
    client: [sends(GET), awaits(1)],
    origin: [replies(`${head("HTTP/1.1 200 OK")}hello`, "FIN")],
    judge: ({ responses: [response] }) =>
      response?.isComplete === true && response.body === "hello" ? holds : fails("not whole"),
  },
];

/** What was hidden in one response must not become the response to the next request. */
function poisoned(id: string, section: string, requirement: string, first: string, origin: Reply): PeerCase {
  return {
    id,
    section,
    level: "MUST",
    requirement,
    client: [sends(first), awaits(1), sends(GET_NEXT), awaits(2)],
    origin: [origin, replies(OK)],
    judge: ({ octets, responses: [, second], ended }) => {
      if (octets.includes("poison")) return fails("it reaches the client");
      if (second?.body === "ok") return holds;
      return ended === undefined ? fails("the next request is not answered") : allowed("the client's connection ends");
    },
  };
}

const POISON = `${head("HTTP/1.1 200 OK", "Content-Length: 6")}poison`;

/** An error, or a response that means one thing. */
function ambiguous(id: string, section: string, requirement: string, response: string, isHarmless: Harmless): PeerCase {
  return {
    id,
    section,
    // Of proxies it is asked; a gateway is relied on to do the same.
    level: id === "response-space-before-colon" ? "relied on" : "MUST",
    requirement,
    client: [sends(GET), awaits(1)],
    origin: [replies(response)],
    judge: (seen): Verdict => {
      const [first] = seen.responses;
      if (first === undefined)
        return seen.ended === undefined ? fails("no answer") : allowed("closed without an answer");
      return first.status >= 500 || isHarmless(seen) ? holds : fails("relayed as it is");
    },
  };
}
type Harmless = (seen: Observation) => boolean;

const confusing: readonly PeerCase[] = [
  poisoned(
    "extra-response",
    "RFC 9112 9.2",
    "A response that nobody asked for answers nobody.",
    GET,
    replies(`${OK}${POISON}`),
  ),
  poisoned(
    "body-behind-head",
    "RFC 9112 6.3",
    "A body behind a response to HEAD is not the next response.",
    head("HEAD /first HTTP/1.1", "Host: a"),
    replies(`${head("HTTP/1.1 200 OK", `Content-Length: ${POISON.length}`)}${POISON}`),
  ),
  poisoned(
    "body-behind-304",
    "RFC 9112 6.3",
    "A body behind 304 is not the next response.",
    GET,
    replies(`${head("HTTP/1.1 304 Not Modified", `Content-Length: ${POISON.length}`)}${POISON}`),
  ),
  ambiguous(
    "response-te-and-length",
    "RFC 9112 6.1",
    "Transfer-Encoding beside Content-Length in a response: an error, or only one of them goes on.",
    `${head("HTTP/1.1 200 OK", "Content-Length: 3", "Transfer-Encoding: chunked")}5\r\nhello\r\n0\r\n\r\n`,
    ({ responses: [first] }) =>
      first?.body === "hello" && !(first.fields.has("content-length") && first.fields.has("transfer-encoding")),
  ),
  ambiguous(
    "response-lengths-differ",
    "RFC 9112 6.3",
    "Different Content-Length fields in a response are an error.",
    `${head("HTTP/1.1 200 OK", "Content-Length: 2", "Content-Length: 5")}hello`,
    () => false,
  ),
  ambiguous(
    "response-space-before-colon",
    "RFC 9112 5.1",
    "Whitespace before a colon in a response is removed, or is an error.",
    `${head("HTTP/1.1 200 OK", "X-Odd : one", "Content-Length: 2")}ok`,
    ({ octets }) => !/X-Odd[ \t]+:/i.test(octets),
  ),
  ambiguous(
    "response-folded",
    "RFC 9112 5.2",
    "A folded field line in a response is unfolded, or is an error.",
    `${head("HTTP/1.1 200 OK", "X-Folded: one", " two", "Content-Length: 2")}ok`,
    ({ octets }) => !/\r\n[ \t]+two/.test(octets),
  ),
  ambiguous(
    "response-bare-cr",
    "RFC 9112 2.2",
    "A bare CR in a response's field is replaced, or is an error.",
    `${head("HTTP/1.1 200 OK", "X-Bare: one\rX-Two: two", "Content-Length: 2")}ok`,
    ({ octets }) => !/\r(?!\n)/.test(octets),
  ),
  {
    id: "switch-unasked",
    section: "RFC 9110 7.8",
    level: "MUST",
    requirement: "A switch of protocols that nobody asked for does not reach the client.",
    client: [sends(GET), awaits(1)],
    origin: [replies(head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket"))],
    judge: ({ interim, responses: [first], ended }) => {
      if (interim.some(({ status }) => status === 101)) return fails("relayed as it is");
      if (first !== undefined && first.status >= 500) return holds;
      if (first !== undefined) return fails(`answered ${first.status}`);
      // An interim response that nobody expects may be ignored; then the final one is still to come, until a timeout.
      return allowed(ended === undefined ? "it waits on, and so does the client" : "closed without an answer");
    },
  },
];

export const responseCases: readonly PeerCase[] = [...truncated, ...confusing];
