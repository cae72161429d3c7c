/**
 * Why a gateway answers by itself by what its routes say: the part of the closed list (answers.ts) that an operator decides about.
 */
import type { AnswerMeaning } from "./answer-meaning.ts";

export const routeMeanings = {
  "route-answered": {
    source: "client",
    wasSent: false,
    status: 200,
    text: "The route for this request answers by itself.",
    proxyError: "",
  },
  "route-redirected": {
    source: "client",
    wasSent: false,
    status: 308,
    text: "The route for this request leads elsewhere.",
    proxyError: "",
  },
  "route-refused": {
    source: "client",
    wasSent: false,
    status: 403,
    text: "The route for this request refuses it.",
    proxyError: "http_request_denied",
  },
  "no-route": {
    source: "client",
    wasSent: false,
    status: 404,
    text: "No route takes this request.",
    proxyError: "destination_not_found",
  },
  "path-ambiguous": {
    source: "client",
    wasSent: false,
    status: 400,
    text: "The path can be understood in several ways (segments of dots, %5C or %00; // or %2F, if another route takes it then; or one that is guarded, in other letters, with ;parameters, %3F or a slash behind it), and routes decide by it.",
    proxyError: "http_request_error",
  },
  "method-ambiguous": {
    source: "client",
    wasSent: false,
    status: 400,
    text: "Some applications take the method for the same one in large letters, which is guarded: write it in large letters.",
    proxyError: "http_request_error",
  },
  "host-ambiguous": {
    source: "client",
    wasSent: false,
    status: 400,
    text: "Some servers take the host for another one (it has encoded characters, or is an address in an unusual form), and routes decide by it.",
    proxyError: "http_request_error",
  },
  "network-forbidden": {
    source: "client",
    wasSent: false,
    status: 403,
    text: "This is not served to the network that the request comes from.",
    proxyError: "http_request_denied",
  },
  "authentication-required": {
    source: "client",
    wasSent: false,
    status: 401,
    text: "Send a name and password that are right here in Authorization (RFC 9110 section 11.6).",
    proxyError: "http_request_denied",
  },
  "rate-limited": {
    source: "client",
    wasSent: false,
    status: 429,
    text: "There were too many requests. Retry-After says when there is room for another.",
    proxyError: "http_request_denied",
  },
  "route-rate-limited": {
    source: "client",
    wasSent: false,
    status: 429,
    text: "There were too many requests of this kind. Retry-After says when there is room for another.",
    proxyError: "http_request_denied",
  },
  "content-too-large": {
    source: "client",
    wasSent: true,
    status: 413,
    text: "The body is larger than what is taken here.",
    proxyError: "http_request_error",
  },
  "buffers-full": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "Too much of other requests' bodies waits here already.",
    proxyError: "connection_limit_reached",
  },
  "route-line-full": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "As many requests of this kind as are allowed are under way, and too many wait already.",
    proxyError: "connection_limit_reached",
  },
  "route-line-timeout": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "As many requests of this kind as are allowed were under way for too long.",
    proxyError: "connection_limit_reached",
  },
} as const satisfies Record<string, AnswerMeaning>;
