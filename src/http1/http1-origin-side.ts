/**
 * The origin of one exchange, in HTTP/1: a connection of the pool, how the request is written there, how its response is read, and
 * what becomes of the connection behind it. Routing says which pool (exchange/routing.ts), and the pool has a connection or dials one.
 *
 * Deliberately absent: what the response means for the client; the lines of the request's head, see request-writing.ts.
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { ConnectionRecord, EndpointRecord } from "../connection/connection-record.ts";
import type { Place } from "../connection/fair-share.ts";
import { HopMessages, isInBody, isWhole, looksWholeAtEnd, mayBodyGoOn } from "../connection/message-states.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { ProxyContext } from "../exchange/context.ts";
import type { OriginListener, OriginSide, OriginTunnelEnd } from "../exchange/origin-side.ts";
import type { UpstreamLimit } from "../exchange/upstream-limit.ts";
import type { PendingSearch } from "../pool/claim.ts";
import { isOverTls } from "../pool/origin-address.ts";
import type { Naming, NoConnection, Pool, SearchPhase, Seeker } from "../pool/pool.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { ConnectionOptions } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { RefusalCode } from "../wire/refusals.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";
import type { Trailers } from "../wire/trailers.ts";
import { addBodyPiece, addLastChunk } from "./body-writing.ts";
import { bindByRequest, mayGoElsewhere, namingOf } from "./connection-binding.ts";
import { withDestination } from "./destination.ts";
import { EARLY_ANSWER_MS, waitsForWord } from "./early-answers.ts";
import { closeReasonAfterExchange, noteFinalResponse } from "./hop-persistence.ts";
import { armLimit, upstreamLimit } from "./origin-limits.ts";
import { requestHeadText, sentFraming } from "./request-writing.ts";
import { ResponseReader, type ResponseReceiver } from "./response-reader.ts";
import { cookiesOf, withStickyCookie } from "./sticky-cookie.ts";
import { tracedHead } from "./traced-head.ts";

/** The origin that a request is routed to, over HTTP/1; or why there is none. */
export function openHttp1Origin(context: ProxyContext, listener: OriginListener): OriginSide | AnswerReason {
  const pool = context.routing.poolFor(listener.admission);
  return typeof pool === "string" ? pool : new Http1OriginSide(context, pool, listener);
}

/** Later than this an origin has had the request, and answers that. */
const FAREWELL_MS = 1_000;

export class Http1OriginSide implements OriginSide, Seeker, ResponseReceiver, Confined {
  /** Those of this exchange on the origin's hop. */
  readonly messages = new HopMessages();
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
  /** A response came that tells more than that an idle connection ends, if only an interim one. */
  private hasAnswered = false;
  /** It was let go of, with or without a connection: nothing more is told. */
  private isOver = false;

  constructor(context: ProxyContext, pool: Pool, listener: OriginListener) {
    this.context = context;
    this.pool = pool;
    this.listener = listener;
    this.response = new ResponseReader(listener.head.method, context.settings, this);
  }

  // The way there.

  get speaksHttp10(): boolean {
    return (this.connection ?? this.pool).speaksHttp10;
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

  get connectTimeout_ms(): number | undefined {
    return this.listener.admission.route?.policy?.times?.connectTimeout_ms;
  }

  get naming(): Naming {
    return namingOf(this.listener.client.connection);
  }

  field(lowercaseName: string): string | undefined {
    const { fields, changes } = this.listener.head;
    return changes === undefined ? fields.get(lowercaseName) : changes.valuesIn(fields, lowercaseName).join(", ");
  }

  cookies(name: string): readonly string[] {
    return cookiesOf(this.listener.head, name);
  }

  get record(): ConnectionRecord | undefined {
    return this.connection?.record;
  }

  onSearch(phase: SearchPhase): void {
    this.listener.onSearch(phase);
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

  onNoConnection(why: NoConnection, fault: string, endpoint: EndpointRecord | undefined): void {
    this.isOver = true;
    this.listener.onNone(why, fault, endpoint);
  }

  // The request.

  begin(lengthHeld: number | undefined, saysLength: boolean): void {
    const { context, listener } = this;
    const connection = this.connection as PooledConnection;
    const { speaksHttp10 } = connection;
    const { origin } = connection.endpoint;
    const { head, admission, client } = listener;
    bindByRequest(client.connection, connection, head, context);
    const framing = sentFraming(admission.framing, speaksHttp10 || saysLength ? lengthHeld : undefined, head.method);
    this.isChunked = framing.kind === "chunked";
    // An HTTP/1.0 origin will never say 100 (RFC 9110 section 10.1.1), and of a body that was held we have said it.
    const isHeld = admission.route?.policy?.bufferBytes !== undefined && !listener.awaitsContinue;
    const sent = speaksHttp10 || isHeld ? { ...admission, expectsContinue: false } : admission;
    // One without a body is whole with `endBody`, which follows at once.
    if (admission.framing.length !== 0) this.messages.requestHead(sent.expectsContinue && listener.awaitsContinue);
    const ownCookie = this.pool.choosing.stickiness?.cookie;
    const { tracing } = context.workings;
    const told =
      tracing === undefined
        ? head
        : tracedHead(head, tracing.attempt(listener.record, connection.record, sent.target.path));
    const local = withDestination(told, sent, client.connection, origin, context.settings.originHost);
    const text = requestHeadText(context, client.connection, local, sent, framing, origin.authority, ownCookie);
    connection.outbox.addText(text);
    const waits = waitsForWord({
      length_bytes: framing.kind === "length" ? framing.length : undefined,
      isWhollyHeld: listener.isRequestComplete,
      isSecure: isOverTls(origin),
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
    this.messages.requestBody();
    if (this.connection !== undefined) addBodyPiece(this.connection.outbox, this.isChunked, octets, from, to);
  }

  endBody(trailers: Trailers | undefined): void {
    const { admission, head } = this.listener;
    this.messages.requestBody();
    this.messages.requestWhole(admission.upgrade !== undefined);
    if (this.connection === undefined || !this.isChunked) return;
    addLastChunk(this.connection.outbox, trailers, admission.options.nominated, head.changes);
  }

  flush(): boolean {
    if (this.connection === undefined || this.connection.outbox.flush() || isWhole(this.messages.requester))
      return true;
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
    return upstreamLimit(this.listener, this.messages.responder, this.isBlocked);
  }

  arm(): void {
    if (this.connection === undefined) return;
    const { route } = this.listener.admission;
    armLimit(this.connection, this.limit(), route?.policy?.times ?? this.context.settings);
  }

  onDeadline(): void {
    const { connection } = this;
    const limit = this.limit();
    if (connection === undefined || limit === undefined) return;
    if (limit === "write-timeout" && connection.socket.tookSome()) return this.arm();
    if (limit === "response-timeout") connection.endpoint.onUnanswered("ETIMEDOUT");
    this.listener.onOriginLate(limit, this.isLateWorthAnother(connection), this.pool.hasRetryLeft);
  }

  /** Of a silent origin nobody knows whether it works on the request, so the operator decides; and only another endpoint may do better. */
  private isLateWorthAnother(connection: PooledConnection): boolean {
    if (this.pool.options.group.retriesTimeouts !== true || this.messages.responder !== "awaited") return false;
    return !connection.endpoint.isAlone && mayGoElsewhere(connection, this.listener.head, this.context);
  }

  // The response.

  onData(octets: Octets): void {
    const { connection, messages } = this;
    if (connection === undefined) return;
    const before = messages.responder;
    if (before === "awaited") this.listener.onBegun();
    if (isWhole(before)) return connection.noteSurplus();
    this.response.read(octets);
    // A tunnel has limits of its own.
    if (this.isOver || messages.responder === "switched") return;
    this.onWaitOver();
    if (isWhole(messages.responder)) return;
    this.listener.onRead();
    // A head has one limit as a whole, which does not begin anew with each byte.
    if (before !== "head" || messages.responder !== "head") this.arm();
  }

  onTolerated(kind: ToleranceKind): void {
    this.context.observer.responseTolerated?.(kind);
  }

  onHeadBegun(): void {
    this.messages.responseBegan();
  }

  onInterim(head: ResponseMessage, options: ConnectionOptions): boolean {
    this.noteAlive();
    this.messages.interim(head.status);
    return this.listener.onInterim(head, options);
  }

  onFinal(head: ResponseMessage, options: ConnectionOptions, framing: Framing): boolean {
    const { listener, messages } = this;
    const connection = this.connection as PooledConnection;
    if (head.status === 408 && this.isFarewell(connection, options) && this.goesElsewhere(connection)) return false;
    this.noteAlive();
    const reason = noteFinalResponse(connection, listener.client.connection, head, options, framing);
    if (reason !== undefined) messages.mustClose(reason);
    // An origin that takes the socket for itself to answer (a handler of `upgrade` in Node) does not read HTTP there again.
    else if (messages.requester === "might-switch") messages.mustClose("upgrade-refused");
    messages.final(framing.kind === "close");
    // It refuses, and closes (RFC 9112 section 9.5). Other responses may be made of what it still reads.
    if (head.status >= 400) this.dropRestIfItCloses();
    return listener.onFinal(this.told(head), options, framing);
  }

  private dropRestIfItCloses(): void {
    const { messages } = this;
    if (messages.closeReason !== undefined && mayBodyGoOn(messages.requester)) messages.drop("request-unfinished");
  }

  /** What idled and answered was alive. */
  private noteAlive(): void {
    if (this.hasAnswered) return;
    this.hasAnswered = true;
    this.connection?.noteAlive();
  }

  /**
   * Whether a 408 tells of the silence before the request, which it has met on the way: it comes at once on a connection that
   * had idled, and ends it (RFC 9110 section 15.5.9 lets the request be repeated).
   */
  private isFarewell({ isReused }: PooledConnection, { close }: ConnectionOptions): boolean {
    const { sentAt_ms = 0 } = this.listener.record;
    return isReused && close && !this.hasAnswered && this.context.clock.now() - sentAt_ms <= FAREWELL_MS;
  }

  private goesElsewhere(connection: PooledConnection): boolean {
    const { listener, pool, context } = this;
    const isWorthAnother = mayGoElsewhere(connection, listener.head, context);
    if (listener.retry("close-received", undefined, isWorthAnother, pool.hasRetryLeft) !== "retry") return false;
    connection.endpoint.onStale(connection);
    return true;
  }

  private told(head: ResponseMessage): ResponseMessage {
    const { stickiness } = this.pool.choosing;
    const { endpoint } = this.connection ?? {};
    if (stickiness === undefined || endpoint === undefined) return head;
    return withStickyCookie(head, stickiness, endpoint, this.listener.head, this.listener.client.connection);
  }

  onBodyOctets(octets: Octets, from: number, to: number): void {
    this.listener.onBody(octets, from, to);
  }

  onComplete(trailers: Trailers | undefined, hasMore: boolean): void {
    const { connection, messages } = this;
    if (hasMore) connection?.noteSurplus();
    this.dropRestIfItCloses();
    messages.responseWhole();
    // Whether it reads on is anybody's guess; what it does not read would stand before the next request.
    if (this.unsentBytes > 0 || !isWhole(messages.requester)) messages.mustClose("request-unfinished");
    this.listener.onComplete(trailers);
  }

  onSwitch(head: ResponseMessage, rest: Octets): void {
    this.noteAlive();
    // What nobody asked for teaches nothing.
    if (this.messages.requester !== "might-switch") return this.listener.onFault("upgrade-unexpected");
    this.connection?.endpoint.noteFinal(head.minorVersion, head.status);
    this.messages.switched();
    this.listener.onSwitch(this.told(head), rest);
  }

  onMalformed(refusal: RefusalCode): void {
    this.noteAlive();
    this.messages.responderFailed("response-malformed");
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
    const { responder } = this.messages;
    if (isWhole(responder)) this.listener.onOriginEnd();
    else if (isCutOff && isInBody(responder)) this.onLost("ERR_TLS_NO_CLOSURE_ALERT");
    else if (looksWholeAtEnd(responder)) this.response.endByClose();
    else this.onLost(undefined);
  }

  onClose(fault: string | undefined): void {
    if (isWhole(this.messages.responder)) this.listener.onOriginEnd();
    else this.onLost(fault);
  }

  private onLost(fault: string | undefined): void {
    const { connection, listener } = this;
    if (connection === undefined) return;
    const isWorthAnother =
      this.messages.responder === "awaited" &&
      connection.noteUnanswered(listener.isRetry, fault) &&
      mayGoElsewhere(connection, listener.head, this.context);
    listener.onLost(fault, isWorthAnother, this.pool.hasRetryLeft);
  }

  get unsentBytes(): number {
    // Once it is over its connection may be another's.
    return this.isOver ? 0 : (this.connection?.socket.unsentBytes ?? 0);
  }

  get takesRest(): boolean {
    return mayBodyGoOn(this.messages.requester) && this.connection?.peerHasClosed === false;
  }

  end(): void {
    const { connection } = this;
    if (this.isOver || connection === undefined) return;
    this.isOver = true;
    this.endWait?.();
    const reason = closeReasonAfterExchange(connection, this.messages);
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
