/**
 * The ledger's figures for people and programs: `stats()` of the library and `/stats` of the admin server.
 *
 * Reasons that never happened are left out; the metrics have them all, with 0. Deliberately absent: averages over time.
 */
import { type LifeState, lifeStates } from "../connection/life.ts";
import type { CloseReason, OpenReason, ReuseRefusal } from "../connection/reasons.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { AnswerReason } from "../proxy/answers.ts";
import type { Outcome } from "../proxy/exchange-record.ts";
import type { DurationHistogram } from "./histogram.ts";
import { type Hop, hops, type Ledger, type StatusClass, statusClasses, type Tally } from "./ledger.ts";
import { version } from "./version.ts";

/** Connections that are not gone, by state. */
export type LiveState = Exclude<LifeState, "closed">;
export const liveStates = lifeStates.filter((state): state is LiveState => state !== "closed");

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
  /** `avoided`: it refuses connections, and is tried again after a while. */
  readonly state: "available" | "avoided";
  /** For how long still; available: 0. */
  readonly avoided_ms: number;
  /** Times that dialing failed. */
  readonly failures: number;
  readonly connections: { readonly idle: number; readonly inUse: number; readonly dialing: number };
  /** `1.0` or `1.1`, as of its latest response; before the first: undefined. */
  readonly version: "1.0" | "1.1" | undefined;
  /** How long it lets its connections idle, as far as that was seen; not yet: undefined. */
  readonly lifetime_ms: number | undefined;
}

export interface ProxyStats {
  readonly version: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly uptime_ms: number;
  readonly isDraining: boolean;
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
  /** Exchanges and tunnels cut at the end of a drain. */
  readonly cut: number;
}

export function statsOf(ledger: Ledger): ProxyStats {
  const states = statesOf(ledger);
  const uptime_ms = ledger.clock.now() - ledger.startedAt_ms;
  const openedUpstream = sum(ledger.opened.upstream);
  const carried = ledger.reused + openedUpstream;
  return {
    version,
    startedAt: new Date(ledger.clock.date() - uptime_ms).toISOString(),
    uptime_ms: Math.round(uptime_ms),
    isDraining: ledger.isDraining,
    connections: { downstream: hopStats(ledger, "downstream", states), upstream: hopStats(ledger, "upstream", states) },
    reuse: {
      reused: ledger.reused,
      ratio: carried === 0 ? undefined : rounded(ledger.reused / carried, 4),
      refused: happened(ledger.reuseRefusedFor),
    },
    exchanges: {
      total: ledger.exchanges,
      inProgress: states.downstream.active + states.downstream.tunnel,
      outcomes: { ...ledger.outcomes },
      statuses: happened(Object.fromEntries(statusClasses.map((name, index) => [name, ledger.statuses[index] ?? 0]))),
      answers: happened(ledger.answers),
      retries: ledger.retries,
      requestBodyBytes: ledger.requestBodyBytes,
      responseBodyBytes: ledger.responseBodyBytes,
      duration: durationStats(ledger.durations),
      wait: durationStats(ledger.waits),
    },
    endpoints: endpointsOf(ledger).map((endpoint) => endpointStats(ledger, endpoint)),
    waiting: waitingOf(ledger),
    acceptFailures: Object.fromEntries(ledger.acceptFaults),
    cut: ledger.cut,
  };
}

/** Counts the connections of every gateway by hop and state. */
export function statesOf(ledger: Ledger): Record<Hop, Tally<LiveState>> {
  const states = Object.fromEntries(
    hops.map((hop) => [hop, Object.fromEntries(liveStates.map((state) => [state, 0]))]),
  ) as Record<Hop, Tally<LifeState>>;
  for (const gateway of ledger.gateways) {
    for (const { life } of gateway.clients.connections) states.downstream[life.state]++;
    for (const endpoint of gateway.routing.endpoints) {
      states.upstream.opening += endpoint.dialing;
      for (const { life } of endpoint.connections) states.upstream[life.state]++;
    }
  }
  return states;
}

export function endpointsOf(ledger: Ledger): Endpoint[] {
  return ledger.gateways.flatMap((gateway) => gateway.routing.endpoints);
}

export function waitingOf(ledger: Ledger): number {
  return ledger.gateways.reduce((waiting, gateway) => waiting + gateway.routing.waiting, 0);
}

function hopStats(ledger: Ledger, hop: Hop, states: Record<Hop, Tally<LiveState>>): HopStats {
  return {
    open: sum(states[hop]),
    states: states[hop],
    opened: happened(ledger.opened[hop]),
    closed: happened(ledger.closed[hop]),
  };
}

function endpointStats(ledger: Ledger, endpoint: Endpoint): EndpointStats {
  const avoided_ms = Math.max(0, endpoint.avoidUntil_ms - ledger.clock.now());
  const { estimate_ms } = endpoint.lifetime;
  return {
    endpoint: endpoint.origin.name,
    state: avoided_ms > 0 ? "avoided" : "available",
    avoided_ms: Math.round(avoided_ms),
    failures: ledger.endpointFailures.get(endpoint) ?? 0,
    connections: { idle: endpoint.idleCount, inUse: endpoint.inUse, dialing: endpoint.dialing },
    version: endpoint.minorVersion === undefined ? undefined : endpoint.minorVersion === 0 ? "1.0" : "1.1",
    lifetime_ms: estimate_ms === undefined ? undefined : Math.round(estimate_ms),
  };
}

function durationStats(histogram: DurationHistogram): DurationStats | undefined {
  if (histogram.count === 0) return undefined;
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
