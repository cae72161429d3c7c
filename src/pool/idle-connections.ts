/**
 * The idle connections of one endpoint: which of them is lent, when each is retired, and which one gives way.
 *
 * They are lent most recently used first, so that the surplus ages and can be given back. One that is retired is kept and watched
 * until its origin closes it, which teaches how long it lets others idle. Deliberately absent: whether one may be reused, see
 * reuse.ts; when one is due to be retired, see retirement.ts; what is in use, see endpoint.ts.
 */
import type { IdleEnd } from "../connection/connection-record.ts";
import type { LifeState } from "../connection/life.ts";
import { LinkedList, type OwnedNode } from "../connection/lists.ts";
import type { CloseReason, ReuseRefusal } from "../connection/reasons.ts";
import type { Clock } from "../net/ports.ts";
import { type AbruptCloses, SETTLED_MS } from "./abrupt-closes.ts";
import type { Binding, BindingOwner } from "./binding.ts";
import type { Lifetime } from "./lifetime.ts";
import { closeReasonFor, firstLimit, type Limit, limit_ms } from "./retirement.ts";
import { reuseRefusal } from "./reuse.ts";
import type { IdleConnection, SharedIdle } from "./shared-idle.ts";

/** Idle deadlines are rounded down to this, so that slightly different lifetimes share a lane. */
const IDLE_DEADLINE_STEP_MS = 50;

/** Refusals that concern this request, or this moment, alone. */
const PASSING: ReadonlySet<ReuseRefusal> = new Set(["end-in-doubt", "close-expected", "not-well-inside"]);

/** What idles here; see pooled-connection.ts. */
export interface Idling<Self> extends IdleConnection {
  readonly life: { readonly state: LifeState };
  readonly idleNode: OwnedNode<Self>;
  readonly idleSince_ms: number;
  readonly reusableFrom_ms: number;
  readonly isVersionInDoubt: boolean;
  readonly isBeingHeard: boolean;
  readonly hasUnreadOctets: boolean;
  readonly peerHasClosed: boolean;
  readonly hintTimeout_ms: number | undefined;
  readonly hintUsable_ms: number | undefined;
  readonly hintRequestsLeft: number | undefined;
  readonly binding: Binding<Self> | undefined;
  isRetired: boolean;
  isSettling: boolean;
  heardUntil_ms: number;
  isTooOld(now: number): boolean;
  isBoundToAnother(bindings: BindingOwner<Self> | undefined): boolean;
  armDeadline(delay_ms: number): void;
  close(reason: CloseReason): void;
}

export interface IdleLimits {
  /** How long a connection may idle before hints and learning are considered. */
  readonly idleLimit_ms: number;
  /** How long a client keeps its connection in the middle of a handshake although others wait for room. */
  readonly handshakeTime_ms: number;
}

export interface IdleOptions<Connection> extends IdleLimits {
  readonly clock: Clock;
  /** What is known of how the endpoint closes connections. */
  readonly lifetime: Lifetime;
  readonly abruptCloses: AbruptCloses;
  /** Where idle connections of all pools are counted, if there are several. */
  readonly sharedIdle: SharedIdle | undefined;
  readonly onRefused: (connection: Connection, refusal: ReuseRefusal) => void;
  /** There may be one, or room, for somebody who waits. */
  readonly onRoom: () => void;
}

export class IdleConnections<Connection extends Idling<Connection>> {
  /** Whether nothing is learned any more: what is retired closes. */
  isDraining = false;
  private readonly everybodys = new LinkedList<OwnedNode<Connection>>();
  /** Those that are bound to one client's connection each. */
  private readonly bound = new LinkedList<OwnedNode<Connection>>();
  /** The retired connection that is watched until the origin closes it. */
  private probe: Connection | undefined;
  private readonly options: IdleOptions<Connection>;
  private idleLimit_ms: number;
  private handshakeTime_ms: number;

  constructor(options: IdleOptions<Connection>) {
    this.options = options;
    this.idleLimit_ms = options.idleLimit_ms;
    this.handshakeTime_ms = options.handshakeTime_ms;
  }

  /** Other limits from now on, for what idles already, too. */
  limit({ idleLimit_ms, handshakeTime_ms }: IdleLimits): void {
    const now = this.options.clock.now();
    const isShorter = idleLimit_ms < this.idleLimit_ms;
    this.idleLimit_ms = idleLimit_ms;
    this.handshakeTime_ms = handshakeTime_ms;
    if (!isShorter) return;
    // A longer one is seen when the present deadline passes.
    for (const list of [this.everybodys, this.bound]) {
      for (const { owner } of list) setIdleDeadline(owner, idleLimit_ms - (now - owner.idleSince_ms));
    }
  }

  /** Those that anybody may use. */
  get count(): number {
    return this.everybodys.size;
  }

  /** Those that are one client's alone. */
  get boundCount(): number {
    return this.bound.size;
  }

  /**
   * The most recently used one that is fit for the request; none: undefined. `settling`: there will be one in a moment, unless
   * it turns out to be none; `onRoom` follows.
   */
  find(isRetriable: boolean, now: number): Connection | "settling" | undefined {
    let none: "settling" | undefined;
    let older: OwnedNode<Connection> | undefined;
    for (let node = this.everybodys.newest; node !== undefined; node = older) {
      older = this.everybodys.olderThan(node);
      const connection = node.owner;
      if (connection.isBeingHeard || connection.isSettling) {
        this.settle(connection);
        none = "settling";
        continue;
      }
      const refusal = this.refusal(connection, isRetriable, now);
      if (refusal === undefined) {
        if (isRetriable || this.hasSettled(connection)) return connection;
        this.settle(connection);
        none = "settling";
        continue;
      }
      this.options.onRefused(connection, refusal);
      // All others have idled for longer, so the same holds for them.
      if (refusal === "not-well-inside") return none;
      if (refusal !== "end-in-doubt" && refusal !== "close-expected") this.retire(connection, refusal);
    }
    return none ?? this.findAmongBound(isRetriable, now);
  }

  /** None of them, which is told of one: that it is not lent is decided where every reuse is. */
  private findAmongBound(isRetriable: boolean, now: number): Connection | undefined {
    const connection = this.bound.newest?.owner;
    if (connection === undefined) return undefined;
    const refusal = this.refusal(connection, isRetriable, now);
    if (refusal === undefined) return connection;
    this.options.onRefused(connection, refusal);
    return undefined;
  }

  /**
   * The connection that is bound to the client who asks, if it is fit, or how long it must be waited for (0: until all that has
   * arrived is read). A request that may not be retried goes on it, too: anywhere else it would be a stranger's.
   */
  findBound(connection: Connection, now: number): Connection | { readonly wait_ms: number } | undefined {
    if (connection.isBeingHeard) return { wait_ms: 0 };
    const refusal = this.refusal(connection, true, now, connection.binding?.owner);
    if (refusal === undefined) return connection;
    this.options.onRefused(connection, refusal);
    if (refusal === "end-in-doubt") return { wait_ms: connection.reusableFrom_ms - now };
    if (refusal !== "not-idle") this.retire(connection, refusal);
    return undefined;
  }

  /** The same as `find`, among those that are one client's own. @param own the latest last */
  findOwn(own: readonly Connection[], isRetriable: boolean, now: number): Connection | "settling" | undefined {
    let none: "settling" | undefined;
    for (let at = own.length - 1; at >= 0; at--) {
      const connection = own[at] as Connection;
      if (connection.life.state !== "idle") continue;
      const isQuiet = !connection.isBeingHeard && !connection.isSettling;
      const refusal = isQuiet ? this.refusal(connection, isRetriable, now, connection.binding?.owner) : undefined;
      if (isQuiet && refusal === undefined && (isRetriable || this.hasSettled(connection))) return connection;
      if (refusal === undefined) {
        this.settle(connection);
        none = "settling";
        continue;
      }
      this.options.onRefused(connection, refusal);
      if (!PASSING.has(refusal)) this.retire(connection, refusal);
    }
    return none;
  }

  /**
   * Of an endpoint that closes right behind its responses: whether everything was read that had arrived by the time by which it
   * would have closed. A process that got no processor time finds request and close at once, and may read the request first.
   */
  private hasSettled({ idleSince_ms, heardUntil_ms }: Connection): boolean {
    return !this.options.abruptCloses.isHabit || heardUntil_ms - idleSince_ms >= SETTLED_MS;
  }

  /**
   * Whoever waits gets a connection the moment it comes free, before anybody could have read what came behind the response:
   * a second response, or FIN. So it waits a moment more.
   */
  private settle(connection: Connection): void {
    if (connection.isSettling) return;
    connection.isSettling = true;
    this.options.clock.afterArrivals(() => {
      connection.isSettling = false;
      connection.heardUntil_ms = this.options.clock.now();
      this.options.onRoom();
    });
  }

  /** @param bindings those of the client that asks; it has none: undefined */
  private refusal(
    connection: Connection,
    isRetriable: boolean,
    now: number,
    bindings?: BindingOwner<Connection>,
  ): ReuseRefusal | undefined {
    const { lifetime, abruptCloses } = this.options;
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
        isVersionInDoubt: connection.isVersionInDoubt,
        idle_ms: now - connection.idleSince_ms,
        idleLimit_ms: this.idleLimit_ms,
        hintUsable_ms: connection.hintUsable_ms,
        hintRequestsLeft: connection.hintRequestsLeft,
        lifetimeUsable_ms: lifetime.usable_ms,
      },
      {
        isRetriable,
        settled_ms: abruptCloses.isHabit ? SETTLED_MS : 0,
        wellInside_ms: isRetriable ? Number.POSITIVE_INFINITY : lifetime.wellInside_ms(connection.hintTimeout_ms),
      },
    );
  }

  /** What idles longest and is still open proves how long this origin lets others idle. */
  private watch(other: Connection, now: number): void {
    const watched = this.probe ?? this.everybodys.oldest?.owner;
    if (watched !== undefined && watched !== other) this.options.lifetime.recordSurvival(now - watched.idleSince_ms);
  }

  /** It idles from now on, or is retired at once. */
  add(connection: Connection): void {
    const limit = this.firstLimit(connection, connection.idleSince_ms);
    const left_ms = this.limit_ms(connection, limit);
    if (left_ms <= 0) return this.retire(connection, limit);
    (connection.binding === undefined ? this.everybodys : this.bound).push(connection.idleNode);
    this.options.sharedIdle?.add(connection);
    setIdleDeadline(connection, left_ms);
  }

  private firstLimit(connection: Connection, now: number): Limit {
    this.watch(connection, now);
    const { usable_ms } = this.options.lifetime;
    return firstLimit(connection, connection.isTooOld(now), this.idleLimit_ms, usable_ms);
  }

  private limit_ms(connection: Connection, limit: Limit): number {
    return limit_ms(limit, connection, this.idleLimit_ms, this.options.lifetime.usable_ms);
  }

  /** What ends one of them as things stand; they are told to nobody else, so nothing is learned from looking. */
  endOf(connection: Connection): IdleEnd {
    const now = this.options.clock.now();
    const { usable_ms } = this.options.lifetime;
    const limit = connection.isRetired
      ? "idle-timeout"
      : firstLimit(connection, connection.isTooOld(now), this.idleLimit_ms, usable_ms);
    return { limit, left_ms: Math.max(0, this.limit_ms(connection, limit) - (now - connection.idleSince_ms)) };
  }

  /** One has idled long enough. */
  onDeadline(connection: Connection): void {
    const now = this.options.clock.now();
    const idle_ms = now - connection.idleSince_ms;
    // Nobody has closed it until now: that much is proven.
    this.options.lifetime.recordSurvival(idle_ms);
    if (connection.isRetired) return connection.close("idle-timeout");
    // It may have kept its place until now only because of its handshake.
    if (connection.binding !== undefined) this.options.onRoom();
    if (connection.life.state !== "idle") return;
    const limit = this.firstLimit(connection, now);
    const left_ms = this.limit_ms(connection, limit) - idle_ms;
    // The limit may have grown since the deadline was set.
    if (left_ms >= IDLE_DEADLINE_STEP_MS) setIdleDeadline(connection, left_ms);
    else this.retire(connection, limit);
  }

  /** Stops reusing a connection. One is kept and watched, to learn when the origin closes it; the rest are closed. */
  private retire(connection: Connection, refusal: ReuseRefusal): void {
    connection.idleNode.leave();
    const teaches = refusal === "hint-expired" || refusal === "lifetime-learned";
    const left_ms = this.idleLimit_ms - (this.options.clock.now() - connection.idleSince_ms);
    const mayBeWatched = connection.binding === undefined && this.probe === undefined && !this.isDraining;
    if (!teaches || !mayBeWatched || left_ms <= 0) {
      return connection.close(closeReasonFor(refusal));
    }
    connection.isRetired = true;
    this.probe = connection;
    setIdleDeadline(connection, left_ms);
  }

  /** One that idled as long as these turned out to be dead. */
  closeSuspects(idleSince_ms: number): void {
    for (const { owner } of this.everybodys) if (owner.idleSince_ms <= idleSince_ms) owner.close("retry-suspect");
  }

  onClosed(connection: Connection): void {
    if (this.probe === connection) this.probe = undefined;
  }

  /** What is needed least; nothing idles that may give way: undefined. */
  leastNeeded(): Connection | undefined {
    return this.probe ?? this.everybodys.oldest?.owner ?? this.surplusBound();
  }

  /** Handshakes in progress get their time; then those who wait get their place. */
  private surplusBound(): Connection | undefined {
    const now = this.options.clock.now();
    let first: Connection | undefined;
    let first_ms = Number.POSITIVE_INFINITY;
    for (const { owner } of this.bound) {
      const { isMidway, since_ms } = owner.binding ?? { isMidway: false, since_ms: now };
      const left_ms = since_ms + this.handshakeTime_ms - now;
      if (!isMidway || left_ms <= 0) return owner;
      if (left_ms < first_ms) [first, first_ms] = [owner, left_ms];
    }
    first?.armDeadline(Math.ceil(first_ms / IDLE_DEADLINE_STEP_MS) * IDLE_DEADLINE_STEP_MS);
    return undefined;
  }
}

function setIdleDeadline(connection: { armDeadline(delay_ms: number): void }, delay_ms: number): void {
  const steps = Math.max(1, Math.floor(delay_ms / IDLE_DEADLINE_STEP_MS));
  connection.armDeadline(steps * IDLE_DEADLINE_STEP_MS);
}
