/**
 * What is not HTTP/1 but often sent to a port for it, told apart so that the refusal says what to change.
 *
 * Decided by a first octet or a whole line, never by how much has arrived. Deliberately absent: speaking any of them; and
 * names for what is rare or names itself (`SSH-2.0-...` is readable in the access log).
 */
import type { RefusalCode } from "./refusals.ts";

/** The length of a frame of HTTP/2 begins so, unless the frame is longer than 64 KiB; settings come first. */
const HTTP2_FRAME = 0x00;
const TLS_ALERT = 0x15;
const TLS_HANDSHAKE = 0x16;
const SOCKS4 = 0x04;
const SOCKS5 = 0x05;
/** The PROXY protocol's second version begins with two empty lines and NUL. */
const PROXY_V2_EMPTY_LINES = 2;

/** By the first octet of a request that is not HTTP; nothing that is known: undefined. */
export function protocolOfRequest(first: number, emptyLines: number): RefusalCode | undefined {
  if (first === TLS_HANDSHAKE) return "tls-on-plain-port";
  if (first === SOCKS4 || first === SOCKS5) return "socks-on-http-port";
  if (first === 0 && emptyLines === PROXY_V2_EMPTY_LINES) return "proxy-protocol-unexpected";
  return undefined;
}

/**
 * By the first octet of a response that is not HTTP: an origin that expects TLS answers HTTP with an alert, one that expects HTTP/2
 * says its settings before it has looked.
 */
export function protocolOfResponse(first: number): RefusalCode | undefined {
  if (first === HTTP2_FRAME) return "http2-on-http1-port";
  return first === TLS_ALERT || first === TLS_HANDSHAKE ? "tls-on-plain-port" : undefined;
}

/** By a line that is not a request-line; nothing that is known: undefined. */
export function protocolOfLine(line: string): RefusalCode | undefined {
  if (line === "PRI * HTTP/2.0") return "http2-on-http1-port";
  return /^PROXY (?:TCP[46] |UNKNOWN(?: |$))/.test(line) ? "proxy-protocol-unexpected" : undefined;
}
