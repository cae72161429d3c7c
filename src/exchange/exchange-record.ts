/**
 * What is remembered of one exchange: which request, on which connections, how it ended and why.
 */
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { AnswerReason } from "./answers.ts";
import type { ClientConnection } from "./client-connection.ts";

/**
 * How an exchange ended. `answered`: by the proxy itself, see `reason`. `truncated`: the client got a visibly incomplete
 * response. `client-gone`: nobody was left to answer.
 */
export type Outcome = "completed" | "answered" | "truncated" | "client-gone" | "tunnel";

export class ExchangeRecord {
  readonly downstream: ClientConnection;
  /** Which exchange it is on the client's connection, from 1 on. */
  readonly downstreamExchange: number;
  readonly startedAt_ms: number;
  method = "";
  target = "";
  minorVersion: 0 | 1 = 1;
  /** The final status the client got; none: 0. */
  status = 0;
  outcome: Outcome = "completed";
  /** Why the proxy answered itself; otherwise undefined. */
  reason: AnswerReason | undefined;
  /** A system's error code beside the reason, for the ledger only. */
  fault: string | undefined;
  /** The beginning of a request that could not be read. Most exchanges have no room for it. */
  declare received?: string | undefined;
  upstream: PooledConnection | undefined;
  /** Which exchange it is on the origin's connection, from 1 on. */
  upstreamExchange = 0;
  upstreamWasReused = false;
  retries = 0;
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  /** When the first octet of a response arrived; none: undefined. */
  responseBeganAt_ms: number | undefined;
  endedAt_ms = 0;

  constructor(downstream: ClientConnection, startedAt_ms: number) {
    this.downstream = downstream;
    this.downstreamExchange = downstream.life.exchanges;
    this.startedAt_ms = startedAt_ms;
  }

  /** @param head what was read of the request; nothing: undefined */
  static of(downstream: ClientConnection, head: RequestHead | undefined, startedAt_ms: number): ExchangeRecord {
    const record = new ExchangeRecord(downstream, startedAt_ms);
    if (head !== undefined) {
      record.method = head.methodSoFar;
      record.target = head.target;
      record.minorVersion = head.minorVersion;
    }
    return record;
  }

  finish(requestBodyBytes: number, responseBodyBytes: number, now: number): void {
    this.requestBodyBytes = requestBodyBytes;
    this.responseBodyBytes = responseBodyBytes;
    this.endedAt_ms = now;
  }

  /** The application answers by itself. */
  noteOwnAnswer(): void {
    this.outcome = "answered";
    this.reason = "hook-answered";
  }

  /** The exchange goes on this connection; on a retry it is the later one that is remembered. */
  noteUpstream(connection: PooledConnection): void {
    this.upstream = connection;
    this.upstreamExchange = connection.life.exchanges;
    this.upstreamWasReused = connection.isReused;
  }
}
