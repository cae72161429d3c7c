/**
 * The ledger: counts everything a proxy does, by hop and by reason.
 *
 * What happens for each exchange is a few additions to plain numbers. What can be counted by looking (connections by
 * state, endpoints) is looked at when somebody asks. Several gateways may share one ledger. Deliberately absent: how the
 * figures are told, see stats.ts and metrics.ts.
 */
import {
  type CloseReason,
  closeReasons,
  type OpenReason,
  openReasons,
  type ReuseRefusal,
  reuseRefusals,
} from "../connection/reasons.ts";
import { type AnswerReason, answerReasons } from "../exchange/answers.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ExchangeRecord, Outcome } from "../exchange/exchange-record.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Clock } from "../net/ports.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import { type ToleranceKind, toleranceKinds } from "../wire/tolerance.ts";
import { EndpointTallies } from "./endpoint-tally.ts";
import { DurationHistogram } from "./histogram.ts";

export const hops = ["downstream", "upstream"] as const;
export type Hop = (typeof hops)[number];

export const outcomes = ["completed", "answered", "truncated", "client-gone", "tunnel"] as const satisfies Outcome[];

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
  readonly endpointFailures = new WeakMap<Endpoint, number>();
  readonly endpointTallies = new EndpointTallies(statusClasses.length);
  readonly lifetimesLearned = new WeakMap<Endpoint, number>();
  /** Lines of the access log that its output did not take. */
  accessLogDropped = 0;
  /** Faults of our own. */
  internalErrors = 0;
  /** What was cut at the end of drains. */
  cut = 0;
  readonly gateways: Gateway[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
    this.startedAt_ms = clock.now();
  }

  /** Looks at this gateway, too, when somebody asks. */
  watch(gateway: Gateway): void {
    this.gateways.push(gateway);
  }

  hookFailed(): void {}

  internalError(): void {
    this.internalErrors++;
  }

  upstreamOpened(connection: PooledConnection): void {
    this.opened.upstream[connection.openReason]++;
  }

  upstreamReused(): void {
    this.reused++;
  }

  reuseRefused(_connection: PooledConnection, refusal: ReuseRefusal): void {
    this.reuseRefusedFor[refusal]++;
  }

  upstreamClosed(connection: PooledConnection): void {
    const { closeReason } = connection.life;
    if (closeReason !== undefined) this.closed.upstream[closeReason]++;
  }

  lifetimeLearned(endpoint: Endpoint): void {
    count(this.lifetimesLearned, endpoint);
  }

  endpointFailed(endpoint: Endpoint): void {
    count(this.endpointFailures, endpoint);
    this.endpointTallies.of(endpoint).failures++;
  }

  endpointRecovered(): void {}

  downstreamOpened(): void {
    this.opened.downstream.accepted++;
  }

  downstreamClosed(connection: ClientConnection): void {
    const { closeReason } = connection.life;
    if (closeReason !== undefined) this.closed.downstream[closeReason]++;
  }

  responseTolerated(kind: ToleranceKind): void {
    this.tolerated[kind]++;
  }

  exchangeEnded(record: ExchangeRecord): void {
    this.exchanges++;
    this.outcomes[record.outcome]++;
    if (record.reason !== undefined) this.answers[record.reason]++;
    const statusClass = Math.min(Math.floor(record.status / 100), statusClasses.length - 1);
    this.statuses[statusClass] = (this.statuses[statusClass] ?? 0) + 1;
    this.retries += record.retries;
    this.requestBodyBytes += record.requestBodyBytes;
    this.responseBodyBytes += record.responseBodyBytes;
    const ofEndpoint = record.upstream === undefined ? undefined : this.endpointTallies.of(record.upstream.endpoint);
    if (ofEndpoint !== undefined) ofEndpoint.statuses[statusClass] = (ofEndpoint.statuses[statusClass] ?? 0) + 1;
    if (record.outcome === "tunnel") return;
    const duration_ms = record.endedAt_ms - record.startedAt_ms;
    this.durations.observe(duration_ms);
    ofEndpoint?.durations.observe(duration_ms);
    if (record.responseBeganAt_ms !== undefined) this.waits.observe(record.responseBeganAt_ms - record.startedAt_ms);
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
