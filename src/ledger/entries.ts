/**
 * What is told of single things that happened: the lines of the access log, and the payloads of the library's events.
 *
 * Plain data, safe to keep, and every text in it safe to be written as JSON. They are made of records in entry-maker.ts.
 * Deliberately absent: bodies, and fields but for the few that access logs
 * have everywhere; anything else of a message may be secret.
 */

import type { Ending } from "../connection/connection-record.ts";
import type { CheckFailure, CloseReason, OpenReason, ReuseRefusal } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { HttpVersion, Outcome, Phase } from "../exchange/exchange-record.ts";
import type { HookName } from "../exchange/hooks.ts";
import type { LogState } from "./line-queue.ts";

/** Which connection to an origin an exchange went on. */
export interface UpstreamFacts {
  readonly id: number;
  /** Which exchange this is on the connection, from 1 on. */
  readonly exchange: number;
  readonly endpoint: string;
  /** Whether the connection had carried an exchange before. */
  readonly reused: boolean;
}

/** One exchange, once it has ended. */
export interface ExchangeEntry {
  readonly type: "exchange";
  /** Numbered within one proxy, in the order in which they began. */
  readonly id: number;
  /** When the request's head was complete, or, of one that never was, when it began; ISO 8601. */
  readonly time: string;
  /** The client's address; of a Unix socket: `unknown`. */
  readonly client: string;
  /** Empty when the request's head could not be read. */
  readonly method: string;
  /** As it was received, but for a user name and password: `http://***@host/`. */
  readonly target: string;
  /** What the request is for, of its target or of `Host`: `host[:port]`. Not known: absent. */
  readonly host?: string;
  readonly version: HttpVersion;
  /** Whose it is, where a forward proxy asks for a user; otherwise absent. */
  readonly user?: string;
  /** The final status that the client got; none: 0. */
  readonly status: number;
  readonly outcome: Outcome;
  /** Why the proxy answered itself, or why the response is truncated. */
  readonly reason?: AnswerReason;
  /** The system's error code, or another detail beside the reason. */
  readonly fault?: string;
  /** The beginning of a request whose start-line could not be read, with escapes like `\\x16`; otherwise absent. */
  readonly received?: string;
  /** To the end of the exchange. */
  readonly duration_ms: number;
  /** To the first byte of the origin's response; none came: absent. */
  readonly wait_ms?: number;
  // Where the time went. Of a request that was sent again: its last attempt's, see `lost`.
  /** It waited for room in the pool, or for a connection that was not sure yet to be fit; it did not: absent. */
  readonly queued_ms?: number;
  /** A connection was opened for it, its TLS handshake included; an idle one was there: absent. */
  readonly connect_ms?: number;
  /** The part of `connect_ms` that the TLS handshake took, where it can be told apart; otherwise absent. */
  readonly tls_ms?: number;
  /** To the request's head leaving for the origin, or to the tunnel; it did not leave: absent. */
  readonly sent_ms?: number;
  /** From then to the first byte of the origin's response: what the origin took. */
  readonly firstByte_ms?: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Times the request was sent again, on a fresh connection. */
  readonly retries: number;
  /** The attempts before the last one, whose connections were lost before any of a response; none: absent. */
  readonly lost?: readonly LostEntry[];
  /** Where a connection was looked for in vain (`http://127.0.0.1:3000`); there was one, or none was looked for: absent. */
  readonly endpoint?: string;
  readonly downstream: {
    readonly id: number;
    /** Which exchange this is on the connection, from 1 on. */
    readonly exchange: number;
    /** Why the connection closes after this exchange; it persists: absent. */
    readonly closes?: CloseReason;
  };
  /** The origin was not asked: absent. */
  readonly upstream?: UpstreamFacts & {
    /** Why the connection was opened. */
    readonly opened: OpenReason;
    /** Authentication (NTLM, Negotiate) has bound it to this client's connection; otherwise absent. */
    readonly bound?: true;
    readonly closes?: CloseReason;
  };
}

/** What a line of the access log tells beside that: the client's own words, which events and the admin port never show. */
export interface LoggedFields {
  readonly userAgent?: string;
  /** Without a user name and password in it. */
  readonly referer?: string;
  /** `X-Request-ID`, as it came. */
  readonly requestId?: string;
}

/** One line of the access log. */
export type LoggedExchange = ExchangeEntry & LoggedFields;

/** An attempt that came to nothing. */
export interface LostEntry extends UpstreamFacts {
  /** From the request's head leaving to the loss. */
  readonly after_ms: number;
  /** The system's error code; it was closed in order: absent. */
  readonly fault?: string;
  /** Why the connection closed. */
  readonly closes?: CloseReason;
}

/** A request has arrived. */
export interface ExchangeBeginEntry {
  readonly type: "exchange-begin";
  readonly time: string;
  readonly id: number;
  readonly client: string;
  readonly method: string;
  readonly target: string;
  readonly host?: string;
  readonly version: HttpVersion;
  readonly downstream: { readonly id: number; readonly exchange: number };
}

/** How far an exchange is that has begun and not ended. */
export interface ExchangePhaseEntry {
  readonly type: "exchange-phase";
  readonly time: string;
  readonly id: number;
  readonly phase: Phase;
  /** Since it began. */
  readonly after_ms: number;
  /** From `sent` on. */
  readonly upstream?: UpstreamFacts;
}

export interface ConnectionFacts {
  readonly time: string;
  /** Numbered within one proxy, over both hops. */
  readonly id: number;
  /** Why it was opened. */
  readonly opened: OpenReason;
}
export type HopFacts =
  | { readonly hop: "downstream" /** `address:port` */; readonly client: string }
  | { readonly hop: "upstream" /** `http://127.0.0.1:3000` */; readonly endpoint: string };

/** A connection that was opened. */
export type ConnectionOpenEntry = { readonly type: "connection-open" } & ConnectionFacts & HopFacts;
/** A connection that is gone. */
export type ConnectionEntry = {
  readonly type: "connection";
  readonly closed: CloseReason;
  /** The first sign of its end: whose it was, and whether FIN or RST. */
  readonly ended: Ending;
  /** How many it carried. */
  readonly exchanges: number;
  readonly age_ms: number;
  /** Of an origin's connection that belonged to one client's: the id of that. Otherwise absent. */
  readonly boundTo?: number;
} & ConnectionFacts &
  HopFacts;

/** A connection that carries nothing any more, and idles from then on. */
export type ConnectionIdleEntry = {
  readonly type: "connection-idle";
  /** How many it has carried so far. */
  readonly exchanges: number;
} & ConnectionFacts &
  HopFacts;

export interface ReuseEntry {
  readonly type: "reuse";
  readonly time: string;
  readonly id: number;
  readonly endpoint: string;
  /** Which exchange begins on it, from 2 on. */
  readonly exchange: number;
  readonly idle_ms: number;
}

export interface ReuseRefusedEntry {
  readonly type: "reuse-refused";
  readonly time: string;
  readonly id: number;
  readonly endpoint: string;
  readonly reason: ReuseRefusal;
  readonly idle_ms: number;
}

export interface LifetimeEntry {
  readonly type: "lifetime";
  readonly time: string;
  readonly endpoint: string;
  /** How long the endpoint lets its connections idle. */
  readonly learned_ms: number;
}

export interface EndpointEntry {
  readonly type: "endpoint";
  readonly time: string;
  readonly endpoint: string;
  readonly state: "failed" | "recovered";
  /** The system's error code; `HTTP 503` and the like where it answers so again and again. */
  readonly fault?: string;
  /** How long it is avoided if there are others. */
  readonly avoided_ms?: number;
}

export interface HealthEntry {
  readonly type: "health";
  readonly time: string;
  readonly endpoint: string;
  readonly state: "healthy" | "unhealthy";
  /** Why its last check failed; healthy: absent. */
  readonly reason?: CheckFailure;
  /** The status, the rule that its response breaks, or the system's error code; nothing more is known: absent. */
  readonly detail?: string;
}

export interface AcceptFailedEntry {
  readonly type: "accept-failed";
  readonly time: string;
  /** The system's error code, or `overloaded`. */
  readonly fault: string;
}

/** A hook of the application threw, or said something that cannot be done. */
export interface HookFailedEntry {
  readonly type: "hook-failed";
  readonly time: string;
  readonly hook: HookName;
  /** Its text, with where it showed. */
  readonly message: string;
}

/** A fault of hopwise's own: it has ended one connection, and is to be reported. */
export interface InternalErrorEntry {
  readonly type: "internal-error";
  readonly time: string;
  /** Its text, with where it showed. */
  readonly message: string;
}

/** The access log cannot be written, loses lines, or is written again. */
export interface AccessLogEntry {
  readonly type: "access-log";
  readonly time: string;
  readonly state: LogState;
  /** The system's error code; an output that is only slow has none. */
  readonly fault?: string;
  /** Lines lost so far. */
  readonly dropped: number;
}

/** `full`: its limit is reached, and nothing more follows. */
export type TraceState = LogState | "full";

/** The file of a trace cannot be written, loses events, is written again, or is full. */
export interface TraceEntry {
  readonly type: "trace";
  readonly time: string;
  readonly state: TraceState;
  readonly file: string;
  /** The system's error code; an output that is only slow, or a file that is full, has none. */
  readonly fault?: string;
  /** Events lost so far. */
  readonly dropped: number;
}

export interface DrainEntry {
  readonly type: "drain";
  readonly time: string;
  readonly state: "began" | "ended";
  /** Exchanges and tunnels that were cut at the deadline. */
  readonly cut?: number;
}

/** What an access log's state means, in words. */
export function logStateText(state: LogState, fault: string | undefined, dropped: number): string {
  const why = fault === undefined ? "" : ` (${fault})`;
  switch (state) {
    case "failing":
      return `the access log cannot be written${why}: lines wait, up to a limit`;
    case "dropping":
      return `the access log loses lines${why}: its output takes ${fault === undefined ? "too few" : "none"}`;
    case "not-reopened":
      return `the access log cannot be opened anew${why}: it goes on where it was`;
    case "writing":
      return `the access log is written again; ${dropped} lines of it were lost`;
  }
}

/** What a trace's state means, in words. */
export function traceStateText(state: TraceState, file: string, fault: string | undefined, dropped: number): string {
  const why = fault === undefined ? "" : ` (${fault})`;
  switch (state) {
    case "full":
      return `the trace ${file} is full: nothing more is written to it`;
    case "writing":
      return `the trace ${file} is written again; ${dropped} events of it were lost`;
    case "dropping":
      return `the trace ${file} loses events${why}`;
    case "failing":
    case "not-reopened":
      return `the trace ${file} cannot be written${why}: events wait, up to a limit`;
  }
}
