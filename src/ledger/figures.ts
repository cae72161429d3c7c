/**
 * The ledger's figures as plain data, which can be sent from one process to another and added up.
 *
 * Everything that is told of a proxy (stats.ts, metrics.ts) is told from these, whether they are one process's or the sum
 * of several. Deliberately absent: quantiles and ratios, which cannot be added; they are made from sums.
 */
import { type CheckState, type FailedCheck, type Hop, hops } from "../connection/connection-record.ts";
import type { LifeState } from "../connection/life.ts";
import { lifeStates } from "../connection/life.ts";
import type { CloseReason, OpenReason, ReuseRefusal } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { Outcome } from "../exchange/exchange-record.ts";
import { residentBytes } from "../net/resident-bytes.ts";
import type { EndpointState } from "../pool/condition.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import { type ConfigFigures, configSum } from "./config-figures.ts";
import type { EndpointTally } from "./endpoint-tally.ts";
import type { DurationHistogram } from "./histogram.ts";
import type { Ledger, Tally } from "./ledger.ts";
import { type NameFigures, nameFigures, namesSum } from "./name-figures.ts";
import { type TlsFigures, tlsFiguresOf, tlsSum } from "./tls-figures.ts";

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
  /** Health checks, by how they ended. */
  readonly checks: Readonly<Record<string, number>>;
}

/** How an endpoint is, as one process sees it. */
export interface ConditionFigures {
  readonly state: EndpointState;
  /** Milliseconds since 1970. */
  readonly since_ms: number;
  /** What its health checks say; it has none: absent. */
  readonly check?: {
    readonly state: CheckState;
    readonly since_ms: number;
    /** The latest that failed; none has: absent. */
    readonly failed?: FailedCheck & { readonly at_ms: number };
  };
}

export interface EndpointFigures {
  readonly endpoint: string;
  /** It is of none with a name of its own: absent. */
  readonly group?: string;
  /** Its part of the requests of its group. */
  readonly weight: number;
  readonly isBackup: boolean;
  /** What is counted for it. A client has named it: absent, see `Figures.named`. */
  readonly tally?: TallyFigures;
  readonly failures: number;
  readonly idle: number;
  /** Idle, and bound to one client each. */
  readonly bound: number;
  readonly inUse: number;
  readonly dialing: number;
  readonly minorVersion: number | undefined;
  /** How long it says it lets a connection idle (`Keep-Alive`), as of one that is open; it does not say, or none is: undefined. */
  readonly advertised_ms: number | undefined;
  /** How each process sees it. */
  readonly conditions: readonly ConditionFigures[];
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
  /** Names of groups that are looked up again and again. */
  readonly names: readonly NameFigures[];
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
  readonly config: ConfigFigures;
  /** Nothing speaks TLS with clients: absent. */
  readonly tls?: TlsFigures;
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
  const tls = tlsFiguresOf(ledger.tlsServings);
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
    endpoints: endpoints(
      [],
      ledger.gateways
        .flatMap((gateway) => gateway.routing.endpoints)
        .map((endpoint) => endpointFigures(ledger, endpoint)),
    ),
    names: ledger.gateways
      .flatMap((gateway) => gateway.routing.names ?? [])
      .map((name) => nameFigures(name, ledger.lookups, clock)),
    named: tallyFigures(ledger.endpointTallies.named),
    waiting: ledger.gateways.reduce((waiting, gateway) => waiting + gateway.routing.waiting, 0),
    acceptFaults: Object.fromEntries(ledger.acceptFaults),
    accessLogDropped: ledger.accessLogDropped,
    internalErrors: ledger.internalErrors,
    cut: ledger.cut,
    processorSeconds: (user + system) / 1e6,
    residentBytes: residentBytes(),
    config: configFigures(ledger),
    ...(tls === undefined ? {} : { tls }),
  };
}

function configFigures(ledger: Ledger): ConfigFigures {
  const { configVersion: version, configuredAt_ms: since_ms, reloads, isLatestReloadRefused } = ledger;
  return { version, since_ms, reloads: { ...reloads }, isLatestRefused: isLatestReloadRefused };
}

/** Counts the connections of every gateway by hop and state. */
function statesOf(ledger: Ledger): Record<Hop, Tally<LiveState>> {
  const states = Object.fromEntries(
    hops.map((hop) => [hop, Object.fromEntries(liveStates.map((state) => [state, 0]))]),
  ) as Record<Hop, Tally<LifeState>>;
  for (const gateway of ledger.gateways) {
    for (const { record } of gateway.clients.connections) states.downstream[record.state]++;
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

function tallyFigures({ statuses, durations, failures, checks }: EndpointTally): TallyFigures {
  return {
    statuses: [...statuses],
    durations: histogramFigures(durations),
    failures,
    checks: Object.fromEntries(checks),
  };
}

function conditionFigures({ clock }: Ledger, { condition }: Endpoint): ConditionFigures {
  const now = clock.now();
  const dateOf = (at_ms: number) => Math.round(clock.date() - (now - at_ms));
  const { verdict } = condition;
  const told = { state: condition.state(now), since_ms: dateOf(condition.since_ms(now)) };
  if (verdict === undefined) return told;
  const { state, since_ms, lastFailed } = verdict;
  const failed = lastFailed === undefined ? {} : { failed: { ...lastFailed, at_ms: dateOf(lastFailed.at_ms) } };
  return { ...told, check: { state, since_ms: dateOf(since_ms), ...failed } };
}

function endpointFigures(ledger: Ledger, endpoint: Endpoint): EndpointFigures {
  const { estimate_ms } = endpoint.lifetime;
  const { record } = endpoint;
  return {
    endpoint: record.name,
    ...(record.group === undefined ? {} : { group: record.group }),
    weight: endpoint.weight,
    isBackup: endpoint.isBackup,
    ...(record.isNamedByClients ? {} : { tally: tallyFigures(ledger.endpointTallies.of(record)) }),
    failures: ledger.endpointFailures.get(record) ?? 0,
    idle: endpoint.idleCount,
    bound: endpoint.idleBoundCount,
    inUse: endpoint.inUse,
    dialing: endpoint.dialing,
    minorVersion: endpoint.minorVersion,
    advertised_ms: advertised_ms(endpoint),
    conditions: [conditionFigures(ledger, endpoint)],
    avoided_ms: [endpoint.condition.avoidedFor_ms(ledger.clock.now())],
    lifetimes_ms: estimate_ms === undefined ? [] : [estimate_ms],
  };
}

/** The latest connection that was told it has it from the latest response. */
function advertised_ms({ connections }: Endpoint): number | undefined {
  let latest: number | undefined;
  for (const { hintTimeout_ms } of connections) latest = hintTimeout_ms ?? latest;
  return latest;
}

/** What several processes have done together. Of at least one. */
export function sumOf([first, ...others]: readonly [Figures, ...Figures[]]): Figures {
  return others.reduce(plus, first);
}

function plus(one: Figures, other: Figures): Figures {
  const tls = tlsSum(one.tls, other.tls);
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
    names: namesSum(one.names, other.names),
    named: tallySum(one.named, other.named),
    waiting: one.waiting + other.waiting,
    acceptFaults: tallies(one.acceptFaults, other.acceptFaults),
    accessLogDropped: one.accessLogDropped + other.accessLogDropped,
    internalErrors: one.internalErrors + other.internalErrors,
    cut: one.cut + other.cut,
    processorSeconds: one.processorSeconds + other.processorSeconds,
    residentBytes: one.residentBytes + other.residentBytes,
    config: configSum(one.config, other.config),
    ...(tls === undefined ? {} : { tls }),
  };
}

/** What a process that is gone has done: its counts stay, what it held is gone. */
export function departed(figures: Figures): Figures {
  return {
    ...figures,
    isDraining: false,
    states: perHop((hop) => tallies(figures.states[hop], {}, 0)),
    // What it held ended with it, and nobody was left to say so.
    closed: perHop((hop) => tallies(figures.closed[hop], { "worker-lost": heldBy(figures, hop) })),
    // Origins that clients named are counted together: one process after the other would leave more of them.
    endpoints: figures.endpoints
      .filter(({ tally }) => tally !== undefined)
      .map((endpoint) => ({
        ...endpoint,
        ...{ idle: 0, bound: 0, inUse: 0, dialing: 0, advertised_ms: undefined, conditions: [], avoided_ms: [] },
        lifetimes_ms: [],
      })),
    names: figures.names.map((name) => ({ ...name, addresses: [], isFailing: false })),
    waiting: 0,
    residentBytes: 0,
    ...(figures.tls === undefined ? {} : { tls: { ...figures.tls, certificates: [] } }),
  };
}

/** Connections that have opened and have not closed. */
function heldBy({ opened, closed }: Figures, hop: Hop): number {
  return Math.max(0, total(opened[hop]) - total(closed[hop]));
}

function total(words: Readonly<Record<string, number>>): number {
  return Object.values(words).reduce((sum, times) => sum + times, 0);
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

/** One that several groups have is one for each of them: its weight and its health are its group's. */
function endpoints(one: readonly EndpointFigures[], other: readonly EndpointFigures[]): EndpointFigures[] {
  return merged([...one, ...other], ({ group, endpoint }) => JSON.stringify([group, endpoint]));
}

/** Where several groups have an endpoint: all that is known of it together. */
export function endpointsByName(all: readonly EndpointFigures[]): readonly EndpointFigures[] {
  return merged(all, ({ endpoint }) => endpoint);
}

function merged(all: readonly EndpointFigures[], keyOf: (endpoint: EndpointFigures) => string): EndpointFigures[] {
  const byKey = new Map<string, EndpointFigures>();
  for (const endpoint of all) {
    const key = keyOf(endpoint);
    const before = byKey.get(key);
    byKey.set(key, before === undefined ? endpoint : sameEndpoint(before, endpoint));
  }
  return [...byKey.values()];
}

function tallySum(one: TallyFigures, other: TallyFigures): TallyFigures {
  return {
    statuses: elementwise(one.statuses, other.statuses),
    durations: histograms(one.durations, other.durations),
    failures: one.failures + other.failures,
    checks: tallies(one.checks, other.checks),
  };
}

function sameEndpoint(one: EndpointFigures, other: EndpointFigures): EndpointFigures {
  return {
    endpoint: one.endpoint,
    ...(other.group === undefined ? {} : { group: other.group }),
    weight: other.weight,
    isBackup: other.isBackup,
    ...(one.tally === undefined || other.tally === undefined ? {} : { tally: tallySum(one.tally, other.tally) }),
    failures: one.failures + other.failures,
    idle: one.idle + other.idle,
    bound: one.bound + other.bound,
    inUse: one.inUse + other.inUse,
    dialing: one.dialing + other.dialing,
    minorVersion: other.minorVersion ?? one.minorVersion,
    advertised_ms: other.advertised_ms ?? one.advertised_ms,
    conditions: [...one.conditions, ...other.conditions],
    avoided_ms: [...one.avoided_ms, ...other.avoided_ms],
    lifetimes_ms: [...one.lifetimes_ms, ...other.lifetimes_ms],
  };
}

/** For how long still an endpoint is avoided by every process; as long as one uses it: 0. */
export function avoided_ms(endpoint: EndpointFigures): number {
  return endpoint.avoided_ms.length === 0 ? 0 : Math.min(...endpoint.avoided_ms);
}

/** How an endpoint is, all told: as long as one process uses it, it is available. None has seen it: undefined. */
export function conditionOf({ conditions }: EndpointFigures): ConditionFigures | undefined {
  return conditions.find(({ state }) => state === "available") ?? conditions[0];
}

/** What was learned of an endpoint: of several processes' estimates the median, the lower one of two; none: undefined. */
export function lifetime_ms({ lifetimes_ms }: EndpointFigures): number | undefined {
  return lifetimes_ms.toSorted((a, b) => a - b)[(lifetimes_ms.length - 1) >> 1];
}
