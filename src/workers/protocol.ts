/**
 * What the supervisor and its workers say to each other.
 *
 * Plain data over the channel that the runtime opens between a process and its child. Messages of one channel arrive in
 * order, connections included: that nobody comes any more is said after the last connection. Deliberately absent: waiting
 * for answers; each message stands for itself.
 */
import type { RowsPath, rowsAnswer, View } from "../admin/api.ts";
import type { HopwiseErrorCode } from "../config/error.ts";
import type {
  AcceptFailedEntry,
  AccessLogEntry,
  EndpointEntry,
  HealthEntry,
  InternalErrorEntry,
  TraceEntry,
} from "../ledger/entries.ts";
import type { ProxyEvent } from "../ledger/events.ts";
import type { Figures } from "../ledger/figures.ts";
import type { LookupEntry } from "../ledger/name-figures.ts";
import type { CertificateEntry } from "../ledger/tls-figures.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";

/** How often workers tell figures unasked: what one that is killed has not told is lost, and silence is a sign (watch.ts). */
export const FIGURES_MS = 1_000;

/** What an operator wants to see pass by. */
export type News =
  | EndpointEntry
  | HealthEntry
  | LookupEntry
  | AcceptFailedEntry
  | AccessLogEntry
  | TraceEntry
  | CertificateEntry
  | InternalErrorEntry;

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
  /** From which the keys of TLS tickets follow: what one worker gave a client, the others take. */
  readonly ticketSecret: string;
  /** The certificate that was made for development: clients are to be shown one, whoever serves them. */
  readonly certificate: Certificate | undefined;
  /** Where the admin server listens, if that is known already. */
  readonly admin: Place | undefined;
  /** Somebody may ask what ended last: it is kept. */
  readonly isAsked: boolean;
}

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** A listener: its number, by which its connections are told from those of others, and where clients connect. */
export interface ListenerPlace extends Place {
  readonly listener: number;
}

/** What is to take the place of what a worker does now. */
export interface PrepareMessage {
  readonly type: "prepare";
  /** Reloads are counted, so that a word that comes late is known as one. */
  readonly reload: number;
  /** This worker's share of what the operator wants. */
  readonly options: object;
  readonly certificate: Certificate | undefined;
  /** Listeners that were not there before, in the order of the options. */
  readonly opened: readonly ListenerPlace[];
}

/** Why something cannot be, as it crosses the channel. */
export interface Refusal {
  readonly code: HopwiseErrorCode;
  readonly problem: string;
  readonly option: string | undefined;
}

export type ToWorker =
  | StartMessage
  /** Take connections: everybody is prepared, and this is where clients connect, for each listener. */
  | { readonly type: "listen"; readonly places: readonly ListenerPlace[] }
  /** The admin server, which is the supervisor's, listens here: no client is to get there. */
  | { readonly type: "admin"; readonly address: Place }
  /** Tell your figures. */
  | { readonly type: "figures" }
  /** A connection, which comes along. `listener`: which one has accepted it. */
  | { readonly type: "connection"; readonly listener: number }
  /** Open logs anew, after they were rotated away. */
  | { readonly type: "reopen-logs" }
  /** Read again what may be read again. */
  | { readonly type: "reread" }
  /** Have another configuration ready, and change nothing yet: read it, open what it needs. */
  | PrepareMessage
  /** Everybody has it ready: go on with it. */
  | { readonly type: "commit"; readonly reload: number }
  /** Somebody has not: forget it. */
  | { readonly type: "abandon"; readonly reload: number }
  /** Nobody listens there any more, and the last connection has been handed over. */
  | { readonly type: "listener-over"; readonly listener: number }
  /** Answer `/api/...` for what you have; `query`: of its URL. */
  | {
      readonly type: "ask";
      readonly ask: number;
      readonly path: RowsPath;
      readonly query: string;
      readonly view: View;
    }
  /** Somebody watches what happens from now on, or nobody any more. */
  | { readonly type: "watch"; readonly isOn: boolean }
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
  | ({ readonly type: "failed" } & Refusal)
  /** It is ready for another configuration; it cannot be: why. */
  | { readonly type: "reload-prepared"; readonly reload: number; readonly refusal: Refusal | undefined }
  /** It works by it. */
  | { readonly type: "reload-committed"; readonly reload: number }
  /** What it has of what was asked for. */
  | { readonly type: "answered"; readonly ask: number; readonly answer: RowsAnswer }
  /** What happened. `missed`: and more than can be told. `leftOut`: and so much of exchanges, of which one in `oneIn` is told. */
  | ({ readonly type: "events" } & WorkerEvents)
  /** It listens there no more, where workers share a port. */
  | { readonly type: "listener-closed"; readonly listener: number }
  | { readonly type: "figures"; readonly figures: Figures }
  | { readonly type: "news"; readonly news: News }
  /** It listens nowhere any more, where workers share a port. */
  | { readonly type: "listens-no-more" }
  /** The last word of a worker that was told to drain. */
  | { readonly type: "drained"; readonly cut: number; readonly figures: Figures };

export interface WorkerEvents {
  readonly events: readonly ProxyEvent[];
  readonly missed: number;
  readonly leftOut: number;
  readonly oneIn: number;
}

/** Rows, by their name, of which there may be more. */
export type RowsAnswer = ReturnType<typeof rowsAnswer>;

/** Ids of connections tell the worker: the third's seventh is 3000000000007. No worker lives to reach the next one's. */
const IDS_PER_WORKER = 1e12;
/** Ids stay whole numbers; numbers come round after that many workers, when the lines of the first are long rotated away. */
const WORKER_NUMBERS = 9_000;

export function firstId(worker: number): number {
  return (((worker - 1) % WORKER_NUMBERS) + 1) * IDS_PER_WORKER + 1;
}
