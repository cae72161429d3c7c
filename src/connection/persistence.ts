/**
 * Does a connection persist after this message? RFC 9112 section 9.3, rule by rule, and nothing else.
 *
 * Deliberately absent: what the other hop wants (law 1) and the recipient's own wish to close.
 */
import type { PersistenceReason } from "./reasons.ts";

export interface PersistenceFacts {
  /** 0 for HTTP/1.0. */
  readonly minorVersion: 0 | 1;
  readonly saysClose: boolean;
  readonly saysKeepAlive: boolean;
  /**
   * Whether the recipient honours HTTP/1.0 keep-alive in this message: a client does in responses, a gateway in requests
   * because it acts as the origin server; a forward proxy never in requests.
   */
  readonly honoursHttp10KeepAlive: boolean;
}

export interface Persistence {
  readonly persists: boolean;
  readonly reason: PersistenceReason;
}

const byDefault: Persistence = { persists: true, reason: "http11-default" };
const byKeepAlive: Persistence = { persists: true, reason: "http10-keep-alive" };
const byClose: Persistence = { persists: false, reason: "close-received" };
const byVersion: Persistence = { persists: false, reason: "http10-not-kept" };

export function persistenceAfter(facts: PersistenceFacts): Persistence {
  if (facts.saysClose) return byClose;
  if (facts.minorVersion === 1) return byDefault;
  if (facts.saysKeepAlive && facts.honoursHttp10KeepAlive) return byKeepAlive;
  return byVersion;
}
