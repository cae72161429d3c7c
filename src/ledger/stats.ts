/**
 * The ledger's figures for people and programs: `stats()` of the library and `/stats` of the admin server.
 *
 * Reasons that never happened are left out; the metrics have them all, with 0. Deliberately absent: averages over time.
 */
import type { CloseReason, OpenReason, ReuseRefusal } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { Outcome } from "../exchange/exchange-record.ts";
import { type RuntimeFacts, runtimeFacts } from "../net/runtime-facts.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import {
  avoided_ms,
  type EndpointFigures,
  type Figures,
  figuresOf,
  type HistogramFigures,
  type LiveState,
  lifetime_ms,
  type RunningWorker,
  type WorkerFigures,
} from "./figures.ts";
import { DurationHistogram } from "./histogram.ts";
import { type Hop, type Ledger, type StatusClass, statusClasses, type Tally } from "./ledger.ts";
import { version } from "./version.ts";

export type { LiveState } from "./figures.ts";

export interface HopStats {
  /** Connections that are not gone. */
  readonly open: number;
  readonly states: Tally<LiveState>;
  readonly opened: Partial<Tally<OpenReason>>;
  readonly closed: Partial<Tally<CloseReason>>;
}

export interface DurationStats {
  readonly count: number;
  readonly mean_ms: number;
  /** As good as the histogram's buckets are wide. */
  readonly p50_ms: number;
  readonly p90_ms: number;
  readonly p99_ms: number;
}

export interface EndpointStats {
  /** `http://127.0.0.1:3000` */
  readonly endpoint: string;
  /** `avoided`: it cannot be dialed, does not answer, or answers badly; it is tried again after a while. */
  readonly state: "available" | "avoided";
  /** For how long still; available: 0. */
  readonly avoided_ms: number;
  /** Times that it failed: to be dialed, to answer, or to answer otherwise than 502, 503 and 504. */
  readonly failures: number;
  readonly connections: {
    /** For any request. */
    readonly idle: number;
    /** Idle, and for one client alone, whose credentials have authenticated it (NTLM, Negotiate). */
    readonly bound: number;
    readonly inUse: number;
    readonly dialing: number;
  };
  /** `1.0` or `1.1`, as of its latest response; before the first: undefined. */
  readonly version: "1.0" | "1.1" | undefined;
  /** How long it lets its connections idle, as far as that was seen (by the middle one of several workers); not yet: undefined. */
  readonly lifetime_ms: number | undefined;
}

export interface WorkerStats {
  readonly running: number;
  /** Ended by themselves, or killed by somebody else. */
  readonly lost: number;
  /** The same by how: `SIGKILL`, `exit code 1`. */
  readonly lostBy: Readonly<Record<string, number>>;
  /** Started in place of one that was lost. */
  readonly restarted: number;
  /** Those that run, and what each has of the work. */
  readonly processes: readonly RunningWorker[];
}

export interface ProxyStats {
  readonly version: string;
  readonly runtime: RuntimeFacts;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly uptime_ms: number;
  readonly isDraining: boolean;
  /** The worker processes of `hopwise proxy --workers`; a proxy that is one process: absent. */
  readonly workers?: WorkerStats;
  readonly connections: Record<Hop, HopStats>;
  readonly reuse: {
    /** Exchanges on a connection that had carried one before. */
    readonly reused: number;
    /** The share of exchanges for which no connection had to be opened, from 0 to 1; none yet: undefined. */
    readonly ratio: number | undefined;
    /** Idle connections that were not reused for a request. */
    readonly refused: Partial<Tally<ReuseRefusal>>;
  };
  readonly exchanges: {
    readonly total: number;
    readonly inProgress: number;
    readonly outcomes: Tally<Outcome>;
    readonly statuses: Partial<Tally<StatusClass>>;
    /** Why the proxy answered itself. */
    readonly answers: Partial<Tally<AnswerReason>>;
    /** Heads of responses with a fault that was mended. */
    readonly tolerated: Partial<Tally<ToleranceKind>>;
    readonly retries: number;
    readonly requestBodyBytes: number;
    readonly responseBodyBytes: number;
    /** To the end of the response. */
    readonly duration: DurationStats | undefined;
    /** To the first octet of the origin's response. */
    readonly wait: DurationStats | undefined;
  };
  readonly endpoints: readonly EndpointStats[];
  /** Requests that wait for room in the pool. */
  readonly waiting: number;
  /** Connections that could not be accepted, by the system's error code. */
  readonly acceptFailures: Readonly<Record<string, number>>;
  /** Lines of the access log that were lost: its output took none, or not as many. */
  readonly accessLogDropped: number;
  /** Faults of hopwise's own: each has ended one connection. */
  readonly internalErrors: number;
  /** Exchanges and tunnels cut at the end of a drain. */
  readonly cut: number;
}

export function statsOf(ledger: Ledger): ProxyStats {
  return statsFrom(figuresOf(ledger));
}

export function statsFrom(figures: Figures): ProxyStats {
  const { states, workers } = figures;
  const openedUpstream = sum(figures.opened.upstream);
  const carried = figures.reused + openedUpstream;
  return {
    version,
    runtime: runtimeFacts,
    startedAt: new Date(figures.startedAt_ms).toISOString(),
    uptime_ms: Math.round(figures.uptime_ms),
    isDraining: figures.isDraining,
    ...(workers === undefined ? {} : { workers: workerStats(workers) }),
    connections: { downstream: hopStats(figures, "downstream"), upstream: hopStats(figures, "upstream") },
    reuse: {
      reused: figures.reused,
      ratio: carried === 0 ? undefined : rounded(figures.reused / carried, 4),
      refused: happened(figures.reuseRefusedFor),
    },
    exchanges: {
      total: figures.exchanges,
      inProgress: states.downstream.active + states.downstream.tunnel,
      outcomes: figures.outcomes,
      statuses: happened(Object.fromEntries(statusClasses.map((name, index) => [name, figures.statuses[index] ?? 0]))),
      answers: happened(figures.answers),
      tolerated: happened(figures.tolerated),
      retries: figures.retries,
      requestBodyBytes: figures.requestBodyBytes,
      responseBodyBytes: figures.responseBodyBytes,
      duration: durationStats(figures.durations),
      wait: durationStats(figures.waits),
    },
    endpoints: figures.endpoints.map(endpointStats),
    waiting: figures.waiting,
    acceptFailures: figures.acceptFaults,
    accessLogDropped: figures.accessLogDropped,
    internalErrors: figures.internalErrors,
    cut: figures.cut,
  };
}

function workerStats({ running, lost, restarted }: WorkerFigures): WorkerStats {
  return { running: running.length, lost: sum(lost), lostBy: lost, restarted, processes: running };
}

function hopStats({ states, opened, closed }: Figures, hop: Hop): HopStats {
  return {
    open: sum(states[hop]),
    states: states[hop],
    opened: happened(opened[hop]),
    closed: happened(closed[hop]),
  };
}

function endpointStats(endpoint: EndpointFigures): EndpointStats {
  const { failures, idle, bound, inUse, dialing, minorVersion } = endpoint;
  const lifetime = lifetime_ms(endpoint);
  return {
    endpoint: endpoint.endpoint,
    state: avoided_ms(endpoint) > 0 ? "avoided" : "available",
    avoided_ms: Math.round(avoided_ms(endpoint)),
    failures,
    connections: { idle, bound, inUse, dialing },
    version: minorVersion === undefined ? undefined : minorVersion === 0 ? "1.0" : "1.1",
    lifetime_ms: lifetime === undefined ? undefined : Math.round(lifetime),
  };
}

function durationStats(figures: HistogramFigures): DurationStats | undefined {
  if (figures.count === 0) return undefined;
  const histogram = DurationHistogram.from(figures);
  return {
    count: histogram.count,
    mean_ms: rounded(histogram.sum_ms / histogram.count, 3),
    p50_ms: rounded(histogram.quantile_ms(0.5) ?? 0, 3),
    p90_ms: rounded(histogram.quantile_ms(0.9) ?? 0, 3),
    p99_ms: rounded(histogram.quantile_ms(0.99) ?? 0, 3),
  };
}

/** Only the words that happened. */
function happened<Word extends string>(words: Tally<Word>): Partial<Tally<Word>> {
  return Object.fromEntries(Object.entries(words).filter(([, times]) => (times as number) > 0)) as Partial<Tally<Word>>;
}

function sum(words: Readonly<Record<string, number>>): number {
  return Object.values(words).reduce((total, times) => total + times, 0);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
