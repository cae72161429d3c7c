/**
 * A CONNECT: the request for a tunnel to wherever its target says (RFC 9110 section 9.3.6).
 *
 * It is a tunnel only from the 2xx on. What the client sends before that is kept, bounded, and goes into the tunnel. Where
 * none is made the connection closes: what followed might have been meant for the tunnel, and must not be taken for
 * another request. Deliberately absent: the relay itself, see tunnel.ts; which ports are allowed, see routing.
 */
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { PendingSearch } from "../pool/claim.ts";
import type { NoConnection, Seeker } from "../pool/pool.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { Octets } from "../wire/octets.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { Admission } from "./admission.ts";
import { type AnswerReason, answerMeaning, errorAnswer } from "./answers.ts";
import type { ClientExchange } from "./client-exchange.ts";
import { placeOf } from "./client-of.ts";
import type { ProxyContext } from "./context.ts";
import type { DownstreamConnection } from "./downstream.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import { Tunnel } from "./tunnel.ts";

/** Without framing fields: they would mean nothing (RFC 9110 section 9.3.6). */
const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";

export class TunnelRequest implements ClientExchange, Seeker {
  /** What the tunnel carries is nobody's to repeat. */
  readonly isRetriable = false;
  readonly isRetry = false;
  /** What follows is not a body. */
  readonly owed = "nothing";
  readonly requestBytes = 0;
  /** What the client sends goes with its FIN into the tunnel, so that a FIN says nothing here. */
  readonly stage = "local";
  private readonly context: ProxyContext;
  private readonly downstream: DownstreamConnection;
  private readonly head: RequestHead;
  private readonly admission: Admission;
  readonly record: ExchangeRecord;
  private search: PendingSearch | undefined;
  private isOver = false;

  constructor(
    context: ProxyContext,
    downstream: DownstreamConnection,
    head: RequestHead,
    admission: Admission,
    record: ExchangeRecord,
  ) {
    this.context = context;
    this.downstream = downstream;
    this.head = head;
    this.admission = admission;
    this.record = record;
  }

  get place(): Place {
    const { context, downstream, head, admission, record } = this;
    return placeOf({ context, downstream, head, admission, record }, 0, () => this.giveWay());
  }

  private giveWay(): void {
    this.search?.cancel();
    this.refuse("gave-way", "");
  }

  seek(): void {
    const pool = this.context.routing.poolFor(this.admission);
    if (typeof pool === "string") return this.refuse(pool, "");
    const search = pool.acquire(this);
    if (!this.isOver) this.search = search;
  }

  readRequest(_octets: Octets, from: number): number {
    return from;
  }

  onConnection(upstream: PooledConnection): void {
    const { context, downstream, record } = this;
    this.isOver = true;
    record.noteUpstream(upstream);
    record.status = 200;
    record.outcome = "tunnel";
    context.outbox.addText(ESTABLISHED);
    downstream.flush();
    new Tunnel({ context, downstream, upstream, record, client: this.place.client }).begin();
  }

  onNoConnection(why: NoConnection, fault: string): void {
    this.refuse(why, fault);
  }

  /** What the client sent goes with its FIN into the tunnel. */
  onClientEnd(): void {}

  onClientDrain(): void {}

  onClientLate(): void {}

  onClientTooSlow(): void {}

  onClientGone(): void {
    this.abandon();
  }

  cut(): void {
    this.search?.cancel();
    this.refuse("drain-deadline", "");
  }

  private refuse(reason: AnswerReason, fault: string): void {
    if (this.isOver) return;
    const { context, downstream, record } = this;
    record.outcome = "answered";
    record.reason = reason;
    record.status = answerMeaning(reason).status;
    record.fault = fault;
    const answering = context.answerContext(this.head, "Connection: close\r\n");
    context.outbox.addText(errorAnswer(reason, answering, fault));
    downstream.flush();
    this.end("no-tunnel");
  }

  private abandon(): void {
    if (this.isOver) return;
    this.record.outcome = "client-gone";
    this.search?.cancel();
    this.end(undefined);
  }

  private end(closeReason: CloseReason | undefined): void {
    const { context, downstream, record } = this;
    this.isOver = true;
    record.endedAt_ms = context.clock.now();
    context.observer.exchangeEnded(record);
    if (closeReason !== undefined) downstream.onExchangeEnded(closeReason);
  }

  // The upstream connection has no other user before the tunnel uses it.
  onData(): void {}
  onEnd(): void {}
  onDrain(): void {}
  onClose(): void {}
  onDeadline(): void {}
}
