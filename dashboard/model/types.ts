/**
 * What the dashboard knows: connections, exchanges on them, and what else was told. Plain data; the model alone writes it.
 *
 * All times (`…At_ms`, `…Since_ms`) are milliseconds since 1970 by the proxy's clock: `model.now()` says what it shows now.
 * Deliberately absent: how it is drawn and said; see segments.ts, caps.ts and story.ts.
 */
import type { Ending, Hop } from "../../src/connection/connection-record.ts";
import type { LifeState } from "../../src/connection/life.ts";
import type { CloseReason, OpenReason, ReuseRefusal } from "../../src/connection/reasons.ts";
import type { AnswerReason } from "../../src/exchange/answers.ts";
import type { Outcome, Phase } from "../../src/exchange/exchange-record.ts";
import type { ExchangeEntry } from "../../src/ledger/entries.ts";
import type { ProxyEvent } from "../../src/ledger/events.ts";
import type { ProxyStats } from "../../src/ledger/stats.ts";
import type { ConnectionView } from "../../src/ledger/window.ts";

export type { CloseReason, Ending, Hop, LifeState, OpenReason, Outcome, Phase, ProxyEvent, ReuseRefusal };

/** Names one connection, or one exchange, among all that a dashboard sees: ids alone repeat where there are several workers. */
export type Key = string;

/** One connection on one hop. */
export interface Connection {
  readonly key: Key;
  readonly id: number;
  /** The worker that holds it, where there are several; otherwise undefined. */
  readonly worker: number | undefined;
  readonly hop: Hop;
  /** The other end: a client's `address:port`, or an endpoint (`http://127.0.0.1:3000`). */
  peer: string;
  isSecure: boolean | undefined;
  /** Why it was opened; not told: undefined. */
  opened: OpenReason | undefined;
  openedAt_ms: number;
  /** It was there before the dashboard looked, so `openedAt_ms` may be a guess until a snapshot says it. */
  isOpeningGuessed: boolean;
  state: LifeState;
  /** It idles since then; it does not: undefined. */
  idleSince_ms: number | undefined;
  /** How many exchanges it had carried when an event said that it idles, which is exact; none did: 0. */
  idleToldAfter: number;
  /** When its idleness ends it at the latest, as far as that is known, and which limit does. */
  idleUntil_ms: number | undefined;
  idleLimit: CloseReason | undefined;
  /** How long it may idle, as it was last told. */
  idleFor_ms: number | undefined;
  /** Exchanges begun on it, those included of which nothing else is known. */
  exchangeCount: number;
  /** It carries several at once (HTTP/2), as far as that was seen. */
  isMultiplexed: boolean;
  /** Those that are known, in the order in which they began; at most so many as the model keeps. */
  readonly exchanges: Exchange[];
  /** What came of asking for it while it idled, the latest last; at most `REFUSALS_KEPT`. */
  readonly refusals: Refusal[];
  /** It is decided that it closes: why. */
  closes: CloseReason | undefined;
  /** Its last exchange has ended, and it closes since then; it idled before its end, or nothing was told of that: undefined. */
  closesSince_ms: number | undefined;
  /** It is gone; it is not: undefined. */
  closedAt_ms: number | undefined;
  /** Why it closed, once it has; its end was missed: undefined. */
  closed: CloseReason | undefined;
  /** The first sign of its end. */
  ended: Ending | undefined;
  /** The client's connection that authentication has bound it to. */
  boundTo: Key | undefined;
}

/** An idle connection to an origin was not lent for a request. */
export interface Refusal {
  readonly at_ms: number;
  readonly reason: ReuseRefusal;
  readonly idle_ms: number;
}

/** Where an exchange went: which connection, and which exchange it is on that, from 1 on. */
export interface Carriage {
  readonly connection: Connection;
  readonly exchange: number;
}

/** An attempt that came to nothing; the request was sent again. */
export interface Loss {
  readonly connection: Connection;
  readonly exchange: number;
  readonly sentAt_ms: number;
  readonly lostAt_ms: number;
  readonly fault: string | undefined;
}

/** One request and its response. */
export interface Exchange {
  readonly key: Key;
  readonly id: number;
  readonly method: string;
  /** Without its query. */
  readonly target: string;
  readonly host: string | undefined;
  readonly beganAt_ms: number;
  /** Its phases in order, each with when it began. */
  phases: readonly { readonly phase: Phase; readonly at_ms: number }[];
  /** It has ended; not yet: undefined. */
  endedAt_ms: number | undefined;
  /** Its connection to the origin idles since then, which may be before its client has taken the last of it; not told: undefined. */
  leftOriginAt_ms: number | undefined;
  /** How it ended; not yet, or its end was missed: undefined. */
  outcome: Outcome | undefined;
  /** The final status that the client got; none, or not yet: 0. */
  status: number;
  reason: AnswerReason | undefined;
  readonly downstream: Carriage;
  /** The connection to an origin that it went on last; none yet: undefined. */
  upstream: Carriage | undefined;
  losses: readonly Loss[];
  /** All that the proxy told of it, once it has ended. */
  entry: ExchangeEntry | undefined;
}

/** Something that was told and is neither a connection nor an exchange. */
export interface Notice {
  readonly at_ms: number;
  readonly event: ProxyEvent;
}

/** The answer of `/api/connections`, of `/api/exchanges` and of `/stats`, as far as they were asked for. */
export interface Snapshot {
  readonly connections?: { readonly connections: readonly Told<ConnectionView>[]; readonly more: boolean } | undefined;
  readonly exchanges?: { readonly exchanges: readonly Told<ExchangeEntry>[]; readonly more: boolean } | undefined;
  readonly stats?: ProxyStats | undefined;
}

/** Several workers say which of them tells it. */
export type Told<Entry> = Entry & { readonly worker?: number };
