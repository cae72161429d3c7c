/**
 * The client of one exchange, in HTTP/1: how its response is written, and whether its connection persists behind it.
 *
 * Everything goes into the outbox, which the connection flushes. Deliberately absent: reading, see downstream.ts; the lines
 * themselves, see response-writing.ts and client-terms.ts.
 */
import {
  type HopMessages,
  isWhole,
  looksWholeAtEnd,
  mayBodyGoOn,
  reasonToClose,
} from "../connection/message-states.ts";
import type { CloseReason } from "../connection/reasons.ts";
import type { Admission } from "../exchange/admission.ts";
import type { AnswerDetails, AnswerReason } from "../exchange/answers.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { ClientSide, TunnelEnd } from "../exchange/client-side.ts";
import type { ProxyContext } from "../exchange/context.ts";
import type { Outbox } from "../net/outbox.ts";
import type { Socket } from "../net/ports.ts";
import type { OriginAddress } from "../pool/origin-address.ts";
import { type ConnectionOptions, connectionOptionsOf, Kind } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { Trailers } from "../wire/trailers.ts";
import { answering } from "./answer-text.ts";
import { addBodyPiece, addLastChunk, notInTrailers } from "./body-writing.ts";
import { errorPage } from "./error-page.ts";
import { closeReasonOfRequest } from "./hop-persistence.ts";
import { type ClientFraming, clientFraming, interimHeadText, responseHeadText } from "./response-writing.ts";

/** Without framing fields: they would mean nothing (RFC 9110 section 9.3.6). */
const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";
const NONE: ReadonlySet<string> = new Set();

/** What the connection does for its present exchange. */
export interface Http1Hop extends ClientConnection, TunnelEnd {
  readonly outbox: Outbox;
  readonly messages: HopMessages;
  readonly socket: Socket;
  readonly isBlocked: boolean;
  readonly isSlow: boolean;
  sayContinue(): void;
  flush(): void;
  pause(): void;
  resume(): void;
  armForRequest(): void;
  goOn(exchange: ClientExchange): void;
  /** Why it closes after the present exchange although both messages would let it persist. */
  ownCloseReason(): CloseReason | undefined;
  /** Our own connection options, each line with its CRLF. @param upgrade the protocols of a 426; none: empty */
  connectionLines(closeReason: CloseReason | undefined, asksKeepAlive: boolean, upgrade: string): string;
  close(reason: CloseReason, isTruncated: boolean): void;
  /** A fault of our own: everything on it ends. */
  onBroken(): void;
  /** @param closeReason why it closes now; it persists: undefined */
  onExchangeEnded(closeReason: CloseReason | undefined): void;
}

export class Http1ClientSide implements ClientSide {
  readonly connection: Http1Hop;
  private readonly context: ProxyContext;
  private readonly request: RequestMessage;
  private readonly options: ConnectionOptions;
  /** How the client gets the body; `none` before the final response. */
  private framing: ClientFraming = "none";
  private cutFromTrailers = NONE;

  /** The head of a request was read. */
  static of(
    connection: Http1Hop,
    request: RequestMessage,
    admission: Admission,
    context: ProxyContext,
  ): Http1ClientSide {
    const { options, framing, expectsContinue } = admission;
    const side = new Http1ClientSide(connection, request, options, context);
    if (framing.length === 0) side.noteRequest(true);
    else connection.messages.requestHead(expectsContinue);
    return side;
  }

  /** @param options the connection options of `request` */
  private constructor(
    connection: Http1Hop,
    request: RequestMessage,
    options: ConnectionOptions,
    context: ProxyContext,
  ) {
    this.connection = connection;
    this.request = request;
    this.options = options;
    this.context = context;
  }

  get isBlocked(): boolean {
    return this.connection.isBlocked;
  }

  get isSlow(): boolean {
    return this.connection.isSlow;
  }

  get tunnelEnd(): TunnelEnd {
    return this.connection;
  }

  sayContinue(): void {
    this.connection.sayContinue();
  }

  /** RFC 9110 section 15.2: HTTP/1.0 clients know no 1xx. */
  interim(head: ResponseMessage, options: ConnectionOptions): void {
    if (this.request.minorVersion === 0) return;
    this.connection.messages.interim(head.status);
    this.connection.outbox.addText(interimHeadText(head, options, this.context));
  }

  final(
    head: ResponseMessage,
    options: ConnectionOptions,
    framing: Framing,
    ownReason: CloseReason | undefined,
    chosen?: OriginAddress,
  ): void {
    const { connection, context, request } = this;
    const { messages } = connection;
    this.cutFromTrailers = notInTrailers(options.nominated, head.changes);
    this.framing = clientFraming(framing, request.minorVersion);
    this.persistAsAsked();
    messages.final(this.framing === "close");
    if (ownReason !== undefined && mayBodyGoOn(messages.requester)) messages.drop(ownReason);
    else if (ownReason !== undefined) messages.mustClose(ownReason);
    this.persistAsWeCan();
    const upgrade = head.status === 426 ? head.fields.valuesOf(Kind.upgrade).join(", ") : "";
    const writing = {
      head,
      options,
      framing,
      clientFraming: this.framing,
      requestMethod: request.method,
      connectionLines: connection.connectionLines(messages.closeReason, this.options.keepAlive, upgrade),
      references: head.fields.has(Kind.location)
        ? context.referencesOf(chosen).lines(head, request, connection.isTrusted, connection.socket.isSecure)
        : undefined,
      context,
    };
    connection.outbox.addText(responseHeadText(writing));
  }

  /** Whether the client's request lets its connection persist. */
  private persistAsAsked(): void {
    const reason = closeReasonOfRequest(this.request.minorVersion, this.options, this.context.isGateway);
    if (reason !== undefined) this.connection.messages.mustClose(reason);
  }

  /** Whether we do, where nothing that was said speaks against it. */
  private persistAsWeCan(): void {
    const { messages } = this.connection;
    const reason = messages.closeReason === undefined ? this.connection.ownCloseReason() : undefined;
    if (reason !== undefined) messages.mustClose(reason);
  }

  body(octets: Octets, from: number, to: number): void {
    addBodyPiece(this.connection.outbox, this.framing === "chunked", octets, from, to);
  }

  endBody(trailers: Trailers | undefined): void {
    this.connection.messages.responseWhole();
    if (this.framing === "chunked") addLastChunk(this.connection.outbox, trailers, this.cutFromTrailers);
  }

  answer(
    reason: AnswerReason,
    fault: string | undefined,
    ownReason: CloseReason | undefined,
    details?: AnswerDetails,
  ): void {
    const { connection, context } = this;
    const { messages } = connection;
    if (ownReason !== undefined) messages.mustClose(ownReason);
    this.persistAsAsked();
    this.persistAsWeCan();
    if (!isWhole(messages.requester)) messages.drop("request-unfinished");
    messages.final(false);
    messages.responseWhole();
    const lines = connection.connectionLines(messages.closeReason, this.options.keepAlive, "");
    const { method, target, fields } = this.request;
    const upgrade = this.options.upgrade ? fields.firstOf(Kind.upgrade) : undefined;
    connection.outbox.addText(
      errorPage(
        context,
        { reason, fault, method, target, upgrade },
        answering(context, fields, method, lines, details),
      ),
    );
    connection.flush();
  }

  flush(): void {
    this.connection.flush();
  }

  end(): void {
    this.connection.onExchangeEnded(reasonToClose(this.connection.messages));
  }

  /** Where only a close could show the end, RST shows that it is none. */
  breakOff(reason: CloseReason): void {
    const { connection } = this;
    const { responder } = connection.messages;
    connection.outbox.clear();
    if (reason === "internal-error") return connection.onBroken();
    const isAbrupt = reason === "too-slow" || reason === "evicted";
    if (!isWhole(responder) && isAbrupt) connection.reset(reason);
    else if (looksWholeAtEnd(responder)) connection.close(reason, true);
    else connection.onExchangeEnded(reason);
  }

  noteRequest(isWhole: boolean): void {
    const { method, minorVersion } = this.request;
    const { messages } = this.connection;
    messages.requestBody();
    if (isWhole) messages.requestWhole((this.options.upgrade && minorVersion === 1) || method === "CONNECT");
  }

  pause(): void {
    this.connection.pause();
  }

  resume(): void {
    this.connection.resume();
  }

  armForRequest(): void {
    this.connection.armForRequest();
  }

  goOn(exchange: ClientExchange): void {
    this.connection.goOn(exchange);
  }

  establish(head: ResponseMessage | undefined): void {
    const { connection, context } = this;
    const text = head === undefined ? ESTABLISHED : interimHeadText(head, connectionOptionsOf(head.fields), context);
    connection.messages.switched();
    connection.outbox.addText(text);
    connection.flush();
  }
}
