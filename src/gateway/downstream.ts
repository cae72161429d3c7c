/**
 * A client's connection: reads request heads one after the other, begins exchanges, and persists or closes.
 *
 * Pipelined requests wait here, bounded, and are answered in order (RFC 9112 section 9.3.2). Deliberately absent: whether
 * a request is forwarded (exchange/admission.ts), what it begins (exchange/begin-exchange.ts), and who gives way (client-table.ts).
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { Place } from "../connection/fair-share.ts";
import { Life } from "../connection/life.ts";
import { OwnedNode } from "../connection/lists.ts";
import type { CloseReason } from "../connection/reasons.ts";
import { admit } from "../exchange/admission.ts";
import type { AnswerReason } from "../exchange/answers.ts";
import { begin } from "../exchange/begin-exchange.ts";
import type { ClientExchange } from "../exchange/client-exchange.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { ExchangeRecord } from "../exchange/exchange-record.ts";
import { namesOf } from "../http1/client-names.ts";
import { connectionLines, requestsLeft } from "../http1/client-terms.ts";
import { answerFinally, answerRefused, CONTINUE } from "../http1/final-answers.ts";
import { Http1ClientSide, type Http1Hop } from "../http1/http1-client-side.ts";
import { Lingering } from "../net/lingering.ts";
import { Outbox } from "../net/outbox.ts";
import type { Socket, SocketHandler } from "../net/ports.ts";
import type { Bindings } from "../pool/bindings.ts";
import type { Octets } from "../wire/octets.ts";
import { RequestHead } from "../wire/request-head.ts";
import { ClientLimits } from "./client-limits.ts";
import { type ClientTable, DRAIN_IDLE_GRACE_MS, DRAIN_SILENCE_MS } from "./client-table.ts";
import { nothingPipelined, Pipelined } from "./pipelined.ts";

export class DownstreamConnection implements SocketHandler, Http1Hop, Confined {
  readonly hop = "downstream";
  readonly id: number;
  readonly socket: Socket;
  readonly outbox: Outbox;
  readonly life = new Life();
  readonly openedAt_ms: number;
  readonly isTrusted: boolean;
  readonly clientName: string;
  readonly forwardedForLine: string;
  /** Since when it has been sending its head, or has been open without one. */
  readingSince_ms: number;
  /** Let in beyond the limit until its request is heard. */
  isSurplus = false;
  isBlocked = false;
  bindings: Bindings | undefined;
  private readonly context: ProxyContext;
  private readonly table: ClientTable;
  readonly memberNode: OwnedNode<DownstreamConnection> = new OwnedNode(this);
  private readonly node = new OwnedNode<DownstreamConnection>(this);
  private readonly limits: ClientLimits;
  private head: RequestHead | undefined;
  private exchange: ClientExchange | undefined;
  private tunnel: { readonly place: Place } | undefined;
  private pipelined = nothingPipelined;
  peerHasClosed = false;
  /** The protocol version of the latest request. */
  private minorVersion: 0 | 1 = 1;
  private isPaused = false;
  private isAdvancing = false;
  private isAtDeadline = false;
  /** What the latest response promised, or would have. */
  private idleTimeout_ms: number;
  private lingering: Lingering | undefined;

  constructor(id: number, socket: Socket, context: ProxyContext, table: ClientTable) {
    this.id = id;
    this.socket = socket;
    this.outbox = new Outbox(socket);
    this.context = context;
    this.table = table;
    this.openedAt_ms = context.clock.now();
    this.readingSince_ms = this.openedAt_ms;
    this.idleTimeout_ms = table.keepAliveTimeout_ms();
    this.isTrusted = context.settings.isTrusted(socket.remoteAddress);
    ({ clientName: this.clientName, forwardedForLine: this.forwardedForLine } = namesOf(socket.remoteAddress));
    this.limits = new ClientLimits(this, context);
    socket.handler = this;
    this.life.opened();
    table.reading.push(this.node);
    this.limits.arm("head", context.settings.headTimeout_ms);
  }

  /** What is in progress here; nothing: undefined. */
  get place(): Place | undefined {
    return this.life.isEnding ? undefined : (this.tunnel ?? this.exchange)?.place;
  }

  get isSlow(): boolean {
    return this.limits.isSlow(this.socket.unsentBytes);
  }

  // What arrives.

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
      this.refuse(head.refusal, "request-refused");
    } else if (head.hasBegun && this.life.state === "idle") {
      this.life.beginExchange();
      this.readingSince_ms = this.context.clock.now();
      this.table.reading.push(this.node);
      this.limits.arm("head", this.context.settings.headTimeout_ms);
    }
  }

  private beginExchange(head: RequestHead, octets: Octets, bodyStart: number): void {
    const { context } = this;
    if (this.life.state === "idle") this.life.beginExchange();
    this.node.leave();
    this.minorVersion = head.minorVersion;
    this.limits.clear();
    const admission = admit(head, context.settings.viaName, context.isGateway, this.isTrusted);
    if (typeof admission === "string") return this.refuse(admission, "request-refused");
    if (!this.table.mayStay(this, head, context)) return this.refuse("overloaded", "overloaded");
    if (admission.maxForwards === 0) {
      answerFinally(context, this, head, ExchangeRecord.of(this, head, context.clock.now()));
      return this.close("max-forwards");
    }
    this.head = undefined;
    const record = ExchangeRecord.of(this, head, context.clock.now());
    const side = new Http1ClientSide(this, head, admission.options, context);
    this.start(begin(context, side, head, admission, record), octets, bodyStart);
  }

  private start(exchange: ClientExchange, octets: Octets, from: number): void {
    this.exchange = exchange;
    if (from < octets.length) {
      const position = exchange.readRequest(octets, from);
      if (position < octets.length) this.keepPipelined(octets, position);
    }
    if (this.exchange !== exchange) return;
    exchange.seek();
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
    if (this.life.state === "idle") this.close("peer-closed-idle");
    else if (this.life.state === "active") this.refuse("request-incomplete", "request-incomplete");
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
    this.leave();
    exchange?.onClientGone();
    if (!this.life.isEnding) this.table.onClosing();
    if (this.life.transportClosed(fault === undefined ? "peer-closed" : "peer-reset")) this.table.onClosed(this);
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
    this.limits.setForBlocked(this.socket.unsentBytes);
  }

  sayContinue(): void {
    this.outbox.addText(CONTINUE);
    this.flush();
  }

  armForRequest(): void {
    if (this.isBlocked || this.life.isEnding) return;
    this.limits.setForExchange(this.exchange, !this.isPaused, this.minorVersion);
  }

  ownCloseReason(): CloseReason | undefined {
    if (this.isAtDeadline) return "drain-deadline";
    if (this.table.isDraining) return "drained";
    if (this.isSurplus) return "overloaded";
    if (this.requestsLeft() === 0) return "max-requests";
    if (this.peerHasClosed && this.pipelined.isEmpty) return "peer-half-closed";
    return undefined;
  }

  connectionLines(closeReason: CloseReason | undefined, asksKeepAlive: boolean, upgrade: string): string {
    if (closeReason === undefined) this.idleTimeout_ms = this.table.keepAliveTimeout_ms();
    const tellsTerms = asksKeepAlive && this.context.isGateway;
    if (!tellsTerms && closeReason === undefined && upgrade === "") return "";
    const { idleTimeout_ms } = this;
    return connectionLines({ closeReason, tellsTerms, idleTimeout_ms, requestsLeft: this.requestsLeft(), upgrade });
  }

  private requestsLeft(): number | undefined {
    return requestsLeft(this.context.settings.maxRequests, this.minorVersion, this.life.exchanges);
  }

  onExchangeEnded(closeReason: CloseReason | undefined): void {
    this.exchange = undefined;
    this.limits.endExchange();
    if (this.life.isEnding) return;
    if (closeReason !== undefined) return this.close(closeReason);
    this.life.endExchange();
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
    if (this.isBlocked) return this.table.idle.push(this.node);
    if (this.peerHasClosed) {
      if (this.life.state === "active") this.refuse("request-incomplete", "request-incomplete");
      else this.close("peer-half-closed");
    } else if (this.life.state === "idle") {
      this.resume();
      this.table.idle.push(this.node);
      this.limits.arm("keep-alive", this.table.isDraining ? DRAIN_IDLE_GRACE_MS : this.idleTimeout_ms);
    }
  }

  // How it ends.

  /** Answers a request that goes no further, and closes. */
  refuse(reason: AnswerReason, closeReason: CloseReason): void {
    // Of a head that never arrived whole the time counts from its first octet.
    const { context, head, life } = this;
    const since_ms = life.state === "active" && this.node.isListed ? this.readingSince_ms : context.clock.now();
    if (life.state === "idle") life.beginExchange();
    answerRefused(context, this, head, ExchangeRecord.of(this, head, since_ms), reason);
    this.close(closeReason);
  }

  /** Closes gracefully: what was written leaves, then FIN (or RST), then what still arrives is read for a while. */
  close(reason: CloseReason, isTruncated = false): void {
    if (!this.life.decideClose(reason)) return;
    this.leave();
    const { context } = this;
    this.table.lingering.push(this.node);
    this.table.onClosing();
    this.lingering = new Lingering(this.socket, {
      deadlines: context.deadlines,
      clock: context.clock,
      writeTimeout_ms: context.settings.bodyTimeout_ms,
      isTruncated,
      ...(this.table.isDraining ? { silence_ms: DRAIN_SILENCE_MS } : {}),
      onClosed: (fault) => this.onClose(fault),
    });
  }

  /** A tunnel on this connection is done; its socket closes by itself. */
  noteClosing(reason: CloseReason): void {
    if (this.life.decideClose(reason)) this.table.onClosing();
  }

  /** Closes with RST, on purpose: the client must see that something is missing. */
  reset(reason: CloseReason): void {
    if (!this.life.decideClose(reason)) return;
    this.leave();
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

  /** Gives way to a newcomer. */
  evict(): void {
    if (this.life.state === "active") this.refuse("overloaded", "evicted");
    else this.close("evicted");
  }

  /**
   * The drain's deadline: whoever waits for a response is told that there will be none, everything else in flight is cut.
   * Returns whether that was an exchange or a tunnel; half a head asks for nothing yet.
   */
  onDrainDeadline(): boolean {
    if (this.life.isEnding) return false;
    this.isAtDeadline = true;
    const { exchange, life } = this;
    if (exchange === undefined && life.state !== "tunnel") {
      if (life.state === "active") this.refuse("drain-deadline", "drain-deadline");
      else this.close("drain-deadline");
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
    this.exchange?.cut();
    this.exchange = undefined;
    if (this.life.decideClose("drain-deadline")) {
      this.leave();
      this.table.onClosing();
    }
    // With FIN a response that only its close ends would look complete.
    if (isInFlight || this.socket.unsentBytes > 0) this.socket.reset();
    else this.socket.destroy();
  }

  /** Hands the socket to a tunnel, with the octets that the client sent early. */
  beginTunnel(tunnel: { readonly place: Place }, handler: SocketHandler): Octets {
    const early = this.pipelined.take();
    this.life.beginTunnel();
    this.leave();
    this.tunnel = tunnel;
    this.socket.handler = handler;
    this.isPaused = false;
    this.socket.resume();
    return early;
  }

  private leave(): void {
    this.exchange = undefined;
    this.head = undefined;
    this.pipelined = nothingPipelined;
    this.bindings?.end();
    this.node.leave();
    this.limits.clear();
  }

  /** @internal */
  onDeadline(): void {
    const { exchange, life, table } = this;
    switch (this.limits.passed(exchange, this.socket, this.minorVersion)) {
      case "keep-alive":
        return this.close(table.isDraining ? "drained" : "idle-timeout");
      case "head":
        return life.state === "active" ? this.refuse("head-timeout", "head-timeout") : this.close("head-timeout");
      case "body-late":
        return exchange?.onClientLate();
      case "body-too-slow":
        return exchange?.onClientTooSlow();
      case "write-late":
        return this.giveUpOnClient("write-timeout");
      case "write-too-slow":
        return this.giveUpOnClient("too-slow");
      case "presence-probe":
        return this.sayContinue();
      case "presence-cancel":
        return this.giveUpOnClient("client-closed");
    }
  }

  /** The client does not take what it asked for, or is gone: the work for it is cancelled. */
  private giveUpOnClient(reason: CloseReason): void {
    const { exchange } = this;
    const isUnanswered = exchange !== undefined && exchange.stage !== "forwarding";
    this.exchange = undefined;
    exchange?.onClientGone();
    // With FIN a response that only its close ends would look complete.
    if (isUnanswered) this.close(reason);
    else this.reset(reason);
  }
}

confine(DownstreamConnection.prototype, "onData", "onEnd", "onDrain", "onClose", "onDeadline", "goOn", "evict");
