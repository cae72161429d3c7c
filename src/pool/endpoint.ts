/**
 * One endpoint of an origin: its connections by their number, and what is known of it.
 *
 * What was learned lives in parts of its own, which are told what happens here: condition.ts, lifetime.ts, abrupt-closes.ts,
 * spoken-version.ts, manners.ts. Deliberately absent: what idles, see idle-connections.ts; choosing among endpoints and waiting for
 * room, see balancing.ts and pool.ts.
 */
import type { CheckResult, EndpointRecord, IdleEnd } from "../connection/connection-record.ts";
import type { Deadlines } from "../connection/deadlines.ts";
import { Members } from "../connection/lists.ts";
import type { CloseReason } from "../connection/reasons.ts";
import { AbruptCloses } from "./abrupt-closes.ts";
import { type CheckEndpoint, Checking } from "./checking.ts";
import { Condition } from "./condition.ts";
import type { Care, EndpointPlan } from "./group.ts";
import type { Standing } from "./health.ts";
import { IdleConnections, type IdleLimits, type IdleOptions } from "./idle-connections.ts";
import { Lifetime } from "./lifetime.ts";
import { Manners } from "./manners.ts";
import type { PoolObserver } from "./observer.ts";
import type { OriginAddress } from "./origin-address.ts";
import type { PooledConnection } from "./pooled-connection.ts";
import { hashOf } from "./rendezvous.ts";
import { SpokenVersion } from "./spoken-version.ts";

/** What of it is for idle connections stands there. */
export interface EndpointOptions
  extends Omit<IdleOptions<PooledConnection>, "lifetime" | "abruptCloses" | "onRefused"> {
  readonly plan: EndpointPlan;
  /** Its group's name. */
  readonly group: string;
  /** How its group is looked after. */
  readonly care: Care;
  /** How it is asked whether it is well. */
  readonly check: CheckEndpoint;
  readonly random: () => number;
  /** Whether its group can do without one more. */
  readonly mayEject: () => boolean;
  readonly deadlines: Deadlines;
  readonly observer: PoolObserver;
  /** Connections at once. */
  readonly sizeMax: number;
  /** How old a connection may become; 0: no limit. */
  readonly maxAge_ms: number;
  /** Whether its pool has no other endpoint. */
  readonly isAlone: boolean;
}

/** What an operator may decide anew while it serves. */
export interface EndpointLimits extends IdleLimits {
  readonly plan: EndpointPlan;
  readonly care: Care;
  /** Connections at once. */
  readonly sizeMax: number;
  /** Holds for connections that open from then on; 0: no limit. */
  readonly maxAge_ms: number;
  readonly isAlone: boolean;
}

export class Endpoint {
  readonly origin: OriginAddress;
  /** What is told of it. */
  readonly record: EndpointRecord;
  readonly deadlines: Deadlines;
  plan: EndpointPlan;
  maxAge_ms: number;
  /** Connections at once. */
  sizeMax: number;
  /** Of its name (rendezvous.ts). */
  readonly nameHash: number;
  readonly lifetime = new Lifetime();
  readonly abruptCloses = new AbruptCloses();
  /** Every connection that is not gone yet. */
  readonly connections = new Members<PooledConnection>();
  /** Whether its pool has no other endpoint. */
  isAlone: boolean;
  /** How it is, and what follows. */
  readonly condition: Condition;
  private readonly version = new SpokenVersion();
  private readonly manners = new Manners();
  private readonly idle: IdleConnections<PooledConnection>;
  private readonly options: EndpointOptions;
  /** Its health checks; it has none: undefined. */
  private checking: Checking | undefined;
  private isLookedAfter = false;
  private dials = 0;
  private closes = 0;
  private uses = 0;
  /** Why it drains, if it does. */
  private drainReason: CloseReason = "drained";

  constructor(options: EndpointOptions) {
    this.options = options;
    this.plan = options.plan;
    const { origin } = options.plan;
    this.origin = origin;
    const { group } = options;
    // A URL that is a group by itself is called as its endpoint.
    const named = group === "" || group === origin.name ? {} : { group };
    this.record = { name: origin.name, isNamedByClients: origin.isNamedByClients === true, ...named };
    this.deadlines = options.deadlines;
    this.isAlone = options.isAlone;
    this.maxAge_ms = options.maxAge_ms;
    this.sizeMax = options.sizeMax;
    this.nameHash = hashOf(origin.name);
    const { lifetime, abruptCloses, record } = this;
    const { observer, mayEject, care, clock } = options;
    const isAlone = () => this.isAlone;
    this.condition = new Condition({ record, observer, plan: care, isAlone, mayEject }, clock.now());
    this.checking = this.checkingOf(care);
    const onRefused: IdleOptions<PooledConnection>["onRefused"] = (connection, refusal) =>
      options.observer.reuseRefused(connection.record, refusal);
    this.idle = new IdleConnections({ ...options, lifetime, abruptCloses, onRefused });
  }

  now(): number {
    return this.options.clock.now();
  }

  /** Its part of the requests, as of now; 0: only those that stick to it. */
  get weight(): number {
    const { condition } = this;
    return condition.isWarm ? this.plan.weight : this.plan.weight * condition.part(this.now());
  }

  /** Used only while no other endpoint stands as well. */
  get isBackup(): boolean {
    return this.plan.isBackup === true;
  }

  /** It has as much in progress as it may. */
  get isFull(): boolean {
    return this.outstanding >= this.sizeMax;
  }

  /** Begins to look after it: its health checks, if its group has any. They end with `stop`, or with `drain`. */
  start(): void {
    if (this.idle.isDraining) return;
    this.isLookedAfter = true;
    this.checking?.start();
  }

  stop(): void {
    this.isLookedAfter = false;
    this.checking?.stop();
  }

  /** From now on it is looked after like this; what is known of it stays. */
  replan(care: Care): void {
    this.condition.replan(care, this.now());
    if (this.checking?.isFor(care.health)) return;
    this.checking?.stop();
    this.checking = this.checkingOf(care);
    if (this.isLookedAfter) this.checking?.start();
  }

  private checkingOf({ health }: Care): Checking | undefined {
    if (health === undefined) return undefined;
    const { clock, check, random } = this.options;
    const onResult = (result: CheckResult, began_ms: number) => this.condition.noteCheck(result, began_ms, this.now());
    return new Checking({ origin: this.origin, plan: health, clock, check, random, onResult });
  }

  /** Not used before this time if there are other endpoints. */
  get avoidUntil_ms(): number {
    return this.condition.avoidUntil_ms;
  }

  standing(now: number): Standing {
    return this.condition.standing(now);
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

  /** Idle connections that are one client's alone. */
  get idleBoundCount(): number {
    return this.idle.boundCount;
  }

  /** What ends an idle connection of it as things stand. */
  idleEndOf(connection: PooledConnection): IdleEnd {
    return this.idle.endOf(connection);
  }

  /** An idle connection that is fit for the request; see idle-connections.ts. */
  findReusable(isRetriable: boolean, now: number): PooledConnection | "settling" | undefined {
    return this.idle.find(isRetriable, now);
  }

  /** The same among those that name the client who asks; see idle-connections.ts. */
  findOwn(
    own: readonly PooledConnection[],
    isRetriable: boolean,
    now: number,
  ): PooledConnection | "settling" | undefined {
    return this.idle.findOwn(own, isRetriable, now);
  }

  /** The connection that is bound to the client who asks, or how long it must be waited for; see idle-connections.ts. */
  findBound(connection: PooledConnection, now: number): PooledConnection | { readonly wait_ms: number } | undefined {
    return this.idle.findBound(connection, now);
  }

  /** Returns what `onDialOver` needs to know. */
  onDialBegun(): number {
    this.dials++;
    return this.condition.begin();
  }

  /** It was answered, in whatever way, or given up. */
  onDialOver(span: number): void {
    this.dials--;
    this.condition.end(span);
  }

  /** @internal one is in use from now on. Returns what `onLeft` needs to know */
  onTaken(): number {
    this.uses++;
    return this.condition.begin();
  }

  /** @internal one is not in use any more */
  onLeft(span: number): void {
    this.uses--;
    this.condition.end(span);
  }

  /** @internal it is decided that one ends */
  onClosing(): void {
    this.closes++;
  }

  onOpened(connection: PooledConnection): void {
    this.connections.add(connection);
    this.condition.noteOpened(this.now());
    this.options.observer.connectionOpened(connection.record);
  }

  /** It has begun to answer. */
  onAnswered(): void {
    this.condition.noteAnswered(this.now());
  }

  /** A final response has arrived. */
  noteFinal(minorVersion: 0 | 1, status: number): void {
    const now = this.now();
    this.version.note(minorVersion, status, now);
    this.condition.noteStatus(status, now);
  }

  onDialFailed(fault: string): void {
    this.condition.noteDialFailed(fault, this.now());
  }

  /** A fresh connection ended, or fell silent, without an answer. */
  onUnanswered(fault: string): void {
    this.condition.noteUnanswered(fault, this.now());
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
    const { binding } = connection;
    if (this.idle.isDraining) return connection.close(this.drainReason);
    if (this.manners.isDistrusted(connection.idleSince_ms)) {
      connection.close("distrusted");
      return this.options.onRoom();
    }
    if (binding?.owner.isOver) return connection.close("binding-ended");
    this.idle.add(connection);
    // Before it is lent again, which may be at once.
    if (connection.life.state === "idle") this.options.observer.connectionIdled?.(connection.record);
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
    this.learn(connection.idleSince_ms, connection.life.idled_ms);
    this.idle.closeSuspects(connection.idleSince_ms);
  }

  private learn(idleSince_ms: number, idle_ms: number): void {
    const now = this.now();
    this.abruptCloses.noteClose(idleSince_ms, idle_ms, now);
    if (this.lifetime.recordClose(idle_ms, now))
      this.options.observer.lifetimeLearned(this.record, this.lifetime.estimate_ms);
  }

  /** @internal one is gone. @param wasDecided whether `onClosing` was told */
  onClosed(connection: PooledConnection, wasDecided: boolean): void {
    if (wasDecided) this.closes--;
    this.connections.delete(connection);
    this.idle.onClosed(connection);
    this.options.observer.connectionClosed(connection.record);
    this.options.onRoom();
  }

  /** Closes what is needed least, for somebody who needs a fresh connection. False: there is nothing idle. */
  makeRoom(): boolean {
    const surplus = this.idle.leastNeeded();
    if (surplus === undefined) return false;
    surplus.close("pool-surplus");
    return true;
  }

  /** @internal */
  noteInternalError(fault: unknown): void {
    this.options.observer.internalError(fault);
  }

  /** It is named still, or again: what it has and what is known of it stay, under what was decided now. */
  keep(limits: EndpointLimits): void {
    this.idle.isDraining = false;
    this.plan = limits.plan;
    this.sizeMax = limits.sizeMax;
    this.maxAge_ms = limits.maxAge_ms;
    this.isAlone = limits.isAlone;
    this.idle.limit(limits);
    this.replan(limits.care);
  }

  /** Closes what is idle now and everything else as soon as its exchange ends. */
  drain(reason: CloseReason = "drained"): void {
    this.stop();
    this.idle.isDraining = true;
    this.drainReason = reason;
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
      // What was reset already has lost what it had on purpose.
      if (state !== "closing" || connection.life.ending === "own-reset") continue;
      if (connection.socket.unsentBytes > 0) unsent++;
      connection.socket.reset();
    }
    return unsent;
  }
}
