/**
 * One exchange across two hops: a client's request goes to an origin, the response comes back. It gives the
 * request to an origin side, which has found a pool and a connection, and asks retry.ts when that fails. Both directions stream, each as fast as its receiver takes it. It ends when both
 * messages are complete, or nothing more may follow to the client. It knows both sides by ports. Deliberately absent: messages' bytes
 * (http1-client-side.ts, http1-origin-side.ts), admission, the pool.
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { NoConnection, SearchPhase } from "../pool/pool.ts";
import type { ConnectionOptions } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import { isIdempotent } from "../wire/methods.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { Trailers } from "../wire/trailers.ts";
import type { Admission } from "./admission.ts";
import { AnsweringOrigin } from "./answering-origin.ts";
import { type AnswerReason, answerMeaning } from "./answers.ts";
import type { ClientExchange, ExchangeStage, Owed } from "./client-exchange.ts";
import { placeOf } from "./client-of.ts";
import type { ClientSide } from "./client-side.ts";
import type { ProxyContext } from "./context.ts";
import type { Outcome } from "./exchange-record.ts";
import { isInterimFlood } from "./interim-flood.ts";
import type { OriginListener, OriginSide } from "./origin-side.ts";
import { endRecord, noteFirstByte, noteHeld, noteRetry, noteSearch, noteSent, type OwnRecord } from "./record-notes.ts";
import { RequestRelay } from "./request-relay.ts";
import { firstWait, isWaitOver, type RequestWait } from "./request-wait.ts";
import { answerTo, judgeRetry, type RetryVerdict } from "./retry.ts";
import { hookedResponse } from "./run-hooks.ts";
import { switchProtocols } from "./tunnel.ts";
import { unfitFinal, unfitSwitch } from "./unfit-responses.ts";
import { answerAfter, type UpstreamLimit } from "./upstream-limit.ts";

export class Exchange implements ClientExchange, OriginListener, Confined {
  readonly head: RequestMessage;
  readonly admission: Admission;
  readonly record: OwnRecord;
  readonly client: ClientSide;
  readonly request: RequestRelay;
  /** A retry goes on a fresh connection, and is not retried itself. */
  isRetry = false;
  /** The client waits for 100 (Continue) before it sends the body. */
  awaitsContinue: boolean;
  private readonly context: ProxyContext;
  /** The way to the origin, from when it is sought. */
  private origin: OriginSide | undefined;
  /** Why no origin is asked yet. */
  private waitsFor: RequestWait = "nothing";
  /** How far the final response is, as the client knows it. */
  private response: "unanswered" | "forwarding" | "complete" = "unanswered";
  private responseBytes = 0;
  private interimResponses = 0;
  private hasEnded = false;
  private isBroken = false;

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
    this.awaitsContinue = admission.expectsContinue;
    this.request = new RequestRelay(context, admission);
  }

  get isRequestComplete(): boolean {
    return this.request.isComplete;
  }

  get isRetriable(): boolean {
    return isIdempotent(this.head.method) && this.request.isWhollyHeld;
  }

  // The request, as it arrives.

  /** Reads body octets from `from` on; returns the position behind them. */
  readRequest(octets: Octets, from: number): number {
    if (this.request.isComplete) return from;
    const end = this.request.read(octets, from);
    this.client.noteRequest(this.request.isComplete);
    const didNotWait = this.awaitsContinue;
    this.awaitsContinue = false;
    if (didNotWait) this.origin?.arm();
    const { refusal } = this.request;
    if (refusal !== undefined) {
      this.refuse(refusal);
      return octets.length;
    }
    if (this.request.isStreaming) this.flushRequest();
    if (isWaitOver(this.waitsFor, this.request)) this.acquire();
    if (this.hasEnded) return end;
    this.request.keep();
    if (this.request.isComplete) this.onRequestComplete();
    else if (this.request.holdsTooMuch && this.waitsFor === "length") this.refuse("length-required");
    else if (this.request.holdsTooMuch) this.client.pause();
    if (!this.hasEnded) this.client.armForRequest();
    return end;
  }

  private onRequestComplete(): void {
    if (this.waitsFor === "length") {
      this.acquire();
    } else if (this.response === "complete") {
      this.end();
    } else {
      this.origin?.arm();
    }
  }

  get requestBytes(): number {
    return this.request.bytes;
  }

  get owed(): Owed {
    // A client that waits for 100 (Continue) owes nothing, nor does one whose body the origin does not take for now.
    if (this.request.isComplete || this.awaitsContinue) return "nothing";
    return this.waitsFor === "start" ? "body-start" : "body";
  }

  get place(): Place {
    const { context, client, head, admission, record, request } = this;
    const giveWay = () => this.giveWay();
    return placeOf({ context, client, head, admission, record }, request.bytes + this.responseBytes, giveWay);
  }

  /** @internal */
  giveWay(): void {
    this.fail("gave-way", "evicted", undefined, "evicted");
  }

  get stage(): ExchangeStage {
    return this.response === "unanswered" ? "unanswered" : "forwarding";
  }

  // The way to the origin.

  /** Looks for a connection, once there is something of the request's body to send. */
  seek(): void {
    this.waitsFor = firstWait(this.request, this.admission, this.awaitsContinue);
    if (this.waitsFor === "buffer" && this.awaitsContinue) this.sayContinue();
    if (this.waitsFor === "nothing" || isWaitOver(this.waitsFor, this.request)) this.acquire();
    if (!this.request.settle(this, this.context)) this.refuse("buffers-full");
  }

  private acquire(): void {
    this.waitsFor = "nothing";
    const { denied, answer } = this.admission;
    if (denied !== undefined) return this.fail(denied);
    const origin =
      answer === undefined ? this.context.openOrigin(this.context, this) : new AnsweringOrigin(this, answer);
    if (typeof origin === "string") return this.fail(origin);
    if (this.mustAwaitLength(origin)) return;
    this.origin = origin;
    origin.seek();
  }

  /** RFC 9112 section 6.1: no Transfer-Encoding to a recipient that is known to speak HTTP/1.0. */
  private mustAwaitLength({ speaksHttp10 }: OriginSide): boolean {
    if (!speaksHttp10 || this.admission.framing.kind !== "chunked" || this.request.isWhollyHeld) return false;
    if (this.request.holdsTooMuch) {
      this.refuse("length-required");
      return true;
    }
    this.waitsFor = "length";
    noteHeld(this.context, this.record);
    if (this.awaitsContinue) this.sayContinue();
    this.client.armForRequest();
    return true;
  }

  onSearch(phase: SearchPhase): void {
    noteSearch(this.context, this.record, phase);
  }

  onReady(): boolean {
    const origin = this.origin as OriginSide;
    if (this.mustAwaitLength(origin)) {
      this.origin = undefined;
      return false;
    }
    if (origin.speaksHttp10 && this.awaitsContinue) this.sayContinue();
    origin.begin(this.request.lengthHeld, this.request.saysLength(this.client.connection));
    noteSent(this.context, this.record, origin.record, this.admission.answerReason);
    if (origin.awaitsWord) origin.flush();
    else this.stream(origin);
    origin.arm();
    if (!this.request.isComplete) this.client.armForRequest();
    return true;
  }

  private stream(origin: OriginSide): void {
    this.request.stream(origin);
    this.flushRequest();
    if (!origin.isBlocked) this.client.resume();
  }

  onNone(why: NoConnection, fault: string, endpoint: OwnRecord["endpoint"]): void {
    this.record.endpoint = endpoint;
    this.fail(why, undefined, fault);
  }

  private flushRequest(): void {
    if (this.origin?.flush() === false) this.client.pause();
  }

  onOriginDrain(): void {
    if (this.origin !== undefined && this.request.isHolding) this.stream(this.origin);
    else this.client.resume();
    this.client.armForRequest();
  }

  onOriginLate(limit: UpstreamLimit, isWorthAnother: boolean, isInBudget: boolean): void {
    if (this.retry(limit, "ETIMEDOUT", isWorthAnother, isInBudget) !== "retry") this.fail(answerAfter(limit), limit);
  }

  // The response, as it arrives.

  onBegun(): void {
    noteFirstByte(this.context, this.record);
  }

  onInterim(head: ResponseMessage, options: ConnectionOptions): boolean {
    if (this.request.isStreaming) this.request.letGo();
    const age_ms = this.context.clock.now() - this.record.arrivedAt_ms;
    if (isInterimFlood(++this.interimResponses, age_ms)) {
      this.onFault("too-many-interim-responses");
      return false;
    }
    if (head.status === 100 && this.awaitsContinue) {
      this.awaitsContinue = false;
      this.client.armForRequest();
    }
    this.client.interim(head, options);
    return true;
  }

  private sayContinue(): void {
    this.awaitsContinue = false;
    this.client.sayContinue();
  }

  onFinal(head: ResponseMessage, options: ConnectionOptions, framing: Framing): boolean {
    if (this.request.isStreaming) this.request.letGo();
    const unfit = head.status === 407 || this.client.agreement ? unfitFinal(head, this, this.context) : undefined;
    if (unfit !== undefined) {
      this.onFault(unfit);
      return false;
    }
    const told = hookedResponse(this.context, head, this);
    if (told === undefined) {
      this.fail("hook-failed", "hook-failed");
      return false;
    }
    const isRequestDropped = !this.request.isComplete && this.origin?.takesRest === false;
    if (isRequestDropped) {
      this.request.discard();
      this.client.resume();
    }
    this.record.status = told.status;
    const ownReason = isRequestDropped ? "request-unfinished" : undefined;
    this.client.final(told, options, framing, ownReason, this.admission.origin);
    this.response = "forwarding";
    return true;
  }

  onBody(octets: Octets, from: number, to: number): void {
    this.responseBytes += to - from;
    this.client.body(octets, from, to);
  }

  onRead(): void {
    this.client.flush();
    if (this.client.isBlocked) this.origin?.pause();
  }

  onFault(reason: AnswerReason, refusal?: RefusalCode): void {
    // What was good goes out first.
    if (this.response === "forwarding") this.client.flush();
    this.fail(reason, "response-malformed", refusal);
  }

  onComplete(trailers: Trailers | undefined): void {
    this.response = "complete";
    this.client.endBody(trailers);
    this.client.flush();
    if (this.request.isComplete || this.origin?.takesRest === false) this.end();
    else this.origin?.arm();
  }

  onOriginEnd(): void {
    this.end();
  }

  onLost(fault: string | undefined, isWorthAnother: boolean, isInBudget: boolean): void {
    this.record.fault = fault;
    const closeReason = fault === undefined ? "peer-closed" : "peer-reset";
    if (this.response === "forwarding") return this.fail("response-incomplete", "response-truncated");
    if (this.record.firstByteAt_ms !== undefined) return this.fail("response-incomplete", closeReason);
    const verdict = this.retry(closeReason, fault, isWorthAnother, isInBudget);
    if (verdict !== "retry") this.fail(answerTo(verdict), closeReason);
  }

  retry(why: CloseReason, fault: string | undefined, isWorthIt: boolean, isInBudget: boolean): RetryVerdict {
    const { record, request, isRetry } = this;
    const facts = { isIdempotent: isIdempotent(this.head.method), isWhollyHeld: request.isWhollyHeld, isRetry };
    const verdict = judgeRetry({ ...facts, isWorthAnother: isWorthIt, isInBudget });
    if (verdict !== "retry") return verdict;
    this.origin?.close(why);
    this.isRetry = true;
    noteRetry(this.context, record, fault);
    request.rewind();
    this.acquire();
    return verdict;
  }

  /** Both connections become one tunnel (RFC 9110 section 7.8). */
  onSwitch(head: ResponseMessage, rest: Octets): void {
    const unfit = unfitSwitch(head, this);
    if (unfit !== undefined) return this.fail(unfit, "response-malformed");
    this.hasEnded = true;
    switchProtocols(this, this.context, (this.origin as OriginSide).tunnelEnd, head, rest);
  }

  // What the client does meanwhile.

  /** The client closed its side. That cancels nothing, unless the request is not complete. */
  onClientEnd(): void {
    if (!this.request.isComplete)
      this.fail("request-incomplete", "request-incomplete", undefined, "request-incomplete");
  }

  onClientLate(): void {
    if (this.waitsFor !== "start")
      return this.fail("body-timeout", "request-incomplete", undefined, "request-incomplete");
    this.acquire();
    this.client.armForRequest();
  }

  onClientTooSlow(): void {
    this.fail("too-slow", "request-incomplete", undefined, "too-slow");
  }

  /** The client takes the response again. */
  onClientDrain(): void {
    this.origin?.resume();
    if (this.response !== "complete") this.origin?.arm();
  }

  /** The client is gone: nobody wants the response, the work upstream is cancelled. */
  onClientGone(): void {
    this.abandon("client-gone", "client-gone");
  }

  breakDown(fault: unknown): void {
    this.context.observer.internalError(fault);
    this.onBroken();
  }

  /** A fault of our own, on either side: the client is told, as far as it can be. */
  onBroken(): void {
    if (this.isBroken) return;
    this.isBroken = true;
    try {
      if (!this.hasEnded) return this.fail("internal-error", "internal-error", undefined, "internal-error");
    } catch {
      // Not even an answer can be made.
    }
    this.hasEnded = true;
    this.request.discard();
    this.finishRecord();
    this.client.breakOff("internal-error");
  }

  cut(): void {
    if (this.stage === "forwarding") this.abandon("truncated", "drain-deadline");
    else this.fail("drain-deadline", "drain-deadline");
  }

  // How it ends.

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.origin?.end();
    this.finishRecord();
    this.client.end();
  }

  /**
   * Something failed: the client gets an answer, or a visibly truncated response if that had begun. `originReason`: why the origin's
   * connection closes; there is none: undefined. `ownReason`: why the client's closes; it need not: undefined.
   */
  private fail(reason: AnswerReason, originReason?: CloseReason, fault?: string, ownReason?: CloseReason): void {
    if (this.hasEnded) return;
    this.record.fault ??= fault;
    this.record.reason = reason;
    this.giveUp(originReason);
    if (this.stage === "forwarding") this.breakOff(ownReason ?? "upstream-failed");
    else this.answer(reason, ownReason);
  }

  private refuse(reason: AnswerReason): void {
    this.fail(reason, "request-incomplete", undefined, "request-refused");
  }

  private abandon(outcome: Outcome, originReason: CloseReason): void {
    if (this.hasEnded) return;
    this.record.outcome = outcome;
    this.giveUp(originReason);
    this.finishRecord();
  }

  private giveUp(originReason: CloseReason | undefined): void {
    this.hasEnded = true;
    this.origin?.close(originReason);
    this.request.discard();
  }

  private answer(reason: AnswerReason, ownReason: CloseReason | undefined): void {
    const { record, admission } = this;
    record.outcome = "answered";
    record.status = answerMeaning(reason).status;
    const details = reason === admission.denied ? admission.details : undefined;
    this.client.answer(reason, record.fault, reason === "internal-error" ? reason : ownReason, details);
    this.finishRecord();
    this.client.end();
  }

  private breakOff(reason: CloseReason): void {
    if (this.response === "complete") this.record.reason = undefined;
    else this.record.outcome = "truncated";
    this.finishRecord();
    this.client.breakOff(reason);
  }

  private finishRecord(): void {
    endRecord(this.context, this.record, this.request.bytes, this.responseBytes);
  }
}

confine(Exchange.prototype, "giveWay");
