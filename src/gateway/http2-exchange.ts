/**
 * One stream of HTTP/2 as the client of an exchange: the third user of the seam (exchange/client-side.ts).
 *
 * The request is judged as a field list, written as the bytes that it would be in HTTP/1.1, and judged again with its body by the
 * readers of all requests (law 2). A response that is not complete ends with RST_STREAM, a client that resets its stream is one that
 * is gone (laws 5 and 3), and flow control is the runtime's: what nobody takes is not read. Deliberately absent: the connection
 * (http2-connection.ts).
 */
import { confine } from "../connection/confining.ts";
import type { DeadlineOwner } from "../connection/deadlines.ts";
import type { Place } from "../connection/fair-share.ts";
import type { CloseReason } from "../connection/reasons.ts";
import { type Admission, admit } from "../exchange/admission.ts";
import { type AnswerDetails, type AnswerReason, answerMeaning } from "../exchange/answers.ts";
import { begin } from "../exchange/begin-exchange.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { Agreement, BegunTunnel, ClientSide, TunnelEnd } from "../exchange/client-side.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { beginRecord, endRecord, type OwnRecord } from "../exchange/record-notes.ts";
import { traceOf } from "../exchange/trace.ts";
import { WaitingExchange } from "../exchange/waiting-exchange.ts";
import { answer, answering } from "../http1/answer-text.ts";
import { notInTrailers, trailerLines } from "../http1/body-writing.ts";
import { errorPage } from "../http1/error-page.ts";
import { CONTINUE } from "../http1/final-answers.ts";
import { clientFraming, interimHeadText, responseHeadText } from "../http1/response-writing.ts";
import { type FieldList, readFieldList } from "../http2/field-list.ts";
import { bytesOf } from "../http2/request-body.ts";
import { requestText } from "../http2/request-text.ts";
import { codes, isBrokenOff, type ServerHttp2Stream } from "../http2/session.ts";
import { StreamSocket } from "../http2/stream-socket.ts";
import { StreamWriter } from "../http2/stream-writer.ts";
import { acceptanceOf, newWebSocketKey } from "../http2/web-socket-key.ts";
import type { Socket, SocketHandler } from "../net/ports.ts";
import { asksForConnection } from "../wire/connection-authentication.ts";
import { type ConnectionOptions, connectionOptionsOf, Kind } from "../wire/fields.ts";
import type { ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import { RequestHead } from "../wire/request-head.ts";
import type { Trailers } from "../wire/trailers.ts";
import { ClientLimits } from "./client-limits.ts";
import type { Http2Connection } from "./http2-connection.ts";
import { Http2Upload, type UploadOwner } from "./http2-upload.ts";

const NONE: ReadonlySet<string> = new Set();
const ESTABLISHED = "HTTP/1.1 200 OK\r\n\r\n";
/** Of a switch to WebSocket: what HTTP/2 has no use for (RFC 8441 section 5). */
const OF_WEB_SOCKET_HTTP1 = "sec-websocket-accept";

export class Http2Exchange implements ClientSide, TunnelEnd, DeadlineOwner, UploadOwner {
  readonly connection: Http2Connection;
  memberBefore: Http2Exchange | undefined;
  memberBehind: Http2Exchange | undefined;
  readonly context: ProxyContext;
  agreement: Agreement | undefined;
  readonly stream: ServerHttp2Stream;
  private readonly onEnded: (exchange: Http2Exchange) => void;
  private readonly writer: StreamWriter;
  private readonly limits: ClientLimits;
  private head: RequestHead | undefined;
  private admission: Admission | undefined;
  private exchange: ClientExchange | undefined;
  private tunnel: BegunTunnel | undefined;
  private socketOfTunnel: StreamSocket | undefined;
  /** There is none: undefined. */
  private upload: Http2Upload | undefined;
  private hasLeft = false;
  private cutFromTrailers = NONE;
  private unsentBefore_bytes = 0;
  /** Of what was given to the runtime, what had left when the client took nothing more, as far as the runtime had told. */
  private leftBefore_bytes = 0;

  constructor(
    connection: Http2Connection,
    stream: ServerHttp2Stream,
    context: ProxyContext,
    onEnded: (exchange: Http2Exchange) => void,
  ) {
    this.connection = connection;
    this.stream = stream;
    this.context = context;
    this.onEnded = onEnded;
    this.limits = new ClientLimits(this);
    this.writer = new StreamWriter(stream);
    // Whatever goes wrong with it ends with `close`, which the runtime may put off until what came before has been read.
    stream.on("aborted", () => queueMicrotask(() => stream.destroy()));
    stream.on("close", () => this.onStreamClose());
    stream.on("drain", () => this.onDrain());
  }

  // The request.

  /** @param mayStay whether there is room for it */
  start(raw: readonly string[], mayStay: (head: RequestHead) => boolean): void {
    const list = readFieldList(raw);
    if ("malformed" in list) return this.refuse("field-list-malformed", undefined);
    const head = this.readHead(list);
    if (head.refusal !== undefined) return this.refuse(head.refusal, head);
    const admission = admit(head, this.context.settings.viaName, this.context.isGateway, this.connection);
    if (typeof admission === "string") return this.refuse(admission, head);
    if (list.protocol !== undefined && admission.upgrade === undefined)
      return this.refuse("protocol-not-supported", head);
    if (!mayStay(head)) return this.refuse("overloaded", head);
    if (admission.maxForwards === 0) return this.answerFinally(head);
    this.head = head;
    this.admission = admission;
    this.expectBody(admission.framing);
    const record = this.recordOf(head, admission.target.authority);
    this.run(begin(this.context, this, head, admission, record));
  }

  private readHead(list: FieldList): RequestHead {
    const head = new RequestHead(this.context.settings.headLimits);
    const webSocketKey = list.protocol === "websocket" ? newWebSocketKey() : "";
    const acceptance = webSocketKey === "" ? undefined : acceptanceOf(webSocketKey);
    if (list.protocol !== undefined) this.agreement = { acceptance };
    const text = requestText(list, {
      isSecure: this.connection.socket.isSecure === true,
      namesOrigin: !this.context.isGateway,
      hasBody: !this.stream.endAfterHeaders,
      webSocketKey,
    });
    head.read(bytesOf(text ?? "\0 / HTTP/1.1\r\n\r\n"), 0);
    return head;
  }

  private run(exchange: ClientExchange): void {
    this.exchange = exchange;
    // Something is waited for first: `goOn` follows, and nothing of the body is read until then.
    if (exchange.stage === "local" && this.admission?.target.form !== "authority") return;
    exchange.seek();
    if (this.exchange !== exchange) return;
    if (exchange instanceof WaitingExchange) return this.armForRequest();
    this.upload?.read();
    this.armForRequest();
  }

  goOn(exchange: ClientExchange): void {
    this.run(exchange);
  }

  private refuse(reason: AnswerReason, head: RequestHead | undefined): void {
    const record = this.recordOf(head, "");
    record.reason = reason;
    record.status = answerMeaning(reason).status;
    this.answer(reason, undefined, undefined, undefined, head);
    this.endByOurselves(record);
  }

  /** To TRACE and OPTIONS, as their final recipient (RFC 9110 section 7.6.2). */
  private answerFinally(head: RequestHead): void {
    const record = this.recordOf(head, "");
    record.status = 200;
    const asked = answering(this.context, head.fields, head.method, "");
    const isTrace = head.method === "TRACE";
    this.writer.say(answer(200, isTrace ? "message/http" : "", isTrace ? traceOf(head) : "", "", asked));
    this.endByOurselves(record);
  }

  private endByOurselves(record: OwnRecord): void {
    record.outcome = "answered";
    endRecord(this.context, record);
    this.end();
  }

  private recordOf(head: RequestHead | undefined, authority: string): OwnRecord {
    const { context, connection } = this;
    if (head === undefined) return beginRecord(context, connection.record, undefined, authority);
    const { methodSoFar, target, minorVersion, fields, text } = head;
    const begun = { methodSoFar, target, minorVersion, fields, text, version: "2.0" } as const;
    return beginRecord(context, connection.record, begun, authority);
  }

  private expectBody({ kind, length }: Admission["framing"]): void {
    if (kind === "none" || length === 0) return;
    this.upload = new Http2Upload(this.stream, kind === "chunked" ? undefined : length, this);
    this.noteHeld();
  }

  get peerHasClosed(): boolean {
    return this.upload?.hasEnded === true;
  }

  /** @internal */
  onBody(octets: Octets): void {
    this.exchange?.readRequest(octets, 0);
  }

  /** @internal */
  onBodyEnd(): void {
    this.exchange?.onClientEnd();
  }

  /** @internal */
  onBodyMalformed(): void {
    this.gone();
    this.stream.close(codes.protocol);
  }

  noteRequest(): void {}

  pause(): void {
    this.upload?.pause();
  }

  resume(): void {
    this.upload?.resume();
  }

  armForRequest(): void {
    if (this.isBlocked || this.exchange === undefined) return;
    this.limits.setForExchange(this.exchange, this.upload?.isPaused === false, 1);
  }

  get place(): Place | undefined {
    return (this.tunnel ?? this.exchange)?.place;
  }

  // The response.

  get isBlocked(): boolean {
    return this.writer.isBlocked;
  }

  get isSlow(): boolean {
    return this.limits.isSlow(this.untaken_bytes);
  }

  sayContinue(): void {
    this.writer.interim(CONTINUE);
  }

  interim(head: ResponseMessage, options: ConnectionOptions): void {
    this.writer.interim(interimHeadText(head, options, this.context));
  }

  final(...[head, options, framing, , chosen]: Parameters<ClientSide["final"]>): void {
    const { context, connection, head: request } = this;
    if (request === undefined) return;
    if (head.status === 401 && asksForConnection(head.fields)) return this.askForHttp1();
    this.cutFromTrailers = notInTrailers(options.nominated, head.changes);
    const text = responseHeadText({
      ...{ head, options, framing, context },
      clientFraming: clientFraming(framing, 1),
      requestMethod: request.method,
      connectionLines: "",
      references: head.fields.has(Kind.location)
        ? context.referencesOf(chosen).lines(head, request, connection.isTrusted, connection.socket.isSecure)
        : undefined,
    });
    this.writer.final(text);
  }

  /** What is asked for is bound to a connection, which HTTP/2 shares between requests (RFC 9113 section 7). */
  private askForHttp1(): void {
    this.writer.reset(codes.http11Required);
    queueMicrotask(() => this.onStreamClose());
  }

  body(octets: Octets, from: number, to: number): void {
    this.writer.body(octets, from, to);
  }

  endBody(trailers: Trailers | undefined): void {
    this.writer.end(trailers === undefined ? "" : trailerLines(trailers, this.cutFromTrailers));
  }

  answer(
    reason: AnswerReason,
    fault: string | undefined,
    _ownReason: CloseReason | undefined,
    details?: AnswerDetails,
    head = this.head,
  ): void {
    const { context } = this;
    const asked = { reason, fault, method: head?.methodSoFar ?? "", target: head?.target ?? "" };
    this.writer.say(errorPage(context, asked, answering(context, head?.fields, asked.method, "", details)));
  }

  /** @internal */
  noteHeld(): void {
    if (!this.stream.destroyed) this.connection.held.note(this);
  }

  /** What of its bodies nobody has taken, in the stream and behind it. */
  get heldBytes(): number {
    const { writableLength, readableLength } = this.stream;
    return writableLength + readableLength + ((this.tunnel ?? this.exchange?.request)?.untakenBytes ?? 0);
  }

  flush(): void {
    const hasBecomeBlocked = this.writer.flush();
    this.noteHeld();
    if (!hasBecomeBlocked) return;
    this.watchSent();
    this.leftBefore_bytes = this.writer.given_bytes - this.writer.unsentBytes;
    this.unsentBefore_bytes = this.untaken_bytes;
    this.limits.setForBlocked(this.unsentBefore_bytes, this.exchange);
  }

  /** From now on it is known what leaves on its stream. */
  private watchSent(): void {
    this.connection.sentBytes.set(this.stream.id ?? 0, 0);
  }

  private get sent_bytes(): number {
    return this.connection.sentBytes.get(this.stream.id ?? 0) ?? 0;
  }

  /** Of what its client is to take, while it takes nothing more: the runtime would tell of a piece only when all of it has left. */
  private get untaken_bytes(): number {
    const { writer, leftBefore_bytes, sent_bytes } = this;
    return writer.isBlocked ? Math.max(0, writer.given_bytes - leftBefore_bytes - sent_bytes) : writer.unsentBytes;
  }

  // How it ends.

  end(): void {
    const { stream } = this;
    this.leave();
    if (this.peerHasClosed || stream.endAfterHeaders || stream.destroyed) return;
    // The rest of the request is not wanted.
    stream.removeAllListeners("data");
    stream.resume();
    this.connection.declineRest(stream);
  }

  breakOff(): void {
    this.leave();
    this.writer.reset();
  }

  cut(): void {
    const { exchange, tunnel } = this;
    exchange?.cut();
    // What waited goes on as a refusal, which may wait in turn.
    if (this.exchange !== exchange) this.exchange?.cut();
    tunnel?.cut();
    if (this.hasLeft) return;
    this.leave();
    this.writer.reset(codes.cancel);
  }

  private leave(): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.exchange = undefined;
    this.limits.clear();
    this.onEnded(this);
  }

  /** The client is, or what it sent makes no sense any more. */
  gone(): void {
    const { exchange } = this;
    this.exchange = undefined;
    exchange?.onClientGone();
    if (this.tunnel === undefined) this.leave();
    else this.socketOfTunnel?.noteReset();
  }

  /** @internal */
  onStreamClose(): void {
    this.connection.held.forget(this);
    this.connection.sentBytes.delete(this.stream.id ?? 0);
    // What its origin says still is no part of it: the exchange goes on to its end by itself.
    if (this.writer.isHeadAll && !isBrokenOff(this.stream)) return;
    if (this.tunnel === undefined) this.gone();
    else this.leave();
  }

  /** @internal */
  onDrain(): void {
    if (!this.writer.isBlocked) return;
    this.writer.isBlocked = false;
    this.connection.sentBytes.delete(this.stream.id ?? 0);
    this.limits.endBlocked();
    this.exchange?.onClientDrain();
    this.armForRequest();
  }

  /** @internal */
  onDeadline(): void {
    const { exchange, limits, writer } = this;
    if (exchange === undefined) return;
    if (limits.limit === "body" && exchange.owed === "body-start") return exchange.onClientLate();
    const before_bytes = this.unsentBefore_bytes;
    const unsent_bytes = this.untaken_bytes;
    this.unsentBefore_bytes = unsent_bytes;
    const isBody = limits.limit === "body";
    const due = limits.dueOf(!isBody && unsent_bytes !== before_bytes, isBody ? 0 : unsent_bytes, exchange);
    if (due === undefined) return;
    if (isBody && due === "late") return exchange.onClientLate();
    if (isBody) return exchange.onClientTooSlow();
    this.gone();
    writer.reset(codes.cancel);
  }

  breakDown(fault: unknown): void {
    const { exchange } = this;
    this.context.observer.internalError(fault);
    exchange?.onBroken();
    if (this.hasLeft) return;
    this.leave();
    this.writer.reset();
  }

  // A tunnel.

  establish(head: ResponseMessage | undefined): void {
    const text =
      head === undefined ? ESTABLISHED : interimHeadText(head, connectionOptionsOf(head.fields), this.context);
    this.writer.establish(text, OF_WEB_SOCKET_HTTP1);
  }

  get tunnelEnd(): TunnelEnd {
    return this;
  }

  get socket(): Socket {
    const code = this.agreement === undefined ? codes.connect : codes.cancel;
    if (this.socketOfTunnel !== undefined) return this.socketOfTunnel;
    this.watchSent();
    const { stream, connection } = this;
    const told = { onHeld: () => this.noteHeld(), sentBytes: () => this.sent_bytes };
    this.socketOfTunnel = new StreamSocket(stream, connection.socket, code, told);
    return this.socketOfTunnel;
  }

  beginTunnel(tunnel: BegunTunnel, handler: SocketHandler): Octets {
    this.tunnel = tunnel;
    this.exchange = undefined;
    this.limits.clear();
    this.socket.handler = handler;
    return bytesOf("");
  }

  noteClosing(): void {}

  /** Over for us: the runtime tells of it when its client has taken what was written before, which may be never. */
  reset(): void {
    this.socket.reset();
    this.leave();
  }

  onClose(): void {
    this.leave();
  }
}

confine(Http2Exchange.prototype, "start", "goOn", "onDrain", "onStreamClose", "onDeadline");
