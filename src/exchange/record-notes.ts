/**
 * How an exchange's record is written, and told: its begin, each phase, its end. Nobody else tells of exchanges.
 *
 * Times are fields of the record that exists anyway, so an exchange that nobody listens to costs nothing more. Deliberately absent:
 * what a phase means, see exchange-record.ts.
 */
import type { ConnectionRecord, EndpointRecord } from "../connection/connection-record.ts";
import type { SearchPhase } from "../pool/pool.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { AnswerReason } from "./answers.ts";
import type { ProxyContext } from "./context.ts";
import type { ExchangeRecord, HttpVersion, KeptFields, LostAttempt, Outcome } from "./exchange-record.ts";
import { copyOf, keptFields } from "./kept-fields.ts";

/** What is needed of everything that exchanges share. */
type Keeping = Pick<ProxyContext, "clock" | "observer" | "newExchangeId"> & Partial<Pick<ProxyContext, "lines">>;

/** The record as its exchange has it: to be written. It has no methods: what observers get is data. */
export class OwnRecord implements ExchangeRecord {
  readonly id: number;
  readonly downstream: ConnectionRecord;
  readonly downstreamExchange: number;
  method = "";
  target = "";
  authority = "";
  version: HttpVersion = "1.1";
  status = 0;
  outcome: Outcome = "completed";
  reason: AnswerReason | undefined;
  fault: string | undefined;
  upstream: ConnectionRecord | undefined;
  upstreamExchange = 0;
  retries = 0;
  requestBodyBytes = 0;
  responseBodyBytes = 0;
  readonly arrivedAt_ms: number;
  queuedAt_ms: number | undefined;
  connectingAt_ms: number | undefined;
  securingAt_ms: number | undefined;
  sentAt_ms: number | undefined;
  firstByteAt_ms: number | undefined;
  doneAt_ms = 0;
  // Most exchanges have no room for these.
  declare user?: string | undefined;
  declare kept?: KeptFields | undefined;
  declare received?: string | undefined;
  declare lost?: LostAttempt[] | undefined;
  declare endpoint?: EndpointRecord | undefined;

  constructor(id: number, downstream: ConnectionRecord, arrivedAt_ms: number) {
    this.id = id;
    this.downstream = downstream;
    this.downstreamExchange = downstream.exchanges;
    this.arrivedAt_ms = arrivedAt_ms;
  }
}

/** What is noted of a head. */
type BegunHead = Pick<RequestHead, "methodSoFar" | "target" | "minorVersion" | "fields"> & {
  /** All of it, where its parts are parts of that. */
  readonly text?: string;
  readonly version?: HttpVersion;
};

/** A part of a text keeps all of the text in memory, and records are kept for a while: of longer heads they have copies. */
const HEAD_LENGTH_KEPT = 4_096;

/**
 * @param head what was read of the request; nothing: undefined
 * @param authority what the request is for; not known: empty
 */
export function beginRecord(
  context: Keeping,
  downstream: ConnectionRecord,
  head: BegunHead | undefined,
  authority: string,
  arrivedAt_ms = context.clock.now(),
): OwnRecord {
  const record = new OwnRecord(context.newExchangeId(), downstream, arrivedAt_ms);
  if (head !== undefined) {
    const isLong = (head.text?.length ?? 0) > HEAD_LENGTH_KEPT;
    record.method = isLong ? copyOf(head.methodSoFar) : head.methodSoFar;
    record.target = isLong ? copyOf(head.target) : head.target;
    record.authority = isLong ? copyOf(authority) : authority;
    record.version = head.version ?? (head.minorVersion === 0 ? "1.0" : "1.1");
    if (context.observer.wantsFields === true) record.kept = keptFields(head.fields, isLong);
  }
  context.observer.exchangeBegan?.(record);
  return record;
}

/** A phase that comes again begins anew what follows it, and keeps its own time. */
export function noteSearch(context: Keeping, record: OwnRecord, phase: SearchPhase): void {
  const now = context.clock.now();
  if (phase === "securing") record.securingAt_ms ??= now;
  else {
    record.securingAt_ms = undefined;
    if (phase === "connecting") record.connectingAt_ms ??= now;
    else {
      record.connectingAt_ms = undefined;
      record.queuedAt_ms ??= now;
    }
  }
  context.observer.exchangePhase?.(record, phase);
}

/**
 * The request's head goes to the origin, or a tunnel stands.
 *
 * @param upstream on what connection; it is answered without an origin: undefined
 * @param answerReason why it is, where that is not the application's doing
 */
export function noteSent(
  context: Keeping,
  record: OwnRecord,
  upstream: ConnectionRecord | undefined,
  answerReason: AnswerReason = "hook-answered",
): void {
  if (upstream === undefined) {
    record.outcome = "answered";
    record.reason = answerReason;
    return;
  }
  record.upstream = upstream;
  record.upstreamExchange = upstream.exchanges;
  record.sentAt_ms = context.clock.now();
  context.observer.exchangePhase?.(record, "sent");
}

export function noteFirstByte(context: Keeping, record: OwnRecord): void {
  record.firstByteAt_ms = context.clock.now();
  context.observer.exchangePhase?.(record, "first-byte");
}

/** It waits for its length, and is without the connection that it may have found. */
export function noteHeld(context: Keeping, record: OwnRecord): void {
  forgetSearch(record);
  context.observer.exchangePhase?.(record, "held");
}

/** Another connection is looked for: the phases from here on are those of that search. */
function forgetSearch(record: OwnRecord): void {
  record.queuedAt_ms = undefined;
  record.connectingAt_ms = undefined;
  record.securingAt_ms = undefined;
  record.sentAt_ms = undefined;
}

/** Its connection was lost before any of a response, and the request goes again. */
export function noteRetry(context: Keeping, record: OwnRecord, fault: string | undefined): void {
  const { upstream, upstreamExchange, sentAt_ms } = record;
  if (upstream !== undefined && sentAt_ms !== undefined) {
    record.lost ??= [];
    record.lost.push({ upstream, upstreamExchange, sentAt_ms, lostAt_ms: context.clock.now(), fault });
  }
  record.fault = undefined;
  record.firstByteAt_ms = undefined;
  record.retries++;
  forgetSearch(record);
  context.observer.exchangePhase?.(record, "retrying");
}

/** Once: where a fault of our own shows behind its end, that is told already. */
export function endRecord(
  context: Keeping,
  record: OwnRecord,
  requestBodyBytes = record.requestBodyBytes,
  responseBodyBytes = record.responseBodyBytes,
): void {
  if (record.doneAt_ms !== 0) return;
  context.lines?.leave(record);
  record.requestBodyBytes = requestBodyBytes;
  record.responseBodyBytes = responseBodyBytes;
  record.doneAt_ms = context.clock.now();
  context.observer.exchangeEnded(record);
}
