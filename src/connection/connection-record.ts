/**
 * What is told of a connection, on either hop, and of an endpoint: plain data for observers, logs and windows.
 *
 * A connection has one record, which its life writes until it is gone (life.ts): whoever wants to keep a moment copies it. Times are milliseconds
 * of the proxy's clock, whole ones. Deliberately absent: anything that lives (sockets, timers, methods), so nothing that is told can be
 * interfered with, and all of it can be sent elsewhere as JSON.
 */
import type { LifeState } from "./life.ts";
import type { CheckFailure, CloseReason, LookupFailure, OpenReason } from "./reasons.ts";

export const hops = ["downstream", "upstream"] as const;
export type Hop = (typeof hops)[number];

/** The first sign of a connection's end: whose it was, and whether it was a FIN or an RST. */
export type Ending = "own-fin" | "own-reset" | "peer-fin" | "peer-reset";

/** One address of an origin, as others are told it. It is the same object for all of its connections. */
export interface EndpointRecord {
  /** `http://127.0.0.1:3000` */
  readonly name: string;
  /** Clients of a forward proxy have named it: as many as they like come and go. */
  readonly isNamedByClients: boolean;
  /** The group that it is of; it is of none with a name of its own: absent. */
  readonly group?: string;
}

/** `unknown`: not checked yet. It is used like a healthy one. */
export type CheckState = "unknown" | "healthy" | "unhealthy";

/** Why a health check failed. */
export interface FailedCheck {
  readonly failure: CheckFailure;
  /** The status, the rule that the response breaks, or the system's error code; nothing more is known: empty. */
  readonly detail: string;
}

/** How one health check ended. */
export type CheckResult = "passed" | FailedCheck;

/** How a health check of an endpoint ended, and what all of them say together. */
export interface EndpointCheck {
  readonly result: CheckResult;
  readonly state: CheckState;
  /** The state was another before. */
  readonly hasChanged: boolean;
}

/** A name in a group that is looked up again and again. It is the same object for all of its look-ups. */
export interface NameRecord {
  readonly group: string;
  /** As its endpoint is written: `http://app.internal:3000` */
  readonly name: string;
}

/** Why a look-up failed. */
export interface FailedLookup {
  readonly failure: LookupFailure;
  /** The resolver's error code; nothing more is known: empty. */
  readonly detail: string;
}

/** How one look-up of a name ended, and what follows. */
export interface NameLookup {
  readonly result: "found" | FailedLookup;
  /** Addresses that are endpoints from now on, in order; none was ever found: empty. */
  readonly addresses: readonly string[];
  /** Those of them that were none before, and those that are none any more. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** It failed and did not before, or the other way round. */
  readonly hasTurned: boolean;
}

/** What is known of a connection when it is opened. */
export interface ConnectionFacts {
  /** Numbered within one proxy, over both hops. */
  readonly id: number;
  readonly hop: Hop;
  /** The address at its other end: a client's as others are told it; of a Unix socket `unknown` or empty. */
  readonly peer: string;
  readonly peerPort: number;
  /** TLS secures it. */
  readonly isSecure: boolean;
  /** Upstream: where it leads. Downstream: absent. */
  readonly endpoint?: EndpointRecord;
  /** Why it was opened. */
  readonly opened: OpenReason;
  readonly openedAt_ms: number;
}

export interface ConnectionRecord extends ConnectionFacts {
  readonly state: LifeState;
  /** Exchanges begun on it. */
  readonly exchanges: number;
  /** Since when it is idle, or was the last time; before its first exchange: since it was opened. */
  readonly idleSince_ms: number;
  /** Upstream: how long it had idled when its latest exchange began; before the first one: 0. Downstream: absent. */
  readonly idled_ms?: number;
  /** Why it ends: the first reason given is the one that counts. It goes on: absent. */
  readonly closeReason?: CloseReason;
  readonly ending?: Ending;
  /** Upstream: the id of the client's connection whose alone it is; it is for everybody: absent. */
  readonly boundTo?: number;
}

/** What ends a connection that idles, unless it is used or the peer closes first. */
export interface IdleEnd {
  /** For how long it may still idle; the limit has passed and is looked at in a moment: 0. */
  readonly left_ms: number;
  /** Which limit it is. */
  readonly limit: CloseReason;
}

/** What is known of a client's. @param peer its address as others are told it */
export function acceptedFacts(
  id: number,
  peer: string,
  { remotePort, isSecure = false }: { readonly remotePort: number; readonly isSecure?: boolean },
  openedAt_ms: number,
): ConnectionFacts {
  const hop = "downstream";
  return { id, hop, peer, peerPort: remotePort, isSecure, opened: "accepted", openedAt_ms };
}
