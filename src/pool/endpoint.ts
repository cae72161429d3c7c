/**
 * One endpoint of an origin: its connections by their number, and what is known of it.
 *
 * What was learned lives in parts of its own, which are told what happens here: health.ts, lifetime.ts, abrupt-closes.ts,
 * spoken-version.ts, manners.ts. Deliberately absent: what idles, see idle-connections.ts; choosing among endpoints and waiting for
 * room, see balancing.ts and pool.ts.
 */
import type { Deadlines } from "../connection/deadlines.ts";
import { Members } from "../connection/lists.ts";
import type { CloseReason } from "../connection/reasons.ts";
import { AbruptCloses } from "./abrupt-closes.ts";
import { Health, type Standing } from "./health.ts";
import { IdleConnections, type IdleOptions } from "./idle-connections.ts";
import { Lifetime } from "./lifetime.ts";
import { Manners } from "./manners.ts";
import type { PoolObserver } from "./observer.ts";
import type { OriginAddress } from "./origin-address.ts";
import type { PooledConnection } from "./pooled-connection.ts";
import { SpokenVersion } from "./spoken-version.ts";

/** What of it is for idle connections stands there. */
export interface EndpointOptions
  extends Omit<IdleOptions<PooledConnection>, "lifetime" | "abruptCloses" | "onRefused"> {
  readonly origin: OriginAddress;
  readonly deadlines: Deadlines;
  readonly observer: PoolObserver;
  /** How old a connection may become; 0: no limit. */
  readonly maxAge_ms: number;
  /** Whether its pool has no other endpoint. */
  readonly isAlone: boolean;
}

export class Endpoint {
  readonly origin: OriginAddress;
  readonly deadlines: Deadlines;
  readonly maxAge_ms: number;
  readonly lifetime = new Lifetime();
  readonly abruptCloses = new AbruptCloses();
  /** Every connection that is not gone yet. */
  readonly connections = new Members<PooledConnection>();
  /** Whether its pool has no other endpoint. */
  readonly isAlone: boolean;
  private readonly health = new Health();
  private readonly version = new SpokenVersion();
  private readonly manners = new Manners();
  private readonly idle: IdleConnections<PooledConnection>;
  private readonly options: EndpointOptions;
  private dials = 0;
  private closes = 0;
  private uses = 0;

  constructor(options: EndpointOptions) {
    this.options = options;
    this.origin = options.origin;
    this.deadlines = options.deadlines;
    this.isAlone = options.isAlone;
    this.maxAge_ms = options.maxAge_ms;
    const { lifetime, abruptCloses } = this;
    const onRefused: IdleOptions<PooledConnection>["onRefused"] = (connection, refusal) =>
      options.observer.reuseRefused(connection, refusal);
    this.idle = new IdleConnections({ ...options, lifetime, abruptCloses, onRefused });
  }

  now(): number {
    return this.options.clock.now();
  }

  /** Not used before this time if there are other endpoints. */
  get avoidUntil_ms(): number {
    return this.health.avoidUntil_ms;
  }

  standing(now: number): Standing {
    return this.health.standing(now, this.outstanding);
  }

  /** The protocol version of the latest response; unknown before the first. */
  get minorVersion(): 0 | 1 | undefined {
    return this.version.latest;
  }

  /** Whether it is known to take no chunks. */
  get speaksHttp10(): boolean {
    return this.version.isHttp10(this.now());
  }

  /** Connections being dialed. */
  get dialing(): number {
    return this.dials;
  }

  /** Connections that are about to be gone. */
  get closing(): number {
    return this.closes;
  }

  /** Exchanges and tunnels in progress. */
  get inUse(): number {
    return this.uses;
  }

  /** Connections that count towards the pool's limit. */
  get size(): number {
    return this.connections.size + this.dials;
  }

  get outstanding(): number {
    return this.uses + this.dials;
  }

  /** Idle connections that anybody may use. */
  get idleCount(): number {
    return this.idle.count;
  }

  /** Idle connections that authentication has bound to one client each. */
  get idleBoundCount(): number {
    return this.idle.boundCount;
  }

  /** An idle connection that is fit for the request; see idle-connections.ts. */
  findReusable(isRetriable: boolean, now: number): PooledConnection | "settling" | undefined {
    return this.idle.find(isRetriable, now);
  }

  /** The connection that is bound to the client who asks, or how long it must be waited for; see idle-connections.ts. */
  findBound(connection: PooledConnection, now: number): PooledConnection | { readonly wait_ms: number } | undefined {
    return this.idle.findBound(connection, now);
  }

  onDialBegun(): void {
    this.dials++;
  }

  /** It was answered, in whatever way, or given up. */
  onDialOver(): void {
    this.dials--;
  }

  /** @internal one is in use from now on */
  onTaken(): void {
    this.uses++;
  }

  /** @internal one is not in use any more */
  onLeft(): void {
    this.uses--;
  }

  /** @internal it is decided that one ends */
  onClosing(): void {
    this.closes++;
  }

  onOpened(connection: PooledConnection): void {
    this.connections.add(connection.memberNode);
    if (this.health.noteOpened()) this.options.observer.endpointRecovered(this);
    this.options.observer.upstreamOpened(connection);
  }

  /** It has begun to answer. */
  onAnswered(): void {
    if (this.health.noteAnswered()) this.options.observer.endpointRecovered(this);
  }

  /** A final response has arrived. */
  noteFinal(minorVersion: 0 | 1, status: number): void {
    const now = this.now();
    this.version.note(minorVersion, status, now);
    if (this.isAlone) return;
    const shown = this.health.noteStatus(status, now);
    if (shown === "recovered") this.options.observer.endpointRecovered(this);
    else if (shown === "failed") this.options.observer.endpointFailed(this, `HTTP ${status}`);
  }

  onDialFailed(fault: string): void {
    this.health.fail("dial", this.now());
    this.options.observer.endpointFailed(this, fault);
  }

  /** A fresh connection ended, or fell silent, without an answer. That matters only where somebody else might give one. */
  onUnanswered(fault: string): void {
    if (this.isAlone) return;
    this.health.fail("answer", this.now());
    this.options.observer.endpointFailed(this, fault);
  }

  /** A response without a body has come. Returns whether it is still unknown that no body follows. */
  noteBodiless(): boolean {
    return this.manners.noteBodiless();
  }

  /** It said more than it was asked for. */
  onSurplus(): void {
    this.manners.noteSurplus(this.now());
  }

  onReleased(connection: PooledConnection): void {
    connection.idleSince_ms = this.now();
    const { binding } = connection;
    if (this.idle.isDraining) return connection.close("drained");
    if (this.manners.isDistrusted(connection.idleSince_ms)) {
      connection.close("distrusted");
      return this.options.onRoom();
    }
    if (binding?.owner.isOver) return connection.close("binding-ended");
    this.idle.add(connection);
    this.options.onRoom();
  }

  /** @internal an idle connection has idled long enough */
  onIdleDeadline(connection: PooledConnection): void {
    this.idle.onDeadline(connection);
  }

  /** @internal the origin closed a connection while it idled */
  onPeerClosedIdle(connection: PooledConnection): void {
    if (connection.life.exchanges === 0) return;
    this.learn(connection.idleSince_ms, this.now() - connection.idleSince_ms);
  }

  /** A reused connection died before any octet of a response; the rest of its age is not to be trusted either. */
  onStale(connection: PooledConnection): void {
    this.learn(connection.idleSince_ms, connection.idleWhenTaken_ms);
    this.idle.closeSuspects(connection.idleSince_ms);
  }

  private learn(idleSince_ms: number, idle_ms: number): void {
    const now = this.now();
    this.abruptCloses.noteClose(idleSince_ms, idle_ms, now);
    if (this.lifetime.recordClose(idle_ms, now)) this.options.observer.lifetimeLearned(this);
  }

  /** @internal one is gone. @param wasDecided whether `onClosing` was told */
  onClosed(connection: PooledConnection, wasDecided: boolean): void {
    if (wasDecided) this.closes--;
    this.connections.delete(connection.memberNode);
    this.idle.onClosed(connection);
    this.options.observer.upstreamClosed(connection);
    this.options.onRoom();
  }

  /** Closes what is needed least, for somebody who needs a fresh connection. False: there is nothing idle. */
  makeRoom(): boolean {
    const surplus = this.idle.leastNeeded();
    if (surplus === undefined) return false;
    surplus.close("pool-surplus");
    return true;
  }

  /** Closes what is idle now and everything else as soon as its exchange ends. */
  /** @internal */
  noteInternalError(fault: unknown): void {
    this.options.observer.internalError(fault);
  }

  drain(reason: CloseReason = "drained"): void {
    this.idle.isDraining = true;
    for (const connection of [...this.connections]) {
      if (connection.life.state === "idle") connection.close(reason);
    }
  }

  /**
   * Ends at once what is closing already: an origin that does not take the rest of a tunnel keeps nobody waiting. And tunnels,
   * whose clients were cut: with FIN what came so far would look like everything.
   * @returns how many were not sent all that was left for them
   */
  cut(): number {
    let unsent = 0;
    for (const connection of [...this.connections]) {
      const { state } = connection.life;
      if (state === "tunnel") connection.reset("client-gone");
      if (state !== "closing") continue;
      if (connection.socket.unsentBytes > 0) unsent++;
      connection.socket.reset();
    }
    return unsent;
  }
}
