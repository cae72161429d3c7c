/**
 * A client's connection on which HTTP/2 is spoken: its streams become exchanges like any other request, many at once.
 *
 * The protocol is the runtime's (`node:http2`); how long the connection lives, what it may cost, and when it gives way are decided
 * here, by the same table and with the same reasons as for HTTP/1 (law 6). A connection that is to go says so twice (RFC 9113 section
 * 6.8): first that it will go, and a moment later which stream was the last, so that nothing which was under way is lost. Deliberately
 * absent: what becomes of one request (http2-exchange.ts).
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { ConnectionRecord, Ending } from "../connection/connection-record.ts";
import type { DeadlineOwner } from "../connection/deadlines.ts";
import type { Place } from "../connection/fair-share.ts";
import type { Life } from "../connection/life.ts";
import { ListNode, Members } from "../connection/lists.ts";
import { type CloseReason, closeReasonOf } from "../connection/reasons.ts";
import { clientKeyOf } from "../exchange/client-key.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { FrameMeter } from "../http2/frame-meter.ts";
import { FramesSent } from "../http2/frames-sent.ts";
import {
  canServeHttp2,
  codes,
  goawayOf,
  hasSaidEnd,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type SessionListener,
  SHUTDOWN_NOTICE,
  serve,
} from "../http2/session.ts";
import { SocketStream, type SocketStreamOwner } from "../http2/socket-stream.ts";
import type { Lingering } from "../net/lingering.ts";
import type { Socket } from "../net/ports.ts";
import type { Bindings } from "../pool/bindings.ts";
import { LF, type Octets } from "../wire/octets.ts";
import { onClientDue } from "./client-due.ts";
import { ClientLimits } from "./client-limits.ts";
import { type ClientTable, DRAIN_IDLE_GRACE_MS } from "./client-table.ts";
import type { DownstreamConnection } from "./downstream.ts";
import type { Entrance } from "./entrance.ts";
import { Http2Exchange } from "./http2-exchange.ts";
import { HeldByRequests, type MemoryHolder } from "./http2-memory.ts";
import type { TableClient } from "./table-client.ts";

/** What a client sends first, in front of its frames (RFC 9113 section 3.4). */
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/** As much of that as was read as the first line of a request. */
const PREFACE_LINE = "PRI * HTTP/2.0\r\n";

/** Whether a connection may go on with HTTP/2: over TLS the handshake must have settled it, in the clear the client just begins. */
export function maySpeakHttp2({ context, socket, life }: DownstreamConnection): boolean {
  if (!canServeHttp2 || !context.settings.http2 || life.exchanges > 1) return false;
  return socket.isSecure === true ? socket.security?.protocol === "h2" : socket.isInTheClear !== true;
}

/** @param octets with the first line, or the end of it */
export function goOnWithHttp2(connection: DownstreamConnection, octets: Octets): void {
  const { life, table } = connection;
  connection.letGo();
  // A line that came in pieces was taken for the beginning of a request.
  if (life.state === "active") life.endExchange(table.context.clock.now());
  life.exchanges = 0;
  const http2 = new Http2Connection(connection);
  table.replace(connection, http2);
  http2.begin(octets.subarray(octets.indexOf(LF) + 1));
}

export class Http2Connection
  extends ListNode
  implements TableClient, SocketStreamOwner, SessionListener, DeadlineOwner, MemoryHolder, Confined
{
  readonly socket: Socket;
  readonly life: Life;
  readonly speaksHttp2 = true;
  isTrusted: boolean;
  isSurplus: boolean;
  readonly readingSince_ms: number;
  bindings: Bindings | undefined;
  memberBefore: TableClient | undefined;
  memberBehind: TableClient | undefined;
  private readonly table: ClientTable;
  private readonly cameBy: Entrance;
  readonly limits: ClientLimits;
  /** What of bodies nobody has taken. */
  readonly held: HeldByRequests;
  private readonly stream: SocketStream;
  private readonly session: ServerHttp2Session;
  private readonly meter = new FrameMeter(PREFACE.length);
  /** Which of the client's heads the limit of time for one is for. */
  private headTimed = 0;
  private readonly sent = new FramesSent();
  /** What has left on streams whose clients are slow, or may be, by the number of the stream. */
  readonly sentBytes: Map<number, number> = this.sent.watched;
  private readonly exchanges = new Members<Http2Exchange>();
  private isLeaveAnnounced = false;
  /** The first frame, which is to be SETTINGS, has been written. */
  private hasSpoken = false;
  /** Streams whose requests are not wanted to their end. */
  private readonly declined = new Set<ServerHttp2Stream>();
  /** Why it has ended at once, for its client (RFC 9113 section 7); it has not: undefined. */
  private endedWith: number | undefined;
  private lingering: Lingering | undefined;
  private isSocketGone = false;

  constructor({ life, socket, table, cameBy, isTrusted, isSurplus }: DownstreamConnection) {
    super();
    this.life = life;
    this.socket = socket;
    this.table = table;
    this.cameBy = cameBy;
    this.isTrusted = isTrusted;
    this.isSurplus = isSurplus;
    this.readingSince_ms = life.openedAt_ms;
    this.limits = new ClientLimits(this);
    this.held = new HeldByRequests(table.http2Memory);
    table.http2Memory.add(this);
    this.stream = new SocketStream(socket, this);
    this.session = serve(this.stream, table.context.settings.headLimits, this);
  }

  /** @param octets what follows the first line, which was taken for a request's */
  begin(octets: Octets): void {
    this.table.reading.push(this);
    this.limits.arm("head", this.context.settings.headTimeout_ms);
    this.stream.onData(Buffer.from(PREFACE_LINE, "latin1") as unknown as Octets);
    this.stream.onData(octets);
  }

  get context(): ProxyContext {
    return this.table.context;
  }

  get record(): ConnectionRecord {
    return this.life;
  }

  get leaving(): CloseReason | undefined {
    if (this.table.isDraining) return "drained";
    if (this.cameBy.isClosed) return "listener-left";
    const { maxRequests } = this.context.settings;
    return maxRequests > 0 && this.life.exchanges >= maxRequests ? "max-requests" : undefined;
  }

  /** All that goes on here holds one place: what gives it up is the connection. */
  get place(): Place | undefined {
    if (this.life.isEnding || this.exchanges.size === 0) return undefined;
    const places = [...this.exchanges].flatMap(({ place }) => (place === undefined ? [] : [place]));
    const [first] = places;
    if (first === undefined) return undefined;
    return {
      client: first.client,
      since_ms: Math.min(...places.map(({ since_ms }) => since_ms)),
      movedBytes: places.reduce((sum, { movedBytes }) => sum + movedBytes, 0),
      isSlow: places.every(({ isSlow }) => isSlow),
      giveWay: () => this.giveWay(),
    };
  }

  // What comes.

  onOctets(octets: Octets): boolean {
    const { meter } = this;
    if (meter.read(octets, this.context.clock.now()) === undefined) {
      if (meter.received_bytes > 0) this.held.noteReceived(meter.received_bytes);
      meter.received_bytes = 0;
      this.noteHead();
      if (meter.hasResets) this.noteResets();
      return true;
    }
    this.end("http2-flood", codes.calmDown);
    return false;
  }

  /** A client that resets its stream is gone, whatever the runtime makes of it: it tells some resets as if the request had ended. */
  private noteResets(): void {
    for (const exchange of [...this.exchanges]) if (this.meter.isTakenBack(exchange.stream.id)) exchange.gone();
  }

  /**
   * A head that has begun has its own time to end, also beside requests that are under way: no more of these can come before it has ended.
   * One that nobody hears of, since it is malformed, leaves the connection as it was.
   */
  private noteHead(): void {
    const { meter, limits, life, context } = this;
    if (life.isEnding || life.exchanges === 0) return;
    const isTimed = limits.isListed && limits.limit === "head";
    if (!meter.isWithinHead) {
      if (isTimed && life.state === "idle") this.rest();
      else if (isTimed) limits.clear();
    } else if (!isTimed || this.headTimed !== meter.heads) {
      this.headTimed = meter.heads;
      limits.arm("head", context.settings.headTimeout_ms);
    }
  }

  onWritten(octets: Buffer): void {
    const { meter, sent } = this;
    sent.read(octets as unknown as Octets);
    meter.noteSent(octets.length, sent.parts);
    for (const stream of sent.resets) meter.noteReset(stream);
    const isFlooded = sent.faults > 0 && meter.noteFaults(sent.faults, this.context.clock.now()) !== undefined;
    // Behind what is written now. The runtime says it later, or leaves the connection as it is.
    if (isFlooded) setImmediate(() => this.end("http2-flood", codes.calmDown));
    else if (sent.hasFailed) setImmediate(() => this.end("http2-error", codes.protocol));
    if (this.declined.size > 0) setImmediate(() => this.decline());
    if (this.hasSpoken) return;
    this.hasSpoken = true;
    if (this.leaving !== undefined) setImmediate(() => this.announceLeave());
  }

  /** @internal */
  onStream(stream: ServerHttp2Stream, raw: readonly string[]): void {
    if (this.life.state === "closed" || this.meter.isTakenBack(stream.id)) return;
    const { table, life } = this;
    this.leave();
    if (this.limits.limit !== "head") this.limits.clear();
    if (life.state === "idle") life.beginExchange(Math.floor(this.context.clock.now()));
    else life.exchanges++;
    this.noteHead();
    const exchange = new Http2Exchange(this, stream, table.context, (ended) => this.onExchangeEnded(ended));
    this.exchanges.add(exchange);
    exchange.start(raw, (head) => table.mayStay(this, head, table.context));
    // There was no room for its first request.
    if (this.isSurplus) return this.close("overloaded");
    if (this.leaving !== undefined) this.announceLeave();
  }

  /**
   * The client need not send the rest of a request, once all of the response has left (RFC 9113 section 8.1): said in front of its last
   * frame, that would cut it off.
   */
  declineRest(stream: ServerHttp2Stream): void {
    this.declined.add(stream);
    this.decline();
  }

  private decline(): void {
    for (const stream of this.declined) {
      const hasEnded = hasSaidEnd(stream);
      if (hasEnded === false) continue;
      this.declined.delete(stream);
      if (hasEnded) stream.close(codes.none);
    }
  }

  private onExchangeEnded(exchange: Http2Exchange): void {
    this.exchanges.delete(exchange);
    if (this.exchanges.size > 0) return;
    // What was said last is to be taken, too.
    if (this.life.isEnding) return this.limits.arm("write", this.context.settings.bodyTimeout_ms);
    this.life.endExchange(this.context.clock.now());
    this.context.observer.connectionIdled?.(this.life);
    this.rest();
  }

  /** Nothing is asked for. Pings, settings and the like do not make it any longer. */
  private rest(): void {
    const { leaving, table } = this;
    table.idle.push(this);
    if (leaving === undefined && this.meter.isWithinHead) return;
    this.limits.arm("keep-alive", leaving === undefined ? table.keepAliveTimeout_ms() : DRAIN_IDLE_GRACE_MS);
  }

  onSessionError(): void {
    this.end("http2-error", codes.protocol);
  }

  // How it ends.

  announceLeave(): void {
    if (this.isLeaveAnnounced || !this.hasSpoken || this.life.isEnding || this.session.closed || !this.stream.writable)
      return;
    this.isLeaveAnnounced = true;
    // Whatever the runtime writes at once is whole frames.
    this.stream.write(SHUTDOWN_NOTICE);
    if (this.leaving !== "drained") {
      this.context.clock.after(DRAIN_IDLE_GRACE_MS, () => this.finish(this.leaving ?? "max-requests"));
    }
  }

  finish(reason: CloseReason): void {
    this.close(reason);
  }

  /** What is under way goes on; nothing new is taken. Then the connection closes. */
  close(reason: CloseReason): void {
    if (!this.decideClose(reason, "own-fin")) return;
    if (this.session.destroyed) this.onFinished();
    else this.session.close();
  }

  private decideClose(reason: CloseReason, ending: Ending): boolean {
    if (!this.life.decideClose(reason, ending)) return false;
    this.leave();
    this.limits.clear();
    this.table.onClosing();
    if (this.exchanges.size === 0) this.limits.arm("write", this.context.settings.bodyTimeout_ms);
    return true;
  }

  /** Everything on it ends now, and the client is told why; also where it was to close behind what is under way. */
  private end(reason: CloseReason, code: number): void {
    if (this.endedWith !== undefined) return;
    this.endedWith = code;
    this.decideClose(reason, "own-fin");
    for (const exchange of [...this.exchanges]) exchange.gone();
    this.session.destroy(code as never);
    this.onFinished();
  }

  /** A client that closes its side has no use for what it asked for: HTTP/2 has ends of its own for requests. */
  onPeerEnd(): void {
    if (!this.life.isEnding && this.leaving === undefined) this.decideClose(this.whyClientLeaves, "peer-fin");
    for (const exchange of [...this.exchanges]) exchange.gone();
    this.session.destroy();
    this.onFinished();
  }

  private get whyClientLeaves(): CloseReason {
    return this.life.state === "idle" ? "peer-closed-idle" : "peer-closed";
  }

  /** The runtime has nothing more to say. Its last words are written, and what was wrong is told, before that is believed. */
  onFinished(): void {
    setImmediate(() => this.linger());
  }

  private linger(): void {
    if (this.isSocketGone || this.lingering !== undefined) return;
    const { leaving, sent, meter } = this;
    // Nobody has ended it, so there was something wrong: the runtime does not always say so.
    const hasFailed = sent.hasFailed || (leaving === undefined && !meter.hasGoaway);
    if (hasFailed || this.endedWith !== undefined) this.sayLast(this.endedWith ?? codes.protocol);
    if (hasFailed) this.decideClose("http2-error", "own-fin");
    else if (leaving !== undefined) this.decideClose(leaving, "own-fin");
    else this.decideClose(this.whyClientLeaves, "peer-fin");
    this.limits.clear();
    this.lingering = this.table.linger(this, false, (fault) => this.onSocketClose(fault));
  }

  /** The runtime says it behind the resets of all streams, and of several it writes the first alone. */
  private sayLast(code: number): void {
    if (!this.sent.hasSaidLast && this.hasSpoken)
      this.socket.write(goawayOf(this.meter.lastStream, code) as unknown as Octets);
  }

  onSocketClose(fault: string | undefined): void {
    if (this.isSocketGone) return;
    this.isSocketGone = true;
    this.table.http2Memory.delete(this);
    for (const exchange of [...this.exchanges]) exchange.gone();
    this.session.destroy();
    this.stream.destroy();
    this.leave();
    this.limits.clear();
    this.bindings?.end();
    if (!this.life.isEnding) this.table.onClosing();
    const isIdle = this.life.state === "idle" && fault === undefined;
    if (this.life.transportClosed(isIdle ? "peer-closed-idle" : closeReasonOf(fault))) this.table.onClosed(this);
  }

  evict(): void {
    // The runtime would wait for the rest of a head.
    if (this.meter.isWithinHead && this.exchanges.size === 0) this.end("evicted", codes.none);
    else this.close("evicted");
  }

  private giveWay(): void {
    for (const exchange of [...this.exchanges]) exchange.place?.giveWay();
    this.close("evicted");
  }

  onDrainDeadline(): boolean {
    const isInFlight = this.exchanges.size > 0;
    for (const exchange of [...this.exchanges]) exchange.cut();
    this.close("drain-deadline");
    return isInFlight;
  }

  cut(): void {
    const isInFlight = this.exchanges.size > 0 || this.socket.unsentBytes > 0;
    for (const exchange of [...this.exchanges]) exchange.cut();
    this.lingering?.cut();
    this.decideClose("drain-deadline", isInFlight ? "own-reset" : "own-fin");
    this.session.destroy();
    if (isInFlight) this.socket.reset();
    else this.socket.destroy();
  }

  // Memory.

  get clientKey(): string {
    return clientKeyOf(this.life.peer);
  }

  countHeld(): number {
    return this.held.count();
  }

  /** @internal */
  giveMemory(): void {
    this.end("http2-memory", codes.calmDown);
  }

  breakDown(fault: unknown): void {
    this.context.observer.internalError(fault);
    this.end("internal-error", codes.internal);
  }

  // Limits of time.

  /** @internal */
  onDeadline(): void {
    const due = this.limits.passed(undefined, this.socket, 1);
    if (due !== undefined) onClientDue(due, this, undefined);
  }

  turnAway(_reason: unknown, closeReason: CloseReason): void {
    this.end(closeReason, codes.none);
  }

  giveUpOnClient(reason: CloseReason): void {
    this.decideClose(reason, "own-reset");
    this.socket.reset();
  }

  sayContinue(): void {}
}

confine(Http2Connection.prototype, "onStream", "onDeadline", "evict", "giveMemory");
