/**
 * The ledger: counts everything a proxy does, by hop and by reason.
 *
 * What happens for each exchange is a few additions to plain numbers. What can be counted by looking (connections by
 * state, endpoints) is looked at when somebody asks. Several gateways may share one ledger. Deliberately absent: how the
 * figures are told, see stats.ts and metrics.ts.
 */
import type {
  ConnectionRecord,
  EndpointCheck,
  EndpointRecord,
  Hop,
  NameLookup,
  NameRecord,
} from "../connection/connection-record.ts";
import {
  type CloseReason,
  closeReasons,
  type OpenReason,
  openReasons,
  type ReuseRefusal,
  reuseRefusals,
} from "../connection/reasons.ts";
import { type AnswerReason, answerReasons } from "../exchange/answers.ts";
import { type ExchangeRecord, type Outcome, outcomes } from "../exchange/exchange-record.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Clock } from "../net/ports.ts";
import type { TlsServing } from "../net/tls/tls-serving.ts";
import { type ToleranceKind, toleranceKinds } from "../wire/tolerance.ts";
import { type ReloadOutcome, reloadOutcomes } from "./config-figures.ts";
import { EndpointTallies } from "./endpoint-tally.ts";
import { DurationHistogram } from "./histogram.ts";
import { LookupCounts } from "./name-figures.ts";
import type { RecentExchanges } from "./recent.ts";

/**
 * By the first digit of the status that the client got. `none`: it got none; `other`: 600 to 999, which no class has and clients
 * take for errors (RFC 9110 section 15).
 */
export const statusClasses = ["none", "1xx", "2xx", "3xx", "4xx", "5xx", "other"] as const;
export type StatusClass = (typeof statusClasses)[number];

/** How often each word of a closed list has happened. */
export type Tally<Word extends string> = Record<Word, number>;

function tally<Word extends string>(words: readonly Word[]): Tally<Word> {
  return Object.fromEntries(words.map((word) => [word, 0])) as Tally<Word>;
}

const openWords = Object.keys(openReasons) as OpenReason[];
const closeWords = Object.keys(closeReasons) as CloseReason[];
const refusalWords = Object.keys(reuseRefusals) as ReuseRefusal[];

export class Ledger implements ProxyObserver {
  readonly clock: Clock;
  readonly startedAt_ms: number;
  readonly opened: Record<Hop, Tally<OpenReason>> = { downstream: tally(openWords), upstream: tally(openWords) };
  readonly closed: Record<Hop, Tally<CloseReason>> = { downstream: tally(closeWords), upstream: tally(closeWords) };
  reused = 0;
  readonly reuseRefusedFor: Tally<ReuseRefusal> = tally(refusalWords);
  exchanges = 0;
  readonly outcomes: Tally<Outcome> = tally(outcomes);
  readonly answers: Tally<AnswerReason> = tally(answerReasons);
  /** In the order of `statusClasses`. */
  readonly statuses: Float64Array = new Float64Array(statusClasses.length);
  /** Heads of responses that were mended instead of refused. */
  readonly tolerated: Tally<ToleranceKind> = tally(toleranceKinds);
  retries = 0;
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  /** From the end of the request's head to the end of the exchange; no tunnels. */
  readonly durations = new DurationHistogram();
  /** From the end of the request's head to the first octet of the origin's response. */
  readonly waits = new DurationHistogram();
  /** Connections that could not be accepted, by the system's error code. */
  readonly acceptFaults = new Map<string, number>();
  /** Endpoints of a forward proxy come and go; what is known of them goes with them. */
  readonly endpointFailures = new WeakMap<EndpointRecord, number>();
  readonly endpointTallies = new EndpointTallies(statusClasses.length);
  readonly lookups = new LookupCounts();
  readonly lifetimesLearned = new WeakMap<EndpointRecord, number>();
  /** Lines of the access log that its output did not take. */
  accessLogDropped = 0;
  /** Faults of our own. */
  internalErrors = 0;
  /** What was cut at the end of drains. */
  cut = 0;
  readonly gateways: Gateway[] = [];
  /** What ended last, once somebody may ask for it. */
  recent: RecentExchanges | undefined;
  /** What became of attempts to replace the configuration. */
  readonly reloads: Tally<ReloadOutcome> = tally(reloadOutcomes);
  configVersion = 1;
  /** Since when it is in use; milliseconds since 1970. */
  configuredAt_ms: number;
  isLatestReloadRefused = false;
  /** What clients' TLS connections are secured with. */
  tlsServings: readonly TlsServing[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
    this.startedAt_ms = clock.now();
    this.configuredAt_ms = clock.date();
  }

  /** Looks at this gateway, too, when somebody asks. */
  watch(gateway: Gateway): void {
    this.gateways.push(gateway);
  }

  /** It has ended, and another one goes on in its place: what it did stays counted. */
  unwatch(gateway: Gateway): void {
    const at = this.gateways.indexOf(gateway);
    if (at >= 0) this.gateways.splice(at, 1);
  }

  /** The configuration was replaced, or was not. */
  noteReload(outcome: ReloadOutcome): void {
    this.reloads[outcome]++;
    this.isLatestReloadRefused = outcome === "refused";
    if (outcome === "refused") return;
    this.configVersion++;
    this.configuredAt_ms = this.clock.date();
  }

  hookFailed(): void {}

  internalError(): void {
    this.internalErrors++;
  }

  connectionOpened({ hop, opened }: ConnectionRecord): void {
    this.opened[hop][opened]++;
  }

  connectionClosed({ hop, closeReason }: ConnectionRecord): void {
    if (closeReason !== undefined) this.closed[hop][closeReason]++;
  }

  connectionReused(): void {
    this.reused++;
  }

  reuseRefused(_connection: ConnectionRecord, refusal: ReuseRefusal): void {
    this.reuseRefusedFor[refusal]++;
  }

  lifetimeLearned(endpoint: EndpointRecord): void {
    count(this.lifetimesLearned, endpoint);
  }

  endpointFailed(endpoint: EndpointRecord): void {
    count(this.endpointFailures, endpoint);
    this.endpointTallies.of(endpoint).failures++;
  }

  endpointRecovered(): void {}

  endpointChecked(endpoint: EndpointRecord, { result }: EndpointCheck): void {
    count(this.endpointTallies.of(endpoint).checks, result === "passed" ? result : result.failure);
  }

  nameLookedUp(name: NameRecord, lookup: NameLookup): void {
    this.lookups.note(name, lookup);
  }

  responseTolerated(kind: ToleranceKind): void {
    this.tolerated[kind]++;
  }

  exchangeEnded(record: ExchangeRecord): void {
    this.recent?.note(record);
    this.exchanges++;
    this.outcomes[record.outcome]++;
    if (record.reason !== undefined) this.answers[record.reason]++;
    const statusClass = Math.min(Math.floor(record.status / 100), statusClasses.length - 1);
    this.statuses[statusClass] = (this.statuses[statusClass] ?? 0) + 1;
    this.retries += record.retries;
    this.requestBodyBytes += record.requestBodyBytes;
    this.responseBodyBytes += record.responseBodyBytes;
    const endpoint = record.upstream?.endpoint;
    const ofEndpoint = endpoint === undefined ? undefined : this.endpointTallies.of(endpoint);
    if (ofEndpoint !== undefined) ofEndpoint.statuses[statusClass] = (ofEndpoint.statuses[statusClass] ?? 0) + 1;
    if (record.outcome === "tunnel") return;
    const { arrivedAt_ms, firstByteAt_ms } = record;
    const duration_ms = record.doneAt_ms - arrivedAt_ms;
    this.durations.observe(duration_ms);
    ofEndpoint?.durations.observe(duration_ms);
    if (firstByteAt_ms !== undefined) this.waits.observe(firstByteAt_ms - arrivedAt_ms);
  }

  acceptFailed(fault: string): void {
    count(this.acceptFaults, fault);
  }

  drainBegan(): void {}

  drainEnded(cut: number): void {
    this.cut += cut;
  }

  get isDraining(): boolean {
    return this.gateways.some((gateway) => gateway.isDraining);
  }
}

function count<Key>(map: { get(key: Key): number | undefined; set(key: Key, value: number): unknown }, key: Key): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}
