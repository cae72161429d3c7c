/**
 * A client's connection of HTTP/1: reads request heads one after the other (wire/request-head.ts), begins exchanges, sends what they
 * answer, and persists or closes. Pipelined requests wait here, bounded, and are answered in order (RFC 9112 section 9.3.2).
 * Deliberately absent: whether a request is forwarded (exchange/admission.ts), what it begins (begin-exchange.ts), who gives way (client-table.ts).
 */
import { type Confined, confine } from "../connection/confining.ts";
import { acceptedFacts, type ConnectionRecord } from "../connection/connection-record.ts";
import type { Place } from "../connection/fair-share.ts";
import { Life } from "../connection/life.ts";
import { ListNode } from "../connection/lists.ts";
import { cutsRequestShort, HopMessages, idleMessages, mayBegin } from "../connection/message-states.ts";
import { type CloseReason, closeReasonOf } from "../connection/reasons.ts";
import { admit } from "../exchange/admission.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import { begin } from "../exchange/begin-exchange.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { BegunTunnel } from "../exchange/client-side.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { beginRecord } from "../exchange/record-notes.ts";
import { clientNameOf } from "../http1/client-names.ts";
import { connectionLines, requestsLeft } from "../http1/client-terms.ts";
import { answerFinally, answerRefused, CONTINUE } from "../http1/final-answers.ts";
import { Http1ClientSide, type Http1Hop } from "../http1/http1-client-side.ts";
import type { Lingering } from "../net/lingering.ts";
import { Outbox } from "../net/outbox.ts";
import type { Socket, SocketHandler } from "../net/ports.ts";
import type { Bindings } from "../pool/bindings.ts";
import type { Octets } from "../wire/octets.ts";
import { RequestHead } from "../wire/request-head.ts";
import { onClientDue } from "./client-due.ts";
import { ClientLimits } from "./client-limits.ts";
import { type ClientTable, DRAIN_IDLE_GRACE_MS } from "./client-table.ts";
import type { Entrance } from "./entrance.ts";
import { goOnWithHttp2, maySpeakHttp2 } from "./http2-connection.ts";
import { nothingPipelined, Pipelined } from "./pipelined.ts";
import type { TableClient } from "./table-client.ts";

export class DownstreamConnection extends ListNode implements SocketHandler, Http1Hop, TableClient, Confined {
  readonly outbox: Outbox;
  readonly life: Life;
  messages: HopMessages = idleMessages;
  isTrusted: boolean;
  readonly cameBy: Entrance;
  /** Since when it has been sending its head, or has been open without one. */
  readingSince_ms: number;
  /** Let in beyond the limit until its request is heard. */
  isSurplus = false;
  isBlocked = false;
  bindings: Bindings | undefined;
  readonly table: ClientTable;
  memberBefore: TableClient | undefined;
  memberBehind: TableClient | undefined;
  readonly limits: ClientLimits;
  private head: RequestHead | undefined;
  private exchange: ClientExchange | undefined;
  private tunnel: BegunTunnel | undefined;
  private pipelined = nothingPipelined;
  peerHasClosed = false;
  /** The protocol version of the latest request. */
  private minorVersion: 0 | 1 = 1;
  private isPaused = false;
  private isAdvancing = false;
  /** What the latest response promised, or would have. */
  private idleTimeout_ms: number;
  private lingering: Lingering | undefined;

  constructor(id: number, socket: Socket, table: ClientTable, cameBy: Entrance) {
    super();
    this.cameBy = cameBy;
    this.outbox = new Outbox(socket);
    this.table = table;
    const { clock, settings } = table.context;
    this.readingSince_ms = Math.floor(clock.now());
    this.idleTimeout_ms = table.keepAliveTimeout_ms();
    this.isTrusted = settings.isTrusted(socket.remoteAddress);
    this.life = new Life(acceptedFacts(id, clientNameOf(socket.remoteAddress), socket, this.readingSince_ms));
    this.limits = new ClientLimits(this);
    socket.handler = this;
    this.life.noteOpened();
    table.reading.push(this);
    this.limits.arm("head", settings.headTimeout_ms);
  }

  get context(): ProxyContext {
    return this.table.context;
  }

  get socket(): Socket {
    return this.outbox.socket;
  }

  get record(): ConnectionRecord {
    return this.life;
  }

  /** What is in progress here; nothing: undefined. */
  get place(): Place | undefined {
    return this.life.isEnding ? undefined : (this.tunnel ?? this.exchange)?.place;
  }

  get isSlow(): boolean {
    return this.limits.isSlow(this.socket.unsentBytes);
  }

  onData(octets: Octets): void {
    if (this.exchange !== undefined) {
      const position = this.exchange.readRequest(octets, 0);
      if (position === octets.length || this.life.isEnding) return;
      this.keepPipelined(octets, position);
      // The end of a body that outlasted its response has ended the exchange already.
      if (this.exchange === undefined) this.advance();
    } else if (this.isBlocked || !this.pipelined.isEmpty) {
      // Whoever does not take its response waits with the next request, and the limit for taking it goes on running.
      this.keepPipelined(octets, 0);
    } else {
      this.readHead(octets);
    }
  }

  private readHead(octets: Octets): void {
    this.head ??= new RequestHead(this.context.settings.headLimits);
    const { head } = this;
    const end = head.read(octets, 0);
    if (end >= 0) {
      this.beginExchange(head, octets, end);
    } else if (head.refusal !== undefined) {
      if (head.refusal === "http2-on-http1-port" && maySpeakHttp2(this)) return goOnWithHttp2(this, octets);
      this.refuse(head.refusal, "request-refused");
    } else if (head.hasBegun && mayBegin(this.messages)) {
      this.readingSince_ms = this.noteBegin();
      this.messages.requestBegan();
      this.table.reading.push(this);
      this.limits.arm("head", this.context.settings.headTimeout_ms);
    }
  }

  private noteBegin(): number {
    const now = Math.floor(this.context.clock.now());
    this.messages = new HopMessages();
    this.life.beginExchange(now);
    return now;
  }

  private beginExchange(head: RequestHead, octets: Octets, bodyStart: number): void {
    const { context } = this;
    if (this.life.state === "idle") this.noteBegin();
    this.leave();
    this.minorVersion = head.minorVersion;
    this.limits.clear();
    const admission = admit(head, context.settings.viaName, context.isGateway, this);
    if (typeof admission === "string") return this.refuse(admission, "request-refused");
    if (!this.table.mayStay(this, head, context)) return this.refuse("overloaded", "overloaded");
    if (admission.maxForwards === 0) {
      answerFinally(context, this, head, beginRecord(context, this.record, head, admission.target.authority));
      return this.close("max-forwards");
    }
    this.head = undefined;
    const side = Http1ClientSide.of(this, head, admission, context);
    const record = beginRecord(context, this.record, head, admission.target.authority);
    this.start(begin(context, side, head, admission, record), octets, bodyStart);
  }

  private start(exchange: ClientExchange, octets: Octets, from: number): void {
    this.exchange = exchange;
    const position = from < octets.length ? exchange.readRequest(octets, from) : from;
    if (position < octets.length) this.keepPipelined(octets, position);
    if (this.exchange === exchange) exchange.seek();
    if (this.exchange === exchange) this.armForRequest();
  }

  /** The request's credentials were checked, and it begins; what came meanwhile waits here. */
  goOn(exchange: ClientExchange): void {
    const octets = this.pipelined.take();
    this.resume();
    this.start(exchange, octets, 0);
    this.pipelined.letGo();
    if (this.peerHasClosed && this.exchange === exchange) this.tellEnd(exchange);
  }

  private keepPipelined(octets: Octets, from: number): void {
    if (this.pipelined === nothingPipelined) this.pipelined = new Pipelined();
    this.pipelined.keep(octets, from);
    if (this.pipelined.isFull) this.pause();
  }

  onEnd(): void {
    this.peerHasClosed = true;
    this.limits.noteClientEnd();
    if (this.exchange !== undefined) return this.tellEnd(this.exchange);
    // What was pipelined is still answered.
    if (this.isBlocked || !this.pipelined.isEmpty) return;
    if (cutsRequestShort(this.messages.requester)) this.refuse("request-incomplete", "request-incomplete");
    else this.close("peer-closed-idle");
  }

  private tellEnd(exchange: ClientExchange): void {
    exchange.onClientEnd();
    if (this.exchange !== exchange || exchange.stage === "local") return;
    if (this.context.settings.clientClose === "cancel") this.giveUpOnClient("client-closed");
    else this.armForRequest();
  }

  onDrain(): void {
    if (!this.isBlocked) return;
    this.isBlocked = false;
    this.limits.endBlocked();
    if (this.exchange === undefined) return this.advance();
    this.exchange.onClientDrain();
    this.armForRequest();
  }

  onClose(fault: string | undefined): void {
    const { exchange } = this;
    this.letGo();
    exchange?.onClientGone();
    if (!this.life.isEnding) this.table.onClosing();
    if (this.life.transportClosed(closeReasonOf(fault))) this.table.onClosed(this);
  }

  // What the exchange asks for.
  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.isPaused || this.pipelined.isFull) return;
    this.isPaused = false;
    this.socket.resume();
  }

  /** Sends what is in the outbox. */
  flush(): void {
    const { outbox } = this;
    if (this.life.isEnding) return outbox.clear();
    const tellsPresence = this.limits.watchesPresence && !outbox.isEmpty;
    const mayGoOn = outbox.flush();
    if (tellsPresence) {
      this.limits.noteWrite();
      this.armForRequest();
    }
    if (mayGoOn || this.isBlocked) return;
    this.isBlocked = true;
    this.socket.tookSome();
    this.limits.setForBlocked(this.socket.unsentBytes, this.exchange);
  }

  sayContinue(): void {
    this.messages.interim(100);
    this.outbox.addText(CONTINUE);
    this.flush();
  }

  armForRequest(): void {
    if (this.isBlocked || this.life.isEnding) return;
    this.limits.setForExchange(this.exchange, !this.isPaused, this.minorVersion);
  }

  ownCloseReason(): CloseReason | undefined {
    if (this.table.isPastDeadline) return "drain-deadline";
    if (this.leaving !== undefined) return this.leaving;
    if (this.isSurplus) return "overloaded";
    if (this.requestsLeft() === 0) return "max-requests";
    return this.peerHasClosed && this.pipelined.isEmpty ? "peer-half-closed" : undefined;
  }

  connectionLines(closeReason: CloseReason | undefined, asksKeepAlive: boolean, upgrade: string): string {
    if (closeReason === undefined) this.idleTimeout_ms = this.table.keepAliveTimeout_ms();
    const tellsTerms = asksKeepAlive && this.context.isGateway;
    if (!tellsTerms && closeReason === undefined && upgrade === "") return "";
    const { idleTimeout_ms } = this;
    return connectionLines({ closeReason, tellsTerms, idleTimeout_ms, requestsLeft: this.requestsLeft(), upgrade });
  }

  /** It may send one more request, because of this; as many as it likes: undefined. */
  get leaving(): CloseReason | undefined {
    return this.table.isDraining ? "drained" : this.cameBy.isClosed ? "listener-left" : undefined;
  }

  private requestsLeft(): number | undefined {
    return requestsLeft(this.context.settings.maxRequests, this.minorVersion, this.life.exchanges);
  }

  onExchangeEnded(closeReason: CloseReason | undefined): void {
    this.exchange = undefined;
    this.limits.endExchange();
    if (this.life.isEnding) return;
    if (closeReason !== undefined) return this.close(closeReason);
    this.messages.next();
    this.messages = idleMessages;
    this.life.endExchange(this.context.clock.now());
    this.advance();
  }

  /** Goes on with what was pipelined, or idles. */
  private advance(): void {
    if (this.isAdvancing) return;
    this.isAdvancing = true;
    while (!this.pipelined.isEmpty && this.exchange === undefined && !this.isBlocked && !this.life.isEnding) {
      const octets = this.pipelined.take();
      this.resume();
      this.readHead(octets);
      this.pipelined.letGo();
    }
    this.isAdvancing = false;
    if (this.exchange !== undefined || this.life.isEnding) return;
    // It has not taken its last response yet, under the deadline for that; it may give way like any other.
    if (this.isBlocked) return this.table.idle.push(this);
    if (this.peerHasClosed && cutsRequestShort(this.messages.requester)) {
      this.refuse("request-incomplete", "request-incomplete");
    } else if (this.peerHasClosed) this.close("peer-half-closed");
    else if (this.life.state === "idle") {
      this.resume();
      this.table.idle.push(this);
      this.context.observer.connectionIdled?.(this.record);
      this.limits.arm("keep-alive", this.leaving === undefined ? this.idleTimeout_ms : DRAIN_IDLE_GRACE_MS);
    }
  }

  /** Answers a request that goes no further, and closes. */
  refuse(reason: AnswerReason, closeReason: CloseReason): void {
    // Of a head that never arrived whole the time counts from its first octet.
    const { context, head, life } = this;
    const since_ms = life.state === "active" && this.isListed ? this.readingSince_ms : context.clock.now();
    if (life.state === "idle") this.noteBegin();
    answerRefused(context, this, head, beginRecord(context, this.record, head, "", since_ms), reason, closeReason);
    this.close(closeReason);
  }

  /** Closes gracefully: what was written leaves, then FIN (or RST), then what still arrives is read for a while. */
  close(reason: CloseReason, isTruncated = false): void {
    if (!this.life.decideClose(reason, this.peerHasClosed ? "peer-fin" : isTruncated ? "own-reset" : "own-fin")) return;
    this.letGo();
    this.lingering = this.table.linger(this, isTruncated, (fault) => this.onClose(fault));
    this.table.onClosing();
  }

  /** A tunnel on this connection is done; its socket closes by itself. */
  noteClosing(reason: CloseReason): void {
    if (this.life.decideClose(reason, "own-fin")) this.table.onClosing();
  }

  /** Closes with RST, on purpose: the client must see that something is missing. */
  reset(reason: CloseReason): void {
    if (!this.life.decideClose(reason, "own-reset")) return;
    this.letGo();
    this.table.onClosing();
    this.socket.reset();
  }

  breakDown(fault: unknown): void {
    this.context.observer.internalError(fault);
    this.onBroken();
  }

  onBroken(): void {
    const { exchange } = this;
    this.exchange = undefined;
    this.outbox.clear();
    exchange?.onBroken();
    this.reset("internal-error");
  }

  /** Each response says it. */
  announceLeave(): void {}

  finish(reason: CloseReason): void {
    if (this.life.state === "idle") this.close(reason);
  }

  /** Gives way to a newcomer. */
  evict(): void {
    this.turnAway("overloaded", "evicted");
  }

  turnAway(reason: AnswerReason, closeReason: CloseReason): void {
    if (this.life.state === "active") this.refuse(reason, closeReason);
    else this.close(closeReason);
  }

  /** Half a head asks for nothing yet. */
  onDrainDeadline(): boolean {
    if (this.life.isEnding) return false;
    const { exchange, life } = this;
    if (exchange === undefined && life.state !== "tunnel") {
      this.turnAway("drain-deadline", "drain-deadline");
      return false;
    }
    exchange?.cut();
    if (!life.isEnding) this.cut();
    return true;
  }

  /** Ends at once what still is. */
  cut(): void {
    const isInFlight = this.life.state === "active" || this.life.state === "tunnel";
    this.lingering?.cut();
    (this.tunnel ?? this.exchange)?.cut();
    this.exchange = undefined;
    const isAbrupt = isInFlight || this.socket.unsentBytes > 0;
    if (this.life.decideClose("drain-deadline", isAbrupt ? "own-reset" : "own-fin")) {
      this.letGo();
      this.table.onClosing();
    }
    // With FIN a response that only its close ends would look complete.
    if (isAbrupt) this.socket.reset();
    else this.socket.destroy();
  }

  /** Hands the socket to a tunnel, with the octets that the client sent early. */
  beginTunnel(tunnel: BegunTunnel, handler: SocketHandler): Octets {
    const early = this.pipelined.take();
    this.life.beginTunnel();
    this.letGo();
    this.tunnel = tunnel;
    this.socket.handler = handler;
    this.isPaused = false;
    this.socket.resume();
    return early;
  }

  /** @internal */
  letGo(): void {
    this.exchange = undefined;
    this.head = undefined;
    this.pipelined = nothingPipelined;
    this.bindings?.end();
    this.leave();
    this.limits.clear();
  }

  /** @internal */
  onDeadline(): void {
    const due = this.limits.passed(this.exchange, this.socket, this.minorVersion);
    if (due !== undefined) onClientDue(due, this, this.exchange);
  }

  /** The client does not take what it asked for, or is gone: the work for it is cancelled. */
  giveUpOnClient(reason: CloseReason): void {
    const { exchange } = this;
    const isUnanswered = exchange !== undefined && exchange.stage !== "forwarding";
    this.exchange = undefined;
    exchange?.onClientGone();
    if (isUnanswered) this.close(reason);
    else this.reset(reason);
  }
}

confine(DownstreamConnection.prototype, "onData", "onEnd", "onDrain", "onClose", "onDeadline", "goOn", "evict");
