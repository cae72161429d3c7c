/**
 * Why the proxy answers by itself: a closed list of reasons, each with its status and a sentence for people, never internals.
 *
 * Deliberately absent: how an answer is written (http1/answer-text.ts), and what the origin said, addresses, stack traces; the ledger
 * gets those.
 */

import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import { meaningOf, type RefusalCode, refusalCodes } from "../wire/refusals.ts";
import type { AnswerMeaning } from "./answer-meaning.ts";
import { routeMeanings } from "./route-answers.ts";

export type { AnswerSource } from "./answer-meaning.ts";

/** Reasons beyond malformed requests, which the wire room names. */
const meanings = {
  ...routeMeanings,
  "connect-failed": {
    source: "origin",
    wasSent: false,
    status: 502,
    text: "No connection to the origin could be opened.",
    proxyError: "destination_unavailable",
  },
  "connect-timeout": {
    source: "origin",
    wasSent: false,
    status: 504,
    text: "No connection to the origin could be opened in time. Check its address, and the firewalls on the way.",
    proxyError: "connection_timeout",
  },
  "pool-line-full": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "All connections to the origin are in use and too many requests wait already.",
    proxyError: "connection_limit_reached",
  },
  "pool-line-timeout": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "All connections to the origin stayed in use for too long.",
    proxyError: "connection_limit_reached",
  },
  "upstream-closed": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin closed the connection before it answered.",
    proxyError: "connection_terminated",
  },
  "retry-budget-spent": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin closed the connection before it answered, and too many requests were sent again already.",
    proxyError: "connection_terminated",
  },
  "response-timeout": {
    source: "origin",
    wasSent: true,
    status: 504,
    text: "The origin took the request and did not begin to answer in time. Check what it waits for.",
    proxyError: "http_response_timeout",
  },
  "response-stalled": {
    source: "origin",
    wasSent: true,
    status: 504,
    text: "The origin stopped in the middle of its answer.",
    proxyError: "http_response_timeout",
  },
  "upstream-write-timeout": {
    source: "origin",
    wasSent: true,
    status: 504,
    text: "The origin did not take the request in time.",
    proxyError: "connection_write_timeout",
  },
  "response-malformed": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin's answer is malformed, ambiguous or too large.",
    proxyError: "http_protocol_error",
  },
  "response-incomplete": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin closed the connection in the middle of its answer's head.",
    proxyError: "http_response_incomplete",
  },
  "upgrade-unexpected": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin switched protocols without having been asked to.",
    proxyError: "http_upgrade_failed",
  },
  "protocol-not-supported": {
    source: "client",
    wasSent: false,
    status: 501,
    text: "The CONNECT asks for a protocol that is not offered to origins.",
    proxyError: "http_request_error",
  },
  "upgrade-not-agreed": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin did not agree to what a CONNECT of HTTP/2 asks for: it takes 101, for WebSocket with the right acceptance.",
    proxyError: "http_upgrade_failed",
  },
  "too-many-interim-responses": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin sent more 1xx responses than the limit.",
    proxyError: "http_protocol_error",
  },
  overloaded: {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "There is no room for another connection and none is idle.",
    proxyError: "connection_limit_reached",
  },
  "gave-way": {
    source: "proxy",
    wasSent: true,
    status: 503,
    text: "All places are taken, and this request gave its own up for another client that holds fewer.",
    proxyError: "connection_limit_reached",
  },
  "drain-deadline": {
    source: "proxy",
    wasSent: true,
    status: 503,
    text: "The proxy is ending, and the request was not answered in the time that was left.",
    proxyError: "connection_terminated",
  },
  "internal-error": {
    source: "proxy",
    wasSent: true,
    status: 500,
    text: "A fault of the proxy's own; its log has more. Please report it.",
    proxyError: "proxy_internal_error",
  },
  "hook-failed": {
    source: "application",
    wasSent: true,
    status: 500,
    text: "The application's own code for this request failed.",
    proxyError: "proxy_internal_error",
  },
  "hook-timeout": {
    source: "application",
    wasSent: false,
    status: 504,
    text: "The application's own code for this request did not end in time.",
    proxyError: "proxy_internal_error",
  },
  "hook-answered": {
    source: "application",
    wasSent: false,
    status: 200,
    text: "The application answered by itself.",
    proxyError: "",
  },
  "head-timeout": {
    source: "client",
    wasSent: false,
    status: 408,
    text: "The request's head did not arrive in time.",
    proxyError: "http_request_error",
  },
  "body-timeout": {
    source: "client",
    wasSent: true,
    status: 408,
    text: "The request's body did not go on in time.",
    proxyError: "http_request_error",
  },
  "too-slow": {
    source: "client",
    wasSent: true,
    status: 408,
    text: "The request's body came more slowly than the least rate allows.",
    proxyError: "http_request_error",
  },
  "request-incomplete": {
    source: "client",
    wasSent: true,
    status: 400,
    text: "The connection was closed before the request was complete.",
    proxyError: "http_request_error",
  },
  "length-required": {
    source: "client",
    wasSent: false,
    status: 411,
    text: "The origin speaks HTTP/1.0 and cannot take a chunked body of this size; send Content-Length.",
    proxyError: "http_request_error",
  },
  "expectation-unknown": {
    source: "client",
    wasSent: false,
    status: 417,
    text: "Only the expectation 100-continue can be met.",
    proxyError: "http_request_error",
  },
  "loop-detected": {
    source: "client",
    wasSent: false,
    status: 508,
    text: "This request has passed here before, or leads here again.",
    proxyError: "proxy_loop_detected",
  },
  "connect-not-supported": {
    source: "client",
    wasSent: false,
    status: 501,
    text: "A gateway opens no tunnels; CONNECT is for forward proxies.",
    proxyError: "http_request_denied",
  },
  "http-on-tls-port": {
    source: "client",
    wasSent: false,
    status: 400,
    text: "This port speaks TLS and got plain HTTP: use https:// here, or the port that speaks plain HTTP.",
    proxyError: "http_request_error",
  },
  "https-redirect": {
    source: "client",
    wasSent: false,
    status: 308,
    text: "The resource is to be had over https.",
    proxyError: "",
  },
  "host-misdirected": {
    source: "client",
    wasSent: false,
    status: 421,
    text:
      "The host is not the one that this connection's TLS was made for, and certificates of clients are asked for; connect anew " +
      "for it (RFC 9110 section 15.5.20).",
    proxyError: "http_request_denied",
  },
  "https-misdirected": {
    source: "client",
    wasSent: false,
    status: 421,
    text: "The target is an https resource, and this connection is not secured (RFC 9110 section 7.4).",
    proxyError: "http_request_denied",
  },
  "absolute-form-required": {
    source: "client",
    wasSent: false,
    status: 400,
    text:
      "This is a forward proxy: ask for http://host/path in absolute-form, or CONNECT host:port " +
      "(RFC 9112 sections 3.2.2 and 3.2.3).",
    proxyError: "http_request_error",
  },
  "scheme-not-supported": {
    source: "client",
    wasSent: false,
    status: 501,
    text: "Only http is served in absolute-form; for https and ws send CONNECT, and speak with the origin yourself.",
    proxyError: "http_request_denied",
  },
  "address-version-unknown": {
    source: "client",
    wasSent: false,
    status: 501,
    text: "The target is an IP address of a version that is not known here; send an IPv4 or IPv6 address, or a name.",
    proxyError: "destination_ip_unroutable",
  },
  "connect-port-forbidden": {
    source: "client",
    wasSent: false,
    status: 403,
    text: "No tunnel may be opened to this port (RFC 9110 section 9.3.6).",
    proxyError: "http_request_denied",
  },
  "port-forbidden": {
    source: "client",
    wasSent: false,
    status: 403,
    text: "No request may be sent to this port.",
    proxyError: "http_request_denied",
  },
  "address-not-public": {
    source: "client",
    wasSent: false,
    status: 403,
    text:
      "The target is not on the public network (loopback, private, link-local, ...), or is this machine, and may not be " +
      "reached from here.",
    proxyError: "destination_ip_prohibited",
  },
  "address-protected": {
    source: "client",
    wasSent: false,
    status: 403,
    text: "The target is a metadata server, or this proxy's admin port, and may never be reached from here.",
    proxyError: "destination_ip_prohibited",
  },
  "too-many-lookups": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "As many names as are allowed are being looked up, in all or for you.",
    proxyError: "connection_limit_reached",
  },
  "too-many-origins": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "Connections to as many origins as are allowed are in use, in all or by you.",
    proxyError: "connection_limit_reached",
  },
  "proxy-authentication-required": {
    source: "client",
    wasSent: false,
    status: 407,
    text: "Send the name and password for this proxy in Proxy-Authorization (RFC 9110 section 11.7).",
    proxyError: "http_request_denied",
  },
  "authentication-busy": {
    source: "proxy",
    wasSent: false,
    status: 503,
    text: "Too many names and passwords wait to be checked.",
    proxyError: "connection_limit_reached",
  },
  "proxy-authentication-unexpected": {
    source: "origin",
    wasSent: true,
    status: 502,
    text: "The origin asked for a proxy's credentials, which is not its business (RFC 9110 section 11.7.1).",
    proxyError: "http_protocol_error",
  },
  "body-consumed": {
    source: "application",
    wasSent: false,
    status: 500,
    text: "The request's body was read before this handler got it, and cannot be written again exactly as it was.",
    proxyError: "proxy_configuration_error",
  },
  "max-forwards-invalid": {
    source: "client",
    wasSent: false,
    status: 400,
    text: "Max-Forwards must be a decimal number (RFC 9110 section 7.6.2).",
    proxyError: "http_request_error",
  },
} as const satisfies Record<string, AnswerMeaning>;

export type AnswerReason = keyof typeof meanings | RefusalCode;

export const answerReasons: readonly AnswerReason[] = [
  ...(Object.keys(meanings) as (keyof typeof meanings)[]),
  ...refusalCodes,
];

export function answerMeaning(reason: AnswerReason): AnswerMeaning {
  if (reason in meanings) return meanings[reason as keyof typeof meanings];
  return { ...meaningOf(reason as RefusalCode), source: "client", wasSent: false, proxyError: "http_request_error" };
}

/** What a client is told beside the reason. */
export interface AnswerDetails {
  /** Whole seconds after which it may come again. */
  readonly retryAfter_s?: number;
  /** Of 401: where it would log in (RFC 9110 section 11.5). */
  readonly realm?: string;
}

/** An answer of an application's own that can be sent (own-answers.ts). */
export interface CheckedAnswer {
  readonly message: ResponseMessage;
  readonly body: Octets;
}
