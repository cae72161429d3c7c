/**
 * What a client is told of its connection: our own connection options, and the terms of keep-alive (S5, S6).
 *
 * Deliberately absent: whether the connection persists at all, see hop-persistence.ts.
 */
import { advertisedTimeout_s, formatKeepAlive } from "../connection/keep-alive-terms.ts";
import type { CloseReason } from "../connection/reasons.ts";

/** Requests on one HTTP/1.0 keep-alive connection without an operator's limit: what 1.0 is granted is finite (S6). As nginx. */
const HTTP10_REQUESTS_MAX = 1_000;

/** Requests that may follow on a connection; no limit: undefined. @param maxRequests the operator's limit; none: 0 */
export function requestsLeft(maxRequests: number, minorVersion: 0 | 1, exchanges: number): number | undefined {
  const limit = maxRequests > 0 || minorVersion === 1 ? maxRequests : HTTP10_REQUESTS_MAX;
  return limit === 0 ? undefined : Math.max(0, limit - exchanges);
}

export interface ClientTerms {
  /** Why the connection closes after this response; it persists: undefined. */
  readonly closeReason: CloseReason | undefined;
  /** Terms are told to clients that ask for keep-alive. */
  readonly tellsTerms: boolean;
  readonly idleTimeout_ms: number;
  readonly requestsLeft: number | undefined;
  /** The protocols of a response with `Upgrade`; none: empty. */
  readonly upgrade: string;
}

/** Our own connection field lines, each with its CRLF. */
export function connectionLines(terms: ClientTerms): string {
  const { upgrade } = terms;
  const upgradeLines = upgrade === "" ? "" : `Connection: Upgrade\r\nUpgrade: ${upgrade}\r\n`;
  if (terms.closeReason !== undefined) return `${upgradeLines}Connection: close\r\n`;
  if (!terms.tellsTerms) return upgradeLines;
  const keepAlive = formatKeepAlive(advertisedTimeout_s(terms.idleTimeout_ms), terms.requestsLeft);
  return `${upgradeLines}Connection: keep-alive\r\n${keepAlive === "" ? "" : `Keep-Alive: ${keepAlive}\r\n`}`;
}
