/**
 * The origin of one exchange, in HTTP/1: a connection of the pool, how the request is written there, how its response is read, and
 * what becomes of the connection behind it.
 *
 * Deliberately absent: what the response means for the client; the lines of the request's head, see request-writing.ts.
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { ProxyContext } from "../exchange/context.ts";
import type { OriginListener, OriginSide, OriginTunnelEnd } from "../exchange/origin-side.ts";
import type { UpstreamLimit } from "../exchange/upstream-limit.ts";
import type { PendingSearch } from "../pool/claim.ts";
import type { NoConnection, Pool, Seeker } from "../pool/pool.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { ConnectionOptions } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import type { Trailers } from "../wire/trailers.ts";
import { addBodyPiece, addLastChunk } from "./body-writing.ts";
import { bindByRequest, mayGoElsewhere } from "./connection-binding.ts";
import { EARLY_ANSWER_MS, waitsForWord } from "./early-answers.ts";
import { closeReasonAfterExchange, noteFinalResponse } from "./hop-persistence.ts";
import { armLimit, upstreamLimit } from "./origin-limits.ts";
import { requestHeadText, sentFraming } from "./request-writing.ts";
import { ResponseReader, type ResponseReceiver } from "./response-reader.ts";

/** The origin that a request is routed to, over HTTP/1; or why there is none. */
export function openHttp1Origin(context: ProxyContext, listener: OriginListener): OriginSide | AnswerReason {
  const pool = context.routing.poolFor(listener.admission);
  return typeof pool === "string" ? pool : new Http1OriginSide(context, pool, listener);
}

export class Http1OriginSide implements OriginSide, Seeker, ResponseReceiver, Confined {
  isBlocked = false;
  /** How to give up waiting for an early answer; nothing waits: undefined. */
  private endWait: (() => void) | undefined;
  private readonly context: ProxyContext;
  private readonly pool: Pool;
  private readonly listener: OriginListener;
  private readonly response: ResponseReader;
  private search: PendingSearch | undefined;
  private connection: PooledConnection | undefined;
  private isChunked = false;
  /** All of the request was given to the connection. */
  private hasWholeRequest = false;
  /** The response was complete before the origin had been sent all of the request. */
  private wasAnsweredEarly = false;
  private hasBegun = false;
  /** Why the connection closes after this exchange, as far as its response says; it persists: undefined. */
  private closeReason: CloseReason | undefined;
  private isOver = false;

  constructor(context: ProxyContext, pool: Pool, listener: OriginListener) {
    this.context = context;
    this.pool = pool;
    this.listener = listener;
    this.response = new ResponseReader(listener.head.method, context.settings, this);
  }

  // The way there.

  get speaksHttp10(): boolean {
    return (this.connection?.endpoint ?? this.pool).speaksHttp10;
  }

  get place(): Place {
    return this.listener.place;
  }

  get isRetriable(): boolean {
    return this.listener.isRetriable;
  }

  get isRetry(): boolean {
    return this.listener.isRetry;
  }

  seek(): void {
    const search = this.pool.acquire(this, this.listener.client.connection.bindings);
    if (!this.isOver && this.connection === undefined) this.search = search;
  }

  onConnection(connection: PooledConnection): void {
    this.search = undefined;
    this.connection = connection;
    if (this.listener.onReady()) return;
    // Until it may go, the connection could outlive its terms, or be closed by its origin under this request.
    this.close("pool-surplus");
  }

  onNoConnection(why: NoConnection, fault: string): void {
    this.isOver = true;
    this.listener.onNone(why, fault);
  }

  // The request.

  begin(lengthHeld: number | undefined): void {
    const { context, listener } = this;
    const connection = this.connection as PooledConnection;
    const { speaksHttp10, origin } = connection.endpoint;
    const { head, admission, client } = listener;
    listener.record.noteUpstream(connection);
    bindByRequest(client.connection, connection, head, context);
    const framing = sentFraming(admission.framing, speaksHttp10 ? lengthHeld : undefined);
    this.isChunked = framing.kind === "chunked";
    // An HTTP/1.0 origin will never say 100 (RFC 9110 section 10.1.1).
    const sent = speaksHttp10 ? { ...admission, expectsContinue: false } : admission;
    connection.outbox.addText(requestHeadText(context, client.connection, head, sent, framing, origin.authority));
    const { address } = origin;
    const waits = waitsForWord({
      length_bytes: framing.kind === "length" ? framing.length : undefined,
      isWhollyHeld: listener.isRequestComplete,
      isSecure: address.kind === "tcp" && address.tls !== undefined,
      isReused: connection.isReused,
    });
    if (waits) this.endWait = context.clock.after(EARLY_ANSWER_MS, () => this.onWaitOver());
  }

  get awaitsWord(): boolean {
    return this.endWait !== undefined;
  }

  /** @internal the origin has spoken, or had the time to */
  onWaitOver(): void {
    if (this.endWait === undefined) return;
    this.endWait();
    this.endWait = undefined;
    if (!this.isOver) this.listener.onOriginDrain();
  }

  body(octets: Octets, from: number, to: number): void {
    if (this.connection !== undefined) addBodyPiece(this.connection.outbox, this.isChunked, octets, from, to);
  }

  endBody(trailers: Trailers | undefined): void {
    this.hasWholeRequest = true;
    if (this.connection === undefined || !this.isChunked) return;
    addLastChunk(this.connection.outbox, trailers, this.listener.admission.options.nominated);
  }

  flush(): boolean {
    if (this.connection === undefined || this.connection.outbox.flush() || this.hasWholeRequest) return true;
    this.isBlocked = true;
    this.arm();
    return false;
  }

  onDrain(): void {
    if (!this.isBlocked) return;
    this.isBlocked = false;
    this.arm();
    this.listener.onOriginDrain();
  }

  // Time.

  private limit(): UpstreamLimit | undefined {
    return upstreamLimit(this.listener, this.response, this.isBlocked);
  }

  arm(): void {
    if (this.connection !== undefined) armLimit(this.connection, this.limit(), this.context.settings);
  }

  onDeadline(): void {
    const { connection } = this;
    const limit = this.limit();
    if (connection === undefined || limit === undefined) return;
    if (limit === "write-timeout" && connection.socket.tookSome()) return this.arm();
    if (limit === "response-timeout") connection.endpoint.onUnanswered("ETIMEDOUT");
    this.listener.onOriginLate(limit);
  }

  // The response.

  onData(octets: Octets): void {
    const { connection, response } = this;
    if (connection === undefined) return;
    if (!this.hasBegun) {
      this.hasBegun = true;
      connection.noteAlive();
      this.listener.onBegun();
    }
    if (response.isComplete) return connection.noteSurplus();
    const wasInHead = response.isInHead;
    response.read(octets);
    if (this.isOver) return;
    this.onWaitOver();
    if (response.isComplete) return;
    this.listener.onRead();
    // A head has one limit as a whole, which does not begin anew with each byte.
    if (!wasInHead || !response.isInHead) this.arm();
  }

  onTolerated(kind: ToleranceKind): void {
    this.context.observer.responseTolerated?.(kind);
  }

  onInterim(head: ResponseMessage, options: ConnectionOptions): boolean {
    return this.listener.onInterim(head, options);
  }

  onFinal(head: ResponseMessage, options: ConnectionOptions, framing: Framing): boolean {
    const { listener } = this;
    const connection = this.connection as PooledConnection;
    this.closeReason = noteFinalResponse(connection, listener.client.connection, head, options, framing);
    // It came instead of 100 (Continue): whether the body still follows is anybody's guess.
    if (listener.awaitsContinue) this.closeReason ??= "request-unfinished";
    return listener.onFinal(head, options, framing);
  }

  onBodyOctets(octets: Octets, from: number, to: number): void {
    this.listener.onBody(octets, from, to);
  }

  onComplete(trailers: Trailers | undefined, hasMore: boolean): void {
    const { connection } = this;
    if (hasMore) connection?.noteSurplus();
    this.wasAnsweredEarly = !this.hasWholeRequest || (connection !== undefined && connection.socket.unsentBytes > 0);
    this.listener.onComplete(trailers);
  }

  onSwitch(head: ResponseMessage, rest: Octets): void {
    this.connection?.endpoint.noteFinal(head.minorVersion, head.status);
    this.listener.onSwitch(head, rest);
  }

  onMalformed(refusal: RefusalCode): void {
    this.listener.onFault("response-malformed", refusal);
  }

  get tunnelEnd(): OriginTunnelEnd {
    return this.connection as PooledConnection;
  }

  pause(): void {
    this.connection?.socket.pause();
  }

  resume(): void {
    this.connection?.socket.resume();
  }

  // How it ends.

  onEnd(isCutOff?: boolean): void {
    const { response } = this;
    if (response.isComplete) this.listener.onOriginEnd();
    else if (isCutOff && response.isInBody) this.onLost("ERR_TLS_NO_CLOSURE_ALERT");
    else if (!response.endByClose()) this.onLost(undefined);
  }

  onClose(fault: string | undefined): void {
    if (this.response.isComplete) this.listener.onOriginEnd();
    else this.onLost(fault);
  }

  private onLost(fault: string | undefined): void {
    const { connection, listener } = this;
    if (connection === undefined) return;
    const isWorthAnother =
      !this.hasBegun &&
      connection.noteUnanswered(listener.isRetry, fault) &&
      mayGoElsewhere(connection, listener.head, this.context);
    listener.onLost(fault, isWorthAnother);
  }

  get takesRest(): boolean {
    return this.closeReason === undefined && this.connection?.peerHasClosed === false;
  }

  end(): void {
    const { connection } = this;
    if (this.isOver || connection === undefined) return;
    this.isOver = true;
    this.endWait?.();
    const reason = closeReasonAfterExchange(connection, this.closeReason, !this.wasAnsweredEarly);
    if (reason === undefined) connection.release();
    else connection.close(reason);
  }

  breakDown(fault: unknown): void {
    this.context.observer.internalError(fault);
    this.connection?.reset("internal-error");
    this.listener.onBroken();
  }

  close(reason: CloseReason | undefined): void {
    if (this.isOver) return;
    this.isOver = true;
    this.endWait?.();
    this.search?.cancel();
    if (reason !== undefined) this.connection?.close(reason);
  }
}

confine(
  Http1OriginSide.prototype,
  "onConnection",
  "onNoConnection",
  "onData",
  "onEnd",
  "onDrain",
  "onClose",
  "onDeadline",
  "onWaitOver",
);
