/**
 * Who traces exchanges across hops (W3C Trace Context): a port. It says what an attempt's head says of the trace.
 *
 * Deliberately absent: what it is told, which observers are, too (observer.ts).
 */
import type { ConnectionRecord } from "../connection/connection-record.ts";
import type { ExchangeRecord } from "./exchange-record.ts";

export interface TraceFields {
  readonly traceparent: string;
  /** None is said: empty. */
  readonly tracestate: string;
}

export interface Tracing {
  /**
   * An attempt leaves on `upstream`.
   *
   * @param path as the origin is asked for it
   * @returns what is said instead of what the client said; that goes on as it came: undefined
   */
  attempt(record: ExchangeRecord, upstream: ConnectionRecord, path: string): TraceFields | undefined;
}
