/**
 * One endpoint of an origin: its connections, what is known of their lifetime, and whether it can be dialed.
 *
 * The idle ones are used most recently used first, so that the surplus ages and can be given back. Deliberately absent:
 * choosing among endpoints and waiting for room, see pool.ts.
 */
import type { Deadlines } from "../connection/deadlines.ts";
import { LinkedList, Members, type OwnedNode } from "../connection/lists.ts";
import type { CloseReason, ReuseRefusal } from "../connection/reasons.ts";
import type { Clock } from "../net/ports.ts";
import { AbruptCloses, SETTLED_MS } from "./abrupt-closes.ts";
import type { BindingOwner } from "./binding.ts";
import { Health, type Standing } from "./health.ts";
import { Lifetime } from "./lifetime.ts";
import { Manners } from "./manners.ts";
import type { PoolObserver } from "./observer.ts";
import type { OriginAddress } from "./origin-address.ts";
import type { PooledConnection } from "./pooled-connection.ts";
import { reuseRefusal } from "./reuse.ts";
import type { SharedIdle } from "./shared-idle.ts";
import { SpokenVersion } from "./spoken-version.ts";

/** Idle deadlines are rounded down to this, so that slightly different lifetimes share a lane. */
const IDLE_DEADLINE_STEP_MS = 50;

export interface EndpointOptions {
  readonly origin: OriginAddress;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  readonly observer: PoolObserver;
  /** How long a connection may idle before hints and learning are considered. */
  readonly idleLimit_ms: number;
  /** How old a connection may become; 0: any age. */
  readonly maxAge_ms: number;
  /** How long a client keeps its connection in the middle of a handshake although others wait for room. */
  readonly handshakeTime_ms: number;
  /** Whether its pool has no other endpoint. */
  readonly isAlone: boolean;
  /** Where idle connections of all pools are counted, if there are several. */
  readonly sharedIdle: SharedIdle | undefined;
  /** Something left: there may be room for somebody who waits. */
  readonly onRoom: () => void;
}

export class Endpoint {
  readonly origin: OriginAddress;
  readonly deadlines: Deadlines;
  readonly maxAge_ms: number;
  readonly lifetime = new Lifetime();
  readonly abruptCloses = new AbruptCloses();
  /** Every connection that is not gone yet. */
  readonly connections = new Members<PooledConnection>();
  /** Connections being dialed. */
  dialing = 0;
  /** Connections that are about to be gone. */
  closing = 0;
  /** Exchanges and tunnels in progress. */
  inUse = 0;
  /** Whether its pool has no other endpoint. */
  readonly isAlone: boolean;
  private readonly health = new Health();
  private readonly version = new SpokenVersion();
  private readonly manners = new Manners();
  private isDraining = false;
  private readonly idle = new LinkedList<OwnedNode<PooledConnection>>();
  /** Those that idle and are bound to one client's connection each. */
  private readonly idleBound = new LinkedList<OwnedNode<PooledConnection>>();
  /** The retired connection that is watched until the origin closes it. */
  private probe: PooledConnection | undefined;
  private readonly options: EndpointOptions;

  constructor(options: EndpointOptions) {
    this.options = options;
    this.origin = options.origin;
    this.deadlines = options.deadlines;
    this.isAlone = options.isAlone;
    this.maxAge_ms = options.maxAge_ms;
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

  /** Connections that count towards the pool's limit. */
  get size(): number {
    return this.connections.size + this.dialing;
  }

  get outstanding(): number {
    return this.inUse + this.dialing;
  }

  /** Idle connections that anybody may use. */
  get idleCount(): number {
    return this.idle.size;
  }

  /** Idle connections that authentication has bound to one client each. */
  get idleBoundCount(): number {
    return this.idleBound.size;
  }

  /**
   * The most recently used idle connection that is fit for the request; none: undefined. `settling`: there will be one in a
   * moment, unless it turns out to be none; `onRoom` follows.
   */
  findReusable(isRetriable: boolean, now: number): PooledConnection | "settling" | undefined {
    let none: "settling" | undefined;
    let older: OwnedNode<PooledConnection> | undefined;
    for (let node = this.idle.newest; node !== undefined; node = older) {
      older = this.idle.olderThan(node);
      const connection = node.owner;
      if (connection.isBeingHeard || connection.isSettling) {
        this.settle(connection);
        none = "settling";
        continue;
      }
      const refusal = this.refusal(connection, isRetriable, now);
      if (refusal === undefined) return connection;
      this.options.observer.reuseRefused(connection, refusal);
      // All others have idled for longer, so the same holds for them.
      if (refusal === "not-well-inside") return none;
      if (refusal !== "end-in-doubt" && refusal !== "close-expected") this.retire(connection, refusal);
    }
    return none ?? this.findAmongBound(isRetriable, now);
  }

  /** None of them, which is told of one: that it is not lent is decided where every reuse is. */
  private findAmongBound(isRetriable: boolean, now: number): PooledConnection | undefined {
    const connection = this.idleBound.newest?.owner;
    if (connection === undefined) return undefined;
    const refusal = this.refusal(connection, isRetriable, now);
    if (refusal === undefined) return connection;
    this.options.observer.reuseRefused(connection, refusal);
    return undefined;
  }

  /**
   * The connection that is bound to the client who asks, if it is fit, or how long it must be waited for (0: until all that has
   * arrived is read). A request that may not be retried goes on it, too: anywhere else it would be a stranger's.
   */
  findBound(connection: PooledConnection, now: number): PooledConnection | { readonly wait_ms: number } | undefined {
    if (connection.isBeingHeard) return { wait_ms: 0 };
    const refusal = this.refusal(connection, true, now, connection.binding?.owner);
    if (refusal === undefined) return connection;
    this.options.observer.reuseRefused(connection, refusal);
    if (refusal === "end-in-doubt") return { wait_ms: connection.reusableFrom_ms - now };
    if (refusal !== "not-idle") this.retire(connection, refusal);
    return undefined;
  }

  /**
   * Whoever waits gets a connection the moment it comes free, before anybody could have read what came behind the response:
   * a second response, or FIN. So it waits a moment more.
   */
  private settle(connection: PooledConnection): void {
    if (connection.isSettling) return;
    connection.isSettling = true;
    this.options.clock.afterArrivals(() => {
      connection.isSettling = false;
      this.options.onRoom();
    });
  }

  /** @param bindings those of the client that asks; it has none: undefined */
  private refusal(
    connection: PooledConnection,
    isRetriable: boolean,
    now: number,
    bindings?: BindingOwner<PooledConnection>,
  ): ReuseRefusal | undefined {
    const { lifetime } = this;
    this.watch(connection, now);
    return reuseRefusal(
      {
        isIdle: connection.life.state === "idle",
        hasUnreadOctets: connection.hasUnreadOctets,
        peerHasClosed: connection.peerHasClosed,
        isBoundToAnother: connection.isBoundToAnother(bindings),
        isRetired: connection.isRetired,
        isTooOld: connection.isTooOld(now),
        isInDoubt: now < connection.reusableFrom_ms,
        idle_ms: now - connection.idleSince_ms,
        idleLimit_ms: this.options.idleLimit_ms,
        hintUsable_ms: connection.hintUsable_ms,
        hintRequestsLeft: connection.hintRequestsLeft,
        lifetimeUsable_ms: lifetime.usable_ms,
      },
      {
        isRetriable,
        settled_ms: this.abruptCloses.isHabit ? SETTLED_MS : 0,
        wellInside_ms: isRetriable ? Number.POSITIVE_INFINITY : lifetime.wellInside_ms(connection.hintTimeout_ms),
      },
    );
  }

  /** What idles longest and is still open proves how long this origin lets others idle. */
  private watch(other: PooledConnection, now: number): void {
    const watched = this.probe ?? this.idle.oldest?.owner;
    if (watched !== undefined && watched !== other) this.lifetime.recordSurvival(now - watched.idleSince_ms);
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
    if (this.isDraining) return connection.close("drained");
    if (this.manners.isDistrusted(connection.idleSince_ms)) {
      connection.close("distrusted");
      return this.options.onRoom();
    }
    if (binding?.owner.isOver) return connection.close("binding-ended");
    const { limit_ms, reason } = this.idleLimit(connection);
    if (limit_ms <= 0) {
      this.retire(connection, reason);
      this.options.onRoom();
      return;
    }
    (binding === undefined ? this.idle : this.idleBound).push(connection.idleNode);
    this.options.sharedIdle?.add(connection);
    this.setIdleDeadline(connection, limit_ms);
    this.options.onRoom();
  }

  /** When an idle connection is due to be retired, and why. */
  private idleLimit(connection: PooledConnection): { limit_ms: number; reason: ReuseRefusal } {
    let limit_ms = this.options.idleLimit_ms;
    let reason: ReuseRefusal = "idle-timeout";
    const now = this.now();
    this.watch(connection, now);
    if (connection.isTooOld(now)) return { limit_ms: 0, reason: "max-age" };
    const lifetime_ms = this.lifetime.usable_ms;
    if (lifetime_ms !== undefined && lifetime_ms < limit_ms) {
      limit_ms = lifetime_ms;
      reason = "lifetime-learned";
    }
    if (connection.hintUsable_ms !== undefined && connection.hintUsable_ms < limit_ms) {
      limit_ms = connection.hintUsable_ms;
      reason = "hint-expired";
    }
    if (connection.hintRequestsLeft !== undefined && connection.hintRequestsLeft <= 0) {
      return { limit_ms: 0, reason: "hint-max" };
    }
    return { limit_ms, reason };
  }

  private setIdleDeadline(connection: PooledConnection, delay_ms: number): void {
    const steps = Math.max(1, Math.floor(delay_ms / IDLE_DEADLINE_STEP_MS));
    connection.armDeadline(steps * IDLE_DEADLINE_STEP_MS);
  }

  /** @internal an idle connection has idled long enough */
  onIdleDeadline(connection: PooledConnection): void {
    const idle_ms = this.now() - connection.idleSince_ms;
    // Nobody has closed it until now: that much is proven.
    this.lifetime.recordSurvival(idle_ms);
    if (connection.isRetired) return connection.close("idle-timeout");
    // It may have kept its place until now only because of its handshake.
    if (connection.binding !== undefined) this.options.onRoom();
    if (connection.life.state !== "idle") return;
    const { limit_ms, reason } = this.idleLimit(connection);
    const left_ms = limit_ms - idle_ms;
    // The limit may have grown since the deadline was set.
    if (left_ms >= IDLE_DEADLINE_STEP_MS) this.setIdleDeadline(connection, left_ms);
    else this.retire(connection, reason);
  }

  /** Stops reusing a connection. One is kept and watched, to learn when the origin closes it; the rest are closed. */
  private retire(connection: PooledConnection, refusal: ReuseRefusal): void {
    connection.idleNode.leave();
    const teaches = refusal === "hint-expired" || refusal === "lifetime-learned";
    const left_ms = this.options.idleLimit_ms - (this.now() - connection.idleSince_ms);
    const mayBeWatched = connection.binding === undefined && this.probe === undefined && !this.isDraining;
    if (!teaches || !mayBeWatched || left_ms <= 0) {
      return connection.close(closeReasonFor(refusal));
    }
    connection.isRetired = true;
    this.probe = connection;
    this.setIdleDeadline(connection, left_ms);
  }

  /** @internal the origin closed a connection while it idled */
  onPeerClosedIdle(connection: PooledConnection): void {
    if (connection.life.exchanges === 0) return;
    this.learn(connection.idleSince_ms, this.now() - connection.idleSince_ms);
  }

  /** A reused connection died before any octet of a response; the rest of its age is not to be trusted either. */
  onStale(connection: PooledConnection): void {
    this.learn(connection.idleSince_ms, connection.idleWhenTaken_ms);
    for (const node of this.idle) {
      if (node.owner.idleSince_ms <= connection.idleSince_ms) node.owner.close("retry-suspect");
    }
  }

  private learn(idleSince_ms: number, idle_ms: number): void {
    const now = this.now();
    this.abruptCloses.noteClose(idleSince_ms, idle_ms, now);
    if (this.lifetime.recordClose(idle_ms, now)) this.options.observer.lifetimeLearned(this);
  }

  /** @internal */
  onClosed(connection: PooledConnection): void {
    this.connections.delete(connection.memberNode);
    if (this.probe === connection) this.probe = undefined;
    this.options.observer.upstreamClosed(connection);
    this.options.onRoom();
  }

  /** Closes what is needed least, for somebody who needs a fresh connection. False: there is nothing idle. */
  makeRoom(): boolean {
    const surplus = this.probe ?? this.idle.oldest?.owner ?? this.surplusBound();
    if (surplus === undefined) return false;
    surplus.close("pool-surplus");
    return true;
  }

  /** Handshakes in progress get their time; then those who wait get their place. */
  private surplusBound(): PooledConnection | undefined {
    const now = this.now();
    let first: PooledConnection | undefined;
    let first_ms = Number.POSITIVE_INFINITY;
    for (const { owner } of this.idleBound) {
      const { isMidway, since_ms } = owner.binding ?? { isMidway: false, since_ms: now };
      const left_ms = since_ms + this.options.handshakeTime_ms - now;
      if (!isMidway || left_ms <= 0) return owner;
      if (left_ms < first_ms) [first, first_ms] = [owner, left_ms];
    }
    first?.armDeadline(Math.ceil(first_ms / IDLE_DEADLINE_STEP_MS) * IDLE_DEADLINE_STEP_MS);
    return undefined;
  }

  /** Closes what is idle now and everything else as soon as its exchange ends. */
  /** @internal */
  noteInternalError(fault: unknown): void {
    this.options.observer.internalError(fault);
  }

  drain(reason: CloseReason = "drained"): void {
    this.isDraining = true;
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

function closeReasonFor(refusal: ReuseRefusal): CloseReason {
  switch (refusal) {
    case "hint-max":
    case "max-age":
    case "hint-expired":
    case "lifetime-learned":
    case "idle-timeout":
      return refusal;
    case "unread-octets":
      return "unexpected-octets";
    case "peer-closed":
      return "peer-closed-idle";
    case "not-idle":
    case "bound-to-another":
    case "retired":
    case "end-in-doubt":
    case "close-expected":
    case "not-well-inside":
      return "pool-surplus";
  }
}
