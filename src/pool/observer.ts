/**
 * What the pool tells whoever watches it: records, which are plain data. The observer is handed in; the pool knows no logger and no
 * metric.
 */
import type {
  ConnectionRecord,
  EndpointCheck,
  EndpointRecord,
  NameLookup,
  NameRecord,
} from "../connection/connection-record.ts";
import type { ReuseRefusal } from "../connection/reasons.ts";

export interface PoolObserver {
  /** A fault of our own: it has ended the connection in whose event it showed, and nothing else. */
  internalError(fault: unknown): void;
  connectionOpened(connection: ConnectionRecord): void;
  /** The connection is gone; `closeReason` says why. */
  connectionClosed(connection: ConnectionRecord): void;
  /**
   * A connection, on either hop, carries no exchange any more and idles from now on. Absent while nobody wants to know, and looked at
   * each time.
   */
  connectionIdled?: ((connection: ConnectionRecord) => void) | undefined;
  /** An idle connection to an origin carries another exchange. */
  connectionReused(connection: ConnectionRecord): void;
  /** An idle connection to an origin was not reused for a request. */
  reuseRefused(connection: ConnectionRecord, refusal: ReuseRefusal): void;
  /** What is known of the endpoint's lifetime has changed. @param lifetime_ms nothing is known any more: undefined */
  lifetimeLearned(endpoint: EndpointRecord, lifetime_ms: number | undefined): void;
  /** It cannot be dialed, does not answer, or answers badly; it is avoided until `avoidUntil_ms` if there are others. */
  endpointFailed(endpoint: EndpointRecord, fault: string, avoidUntil_ms: number): void;
  /** It is well again, as far as its traffic tells. */
  endpointRecovered(endpoint: EndpointRecord): void;
  /** It was asked whether it is well. */
  endpointChecked?(endpoint: EndpointRecord, check: EndpointCheck): void;
  /** A name was looked up whose addresses are endpoints. */
  nameLookedUp?(name: NameRecord, lookup: NameLookup): void;
}
