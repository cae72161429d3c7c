/**
 * One connection to an origin: idle and watched, or in use by one exchange.
 *
 * While it is idle any octet and any FIN ends it (RFC 9112 sections 9.2 and 9.5). While it is used, everything it has
 * to say goes to its user. Deliberately absent: HTTP messages; its user reads and writes them (http1/http1-origin-side.ts).
 */
import { type Confined, confine } from "../connection/confining.ts";
import type { ConnectionRecord, Ending } from "../connection/connection-record.ts";
import { Deadline } from "../connection/deadlines.ts";
import type { Place } from "../connection/fair-share.ts";
import { type KeepAliveTerms, usableTimeout_ms } from "../connection/keep-alive-terms.ts";
import { UpstreamLife } from "../connection/life.ts";
import { OwnedNode } from "../connection/lists.ts";
import type { CloseReason, OpenReason } from "../connection/reasons.ts";
import { Outbox } from "../net/outbox.ts";
import type { Socket, SocketHandler } from "../net/ports.ts";
import type { Octets } from "../wire/octets.ts";
import { lentUntil_ms } from "./age.ts";
import type { Binding, BindingOwner } from "./binding.ts";
import type { Endpoint } from "./endpoint.ts";
import type { IdleConnection } from "./shared-idle.ts";

/** How long an origin gets to show that it sends nothing more: a body follows its head within one or two round trips. */
export const DOUBT_MS = 50;

/** Who uses a connection: one exchange, or a tunnel. */
export interface ConnectionUser extends SocketHandler {
  /** What it holds here. */
  readonly place: Place;
  /** The deadline set with `armDeadline` has passed. */
  onDeadline(): void;
}

export class PooledConnection implements SocketHandler, Confined {
  readonly endpoint: Endpoint;
  readonly socket: Socket;
  /** What goes out on it while one event is handled. */
  readonly outbox: Outbox;
  readonly life: UpstreamLife;
  private readonly lentUntil_ms: number;
  /** Kept only to see when its origin closes it. */
  isRetired = false;
  peerHasClosed = false;
  hasUnreadOctets = false;
  /** Octets that it sent are being dealt with. What came right behind them has not been read yet. */
  isBeingHeard = false;
  /** Somebody wanted it while it was being heard: it is given to nobody before that is over, and all is quiet. */
  isSettling = false;
  /** When it was last sure that all was read that had arrived. */
  heardUntil_ms = 0;
  /** Not reused before this time: what it said last may have been more than it should. */
  reusableFrom_ms = Number.NEGATIVE_INFINITY;
  /** Its latest final response was in HTTP/1.0. */
  hasSpokenHttp10 = false;
  /** What the origin said of this connection last. */
  hintTimeout_ms: number | undefined;
  hintUsable_ms: number | undefined;
  hintRequestsLeft: number | undefined;
  /** What binds it to one client's connection: authentication, or that it names the client; it is for everybody: undefined. */
  binding: Binding<PooledConnection> | undefined;
  /** @internal its place in the endpoint's order of idleness */
  memberBefore: PooledConnection | undefined;
  memberBehind: PooledConnection | undefined;
  readonly idleNode: OwnedNode<PooledConnection> = new OwnedNode(this);
  /** @internal its place in the order of all pools, where there are several */
  sharedNode: OwnedNode<IdleConnection> | undefined;
  /** Who uses it now. */
  user: ConnectionUser | undefined;
  /** What its endpoint needs to know when its use is over. */
  private span = 0;
  private readonly deadline = new Deadline(this);

  constructor(id: number, endpoint: Endpoint, socket: Socket, openReason: OpenReason, now: number) {
    this.endpoint = endpoint;
    this.socket = socket;
    this.outbox = new Outbox(socket);
    this.life = new UpstreamLife({
      id,
      hop: "upstream",
      peer: socket.remoteAddress,
      peerPort: socket.remotePort,
      isSecure: socket.isSecure === true,
      endpoint: endpoint.record,
      opened: openReason,
      openedAt_ms: now,
    });
    this.lentUntil_ms = lentUntil_ms(endpoint.maxAge_ms, id, now);
    socket.handler = this;
    this.life.noteOpened();
  }

  /** What is told of it. */
  get record(): ConnectionRecord {
    return this.life;
  }

  get id(): number {
    return this.life.id;
  }

  /** Since when it is idle. */
  get idleSince_ms(): number {
    return this.life.idleSince_ms;
  }

  /** Whether it has carried an exchange before the present one. */
  get isReused(): boolean {
    return this.life.exchanges > 1;
  }

  /** Authentication has bound it to one client's connection. */
  bindTo(binding: Binding<PooledConnection>): void {
    this.binding = binding;
    this.life.boundTo = binding.owner.clientId;
  }

  /** Whether it is another client's alone. @param bindings those of the client that asks; it has none: undefined */
  isBoundToAnother(bindings: BindingOwner<PooledConnection> | undefined): boolean {
    return this.binding !== undefined && this.binding.owner !== bindings;
  }

  /** Whether it is as old as it may become. In the middle of a handshake another one would not do. */
  isTooOld(now: number): boolean {
    return now >= this.lentUntil_ms && this.binding?.isMidway !== true;
  }

  /** Begins an exchange. */
  take(user: ConnectionUser, now: number): void {
    this.idleNode.leave();
    this.sharedNode?.leave();
    this.endpoint.deadlines.clear(this.deadline);
    this.life.beginExchange(now);
    this.user = user;
    this.span = this.endpoint.onTaken();
    if (this.hintRequestsLeft !== undefined) this.hintRequestsLeft--;
  }

  /** Notes the terms that the origin gives for this connection. */
  noteTerms(terms: KeepAliveTerms): void {
    this.hintTimeout_ms = terms.timeout_ms;
    this.hintUsable_ms = terms.timeout_ms === undefined ? undefined : usableTimeout_ms(terms.timeout_ms);
    if (terms.max !== undefined) this.hintRequestsLeft = terms.max;
  }

  /** Whether it is known to take no chunks. */
  get speaksHttp10(): boolean {
    return this.hasSpokenHttp10 || this.endpoint.speaksHttp10;
  }

  /** It has spoken HTTP/1.0, and its endpoint is not taken for one that does. */
  get isVersionInDoubt(): boolean {
    return this.hasSpokenHttp10 && !this.endpoint.speaksHttp10;
  }

  /** The response has begun: what idled and answered was alive. */
  noteAlive(): void {
    this.endpoint.onAnswered();
    if (!this.isReused) return;
    this.endpoint.lifetime.recordSurvival(this.life.idled_ms);
    this.endpoint.abruptCloses.noteReuse();
  }

  /**
   * It ended, or fell silent, before any of the response. Returns whether another connection may do better: a fresh one that
   * fails says that its endpoint does, so there must be another endpoint.
   *
   * @param isRetry the request has ended another connection before: then it is the request that does
   */
  noteUnanswered(isRetry: boolean, fault = "ECONNRESET"): boolean {
    if (this.isReused) this.endpoint.onStale(this);
    else if (!isRetry) this.endpoint.onUnanswered(fault);
    return this.isReused || !this.endpoint.isAlone;
  }

  /**
   * The response should have no body but describes one (an answer to HEAD). Some origins send it all the same, right behind:
   * it must not become somebody else's response (RFC 9112 section 6.3).
   */
  doubtEnd(): void {
    this.reusableFrom_ms = this.endpoint.now() + DOUBT_MS;
  }

  /** The origin said more than it was asked for. */
  noteSurplus(): void {
    this.hasUnreadOctets = true;
    this.endpoint.onSurplus();
  }

  /** Ends the exchange; the connection is idle and may be reused. */
  release(): void {
    this.socket.resume();
    this.clearDeadline();
    this.leaveUser();
    this.life.endExchange(this.endpoint.now());
    this.endpoint.onReleased(this);
  }

  /** The exchange became a tunnel, which uses the connection from now on. */
  beginTunnel(tunnel: ConnectionUser): void {
    this.life.beginTunnel();
    this.user = tunnel;
  }

  armDeadline(delay_ms: number): void {
    this.endpoint.deadlines.set(this.deadline, delay_ms, this.endpoint.now());
  }

  clearDeadline(): void {
    this.endpoint.deadlines.clear(this.deadline);
  }

  /** Closes it. A client that has read its response needs no lingering; what is unsent still leaves, then FIN. */
  close(reason: CloseReason): void {
    if (!this.decideClose(reason, this.peerHasClosed ? "peer-fin" : "own-fin")) return;
    this.leave();
    this.socket.destroy();
  }

  /** Closes it with RST: the origin must not take what it has for complete. */
  reset(reason: CloseReason): void {
    if (!this.decideClose(reason, "own-reset")) return;
    this.leave();
    this.socket.reset();
  }

  /** A tunnel on it is done; its socket closes by itself. */
  noteClosing(reason: CloseReason): void {
    this.decideClose(reason, "own-fin");
  }

  /** It ends. False: that was decided before. */
  private decideClose(reason: CloseReason, ending: Ending): boolean {
    if (!this.life.decideClose(reason, ending)) return false;
    this.endpoint.onClosing();
    return true;
  }

  onData(octets: Octets): void {
    if (this.user !== undefined) {
      this.isBeingHeard = true;
      this.user.onData(octets);
      this.isBeingHeard = false;
      return;
    }
    if (this.life.isEnding) return;
    this.noteSurplus();
    this.close("unexpected-octets");
  }

  onEnd(isCutOff?: boolean): void {
    this.peerHasClosed = true;
    if (this.user !== undefined) return this.user.onEnd(isCutOff);
    if (this.life.isEnding) return;
    this.endpoint.onPeerClosedIdle(this);
    this.close("peer-closed-idle");
  }

  onDrain(): void {
    this.user?.onDrain();
  }

  onClose(fault: string | undefined): void {
    const wasIdle = this.life.state === "idle";
    const wasDecided = this.life.state === "closing";
    const { user } = this;
    if (wasIdle) this.endpoint.onPeerClosedIdle(this);
    const reason = fault !== undefined ? "peer-reset" : wasIdle ? "peer-closed-idle" : "peer-closed";
    if (!this.life.transportClosed(reason)) return;
    this.leave();
    this.endpoint.onClosed(this, wasDecided);
    user?.onClose(fault);
  }

  breakDown(fault: unknown): void {
    const { user } = this;
    this.endpoint.noteInternalError(fault);
    this.reset("internal-error");
    user?.onClose("internal-error");
  }

  private leaveUser(): void {
    if (this.user !== undefined) this.endpoint.onLeft(this.span);
    this.user = undefined;
  }

  private leave(): void {
    this.leaveUser();
    this.idleNode.leave();
    this.sharedNode?.leave();
    this.binding?.owner.forget(this);
    this.endpoint.deadlines.clear(this.deadline);
  }

  /** @internal */
  onDeadline(): void {
    if (this.user !== undefined) this.user.onDeadline();
    else this.endpoint.onIdleDeadline(this);
  }
}

confine(PooledConnection.prototype, "onData", "onEnd", "onDrain", "onClose", "onDeadline");
