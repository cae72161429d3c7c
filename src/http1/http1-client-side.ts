/**
 * The client of one exchange, in HTTP/1: how its response is written, and whether its connection persists behind it.
 *
 * Everything goes into the outbox, which the connection flushes. Deliberately absent: reading, see downstream.ts; the lines
 * themselves, see response-writing.ts and client-terms.ts.
 */
import type { CloseReason } from "../connection/reasons.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { ClientSide, TunnelEnd } from "../exchange/client-side.ts";
import type { ProxyContext } from "../exchange/context.ts";
import type { Outbox } from "../net/outbox.ts";
import type { Socket } from "../net/ports.ts";
import { type ConnectionOptions, connectionOptionsOf, Kind } from "../wire/fields.ts";
import type { Framing } from "../wire/framing.ts";
import type { RequestMessage, ResponseMessage } from "../wire/messages.ts";
import type { Octets } from "../wire/octets.ts";
import type { Trailers } from "../wire/trailers.ts";
import { answering } from "./answer-text.ts";
import { addBodyPiece, addLastChunk } from "./body-writing.ts";
import { errorPage } from "./error-page.ts";
import { closeReasonOfRequest } from "./hop-persistence.ts";
import { type ClientFraming, clientFraming, interimHeadText, responseHeadText } from "./response-writing.ts";

/** Without framing fields: they would mean nothing (RFC 9110 section 9.3.6). */
const ESTABLISHED = "HTTP/1.1 200 Connection Established\r\n\r\n";
const NONE: ReadonlySet<string> = new Set();

/** What the connection does for its present exchange. */
export interface Http1Hop extends ClientConnection, TunnelEnd {
  readonly outbox: Outbox;
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
  private nominated = NONE;
  /** Why the connection closes after this exchange; undefined: it persists. Announced in the response. */
  private closeReason: CloseReason | undefined;

  /** @param options the connection options of `request` */
  constructor(connection: Http1Hop, request: RequestMessage, options: ConnectionOptions, context: ProxyContext) {
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
    this.connection.outbox.addText(interimHeadText(head, options, this.context));
  }

  final(head: ResponseMessage, options: ConnectionOptions, framing: Framing, isRequestDropped: boolean): void {
    const { connection, context, request } = this;
    this.nominated = options.nominated;
    this.framing = clientFraming(framing, request.minorVersion);
    this.closeReason = this.closeReasonAfter(isRequestDropped);
    const upgrade = head.status === 426 ? head.fields.valuesOf(Kind.upgrade).join(", ") : "";
    const writing = {
      head,
      options,
      framing,
      clientFraming: this.framing,
      requestMethod: request.method,
      connectionLines: connection.connectionLines(this.closeReason, this.options.keepAlive, upgrade),
      references: head.fields.has(Kind.location)
        ? context.originReferences.lines(head, request, connection.isTrusted, connection.socket.isSecure)
        : undefined,
      context,
    };
    connection.outbox.addText(responseHeadText(writing));
  }

  private closeReasonAfter(isRequestDropped: boolean): CloseReason | undefined {
    const reason = closeReasonOfRequest(this.request.minorVersion, this.options, this.context.isGateway);
    if (reason !== undefined) return reason;
    if (this.framing === "close") return "close-delimited";
    return isRequestDropped ? "request-unfinished" : this.connection.ownCloseReason();
  }

  body(octets: Octets, from: number, to: number): void {
    addBodyPiece(this.connection.outbox, this.framing === "chunked", octets, from, to);
  }

  endBody(trailers: Trailers | undefined): void {
    if (this.framing === "chunked") addLastChunk(this.connection.outbox, trailers, this.nominated);
  }

  answer(
    reason: AnswerReason,
    fault: string | undefined,
    isRequestComplete: boolean,
    ownReason: CloseReason | undefined,
  ): void {
    const { connection, context } = this;
    const unfinished = isRequestComplete ? undefined : "request-unfinished";
    this.closeReason = ownReason ?? this.closeReasonAfter(false) ?? unfinished;
    const lines = connection.connectionLines(this.closeReason, this.options.keepAlive, "");
    const { method, target, fields } = this.request;
    const upgrade = this.options.upgrade ? fields.firstOf(Kind.upgrade) : undefined;
    connection.outbox.addText(
      errorPage(context, { reason, fault, method, target, upgrade }, answering(context, fields, method, lines)),
    );
    connection.flush();
  }

  flush(): void {
    this.connection.flush();
  }

  end(isRequestComplete: boolean): void {
    this.connection.onExchangeEnded(this.closeReason ?? (isRequestComplete ? undefined : "request-unfinished"));
  }

  /** Where only a close could show the end, RST shows that it is none. */
  breakOff(reason: CloseReason, isResponseComplete: boolean): void {
    this.connection.outbox.clear();
    if (reason === "internal-error") return this.connection.onBroken();
    const isAbrupt = reason === "too-slow" || reason === "evicted";
    if (!isResponseComplete && isAbrupt) this.connection.reset(reason);
    else if (!isResponseComplete && this.framing === "close") this.connection.close(reason, true);
    else this.connection.onExchangeEnded(reason);
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
    connection.outbox.addText(text);
    this.connection.flush();
  }
}
