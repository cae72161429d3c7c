/**
 * What is told of an exchange: plain data for observers, logs, traces and windows. Which request, on which connections, how far it is
 * and since when, how it ended and why.
 *
 * An exchange has one record, and writes it until it has ended: whoever wants to keep a moment copies it. Times are milliseconds of the
 * proxy's clock and never decrease in the order of `phaseTimes`. Deliberately absent: anything that lives, and fields and bodies of
 * messages, which may be secret.
 */
import type { ConnectionRecord, EndpointRecord } from "../connection/connection-record.ts";
import type { AnswerReason } from "./answers.ts";

export const outcomes = ["completed", "answered", "truncated", "client-gone", "tunnel"] as const;
/**
 * How an exchange ended. `answered`: by the proxy itself, see `reason`. `truncated`: the client got a visibly incomplete
 * response. `client-gone`: nobody was left to answer.
 */
export type Outcome = (typeof outcomes)[number];

/**
 * What is told between an exchange's begin and its end. `queued`: it waits for a connection. `connecting`: one is opened for it.
 * `securing`: the TLS handshake on that begins. `sent`: the request's head has left; of a CONNECT: the tunnel stands.
 * `first-byte`: the first byte of a response is there. `retrying`: its connection was lost before that, and the request goes again.
 * `held`: its origin takes a body only with its length (HTTP/1.0), so it waits for all of that, and looks for a connection then.
 */
export const phases = ["queued", "connecting", "securing", "held", "sent", "first-byte", "retrying"] as const;
export type Phase = (typeof phases)[number];

/** The times of a record, in their order. Those of one exchange never decrease. */
export const phaseTimes = [
  "arrivedAt_ms",
  "queuedAt_ms",
  "connectingAt_ms",
  "securingAt_ms",
  "sentAt_ms",
  "firstByteAt_ms",
  "doneAt_ms",
] as const satisfies readonly (keyof ExchangeRecord)[];

/** An attempt whose connection was lost before any of a response: the request was sent again. */
export interface LostAttempt {
  readonly upstream: ConnectionRecord;
  /** Which exchange it was on that connection, from 1 on. */
  readonly upstreamExchange: number;
  readonly sentAt_ms: number;
  readonly lostAt_ms: number;
  /** The system's error code; it was closed in order: undefined. */
  readonly fault: string | undefined;
}

/** Of a request's fields, those that logs and traces tell. Each character is one byte that came (latin1). */
export interface KeptFields {
  readonly userAgent?: string | undefined;
  readonly referer?: string | undefined;
  /** `X-Request-ID` */
  readonly requestId?: string | undefined;
  /** Of W3C Trace Context, as it came. */
  readonly traceparent?: string | undefined;
  readonly tracestate?: string | undefined;
}

/** Of HTTP/2 only through a door. */
export type HttpVersion = "1.0" | "1.1" | "2.0";

export interface ExchangeRecord {
  /** Numbered within one proxy, in the order in which they began. */
  readonly id: number;
  readonly downstream: ConnectionRecord;
  /** Which exchange it is on the client's connection, from 1 on. */
  readonly downstreamExchange: number;
  /** Empty when the request's head could not be read. */
  readonly method: string;
  /** As it was received, a user name and password in it, too. */
  readonly target: string;
  /** What the request is for: `host[:port]`, of its target or of Host. Not known: empty. */
  readonly authority: string;
  /** In which the request came. */
  readonly version: HttpVersion;
  /** Whose it is, where a forward proxy asks; otherwise absent. */
  readonly user?: string | undefined;
  /** What logs and traces tell of its fields; nobody wants that, or it has none of them: absent. */
  readonly kept?: KeptFields | undefined;
  /** The beginning of a request that could not be read; otherwise absent. */
  readonly received?: string | undefined;
  /** The final status the client got; none: 0. */
  readonly status: number;
  readonly outcome: Outcome;
  /** Why the proxy answered itself; otherwise undefined. */
  readonly reason: AnswerReason | undefined;
  /** A system's error code beside the reason. */
  readonly fault: string | undefined;
  /** Where a connection was looked for in vain; there was one, or none was looked for: absent. */
  readonly endpoint?: EndpointRecord | undefined;
  /** The connection to an origin that it went on; on a retry the later one. None: undefined. */
  readonly upstream: ConnectionRecord | undefined;
  /** Which exchange it is on that connection, from 1 on: from 2 on the connection was reused. */
  readonly upstreamExchange: number;
  /** Times it was sent again. */
  readonly retries: number;
  /** The attempts before; it was sent once: absent. */
  readonly lost?: readonly LostAttempt[] | undefined;
  readonly requestBodyBytes: number;
  readonly responseBodyBytes: number;

  // Its phases. Those of an attempt that was lost are gone: see `lost`. What did not happen: undefined.

  /** The request's head was complete; of one that never was: when it began. */
  readonly arrivedAt_ms: number;
  /** It began to wait for room in the pool, or for a connection that is not sure yet to be fit. */
  readonly queuedAt_ms: number | undefined;
  /** A connection began to be opened for it. */
  readonly connectingAt_ms: number | undefined;
  /** The address had answered, and the TLS handshake began. */
  readonly securingAt_ms: number | undefined;
  /** The request's head was given to its connection; of a CONNECT: the tunnel stood. */
  readonly sentAt_ms: number | undefined;
  /** The first byte of a response arrived. */
  readonly firstByteAt_ms: number | undefined;
  /** It ended; not yet: 0. */
  readonly doneAt_ms: number;
}
