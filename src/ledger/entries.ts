/**
 * What is told of single things that happened: the lines of the access log, and the payloads of the library's events.
 *
 * Plain data, safe to keep, and every text in it safe to be written as JSON. Deliberately absent: fields, bodies, and
 * anything else of a message that may be secret.
 */

import type { CloseReason, OpenReason, ReuseRefusal } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ExchangeRecord, Outcome } from "../exchange/exchange-record.ts";
import type { HookName } from "../exchange/hooks.ts";
import type { Clock } from "../net/ports.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import { withoutUserinfo } from "../wire/userinfo.ts";
import type { LogState } from "./line-queue.ts";

/** One exchange, once it has ended. */
export interface ExchangeEntry {
  readonly type: "exchange";
  /** When the request's head was complete, or, of one that never was, when it began; ISO 8601. */
  readonly time: string;
  /** The client's address; of a Unix socket: `unknown`. */
  readonly client: string;
  /** Empty when the request's head could not be read. */
  readonly method: string;
  /** As it was received, but for a user name and password: `http://***@host/`. */
  readonly target: string;
  readonly version: "1.0" | "1.1";
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
  /** To the first octet of the origin's response; none came: absent. */
  readonly wait_ms?: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** Times the request was sent again, on a fresh connection. */
  readonly retries: number;
  readonly downstream: {
    readonly id: number;
    /** Which exchange this is on the connection, from 1 on. */
    readonly exchange: number;
    /** Why the connection closes after this exchange; it persists: absent. */
    readonly closes?: CloseReason;
  };
  /** The origin was not asked: absent. */
  readonly upstream?: {
    readonly id: number;
    readonly exchange: number;
    readonly endpoint: string;
    /** Whether the connection had carried an exchange before. */
    readonly reused: boolean;
    /** Why the connection was opened. */
    readonly opened: OpenReason;
    /** Authentication (NTLM, Negotiate) has bound it to this client's connection; otherwise absent. */
    readonly bound?: true;
    readonly closes?: CloseReason;
  };
}

interface ConnectionFacts {
  readonly time: string;
  /** Numbered within one proxy, over both hops. */
  readonly id: number;
  /** Why it was opened. */
  readonly opened: OpenReason;
}
type HopFacts =
  | { readonly hop: "downstream" /** `address:port` */; readonly client: string }
  | { readonly hop: "upstream" /** `http://127.0.0.1:3000` */; readonly endpoint: string };

/** A connection that was opened. */
export type ConnectionOpenEntry = { readonly type: "connection-open" } & ConnectionFacts & HopFacts;
/** A connection that is gone. */
export type ConnectionEntry = {
  readonly type: "connection";
  readonly closed: CloseReason;
  /** How many it carried. */
  readonly exchanges: number;
  readonly age_ms: number;
  /** Of an origin's connection that authentication had bound to a client's: the id of that. Otherwise absent. */
  readonly boundTo?: number;
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

export interface DrainEntry {
  readonly type: "drain";
  readonly time: string;
  readonly state: "began" | "ended";
  /** Exchanges and tunnels that were cut at the deadline. */
  readonly cut?: number;
}

/** Makes entries; it knows what time it is. */
export class EntryMaker {
  private readonly clock: Clock;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  exchange(record: ExchangeRecord): ExchangeEntry {
    const { downstream, upstream, reason, fault, received, responseBeganAt_ms } = record;
    const closesDownstream = closesAfter(downstream, record.downstreamExchange);
    return {
      type: "exchange",
      time: this.timeAt(record.startedAt_ms),
      client: downstream.clientName,
      method: record.method,
      target: withoutUserinfo(record.target),
      version: record.minorVersion === 0 ? "1.0" : "1.1",
      status: record.status,
      outcome: record.outcome,
      ...(reason === undefined ? {} : { reason }),
      ...(fault === undefined || fault === "" ? {} : { fault }),
      ...(received === undefined || received === "" ? {} : { received }),
      duration_ms: rounded(record.endedAt_ms - record.startedAt_ms),
      ...(responseBeganAt_ms === undefined ? {} : { wait_ms: rounded(responseBeganAt_ms - record.startedAt_ms) }),
      requestBytes: record.requestBodyBytes,
      responseBytes: record.responseBodyBytes,
      retries: record.retries,
      downstream: {
        id: downstream.id,
        exchange: record.downstreamExchange,
        ...(closesDownstream === undefined ? {} : { closes: closesDownstream }),
      },
      ...(upstream === undefined ? {} : { upstream: upstreamOf(record, upstream) }),
    };
  }

  opened(connection: ClientConnection | PooledConnection): ConnectionOpenEntry {
    return { type: "connection-open", ...this.factsOf(connection), ...hopOf(connection) };
  }

  closed(connection: ClientConnection | PooledConnection): ConnectionEntry {
    const { life } = connection;
    return {
      type: "connection",
      ...this.factsOf(connection),
      ...hopOf(connection),
      closed: life.closeReason ?? "peer-closed",
      exchanges: life.exchanges,
      age_ms: rounded(this.clock.now() - connection.openedAt_ms),
      ...boundToOf(connection),
    };
  }

  reuse(connection: PooledConnection): ReuseEntry {
    return {
      type: "reuse",
      time: this.now(),
      id: connection.id,
      endpoint: connection.endpoint.origin.name,
      exchange: connection.life.exchanges,
      idle_ms: rounded(connection.idleWhenTaken_ms),
    };
  }

  reuseRefused(connection: PooledConnection, reason: ReuseRefusal): ReuseRefusedEntry {
    return {
      type: "reuse-refused",
      time: this.now(),
      id: connection.id,
      endpoint: connection.endpoint.origin.name,
      reason,
      idle_ms: rounded(this.clock.now() - connection.idleSince_ms),
    };
  }

  lifetime(endpoint: Endpoint): LifetimeEntry {
    const { estimate_ms = 0 } = endpoint.lifetime;
    return {
      type: "lifetime",
      time: this.now(),
      endpoint: endpoint.origin.name,
      learned_ms: rounded(estimate_ms),
    };
  }

  endpointFailed(endpoint: Endpoint, fault: string): EndpointEntry {
    const avoided_ms = rounded(Math.max(0, endpoint.avoidUntil_ms - this.clock.now()));
    return { type: "endpoint", time: this.now(), endpoint: endpoint.origin.name, state: "failed", fault, avoided_ms };
  }

  endpointRecovered(endpoint: Endpoint): EndpointEntry {
    return { type: "endpoint", time: this.now(), endpoint: endpoint.origin.name, state: "recovered" };
  }

  acceptFailed(fault: string): AcceptFailedEntry {
    return { type: "accept-failed", time: this.now(), fault };
  }

  internalError(fault: unknown): InternalErrorEntry {
    return { type: "internal-error", time: this.now(), message: textOf(fault) };
  }

  hookFailed(hook: HookName, fault: unknown): HookFailedEntry {
    return { type: "hook-failed", time: this.now(), hook, message: textOf(fault) };
  }

  accessLog(state: LogState, fault: string | undefined, dropped: number): AccessLogEntry {
    return { type: "access-log", time: this.now(), state, ...(fault === undefined ? {} : { fault }), dropped };
  }

  drainBegan(): DrainEntry {
    return { type: "drain", time: this.now(), state: "began" };
  }

  drainEnded(cut: number): DrainEntry {
    return { type: "drain", time: this.now(), state: "ended", cut };
  }

  private factsOf(connection: ClientConnection | PooledConnection): ConnectionFacts {
    return {
      time: this.now(),
      id: connection.id,
      opened: connection.hop === "downstream" ? "accepted" : connection.openReason,
    };
  }

  private now(): string {
    return new Date(this.clock.date()).toISOString();
  }

  private timeAt(at_ms: number): string {
    return new Date(this.clock.date() - (this.clock.now() - at_ms)).toISOString();
  }
}

function upstreamOf(record: ExchangeRecord, upstream: PooledConnection): NonNullable<ExchangeEntry["upstream"]> {
  const closes = closesAfter(upstream, record.upstreamExchange);
  return {
    id: upstream.id,
    exchange: record.upstreamExchange,
    endpoint: upstream.endpoint.origin.name,
    reused: record.upstreamWasReused,
    opened: upstream.openReason,
    ...(upstream.binding === undefined ? {} : { bound: true }),
    ...(closes === undefined ? {} : { closes }),
  };
}

/** Why a connection closes, if this exchange was its last. */
function closesAfter({ life }: ClientConnection | PooledConnection, exchange: number): CloseReason | undefined {
  return life.exchanges === exchange ? life.closeReason : undefined;
}

function boundToOf(connection: ClientConnection | PooledConnection): Pick<ConnectionEntry, "boundTo"> {
  if (connection.hop === "downstream" || connection.binding === undefined) return {};
  return { boundTo: connection.binding.owner.clientId };
}

function hopOf(connection: ClientConnection | PooledConnection): HopFacts {
  if (connection.hop === "upstream") return { hop: "upstream", endpoint: connection.endpoint.origin.name };
  const { clientName, socket } = connection;
  const address = clientName.includes(":") ? `[${clientName}]` : clientName;
  return { hop: "downstream", client: `${address}:${socket.remotePort}` };
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
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

function textOf(fault: unknown): string {
  return fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
}
