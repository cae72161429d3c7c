/**
 * One exchange through another server's request and response: the second user of the seam (client-side.ts).
 *
 * The other server owns the connection: it parses, keeps alive, answers `Expect` and ends it, and says with `close` that its client
 * is gone. Its body arrives without framing, and is framed again for the reader that judges all of them (law 2). Its events are dealt
 * with behind the call that they come in, as those of hopwise's own sockets are. Deliberately absent: tunnels; the other server
 * gives a socket away with `upgrade` only (upgrade.ts).
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { DeadlineOwner } from "../connection/deadlines.ts";
import type { CloseReason } from "../connection/reasons.ts";
import { type AnswerDetails, type AnswerReason, answerMeaning } from "../exchange/answers.ts";
import { begin } from "../exchange/begin-exchange.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { ClientSide, TunnelEnd } from "../exchange/client-side.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { beginRecord, endRecord, type OwnRecord } from "../exchange/record-notes.ts";
import { thrownText } from "../exchange/thrown-text.ts";
import { ClientLimits } from "../gateway/client-limits.ts";
import { answering } from "../http1/answer-text.ts";
import { notInTrailers, trailerLines } from "../http1/body-writing.ts";
import { errorPage } from "../http1/error-page.ts";
import { clientFraming, interimHeadText, responseHeadText } from "../http1/response-writing.ts";
import { type ConnectionOptions, Kind } from "../wire/fields.ts";
import type { Octets } from "../wire/octets.ts";
import type { RequestHead } from "../wire/request-head.ts";
import type { ResponseHead } from "../wire/response-head.ts";
import type { Trailers } from "../wire/trailers.ts";
import type { Forwarded } from "./asked.ts";
import { HandlerError } from "./error.ts";
import type { Next, Request, Response } from "./outer.ts";
import type { OuterClient } from "./outer-client.ts";
import { trailerText } from "./request-head.ts";
import { ResponseWriter } from "./response-writer.ts";

const CHUNK_END = bytesOf("\r\n");
const NONE: ReadonlySet<string> = new Set();

/** What a door's exchange is made of. */
export interface DoorParts {
  readonly request: Request;
  readonly response: Response;
  readonly client: OuterClient;
  readonly context: ProxyContext;
  /** Where errors go before the response has begun; undefined: hopwise answers. */
  readonly next: Next | undefined;
  readonly onEnded: (exchange: DoorExchange) => void;
}

interface BodyListeners {
  readonly data: (piece: unknown) => void;
  readonly end: () => void;
  readonly close: () => void;
}

export class DoorExchange implements ClientSide, DeadlineOwner, Confined {
  readonly connection: OuterClient;
  memberBefore: DoorExchange | undefined;
  memberBehind: DoorExchange | undefined;
  private readonly parts: DoorParts;
  private readonly writer: ResponseWriter;
  private readonly limits: ClientLimits;
  private exchange: ClientExchange | undefined;
  private forwarded: Forwarded | undefined;
  private cutFromTrailers = NONE;
  private isPaused = false;
  /** Whom the request tells of its body, while it is read. */
  private reading: BodyListeners | undefined;
  private unsentBefore_bytes = 0;
  private isBroken = false;
  private hearsDrain = false;
  /** What `next` gets. */
  private error: HandlerError | undefined;

  constructor(parts: DoorParts) {
    const { request, response, client } = parts;
    this.parts = parts;
    this.connection = client;
    this.writer = new ResponseWriter(request, response);
    this.limits = new ClientLimits(this);
    response.on("close", () => {
      if (this.exchange !== undefined) queueMicrotask(() => this.onClosed());
    });
    if (response.socket === null) client.hearClose(() => queueMicrotask(() => this.gone()));
    // What goes wrong with it ends with `close`.
    response.on("error", ignore);
  }

  get response(): Response {
    return this.parts.response;
  }

  get context(): ProxyContext {
    return this.parts.context;
  }

  // The request.

  start(forwarded: Forwarded): void {
    const { context } = this.parts;
    const { head, admission } = forwarded;
    this.forwarded = forwarded;
    const record = this.recordOf(head, admission.target.authority);
    this.run(begin(context, this, head, admission, record), forwarded);
  }

  private run(exchange: ClientExchange, { admission, body }: Forwarded): void {
    this.exchange = exchange;
    // A hook is waited for: `goOn` follows, and nothing of the body is read until then.
    if (exchange.stage === "local") return;
    if (body !== undefined && body.length > 0) exchange.readRequest(body, 0);
    if (this.exchange === exchange) exchange.seek();
    if (this.exchange !== exchange) return;
    const { kind, length } = admission.framing;
    if (body === undefined && kind !== "none" && length !== 0) this.readBody();
    this.armForRequest();
  }

  /** It goes no further. @param head what was read of it; nothing: undefined */
  refuse(reason: AnswerReason, head: RequestHead | undefined): void {
    const record = this.recordOf(head, "");
    record.reason = reason;
    record.status = answerMeaning(reason).status;
    this.answer(reason, undefined, "request-refused", undefined, head);
    this.endByOurselves(record);
  }

  /** It is answered here, and meant to be. @param text a whole response */
  answerFinally(text: string, head: RequestHead): void {
    const record = this.recordOf(head, "");
    record.status = 200;
    this.writer.answer(text);
    this.endByOurselves(record);
  }

  private recordOf(head: RequestHead | undefined, authority: string): OwnRecord {
    const { record, speaksHttp2 } = this.connection;
    if (head === undefined || !speaksHttp2) return beginRecord(this.parts.context, record, head, authority);
    const { methodSoFar, target, minorVersion, fields, text } = head;
    const begun = { methodSoFar, target, minorVersion, fields, text, version: "2.0" } as const;
    return beginRecord(this.parts.context, record, begun, authority);
  }

  private endByOurselves(record: OwnRecord): void {
    record.outcome = "answered";
    endRecord(this.parts.context, record);
    this.leave();
    this.giveToNext();
  }

  private readBody(): void {
    const { request } = this.parts;
    const listeners: BodyListeners = {
      data: (piece) => this.onData(piece as Uint8Array),
      end: () => this.onEnd(),
      close: () => this.onRequestClosed(),
    };
    this.reading = listeners;
    request.on("data", listeners.data);
    request.on("end", listeners.end);
    request.on("close", listeners.close);
    request.on("error", ignore);
    // Somebody may have held it back until the handler was called.
    if (!this.isPaused) request.resume();
  }

  /** @internal */
  onData(piece: Uint8Array): void {
    if (piece.length === 0) return;
    const isChunked = this.forwarded?.admission.framing.kind === "chunked";
    if (isChunked) this.feed(bytesOf(`${piece.length.toString(16)}\r\n`));
    this.feed((Buffer.isBuffer(piece) ? piece : Buffer.from(piece)) as unknown as Octets);
    if (isChunked) this.feed(CHUNK_END);
  }

  /** @internal */
  onEnd(): void {
    const trailers = trailerText(this.parts.request.rawTrailers ?? []);
    if (this.forwarded?.admission.framing.kind === "chunked" && trailers !== undefined) {
      this.feed(bytesOf(`0\r\n${trailers}`));
    }
    // Whatever ended it, there is no more.
    this.exchange?.onClientEnd();
  }

  private feed(bytes: Octets): void {
    this.exchange?.readRequest(bytes, 0);
  }

  /** How far it is, the other server knows, too. */
  noteRequest(): void {}

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.parts.request.pause();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.parts.request.resume();
  }

  armForRequest(): void {
    const { exchange, forwarded } = this;
    if (this.writer.isBlocked || exchange === undefined || forwarded === undefined) return;
    this.limits.setForExchange(exchange, !this.isPaused, forwarded.head.minorVersion);
  }

  // The response.

  get isBlocked(): boolean {
    return this.writer.isBlocked;
  }

  get isSlow(): boolean {
    return this.limits.isSlow(this.writer.unsentBytes);
  }

  sayContinue(): void {
    if (this.forwarded?.isContinueOurs) this.writer.sayContinue();
  }

  /** 100 where the server outside has left it to us, and 103; Node sends no other. */
  interim(head: ResponseHead, options: ConnectionOptions): void {
    if (head.status === 100) this.sayContinue();
    else if (head.status === 103) this.writer.hint(interimHeadText(head, options, this.parts.context));
  }

  final(...[head, options, framing, , chosen]: Parameters<ClientSide["final"]>): void {
    const { forwarded, writer, connection } = this;
    if (forwarded === undefined) return;
    const { context } = this.parts;
    const { head: request } = forwarded;
    const { isTrusted, socket } = connection;
    this.cutFromTrailers = notInTrailers(options.nominated, head.changes);
    const text = responseHeadText({
      head,
      options,
      framing,
      clientFraming: clientFraming(framing, request.minorVersion),
      requestMethod: request.method,
      connectionLines: "",
      references: head.fields.has(Kind.location)
        ? context.referencesOf(chosen).lines(head, request, isTrusted, socket.isSecure)
        : undefined,
      context,
    });
    const upgrade = head.status === 426 ? head.fields.valuesOf(Kind.upgrade).join(", ") : "";
    writer.begin(text, upgrade, framing.kind === "none" || framing.kind === "length");
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
    ownReason: CloseReason | undefined,
    details?: AnswerDetails,
    head = this.forwarded?.head,
  ): void {
    if (this.parts.next !== undefined) {
      this.error = new HandlerError(reason, fault);
      return;
    }
    if (ownReason !== undefined) this.writer.sayClose();
    const { context } = this.parts;
    const method = head?.methodSoFar ?? "";
    this.writer.answer(
      errorPage(
        context,
        { reason, fault, method, target: head?.target ?? "" },
        answering(context, head?.fields, method, "", details),
      ),
    );
    this.noteError();
  }

  flush(): void {
    const { writer, limits } = this;
    const wasBlocked = writer.isBlocked;
    writer.flush();
    this.noteError();
    if (!writer.isBlocked || wasBlocked || this.exchange === undefined) return;
    if (!this.hearsDrain) this.parts.response.on("drain", () => queueMicrotask(() => this.onDrain()));
    this.hearsDrain = true;
    this.unsentBefore_bytes = writer.unsentBytes;
    limits.setForBlocked(this.unsentBefore_bytes);
  }

  /** Middleware has thrown: what it stands around cannot be told any more. */
  private noteError(): void {
    if (this.writer.error !== undefined) queueMicrotask(() => this.onBroken());
  }

  private onBroken(): void {
    const { request, response, next } = this.parts;
    const { error } = this.writer;
    if (this.isBroken) return;
    this.isBroken = true;
    this.gone();
    if (next !== undefined && !response.headersSent) return next(error);
    process.emitWarning(error instanceof Error ? error : thrownText(error));
    this.writer.destroy();
    request.resume();
  }

  // How it ends.

  end(): void {
    this.leave();
    this.giveToNext();
  }

  breakOff(): void {
    this.leave();
    if (!this.writer.isEnding) this.writer.destroy();
  }

  /** The drain's deadline has come. */
  cut(): void {
    const { exchange } = this;
    exchange?.cut();
    // What waited goes on as a refusal, which may wait in turn.
    if (this.exchange !== exchange) this.exchange?.cut();
    if (this.exchange === undefined) return;
    this.leave();
    this.writer.destroy();
  }

  /** The exchange is over. What is left of the request is the server's outside. */
  private leave(): void {
    const { request, onEnded } = this.parts;
    this.exchange = undefined;
    this.limits.clear();
    const { reading } = this;
    if (reading !== undefined) {
      this.reading = undefined;
      request.removeListener("data", reading.data);
      request.removeListener("end", reading.end);
      request.removeListener("close", reading.close);
      // It is thrown away, unless somebody else answers.
      if (this.error === undefined) request.resume();
    }
    this.connection.leave();
    onEnded(this);
  }

  private giveToNext(): void {
    const { error } = this;
    const { next } = this.parts;
    if (error !== undefined && next !== undefined) queueMicrotask(() => next(error));
  }

  // What the client does meanwhile.

  /** @internal */
  onDrain(): void {
    if (!this.writer.isBlocked) return;
    this.writer.isBlocked = false;
    this.limits.endBlocked();
    this.exchange?.onClientDrain();
    this.armForRequest();
  }

  /** The response is done with: all of it has left, or the client is gone. */
  onClosed(): void {
    const { request } = this.parts;
    if (!this.writer.hasEnded || (request.destroyed === true && request.readableEnded !== true)) this.gone();
  }

  private onRequestClosed(): void {
    queueMicrotask(() => {
      if (this.writer.hasEnded && this.parts.request.readableEnded !== true) this.gone();
    });
  }

  private gone(): void {
    const { exchange } = this;
    if (exchange === undefined) return;
    this.exchange = undefined;
    exchange.onClientGone();
    this.leave();
  }

  /** @internal */
  onDeadline(): void {
    const { exchange, limits, writer } = this;
    if (exchange === undefined) return;
    if (limits.limit === "body" && exchange.owed === "body-start") return exchange.onClientLate();
    const before_bytes = this.unsentBefore_bytes;
    this.unsentBefore_bytes = writer.unsentBytes;
    const isBody = limits.limit === "body";
    const due = limits.dueOf(!isBody && writer.unsentBytes !== before_bytes, isBody ? 0 : writer.unsentBytes);
    if (due === undefined) return;
    if (!isBody) return this.giveUp();
    if (due === "late") exchange.onClientLate();
    else exchange.onClientTooSlow();
  }

  /** The client does not take what it asked for. */
  private giveUp(): void {
    this.gone();
    this.writer.destroy();
  }

  breakDown(fault: unknown): void {
    const { exchange } = this;
    this.parts.context.observer.internalError(fault);
    exchange?.onBroken();
    if (this.exchange === undefined) return;
    this.leave();
    this.writer.destroy();
  }

  goOn(exchange: ClientExchange): void {
    if (this.forwarded !== undefined) this.run(exchange, this.forwarded);
  }

  // Of tunnels nothing is offered to the origin here, so none begins.

  establish(): void {
    throw new Error("no tunnel was offered here");
  }

  get tunnelEnd(): TunnelEnd {
    throw new Error("no tunnel was offered here");
  }
}

confine(DoorExchange.prototype, "start", "goOn", "onData", "onEnd", "onDrain", "onClosed", "onDeadline");

function bytesOf(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}

function ignore(): void {}
