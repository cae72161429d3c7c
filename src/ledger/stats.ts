/**
 * The ledger's figures for people and programs: `stats()` of the library and `/stats` of the admin server.
 *
 * Reasons that never happened are left out; the metrics have them all, with 0. Deliberately absent: averages over time.
 */
import type { CheckState, Hop } from "../connection/connection-record.ts";
import type { CheckFailure, CloseReason, OpenReason, ReuseRefusal } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { Outcome } from "../exchange/exchange-record.ts";
import { type RuntimeFacts, runtimeFacts } from "../net/runtime-facts.ts";
import type { EndpointState } from "../pool/condition.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import type { ConfigFigures } from "./config-figures.ts";
import {
  avoided_ms,
  type ConditionFigures,
  conditionOf,
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
import { type Ledger, type StatusClass, statusClasses, type Tally } from "./ledger.ts";
import { type NameStats, nameStats } from "./name-figures.ts";
import type { TlsFigures } from "./tls-figures.ts";
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

export interface CheckStats {
  readonly state: CheckState;
  /** ISO 8601. */
  readonly since: string;
  /** How many have passed and failed, by reason. */
  readonly results: Partial<Tally<"passed" | CheckFailure>>;
  /** Why the latest that failed did; none has: absent. `at`: ISO 8601. */
  readonly lastFailure?: { readonly reason: CheckFailure; readonly detail: string; readonly at: string };
}

export interface EndpointStats {
  /** `http://127.0.0.1:3000` */
  readonly endpoint: string;
  /** The group that it is of: one that several groups have stands here for each. Of no group with a name of its own: absent. */
  readonly group?: string;
  /** Its part of the requests, beside those of the others of its group; 0: only those that stick to it. */
  readonly weight: number;
  /** It is used only while no other endpoint of its group is well. */
  readonly backup: boolean;
  /**
   * `avoided`: it cannot be dialed, does not answer, or answers badly; it is tried again after a while. `ejected`: too much of what it
   * answers are errors. `unhealthy`: it fails its health checks.
   */
  readonly state: EndpointState;
  /** Since when; ISO 8601. Nobody knows: undefined. */
  readonly since: string | undefined;
  /** What its health checks say; it has none: absent. */
  readonly check?: CheckStats;
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
  /** How long it says it lets them idle (`Keep-Alive`), as of a connection that is open; it does not say, or none is: undefined. */
  readonly advertised_ms: number | undefined;
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

export interface TlsStats {
  /** Handshakes that succeeded: whole ones, and those that went on with an earlier session. Those that failed are closes. */
  readonly handshakes: TlsFigures["handshakes"];
  /** What became of certificates whose files had changed. */
  readonly reloads: TlsFigures["reloads"];
  /** `expires`: ISO 8601. */
  readonly certificates: readonly {
    readonly certificate: string;
    readonly names: readonly string[];
    readonly expires: string;
  }[];
}

export interface ConfigStats {
  /** Counted from 1 on. */
  readonly version: number;
  /** Since when it is in use; ISO 8601. */
  readonly since: string;
  /** What became of attempts to replace it. */
  readonly reloads: ConfigFigures["reloads"];
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
  readonly config: ConfigStats;
  readonly connections: Record<Hop, HopStats>;
  /** TLS towards clients; nothing speaks it: absent. */
  readonly tls?: TlsStats;
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
  /** Names of groups that are looked up again and again (`resolve`); no group has any: absent. */
  readonly names?: readonly NameStats[];
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
    config: configStats(figures.config),
    connections: { downstream: hopStats(figures, "downstream"), upstream: hopStats(figures, "upstream") },
    ...(figures.tls === undefined ? {} : { tls: tlsStats(figures.tls) }),
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
    ...(figures.names.length === 0 ? {} : { names: figures.names.map(nameStats) }),
    waiting: figures.waiting,
    acceptFailures: figures.acceptFaults,
    accessLogDropped: figures.accessLogDropped,
    internalErrors: figures.internalErrors,
    cut: figures.cut,
  };
}

function configStats({ version, since_ms, reloads }: ConfigFigures): ConfigStats {
  return { version, since: new Date(since_ms).toISOString(), reloads };
}

function workerStats({ running, lost, restarted }: WorkerFigures): WorkerStats {
  return { running: running.length, lost: sum(lost), lostBy: lost, restarted, processes: running };
}

function tlsStats({ handshakes, reloads, certificates }: TlsFigures): TlsStats {
  const told = certificates.map(({ certificate, names, expiresAt_ms }) => {
    return { certificate, names, expires: new Date(expiresAt_ms).toISOString() };
  });
  return { handshakes, reloads, certificates: told };
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
  const seen = conditionOf(endpoint);
  return {
    endpoint: endpoint.endpoint,
    ...(endpoint.group === undefined ? {} : { group: endpoint.group }),
    weight: endpoint.weight,
    backup: endpoint.isBackup,
    state: seen?.state ?? "available",
    since: seen && iso(seen.since_ms),
    ...(seen?.check === undefined ? {} : { check: checkStats(seen.check, endpoint) }),
    avoided_ms: Math.round(avoided_ms(endpoint)),
    failures,
    connections: { idle, bound, inUse, dialing },
    version: minorVersion === undefined ? undefined : minorVersion === 0 ? "1.0" : "1.1",
    lifetime_ms: lifetime === undefined ? undefined : Math.round(lifetime),
    advertised_ms: endpoint.advertised_ms,
  };
}

function checkStats(check: NonNullable<ConditionFigures["check"]>, { tally }: EndpointFigures): CheckStats {
  const { state, since_ms, failed } = check;
  const results = happened((tally?.checks ?? {}) as Tally<"passed" | CheckFailure>);
  const told = { state, since: iso(since_ms), results };
  if (failed === undefined) return told;
  return { ...told, lastFailure: { reason: failed.failure, detail: failed.detail, at: iso(failed.at_ms) } };
}

function iso(at_ms: number): string {
  return new Date(at_ms).toISOString();
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
