/**
 * What the supervisor and its workers say to each other.
 *
 * Plain data over the channel that the runtime opens between a process and its child. Messages of one channel arrive in
 * order, connections included: that nobody comes any more is said after the last connection. Deliberately absent: waiting
 * for answers; each message stands for itself.
 */
import type { HopwiseErrorCode } from "../config/error.ts";
import type { AcceptFailedEntry, AccessLogEntry, EndpointEntry, InternalErrorEntry } from "../ledger/entries.ts";
import type { Figures } from "../ledger/figures.ts";

/** How often workers tell figures unasked: what one that is killed has not told is lost, and silence is a sign (watch.ts). */
export const FIGURES_MS = 1_000;

/** What an operator wants to see pass by. */
export type News = EndpointEntry | AcceptFailedEntry | AccessLogEntry | InternalErrorEntry;

export interface StartMessage {
  readonly type: "start";
  /** Workers are numbered from 1 on, those included that are gone. */
  readonly number: number;
  /** Which kind of proxy. */
  readonly kind: string;
  /** This worker's share of what the operator wants. */
  readonly options: object;
  /** Listen there together with the other workers; otherwise connections are handed over. */
  readonly sharesPort: boolean;
  /** Where the admin server listens, if that is known already. */
  readonly admin: Place | undefined;
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

export type ToWorker =
  | StartMessage
  /** Take connections: everybody is prepared, and this is where clients connect. */
  | { readonly type: "listen"; readonly address: Place }
  /** The admin server, which is the supervisor's, listens here: no client is to get there. */
  | { readonly type: "admin"; readonly address: Place }
  /** Tell your figures. */
  | { readonly type: "figures" }
  /** A connection, which comes along. */
  | { readonly type: "connection" }
  /** Open logs anew, after they were rotated away. */
  | { readonly type: "reopen-logs" }
  /** Read again what may be read again. */
  | { readonly type: "reread" }
  | { readonly type: "drain" }
  /** Cut every client's connection, and end. */
  | { readonly type: "cut" }
  /** The last connection has been handed over; or, where workers share a port, none of them listens any more. */
  | { readonly type: "no-more" };

export type ToSupervisor =
  /** Nothing is missing but clients. */
  | { readonly type: "prepared" }
  | { readonly type: "ready" }
  /** It cannot start. */
  | {
      readonly type: "failed";
      readonly code: HopwiseErrorCode;
      readonly problem: string;
      readonly option: string | undefined;
    }
  | { readonly type: "figures"; readonly figures: Figures }
  | { readonly type: "news"; readonly news: News }
  /** It listens no more, where workers share a port. */
  | { readonly type: "listens-no-more" }
  /** The last word of a worker that was told to drain. */
  | { readonly type: "drained"; readonly cut: number; readonly figures: Figures };

/** Ids of connections tell the worker: the third's seventh is 3000000000007. No worker lives to reach the next one's. */
const IDS_PER_WORKER = 1e12;
/** Ids stay whole numbers; numbers come round after that many workers, when the lines of the first are long rotated away. */
const WORKER_NUMBERS = 9_000;

export function firstConnectionId(worker: number): number {
  return (((worker - 1) % WORKER_NUMBERS) + 1) * IDS_PER_WORKER + 1;
}
