/**
 * A CONNECT: the request for a tunnel to wherever its target says (RFC 9110 section 9.3.6).
 *
 * It is a tunnel only from the 2xx on. What the client sends before that is kept, bounded, and goes into the tunnel. Where
 * none is made the connection closes: what followed might have been meant for the tunnel, and must not be taken for
 * another request. Deliberately absent: the relay itself, see tunnel.ts; which ports are allowed, see routing.
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { EndpointRecord } from "../connection/connection-record.ts";
import type { Place } from "../connection/fair-share.ts";
import type { PendingSearch } from "../pool/claim.ts";
import type { NoConnection, SearchPhase, Seeker } from "../pool/pool.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { RequestMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { Admission } from "./admission.ts";
import { NO_OPTIONS } from "./answering-origin.ts";
import { type AnswerReason, answerMeaning, type CheckedAnswer } from "./answers.ts";
import type { ClientExchange } from "./client-exchange.ts";
import { placeOf } from "./client-of.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import { framingOf } from "./own-answers.ts";
import { endRecord, noteSearch, noteSent, type OwnRecord } from "./record-notes.ts";
import { Tunnel } from "./tunnel.ts";

export class TunnelRequest implements ClientExchange, Seeker, Confined {
  /** What the tunnel carries is nobody's to repeat. */
  readonly isRetriable = false;
  readonly isRetry = false;
  /** What follows is not a body. */
  readonly owed = "nothing";
  readonly requestBytes = 0;
  /** What the client sends goes with its FIN into the tunnel, so that a FIN says nothing here. */
  readonly stage = "local";
  private readonly context: ProxyContext;
  private readonly client: ClientSide;
  private readonly head: RequestMessage;
  readonly admission: Admission;
  readonly record: OwnRecord;
  private search: PendingSearch | undefined;
  private isOver = false;

  constructor(
    context: ProxyContext,
    client: ClientSide,
    head: RequestMessage,
    admission: Admission,
    record: OwnRecord,
  ) {
    this.context = context;
    this.client = client;
    this.head = head;
    this.admission = admission;
    this.record = record;
  }

  get place(): Place {
    const { context, client, head, admission, record } = this;
    return placeOf({ context, client, head, admission, record }, 0, () => this.giveWay());
  }

  /** @internal */
  giveWay(): void {
    this.search?.cancel();
    this.refuse("gave-way", "");
  }

  seek(): void {
    const { answer } = this.admission;
    if (answer !== undefined) return this.answer(answer);
    const pool = this.context.routing.poolFor(this.admission);
    if (typeof pool === "string") return this.refuse(pool, "");
    const search = pool.acquire(this);
    if (!this.isOver) this.search = search;
  }

  readRequest(_octets: Octets, from: number): number {
    return from;
  }

  onSearch(phase: SearchPhase): void {
    noteSearch(this.context, this.record, phase);
  }

  onConnection(upstream: PooledConnection): void {
    const { context, client, record } = this;
    this.isOver = true;
    noteSent(context, record, upstream.record);
    record.status = 200;
    record.outcome = "tunnel";
    client.establish(undefined);
    new Tunnel({ context, downstream: client.tunnelEnd, upstream, record, client: this.place.client }).begin();
  }

  onNoConnection(why: NoConnection, fault: string, endpoint: EndpointRecord | undefined): void {
    this.record.endpoint = endpoint;
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

  onBroken(): void {
    this.search?.cancel();
    this.refuse("internal-error", "");
  }

  breakDown(fault: unknown): void {
    this.context.observer.internalError(fault);
    this.onBroken();
  }

  cut(): void {
    this.search?.cancel();
    this.refuse("drain-deadline", "");
  }

  private refuse(reason: AnswerReason, fault: string): void {
    if (this.isOver) return;
    const { record } = this;
    record.outcome = "answered";
    record.reason = reason;
    record.status = answerMeaning(reason).status;
    record.fault = fault;
    this.client.answer(reason, fault, "no-tunnel");
    this.end();
    this.client.end();
  }

  /** The application answers by itself: there is no tunnel, for a reason of its own. */
  private answer(answer: CheckedAnswer): void {
    if (this.isOver) return;
    const { client, record } = this;
    const { message, body } = answer;
    const framing = framingOf(answer, this.head.method);
    noteSent(this.context, record, undefined);
    record.status = message.status;
    client.final(message, NO_OPTIONS, framing, "no-tunnel");
    if (framing.length > 0) client.body(body, 0, body.length);
    client.endBody(undefined);
    client.flush();
    this.end();
    client.end();
  }

  private abandon(): void {
    if (this.isOver) return;
    this.record.outcome = "client-gone";
    this.search?.cancel();
    this.end();
  }

  private end(): void {
    const { context, record } = this;
    this.isOver = true;
    endRecord(context, record);
  }

  // The upstream connection has no other user before the tunnel uses it.
  onData(): void {}
  onEnd(): void {}
  onDrain(): void {}
  onClose(): void {}
  onDeadline(): void {}
}

confine(TunnelRequest.prototype, "onConnection", "onNoConnection", "giveWay");
