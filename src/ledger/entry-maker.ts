/**
 * Makes entries of records: what is told of single things that happened (entries.ts), with the time of day and rounded durations.
 *
 * Deliberately absent: when they are made; see events.ts.
 */
import type { ConnectionRecord, EndpointCheck, EndpointRecord } from "../connection/connection-record.ts";
import type { CloseReason, ReuseRefusal } from "../connection/reasons.ts";
import type { ExchangeRecord, LostAttempt, Phase } from "../exchange/exchange-record.ts";
import type { HookName } from "../exchange/hooks.ts";
import { thrownText } from "../exchange/thrown-text.ts";
import type { Clock } from "../net/ports.ts";
import { withoutUserinfo } from "../wire/userinfo.ts";
import type { ReloadEntry, ReloadOutcome } from "./config-figures.ts";
import type {
  AcceptFailedEntry,
  AccessLogEntry,
  ConnectionEntry,
  ConnectionFacts,
  ConnectionIdleEntry,
  ConnectionOpenEntry,
  DrainEntry,
  EndpointEntry,
  ExchangeBeginEntry,
  ExchangeEntry,
  ExchangePhaseEntry,
  HealthEntry,
  HookFailedEntry,
  HopFacts,
  InternalErrorEntry,
  LifetimeEntry,
  LoggedExchange,
  LostEntry,
  ReuseEntry,
  ReuseRefusedEntry,
  TraceEntry,
  TraceState,
  UpstreamFacts,
} from "./entries.ts";
import type { LogState } from "./line-queue.ts";
import type { CertificateEntry } from "./tls-figures.ts";

/** For so long the time of day is reckoned by the proxy's clock. */
const OFFSET_MS_MAX = 1_000;

/** It knows what time it is. */
export class EntryMaker {
  private readonly times = new TimeTexts();
  /** Of what began before it was told. */
  private readonly earlier = new TimeTexts();
  private readonly clock: Clock;
  /** The time of day when the proxy's clock was 0, as it was seen `offsetAt_ms`. */
  private offset_ms = 0;
  private offsetAt_ms = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  exchange(record: ExchangeRecord): ExchangeEntry {
    const { downstream, upstream, reason, fault, received, user } = record;
    const closesDownstream = closesAfter(downstream, record.downstreamExchange);
    return {
      type: "exchange",
      time: this.arrivalTime(record),
      id: record.id,
      client: downstream.peer,
      method: record.method,
      target: withoutUserinfo(record.target),
      ...hostOf(record),
      version: record.version,
      ...(user === undefined ? {} : { user }),
      status: record.status,
      outcome: record.outcome,
      ...(reason === undefined ? {} : { reason }),
      ...(fault === undefined || fault === "" ? {} : { fault }),
      ...(received === undefined || received === "" ? {} : { received }),
      duration_ms: rounded(record.doneAt_ms - record.arrivedAt_ms),
      ...durationsOf(record),
      requestBytes: record.requestBodyBytes,
      responseBytes: record.responseBodyBytes,
      retries: record.retries,
      ...(record.lost === undefined ? {} : { lost: record.lost.map(lostOf) }),
      ...(record.endpoint === undefined ? {} : { endpoint: record.endpoint.name }),
      downstream: {
        id: downstream.id,
        exchange: record.downstreamExchange,
        ...(closesDownstream === undefined ? {} : { closes: closesDownstream }),
      },
      ...(upstream === undefined ? {} : { upstream: upstreamOf(record, upstream) }),
    };
  }

  /** For the access log, which alone tells of fields. */
  logged(record: ExchangeRecord): LoggedExchange {
    const { userAgent, referer, requestId } = record.kept ?? {};
    return Object.assign(
      this.exchange(record),
      userAgent === undefined ? undefined : { userAgent },
      referer === undefined ? undefined : { referer: withoutUserinfo(referer) },
      requestId === undefined ? undefined : { requestId },
    );
  }

  exchangeBegan(record: ExchangeRecord): ExchangeBeginEntry {
    const { downstream, downstreamExchange } = record;
    return {
      type: "exchange-begin",
      time: this.now(),
      id: record.id,
      client: downstream.peer,
      method: record.method,
      target: withoutUserinfo(record.target),
      ...hostOf(record),
      version: record.version,
      downstream: { id: downstream.id, exchange: downstreamExchange },
    };
  }

  exchangePhase(record: ExchangeRecord, phase: Phase): ExchangePhaseEntry {
    const { upstream, sentAt_ms } = record;
    return {
      type: "exchange-phase",
      time: this.now(),
      id: record.id,
      phase,
      after_ms: rounded(this.clock.now() - record.arrivedAt_ms),
      ...(upstream === undefined || sentAt_ms === undefined ? {} : { upstream: carrierOf(upstream, record) }),
    };
  }

  opened(connection: ConnectionRecord): ConnectionOpenEntry {
    return { type: "connection-open", ...this.factsOf(connection), ...hopOf(connection) };
  }

  closed(connection: ConnectionRecord): ConnectionEntry {
    const { closeReason = "peer-closed", ending = "peer-fin", exchanges, boundTo } = connection;
    return {
      type: "connection",
      ...this.factsOf(connection),
      ...hopOf(connection),
      closed: closeReason,
      ended: ending,
      exchanges,
      age_ms: rounded(this.clock.now() - connection.openedAt_ms),
      ...(boundTo === undefined ? {} : { boundTo }),
    };
  }

  idled(connection: ConnectionRecord): ConnectionIdleEntry {
    const { exchanges } = connection;
    return { type: "connection-idle", ...this.factsOf(connection), ...hopOf(connection), exchanges };
  }

  reuse(connection: ConnectionRecord): ReuseEntry {
    return {
      type: "reuse",
      time: this.now(),
      id: connection.id,
      endpoint: connection.endpoint?.name ?? "",
      exchange: connection.exchanges,
      idle_ms: rounded(connection.idled_ms ?? 0),
    };
  }

  reuseRefused(connection: ConnectionRecord, reason: ReuseRefusal): ReuseRefusedEntry {
    return {
      type: "reuse-refused",
      time: this.now(),
      id: connection.id,
      endpoint: connection.endpoint?.name ?? "",
      reason,
      idle_ms: rounded(this.clock.now() - connection.idleSince_ms),
    };
  }

  lifetime({ name }: EndpointRecord, lifetime_ms = 0): LifetimeEntry {
    return { type: "lifetime", time: this.now(), endpoint: name, learned_ms: rounded(lifetime_ms) };
  }

  endpointFailed({ name }: EndpointRecord, fault: string, avoidUntil_ms: number): EndpointEntry {
    const avoided_ms = rounded(Math.max(0, avoidUntil_ms - this.clock.now()));
    return { type: "endpoint", time: this.now(), endpoint: name, state: "failed", fault, avoided_ms };
  }

  endpointRecovered({ name }: EndpointRecord): EndpointEntry {
    return { type: "endpoint", time: this.now(), endpoint: name, state: "recovered" };
  }

  health({ name }: EndpointRecord, { result, state }: EndpointCheck): HealthEntry {
    const told = { type: "health", time: this.now(), endpoint: name } as const;
    if (state !== "unhealthy" || result === "passed") return { ...told, state: "healthy" };
    const { failure, detail } = result;
    return { ...told, state, reason: failure, ...(detail === "" ? {} : { detail }) };
  }

  acceptFailed(fault: string): AcceptFailedEntry {
    return { type: "accept-failed", time: this.now(), fault };
  }

  internalError(fault: unknown): InternalErrorEntry {
    return { type: "internal-error", time: this.now(), message: thrownText(fault, true) };
  }

  hookFailed(hook: HookName, fault: unknown): HookFailedEntry {
    return { type: "hook-failed", time: this.now(), hook, message: thrownText(fault, true) };
  }

  accessLog(state: LogState, fault: string | undefined, dropped: number): AccessLogEntry {
    return { type: "access-log", time: this.now(), state, ...(fault === undefined ? {} : { fault }), dropped };
  }

  reload(outcome: ReloadOutcome, version: number, changes: readonly string[], problem?: string): ReloadEntry {
    const why = problem === undefined ? {} : { problem };
    return { type: "reload", time: this.now(), outcome, version, changes, ...why };
  }

  certificate(state: CertificateEntry["state"], file: string, expires_ms: number, problem?: string): CertificateEntry {
    const expires = new Date(expires_ms).toISOString();
    const why = problem === undefined ? {} : { problem };
    return { type: "certificate", time: this.now(), state, certificate: file, expires, ...why };
  }

  trace(state: TraceState, file: string, fault: string | undefined, dropped: number): TraceEntry {
    return { type: "trace", time: this.now(), state, file, ...(fault === undefined ? {} : { fault }), dropped };
  }

  drainBegan(): DrainEntry {
    return { type: "drain", time: this.now(), state: "began" };
  }

  drainEnded(cut: number): DrainEntry {
    return { type: "drain", time: this.now(), state: "ended", cut };
  }

  private factsOf({ id, opened }: ConnectionRecord): ConnectionFacts {
    return { time: this.now(), id, opened };
  }

  private now(): string {
    return this.times.text(this.clock.date());
  }

  /** When an exchange's request arrived; ISO 8601. */
  arrivalTime({ arrivedAt_ms }: ExchangeRecord): string {
    // Looking at two clocks costs as much as the text. That the time of day was set is noticed within a second.
    if (Math.abs(arrivedAt_ms - this.offsetAt_ms) > OFFSET_MS_MAX) this.look();
    return this.earlier.text(this.offset_ms + arrivedAt_ms);
  }

  private look(): void {
    this.offsetAt_ms = this.clock.now();
    this.offset_ms = this.clock.date() - this.offsetAt_ms;
  }
}

const THOUSANDTHS = Array.from({ length: 1_000 }, (_, ms) => String(ms).padStart(3, "0"));

/** Times as texts, ISO 8601. Of those within one second the beginning is written once: much happens within it, in no order. */
class TimeTexts {
  private second = Number.NaN;
  private beginning = "";

  text(date_ms: number): string {
    const whole_ms = Math.trunc(date_ms);
    const second = Math.floor(whole_ms / 1_000);
    if (second !== this.second) {
      this.beginning = new Date(second * 1_000).toISOString().slice(0, -"000Z".length);
      this.second = second;
    }
    return `${this.beginning}${THOUSANDTHS[whole_ms - second * 1_000]}Z`;
  }
}

function hostOf({ authority }: ExchangeRecord): Pick<ExchangeEntry, "host"> {
  return authority === "" ? {} : { host: authority };
}

type Durations = Pick<ExchangeEntry, "wait_ms" | "queued_ms" | "connect_ms" | "tls_ms" | "sent_ms" | "firstByte_ms">;

/** A phase lasts until the next one, or until the end. */
function durationsOf(record: ExchangeRecord): Durations {
  const { arrivedAt_ms, queuedAt_ms, connectingAt_ms, securingAt_ms, sentAt_ms, firstByteAt_ms, doneAt_ms } = record;
  const leftAt_ms = sentAt_ms ?? doneAt_ms;
  return {
    ...(firstByteAt_ms === undefined ? {} : { wait_ms: rounded(firstByteAt_ms - arrivedAt_ms) }),
    ...(queuedAt_ms === undefined ? {} : { queued_ms: rounded((connectingAt_ms ?? leftAt_ms) - queuedAt_ms) }),
    ...(connectingAt_ms === undefined ? {} : { connect_ms: rounded(leftAt_ms - connectingAt_ms) }),
    ...(securingAt_ms === undefined ? {} : { tls_ms: rounded(leftAt_ms - securingAt_ms) }),
    ...(sentAt_ms === undefined ? {} : { sent_ms: rounded(sentAt_ms - arrivedAt_ms) }),
    ...(firstByteAt_ms === undefined || sentAt_ms === undefined
      ? {}
      : { firstByte_ms: rounded(firstByteAt_ms - sentAt_ms) }),
  };
}

function carrierOf(
  upstream: ConnectionRecord,
  { upstreamExchange }: Pick<ExchangeRecord, "upstreamExchange">,
): UpstreamFacts {
  const { id, endpoint } = upstream;
  return { id, exchange: upstreamExchange, endpoint: endpoint?.name ?? "", reused: upstreamExchange > 1 };
}

function upstreamOf(record: ExchangeRecord, upstream: ConnectionRecord): NonNullable<ExchangeEntry["upstream"]> {
  const closes = closesAfter(upstream, record.upstreamExchange);
  return {
    ...carrierOf(upstream, record),
    opened: upstream.opened,
    ...(upstream.boundTo === undefined ? {} : { bound: true }),
    ...(closes === undefined ? {} : { closes }),
  };
}

function lostOf(lost: LostAttempt): LostEntry {
  const { upstream, sentAt_ms, lostAt_ms, fault } = lost;
  const closes = closesAfter(upstream, lost.upstreamExchange);
  return {
    ...carrierOf(upstream, lost),
    after_ms: rounded(lostAt_ms - sentAt_ms),
    ...(fault === undefined ? {} : { fault }),
    ...(closes === undefined ? {} : { closes }),
  };
}

/** Why a connection closes, if this exchange was its last. */
export function closesAfter({ exchanges, closeReason }: ConnectionRecord, exchange: number): CloseReason | undefined {
  return exchanges === exchange ? closeReason : undefined;
}

function hopOf({ hop, endpoint, peer, peerPort }: ConnectionRecord): HopFacts {
  if (hop === "upstream") return { hop, endpoint: endpoint?.name ?? "" };
  const address = peer.includes(":") ? `[${peer}]` : peer;
  return { hop, client: `${address}:${peerPort}` };
}

function rounded(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
