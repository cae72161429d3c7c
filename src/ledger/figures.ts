/**
 * The ledger's figures as plain data, which can be sent from one process to another and added up.
 *
 * Everything that is told of a proxy (stats.ts, metrics.ts) is told from these, whether they are one process's or the sum
 * of several. Deliberately absent: quantiles and ratios, which cannot be added; they are made from sums.
 */
import type { LifeState } from "../connection/life.ts";
import { lifeStates } from "../connection/life.ts";
import type { CloseReason, OpenReason, ReuseRefusal } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { Outcome } from "../exchange/exchange-record.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import type { EndpointTally } from "./endpoint-tally.ts";
import type { DurationHistogram } from "./histogram.ts";
import { type Hop, hops, type Ledger, type Tally } from "./ledger.ts";

/** Connections that are not gone, by state. */
export type LiveState = Exclude<LifeState, "closed">;
export const liveStates = lifeStates.filter((state): state is LiveState => state !== "closed");

export interface HistogramFigures {
  readonly counts: readonly number[];
  readonly count: number;
  readonly sum_ms: number;
}

/** What is counted for an endpoint, or for all origins that clients name. */
export interface TallyFigures {
  /** In the order of `statusClasses`. */
  readonly statuses: readonly number[];
  readonly durations: HistogramFigures;
  readonly failures: number;
}

export interface EndpointFigures {
  readonly endpoint: string;
  /** What is counted for it. A client has named it: absent, see `Figures.named`. */
  readonly tally?: TallyFigures;
  readonly failures: number;
  readonly idle: number;
  /** Idle, and bound to one client each. */
  readonly bound: number;
  readonly inUse: number;
  readonly dialing: number;
  readonly minorVersion: number | undefined;
  /** For how long still each process avoids it; available: 0. */
  readonly avoided_ms: readonly number[];
  /** What each process that has seen it has learned: processes learn apart. */
  readonly lifetimes_ms: readonly number[];
}

export interface RunningWorker {
  /** From 1 on; ids of its connections begin with it. */
  readonly worker: number;
  readonly pid: number;
  /** Of clients, that are not gone. */
  readonly connections: number;
  readonly exchanges: number;
}

/** The worker processes; a proxy that is one process has none. */
export interface WorkerFigures {
  readonly running: readonly RunningWorker[];
  /** By how they ended: `SIGKILL`, `exit code 1`. */
  readonly lost: Readonly<Record<string, number>>;
  readonly restarted: number;
}

export interface Figures {
  /** Milliseconds since 1970. */
  readonly startedAt_ms: number;
  readonly uptime_ms: number;
  readonly isDraining: boolean;
  readonly states: Readonly<Record<Hop, Tally<LiveState>>>;
  readonly opened: Readonly<Record<Hop, Tally<OpenReason>>>;
  readonly closed: Readonly<Record<Hop, Tally<CloseReason>>>;
  readonly reused: number;
  readonly reuseRefusedFor: Tally<ReuseRefusal>;
  readonly exchanges: number;
  readonly outcomes: Tally<Outcome>;
  readonly answers: Tally<AnswerReason>;
  /** In the order of `statusClasses`. */
  readonly statuses: readonly number[];
  readonly tolerated: Tally<ToleranceKind>;
  readonly retries: number;
  readonly requestBodyBytes: number;
  readonly responseBodyBytes: number;
  readonly durations: HistogramFigures;
  readonly waits: HistogramFigures;
  readonly endpoints: readonly EndpointFigures[];
  /** Of all origins that clients have named, those that are forgotten, too. */
  readonly named: TallyFigures;
  readonly waiting: number;
  readonly acceptFaults: Readonly<Record<string, number>>;
  /** Lines of the access log that were lost. */
  readonly accessLogDropped: number;
  readonly internalErrors: number;
  readonly cut: number;
  readonly processorSeconds: number;
  readonly residentBytes: number;
  readonly workers?: WorkerFigures;
}

/** Where figures come from: one process's ledger, or several processes that are asked. */
export interface FigureSource {
  readonly isDraining: boolean;
  figures(): Figures | Promise<Figures>;
}

export function sourceOf(ledger: Ledger): FigureSource {
  return {
    get isDraining() {
      return ledger.isDraining;
    },
    figures: () => figuresOf(ledger),
  };
}

/** Copies what a ledger knows, and looks at what it watches. */
export function figuresOf(ledger: Ledger): Figures {
  const { clock } = ledger;
  const uptime_ms = clock.now() - ledger.startedAt_ms;
  const { user, system } = process.cpuUsage();
  return {
    startedAt_ms: clock.date() - uptime_ms,
    uptime_ms,
    isDraining: ledger.isDraining,
    states: statesOf(ledger),
    opened: { downstream: { ...ledger.opened.downstream }, upstream: { ...ledger.opened.upstream } },
    closed: { downstream: { ...ledger.closed.downstream }, upstream: { ...ledger.closed.upstream } },
    reused: ledger.reused,
    reuseRefusedFor: { ...ledger.reuseRefusedFor },
    exchanges: ledger.exchanges,
    outcomes: { ...ledger.outcomes },
    answers: { ...ledger.answers },
    statuses: [...ledger.statuses],
    tolerated: { ...ledger.tolerated },
    retries: ledger.retries,
    requestBodyBytes: ledger.requestBodyBytes,
    responseBodyBytes: ledger.responseBodyBytes,
    durations: histogramFigures(ledger.durations),
    waits: histogramFigures(ledger.waits),
    endpoints: ledger.gateways
      .flatMap((gateway) => gateway.routing.endpoints)
      .map((endpoint) => endpointFigures(ledger, endpoint)),
    named: tallyFigures(ledger.endpointTallies.named),
    waiting: ledger.gateways.reduce((waiting, gateway) => waiting + gateway.routing.waiting, 0),
    acceptFaults: Object.fromEntries(ledger.acceptFaults),
    accessLogDropped: ledger.accessLogDropped,
    internalErrors: ledger.internalErrors,
    cut: ledger.cut,
    processorSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
  };
}

/** Counts the connections of every gateway by hop and state. */
function statesOf(ledger: Ledger): Record<Hop, Tally<LiveState>> {
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

function histogramFigures({ counts, count, sum_ms }: DurationHistogram): HistogramFigures {
  return { counts: [...counts], count, sum_ms };
}

function tallyFigures({ statuses, durations, failures }: EndpointTally): TallyFigures {
  return { statuses: [...statuses], durations: histogramFigures(durations), failures };
}

function endpointFigures(ledger: Ledger, endpoint: Endpoint): EndpointFigures {
  const { estimate_ms } = endpoint.lifetime;
  return {
    endpoint: endpoint.origin.name,
    ...(endpoint.origin.isNamedByClients ? {} : { tally: tallyFigures(ledger.endpointTallies.of(endpoint)) }),
    failures: ledger.endpointFailures.get(endpoint) ?? 0,
    idle: endpoint.idleCount,
    bound: endpoint.idleBoundCount,
    inUse: endpoint.inUse,
    dialing: endpoint.dialing,
    minorVersion: endpoint.minorVersion,
    avoided_ms: [Math.max(0, endpoint.avoidUntil_ms - ledger.clock.now())],
    lifetimes_ms: estimate_ms === undefined ? [] : [estimate_ms],
  };
}

/** What several processes have done together. Of at least one. */
export function sumOf([first, ...others]: readonly [Figures, ...Figures[]]): Figures {
  return others.reduce(plus, first);
}

function plus(one: Figures, other: Figures): Figures {
  return {
    startedAt_ms: Math.min(one.startedAt_ms, other.startedAt_ms),
    uptime_ms: Math.max(one.uptime_ms, other.uptime_ms),
    isDraining: one.isDraining || other.isDraining,
    states: perHop((hop) => tallies(one.states[hop], other.states[hop])),
    opened: perHop((hop) => tallies(one.opened[hop], other.opened[hop])),
    closed: perHop((hop) => tallies(one.closed[hop], other.closed[hop])),
    reused: one.reused + other.reused,
    reuseRefusedFor: tallies(one.reuseRefusedFor, other.reuseRefusedFor),
    exchanges: one.exchanges + other.exchanges,
    outcomes: tallies(one.outcomes, other.outcomes),
    answers: tallies(one.answers, other.answers),
    statuses: elementwise(one.statuses, other.statuses),
    tolerated: tallies(one.tolerated, other.tolerated),
    retries: one.retries + other.retries,
    requestBodyBytes: one.requestBodyBytes + other.requestBodyBytes,
    responseBodyBytes: one.responseBodyBytes + other.responseBodyBytes,
    durations: histograms(one.durations, other.durations),
    waits: histograms(one.waits, other.waits),
    endpoints: endpoints(one.endpoints, other.endpoints),
    named: tallySum(one.named, other.named),
    waiting: one.waiting + other.waiting,
    acceptFaults: tallies(one.acceptFaults, other.acceptFaults),
    accessLogDropped: one.accessLogDropped + other.accessLogDropped,
    internalErrors: one.internalErrors + other.internalErrors,
    cut: one.cut + other.cut,
    processorSeconds: one.processorSeconds + other.processorSeconds,
    residentBytes: one.residentBytes + other.residentBytes,
  };
}

/** What a process that is gone has done: its counts stay, what it held is gone. */
export function departed(figures: Figures): Figures {
  return {
    ...figures,
    isDraining: false,
    states: perHop((hop) => tallies(figures.states[hop], {}, 0)),
    // Origins that clients named are counted together: one process after the other would leave more of them.
    endpoints: figures.endpoints
      .filter(({ tally }) => tally !== undefined)
      .map((endpoint) => ({
        ...endpoint,
        ...{ idle: 0, bound: 0, inUse: 0, dialing: 0, avoided_ms: [], lifetimes_ms: [] },
      })),
    waiting: 0,
    residentBytes: 0,
  };
}

function perHop<Value>(make: (hop: Hop) => Value): Record<Hop, Value> {
  return { downstream: make("downstream"), upstream: make("upstream") };
}

function tallies<Word extends string>(
  one: Readonly<Record<Word, number>>,
  other: Partial<Readonly<Record<Word, number>>>,
  share = 1,
): Record<Word, number> {
  const words = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<Word>;
  return Object.fromEntries(
    [...words].map((word) => [word, ((one[word] ?? 0) + (other[word] ?? 0)) * share]),
  ) as Record<Word, number>;
}

function elementwise(one: readonly number[], other: readonly number[]): number[] {
  return one.map((value, index) => value + (other[index] ?? 0));
}

function histograms(one: HistogramFigures, other: HistogramFigures): HistogramFigures {
  return {
    counts: elementwise(one.counts, other.counts),
    count: one.count + other.count,
    sum_ms: one.sum_ms + other.sum_ms,
  };
}

function endpoints(one: readonly EndpointFigures[], other: readonly EndpointFigures[]): EndpointFigures[] {
  const byName = new Map(one.map((endpoint) => [endpoint.endpoint, endpoint]));
  for (const endpoint of other) {
    const before = byName.get(endpoint.endpoint);
    byName.set(endpoint.endpoint, before === undefined ? endpoint : sameEndpoint(before, endpoint));
  }
  return [...byName.values()];
}

function tallySum(one: TallyFigures, other: TallyFigures): TallyFigures {
  return {
    statuses: elementwise(one.statuses, other.statuses),
    durations: histograms(one.durations, other.durations),
    failures: one.failures + other.failures,
  };
}

function sameEndpoint(one: EndpointFigures, other: EndpointFigures): EndpointFigures {
  return {
    endpoint: one.endpoint,
    ...(one.tally === undefined || other.tally === undefined ? {} : { tally: tallySum(one.tally, other.tally) }),
    failures: one.failures + other.failures,
    idle: one.idle + other.idle,
    bound: one.bound + other.bound,
    inUse: one.inUse + other.inUse,
    dialing: one.dialing + other.dialing,
    minorVersion: other.minorVersion ?? one.minorVersion,
    avoided_ms: [...one.avoided_ms, ...other.avoided_ms],
    lifetimes_ms: [...one.lifetimes_ms, ...other.lifetimes_ms],
  };
}

/** For how long still an endpoint is avoided by every process; as long as one uses it: 0. */
export function avoided_ms(endpoint: EndpointFigures): number {
  return endpoint.avoided_ms.length === 0 ? 0 : Math.min(...endpoint.avoided_ms);
}

/** What was learned of an endpoint: of several processes' estimates the median, the lower one of two; none: undefined. */
export function lifetime_ms({ lifetimes_ms }: EndpointFigures): number | undefined {
  return lifetimes_ms.toSorted((a, b) => a - b)[(lifetimes_ms.length - 1) >> 1];
}
