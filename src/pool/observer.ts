/**
 * What the pool tells whoever watches it. The observer is handed in; the pool knows no logger and no metric.
 */
import type { ReuseRefusal } from "../connection/reasons.ts";
import type { Endpoint } from "./endpoint.ts";
import type { PooledConnection } from "./pooled-connection.ts";

export interface PoolObserver {
  /** A fault of our own: it has ended the connection in whose event it showed, and nothing else. */
  internalError(fault: unknown): void;
  upstreamOpened(connection: PooledConnection): void;
  /** An idle connection carries another exchange. */
  upstreamReused(connection: PooledConnection): void;
  /** An idle connection was not reused for a request. */
  reuseRefused(connection: PooledConnection, refusal: ReuseRefusal): void;
  /** The connection is gone; `life.closeReason` says why. */
  upstreamClosed(connection: PooledConnection): void;
  /** What is known of the endpoint's lifetime has changed. */
  lifetimeLearned(endpoint: Endpoint): void;
  /** It cannot be dialed, does not answer, or answers badly; it is avoided until `avoidUntil_ms` if there are others. */
  endpointFailed(endpoint: Endpoint, fault: string): void;
  /** Dialing worked again. */
  endpointRecovered(endpoint: Endpoint): void;
}
