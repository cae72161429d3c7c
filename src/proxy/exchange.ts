/**
 * One exchange across two hops: a client's request goes to an origin, the response comes back.
 *
 * Both directions stream, each as fast as its receiver takes it. It ends when both messages are complete, or nothing more may
 * follow on the client's connection. Deliberately absent: reading request heads (downstream.ts), admission, writing, the pool.
 */
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { PendingSearch } from "../pool/claim.ts";
import type { NoConnection, Seeker } from "../pool/pool.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { ConnectionOptions } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import { isIdempotent } from "../wire/methods.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import { type Admission, isSwitchOffered } from "./admission.ts";
import { type AnswerReason, answerMeaning } from "./answers.ts";
import type { ClientExchange, ExchangeStage, Owed } from "./client-exchange.ts";
import { placeOf } from "./client-of.ts";
import type { ClientSide } from "./client-side.ts";
import { bindByRequest, mayGoElsewhere } from "./connection-binding.ts";
import type { ProxyContext } from "./context.ts";
import type { ExchangeRecord, Outcome } from "./exchange-record.ts";
import { closeReasonAfterExchange, noteFinalResponse } from "./hop-persistence.ts";
import { RequestRelay } from "./request-relay.ts";
import { requestHeadText, sentFraming } from "./request-writing.ts";
import { type ResponseReceiver, ResponseRelay } from "./response-relay.ts";
import { switchProtocols } from "./tunnel.ts";
import { answerAfter, armLimit, type UpstreamLimit, upstreamLimit } from "./upstream-limit.ts";

export class Exchange implements ClientExchange, Seeker, ResponseReceiver {
  readonly request: RequestRelay;
  private readonly response: ResponseRelay;
  readonly record: ExchangeRecord;
  /** A retry goes on a fresh connection, and is not retried itself. */
  isRetry = false;
  private readonly context: ProxyContext;
  private readonly client: ClientSide;
  private readonly head: RequestHead;
  private readonly admission: Admission;
  private search: PendingSearch | undefined;
  private upstream: PooledConnection | undefined;
  /** The client waits for 100 (Continue) before it sends the body. */
  private awaitsContinue: boolean;
  /** Nothing of the body has come, so no origin is asked to wait for it. */
  private awaitsStart = false;
  /** The body must be complete before it is sent: the origin takes no chunks. */
  private awaitsLength = false;
  private upstreamIsBlocked = false;
  private upstreamCloseReason: CloseReason | undefined;
  /** The response was complete before the origin had been sent all of the request. */
  private wasAnsweredEarly = false;
  private hasEnded = false;

  constructor(
    context: ProxyContext,
    client: ClientSide,
    head: RequestHead,
    admission: Admission,
    record: ExchangeRecord,
  ) {
    this.context = context;
    this.client = client;
    this.head = head;
    this.admission = admission;
    this.record = record;
    this.awaitsContinue = admission.expectsContinue;
    this.request = new RequestRelay(context, admission);
    this.response = new ResponseRelay(context, head, this, client);
  }

  /** Whether the request can be sent again: nothing is done twice that must not be, and all of it is at hand. */
  get isRetriable(): boolean {
    return isIdempotent(this.head.method) && this.request.isWhollyHeld;
  }

  // The request, as it arrives.

  /** Reads body octets from `from` on; returns the position behind them. */
  readRequest(octets: Octets, from: number): number {
    if (this.request.isComplete) return from;
    const end = this.request.read(octets, from);
    const didNotWait = this.awaitsContinue;
    this.awaitsContinue = false;
    if (didNotWait) this.armUpstream();
    const { refusal } = this.request;
    if (refusal !== undefined) {
      this.context.outbox.clear();
      this.fail(refusal, "request-incomplete", undefined, "request-refused");
      return octets.length;
    }
    if (this.request.isStreaming) this.flushUpstream();
    if (this.awaitsStart && this.request.hasBegun) this.acquire();
    if (this.hasEnded) return end;
    if (this.request.isComplete) this.onRequestComplete();
    else if (this.request.holdsTooMuch && this.awaitsLength)
      this.fail("length-required", "request-incomplete", undefined, "request-refused");
    else if (this.request.holdsTooMuch) this.client.pause();
    if (!this.hasEnded) this.client.armForRequest();
    return end;
  }

  private onRequestComplete(): void {
    if (this.awaitsLength) {
      this.awaitsLength = false;
      this.acquire();
    } else if (this.response.isComplete) {
      this.end();
    } else {
      this.armUpstream();
    }
  }

  get requestBytes(): number {
    return this.request.bytes;
  }

  get owed(): Owed {
    // A client that waits for 100 (Continue) owes nothing, nor does one whose body the origin does not take for now.
    if (this.request.isComplete || this.awaitsContinue) return "nothing";
    return this.awaitsStart ? "body-start" : "body";
  }

  get place(): Place {
    const { context, client, head, admission, record, request, response } = this;
    const giveWay = () => this.fail("gave-way", "evicted", undefined, "evicted");
    return placeOf({ context, client, head, admission, record }, request.bytes + response.bytes, giveWay);
  }

  get stage(): ExchangeStage {
    return this.response.isForwarding ? "forwarding" : "unanswered";
  }

  // The way to the origin.

  /** Looks for a connection, once there is something of the request's body to send. */
  seek(): void {
    this.awaitsStart = !this.request.hasBegun && !this.awaitsContinue;
    if (!this.awaitsStart) this.acquire();
    this.request.settle();
  }

  private acquire(): void {
    this.awaitsStart = false;
    const pool = this.context.routing.poolFor(this.admission);
    if (typeof pool === "string") return this.fail(pool);
    if (this.mustAwaitLength(pool.speaksHttp10)) return;
    const search = pool.acquire(this, this.client.connection.bindings);
    if (!this.hasEnded && this.upstream === undefined) this.search = search;
  }

  /** RFC 9112 section 6.1: no Transfer-Encoding to a recipient that is known to speak HTTP/1.0. */
  private mustAwaitLength(speaksHttp10: boolean): boolean {
    if (!speaksHttp10 || this.admission.framing.kind !== "chunked" || this.request.isWhollyHeld) return false;
    if (this.request.holdsTooMuch) {
      this.fail("length-required", "request-incomplete", undefined, "request-refused");
      return true;
    }
    this.awaitsLength = true;
    if (this.awaitsContinue) this.sayContinue();
    this.client.armForRequest();
    return true;
  }

  onConnection(connection: PooledConnection): void {
    // Until the body is there, the connection could outlive its terms, or be closed by its origin under this request.
    if (this.mustAwaitLength(connection.endpoint.speaksHttp10)) return connection.close("pool-surplus");
    this.upstream = connection;
    this.record.noteUpstream(connection);
    bindByRequest(this.client.connection, connection, this.head, this.context);
    this.send(connection);
  }

  private send({ endpoint: { speaksHttp10, origin } }: PooledConnection): void {
    const { context, admission } = this;
    // An HTTP/1.0 origin will never say 100 (RFC 9110 section 10.1.1).
    if (speaksHttp10 && this.awaitsContinue) this.sayContinue();
    const framing = sentFraming(admission.framing, speaksHttp10 ? this.request.lengthHeld : undefined);
    const sent = speaksHttp10 ? { ...admission, expectsContinue: false } : admission;
    context.outbox.addText(
      requestHeadText(context, this.client.connection, this.head, sent, framing, origin.authority),
    );
    this.request.stream(framing.kind === "chunked");
    this.flushUpstream();
    if (!this.upstreamIsBlocked) this.client.resume();
    this.armUpstream();
    if (!this.request.isComplete) this.client.armForRequest();
  }

  onNoConnection(why: NoConnection, fault: string): void {
    this.fail(why, undefined, fault);
  }

  private flushUpstream(): void {
    const { upstream } = this;
    if (upstream === undefined || this.context.outbox.flush(upstream.socket) || this.request.isComplete) return;
    this.upstreamIsBlocked = true;
    this.client.pause();
    this.armUpstream();
  }

  onDrain(): void {
    if (!this.upstreamIsBlocked) return;
    this.upstreamIsBlocked = false;
    this.armUpstream();
    this.client.resume();
    this.client.armForRequest();
  }

  private limit(): UpstreamLimit | undefined {
    return upstreamLimit(this.request, this.response, {
      originIsBlocked: this.upstreamIsBlocked,
      awaitsContinue: this.awaitsContinue,
      clientIsBlocked: this.client.isBlocked,
    });
  }

  private armUpstream(): void {
    if (this.upstream !== undefined) armLimit(this.upstream, this.limit(), this.context.settings);
  }

  onDeadline(): void {
    const limit = this.limit();
    if (limit === undefined) return;
    if (limit === "write-timeout" && this.upstream?.socket.tookSome()) return this.armUpstream();
    if (limit === "response-timeout") this.upstream?.endpoint.onUnanswered("ETIMEDOUT");
    this.fail(answerAfter(limit), limit);
  }

  // The response, as it arrives.

  onData(octets: Octets): void {
    const { upstream, client } = this;
    if (upstream === undefined) return;
    if (this.record.responseBeganAt_ms === undefined) {
      this.record.responseBeganAt_ms = this.context.clock.now();
      upstream.noteAlive();
      this.request.letGo();
    }
    if (this.response.isComplete) {
      upstream.noteSurplus();
      return;
    }
    const wasInHead = this.response.isInHead;
    this.response.read(octets);
    if (this.hasEnded || this.response.isComplete) return;
    client.flush();
    if (client.isBlocked) upstream.socket.pause();
    // A head has one limit as a whole, which does not begin anew with each octet.
    if (!wasInHead || !this.response.isInHead) this.armUpstream();
  }

  onInterim(status: number): void {
    if (status !== 100 || !this.awaitsContinue) return;
    this.awaitsContinue = false;
    this.client.armForRequest();
  }

  private sayContinue(): void {
    this.awaitsContinue = false;
    this.client.sayContinue();
  }

  onFinal(head: ResponseHead, options: ConnectionOptions, framing: Framing): void {
    this.upstreamCloseReason = noteFinalResponse(this.record, head, options, framing, this.awaitsContinue);
    const isRequestDropped = !this.request.isComplete && this.upstreamCloseReason !== undefined;
    if (isRequestDropped) {
      this.request.discard();
      this.client.resume();
    }
    this.record.status = head.status;
    this.client.final(head, options, framing, isRequestDropped);
  }

  onFault(reason: AnswerReason, refusal?: RefusalCode): void {
    // What was good goes out first.
    if (this.response.isForwarding) this.client.flush();
    this.fail(reason, "response-malformed", refusal);
  }

  onComplete(hasMore: boolean): void {
    const { upstream } = this;
    if (hasMore) upstream?.noteSurplus();
    this.wasAnsweredEarly = !this.request.isComplete || (upstream !== undefined && upstream.socket.unsentBytes > 0);
    this.client.flush();
    const mayFinishRequest = this.upstreamCloseReason === undefined && upstream?.peerHasClosed === false;
    if (this.request.isComplete || !mayFinishRequest) this.end();
    else this.armUpstream();
  }

  onEnd(isCutOff?: boolean): void {
    if (this.response.isComplete) this.end();
    else if (isCutOff && this.response.isForwarding) this.onLost("ERR_TLS_NO_CLOSURE_ALERT");
    else if (!this.response.endByClose()) this.onLost(undefined);
  }

  onClose(fault: string | undefined): void {
    if (this.response.isComplete) this.end();
    else this.onLost(fault);
  }

  /** The connection to the origin ended before the response was complete. */
  private onLost(fault: string | undefined): void {
    const { upstream } = this;
    if (upstream === undefined) return;
    this.record.fault = fault;
    const closeReason = fault === undefined ? "peer-closed" : "peer-reset";
    if (this.response.isForwarding) return this.fail("response-incomplete", "response-truncated");
    if (this.record.responseBeganAt_ms !== undefined) return this.fail("response-incomplete", closeReason);
    const isWorthIt = upstream.noteUnanswered(this.isRetry, fault) && mayGoElsewhere(upstream, this.head, this.context);
    if (!this.isRetriable || this.isRetry || !isWorthIt) return this.fail("upstream-closed", closeReason);
    upstream.close(closeReason);
    this.upstream = undefined;
    this.record.fault = undefined;
    this.isRetry = true;
    this.record.retries++;
    this.request.rewind();
    this.acquire();
  }

  /** Both connections become one tunnel (RFC 9110 section 7.8). */
  onSwitch(head: ResponseHead, rest: Octets): void {
    if (!this.request.isComplete || !isSwitchOffered(this.admission, head)) {
      return this.fail("upgrade-unexpected", "response-malformed");
    }
    this.hasEnded = true;
    const { context, client, record, place } = this;
    const upstream = this.upstream as PooledConnection;
    const ends = { context, downstream: client.tunnelEnd, upstream, record, client: place.client };
    switchProtocols(client, ends, head, rest);
  }

  // What the client does meanwhile.

  /** The client closed its side. That cancels nothing, unless the request is not complete. */
  onClientEnd(): void {
    if (!this.request.isComplete)
      this.fail("request-incomplete", "request-incomplete", undefined, "request-incomplete");
  }

  onClientLate(): void {
    if (!this.awaitsStart) return this.fail("body-timeout", "request-incomplete", undefined, "request-incomplete");
    this.acquire();
    this.client.armForRequest();
  }

  onClientTooSlow(): void {
    this.fail("too-slow", "request-incomplete", undefined, "too-slow");
  }

  /** The client takes the response again. */
  onClientDrain(): void {
    this.upstream?.socket.resume();
    if (!this.response.isComplete) this.armUpstream();
  }

  /** The client is gone: nobody wants the response, the work upstream is cancelled. */
  onClientGone(): void {
    this.abandon("client-gone", "client-gone");
  }

  cut(): void {
    if (this.response.isForwarding) this.abandon("truncated", "drain-deadline");
    else this.fail("drain-deadline", "drain-deadline");
  }

  // How it ends.

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    const { upstream } = this;
    const tookRequest = !this.wasAnsweredEarly && this.request.isStreaming;
    const reason = upstream && closeReasonAfterExchange(upstream, this.upstreamCloseReason, tookRequest);
    if (reason === undefined) upstream?.release();
    else upstream?.close(reason);
    this.finishRecord();
    this.client.end(this.request.isComplete);
  }

  /**
   * Something failed: the client gets an answer, or a visibly truncated response if that had begun.
   * @param upstreamReason why the origin's connection closes; undefined: there is none
   * @param ownReason why the client's connection closes; undefined: it need not
   */
  private fail(reason: AnswerReason, upstreamReason?: CloseReason, fault?: string, ownReason?: CloseReason): void {
    if (this.hasEnded) return;
    this.record.fault ??= fault;
    this.record.reason = reason;
    this.giveUp(upstreamReason);
    if (this.response.isForwarding) this.breakOff(ownReason ?? "upstream-failed");
    else this.answer(reason, ownReason);
  }

  private abandon(outcome: Outcome, upstreamReason: CloseReason): void {
    if (this.hasEnded) return;
    this.record.outcome = outcome;
    this.giveUp(upstreamReason);
    this.finishRecord();
  }

  private giveUp(upstreamReason: CloseReason | undefined): void {
    this.hasEnded = true;
    this.search?.cancel();
    if (upstreamReason !== undefined) this.upstream?.close(upstreamReason);
    this.request.discard();
  }

  private answer(reason: AnswerReason, ownReason: CloseReason | undefined): void {
    const { record } = this;
    record.outcome = "answered";
    record.status = answerMeaning(reason).status;
    const { isComplete } = this.request;
    this.client.answer(reason, record.fault, isComplete, ownReason);
    this.finishRecord();
    this.client.end(isComplete);
  }

  private breakOff(reason: CloseReason): void {
    const { isComplete } = this.response;
    if (isComplete) this.record.reason = undefined;
    else this.record.outcome = "truncated";
    this.finishRecord();
    this.client.breakOff(reason, isComplete);
  }

  private finishRecord(): void {
    this.record.finish(this.request.bytes, this.response.bytes, this.context.clock.now());
    this.context.observer.exchangeEnded(this.record);
  }
}
