/**
 * The closed lists of reasons: why connections open, are not reused, and close.
 *
 * These words are the same in code, access log, metrics, events and answers (law 7: everything has a reason). Whoever
 * adds one says here what it means. Deliberately absent: free-text reasons.
 */

/** Why the handshake of a client's TLS connection failed. */
export const handshakeFailures = {
  "handshake-closed": "the client closed or reset the connection before its TLS handshake was over",
  "handshake-timeout": "the TLS handshake was not over within the limit for the first head",
  "handshake-not-tls": "what the client sent first on a port for TLS is neither TLS nor HTTP",
  "handshake-version": "the client knows no version of TLS that is spoken here: 1.2 and 1.3 are",
  "handshake-cipher": "the client knows no cipher, curve or signature algorithm that is used here",
  "handshake-protocol": "the client wants to speak none of the protocols that are spoken here (ALPN)",
  "handshake-refused": "the client ended the handshake with an alert: most do not trust the certificate",
  "handshake-certificate-missing": "the client showed no certificate where one is required",
  "handshake-certificate-invalid":
    "the client's certificate has expired, or was not issued by an authority that is trusted",
  "handshake-name": "the handshake was resumed, or repeated, under a name that has another certificate",
  "handshake-malformed": "the client's part of the handshake is malformed, or otherwise not as TLS has it",
} as const;
export type HandshakeFailure = keyof typeof handshakeFailures;

/** What came in place of the PROXY protocol's header, from a balancer that is to send one. */
export const proxyHeaderFaults = {
  "proxy-header-missing":
    "a balancer's connection did not begin with a header of the PROXY protocol, or ended in the middle of it",
  "proxy-header-malformed": "the header of the PROXY protocol is malformed, too long, or its checksum is wrong",
  "proxy-header-timeout": "no whole header of the PROXY protocol came within the limit for the first head",
} as const;

export const closeReasons = {
  // Decided by the messages on this hop.
  "close-received": "the peer said `Connection: close`, or something there that is not a list of tokens",
  "http10-not-kept": "an HTTP/1.0 message without keep-alive, or from an origin that otherwise speaks HTTP/1.1",
  "close-delimited": "the response's end could only be shown by closing",
  "max-requests": "the limit of requests on one connection was reached",
  // Decided by the peer's transport.
  "peer-closed-idle": "the peer closed while the connection was idle",
  "peer-closed": "the peer closed in the middle of an exchange",
  "peer-reset": "the peer reset the connection",
  "peer-half-closed": "the client had closed its side; the connection ended after the answer",
  // Limits of time.
  "idle-timeout": "idle for longer than the limit",
  "head-timeout": "a whole head did not arrive in time",
  "body-timeout": "no body bytes arrived in time",
  "write-timeout": "the peer did not take what it was sent in time",
  "too-slow": "the client moved fewer bytes per second than the least rate, while only it could go on",
  "response-timeout": "no response began in time",
  "tunnel-timeout": "no bytes passed through the tunnel in time",
  // Upstream lifetimes.
  "hint-expired": "the origin's `Keep-Alive` timeout, less a margin, had passed",
  "hint-max": "the origin's `Keep-Alive` max was used up",
  "max-age": "as old as a connection may become: the next one goes where the origin's name leads by then",
  "lifetime-learned": "the origin was seen to close connections that idle this long",
  "pool-surplus": "not needed now: it made room in the pool for another, or its request had to wait",
  "pool-evicted": "its origin was not asked for longest, and gave way to another origin",
  "endpoint-left": "its endpoint is not named any more: the configuration was replaced, or the name leads elsewhere",
  "retry-suspect": "idle beside a connection that just turned out to be dead",
  "binding-ended": "it belonged to one client's connection, which takes no more requests",
  // Pressure and drain.
  evicted: "gave way to a newcomer: idle for longest, or slow, or its client held most places",
  overloaded: "no room, and nobody who would have to make room",
  drained: "the proxy drains",
  "listener-left":
    "the client came in by a listener that is not named any more, or asks for other certificates of clients",
  "drain-deadline": "the drain's deadline ended what was still in flight",
  // Faults.
  "request-refused": "a request that is malformed, ambiguous or not allowed",
  "request-incomplete": "the client closed before its request was complete",
  "request-unfinished": "the final response came before the request was finished, and nothing may follow",
  "response-malformed": "a response that is malformed or ambiguous",
  "response-tolerated":
    "a response whose lines ended with bare LF was tolerated; its connection is not trusted with another",
  "upgrade-refused":
    "its request asked for another protocol and was answered without it: the origin may not read HTTP there any more",
  "response-truncated": "the connection ended before the response was complete",
  "unexpected-octets": "bytes arrived that belong to no exchange",
  distrusted: "its endpoint sent bytes that belong to no exchange, less than a minute ago",
  "client-closed": "the client had closed its side, and nothing showed that it still reads",
  "client-gone": "the client of the exchange disappeared",
  "upstream-failed": "the other hop of the exchange failed after the response had begun",
  "max-forwards": "the proxy was the final recipient of a TRACE or OPTIONS request",
  "internal-error": "a fault of hopwise's own, which ends this connection and no other",
  "worker-lost": "the process that had it was killed or ended by itself: what it had in progress was cut",
  "http2-error": "the client broke a rule of HTTP/2 that concerns the whole connection, or its side of it broke down",
  "http2-flood": "more frames of HTTP/2 that ask for nothing (resets, pings, settings …) than any honest client sends",
  "http2-memory": "its client held most of what all HTTP/2 connections may hold together, and it held most of that",
  "hook-failed": "the application's own code for the response failed, and what was left of it is not wanted",
  // Handshakes on a TLS listener.
  ...handshakeFailures,
  // Behind a balancer that passes TCP through.
  ...proxyHeaderFaults,
  // Tunnels.
  "no-tunnel": "a CONNECT got no tunnel, and what followed it might have been meant for the tunnel",
  "tunnel-ended": "both sides of the tunnel were done",
} as const;
export type CloseReason = keyof typeof closeReasons;

/** What the end of a transport means where nothing was decided before. @param fault of the transport; none: undefined */
export function closeReasonOf(fault: string | undefined): CloseReason {
  if (fault === undefined) return "peer-closed";
  return isHandshakeFailure(fault) ? fault : "peer-reset";
}

function isHandshakeFailure(fault: string): fault is HandshakeFailure {
  return Object.hasOwn(handshakeFailures, fault);
}

export const openReasons = {
  accepted: "a client connected",
  "pool-empty": "no idle connection to this origin",
  "none-fit": "idle connections existed, but none was fit for this request",
  tunnel: "a client asked for a tunnel (CONNECT)",
  retry: "a reused connection turned out to be dead; the request goes out again, once",
} as const;
export type OpenReason = keyof typeof openReasons;

export const reuseRefusals = {
  "not-idle": "the connection is not idle",
  "unread-octets": "bytes arrived that belong to no exchange",
  "peer-closed": "the origin has closed its side",
  "bound-to-another":
    "authentication (NTLM, Negotiate), or a header of the PROXY protocol, has bound the connection to another client's",
  retired: "the connection is kept only to see when the origin closes it",
  "max-age": "the connection is as old as it may become",
  "end-in-doubt":
    "its last response described a body that it must not have; it gets a moment to show that it sends none",
  "version-in-doubt":
    "it has answered in HTTP/1.0, which takes no chunks, and its origin is not known as one that speaks HTTP/1.0",
  "hint-max": "the origin's `Keep-Alive` max is used up",
  "hint-expired": "idle for longer than the origin's `Keep-Alive` timeout less a margin",
  "lifetime-learned": "idle for nearly as long as this origin is known to allow",
  "idle-timeout": "idle for longer than the pool's limit",
  "close-expected":
    "the request may not be retried, and this origin is known to close connections right behind its responses",
  "not-well-inside": "the request may not be retried and the connection is not well inside its known lifetime",
} as const;
export type ReuseRefusal = keyof typeof reuseRefusals;

/** Why a message leaves its connection persistent, or not (RFC 9112 section 9.3). */
export type PersistenceReason = "http11-default" | "http10-keep-alive" | "close-received" | "http10-not-kept";

/** Why a health check of an endpoint failed. */
export const checkFailures = {
  "connect-failed": "no connection to the endpoint could be opened",
  "name-unresolved": "the endpoint's name could not be resolved, or not in time",
  "tls-failed": "the TLS handshake failed, or the endpoint's certificate is not trusted",
  timeout: "the endpoint did not answer completely within the check's timeout",
  closed: "the endpoint closed the connection before its response was complete",
  malformed: "the response is malformed or ambiguous",
  status: "the response's status is not one that the group takes for well",
  "not-made":
    "this proxy had no file descriptor, memory or port for it, or failed itself: that says nothing of the endpoint",
} as const;
export type CheckFailure = keyof typeof checkFailures;

/** Why a look-up of an endpoint's name failed. */
export const lookupFailures = {
  "not-found": "no name server knows the name, or the name has no address",
  "no-answer": "no name server answered in time, or none could",
  empty: "the name has addresses, but none that counts: of the wrong kind, or not written as an address",
  failed: "the look-up failed otherwise; the detail is the system's error code",
} as const;
export type LookupFailure = keyof typeof lookupFailures;
