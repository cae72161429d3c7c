/**
 * The pool of one group: finds a connection for a request, on the endpoint that is chosen for it (choosing.ts, which asks
 * balancing.ts).
 *
 * An idle connection that is fit is handed over at once; otherwise a search dials one (search.ts, which makes a pooled-connection.ts of
 * it). At the limit it waits in a bounded line; when it has waited for long, a client that holds more than its share gives room (connection/fair-share.ts).
 * Deliberately absent: retrying requests; the exchange decides that.
 */
import type { EndpointRecord } from "../connection/connection-record.ts";
import type { Deadlines } from "../connection/deadlines.ts";
import type { Place } from "../connection/fair-share.ts";
import { Members } from "../connection/lists.ts";
import type { CloseReason, OpenReason } from "../connection/reasons.ts";
import type { Clock, Dialer, DialRefusal } from "../net/ports.ts";
import type { ProxiedPeer } from "../wire/proxy-header.ts";
import { withinAge_ms } from "./age.ts";
import { handshakeTime_ms } from "./binding.ts";
import type { Bindings } from "./bindings.ts";
import type { CheckEndpoint } from "./checking.ts";
import { type Choosable, Choosing, type Wish } from "./choosing.ts";
import { claimBound, type PendingSearch } from "./claim.ts";
import { Endpoint, type EndpointLimits } from "./endpoint.ts";
import { isFollowable } from "./followed-names.ts";
import { type EndpointPlan, type Group, isSameOrigin } from "./group.ts";
import type { Waiter } from "./line.ts";
import type { PoolObserver } from "./observer.ts";
import { type ConnectionUser, PooledConnection } from "./pooled-connection.ts";
import { RetryBudget } from "./retry-budget.ts";
import { type Look, look, Search } from "./search.ts";
import type { SharedIdle } from "./shared-idle.ts";
import { Waiting } from "./waiting.ts";

/** Why no connection could be had. */
export type NoConnection = "connect-failed" | "connect-timeout" | "pool-line-full" | "pool-line-timeout" | DialRefusal;

/**
 * How a search goes on that found nothing at once. `queued`: it waits for room, or for a connection that is not sure yet to be fit.
 * `connecting`: a connection is opened for it. `securing`: the address has answered, and the TLS handshake begins.
 */
export type SearchPhase = "queued" | "connecting" | "securing";

/** The client, as endpoints are told that want to know it of each connection (PROXY protocol). */
export interface Naming {
  /** What is bound to its connection. */
  readonly bindings: Bindings;
  readonly source: ProxiedPeer;
  /** Where it has connected to. */
  readonly destination: ProxiedPeer;
}

/** Who looks for a connection. */
export interface Seeker extends ConnectionUser, Choosable {
  /** What it holds here. */
  readonly place: Place;
  /** Whether the request can be sent again if a reused connection turns out to be dead. */
  readonly isRetriable: boolean;
  /** A retry goes on a fresh connection. */
  readonly isRetry: boolean;
  /** Whose connections it may use where each names its client. They are asked for there alone. */
  readonly naming?: Naming;
  /** How long it looks for one; as long as the pool says: undefined. */
  readonly connectTimeout_ms?: number | undefined;
  /** Tells how its search goes on; absent: it does not want to know. */
  onSearch?(phase: SearchPhase): void;
  onConnection(connection: PooledConnection): void;
  /** @param endpoint where it was looked for last; anywhere in a group that had no room: undefined */
  onNoConnection(why: NoConnection, fault: string, endpoint: EndpointRecord | undefined): void;
}

/** What an operator may decide anew while it serves. */
export interface PoolLimits {
  /** Connections per endpoint, where the group does not say otherwise. */
  readonly size: number;
  readonly idleLimit_ms: number;
  /** How old a connection may become, where the group does not say otherwise; 0: no limit. */
  readonly maxAge_ms: number;
  readonly connectTimeout_ms: number;
}

export interface PoolOptions extends PoolLimits {
  readonly group: Group;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: PoolObserver;
  readonly nextId: () => number;
  /** How an endpoint is asked whether it is well; nobody asks: absent. */
  readonly check?: CheckEndpoint;
  /** From 0 to 1, for what should not happen everywhere at once. Default: 0.5. */
  readonly random?: () => number;
  /** Where the idle connections of several pools are counted; one pool alone: absent. */
  readonly sharedIdle?: SharedIdle;
  /** Why connections are opened where it is always the same. */
  readonly openReason?: OpenReason;
}

/**
 * For so long an endpoint that is named again is the one that it was, with its lifetime and health: an answer of a name server may lack an
 * address, and a program that is deployed anew comes back at its old one. So many at once: as many as a name leads to at most.
 */
const REMEMBERED_MS = 600_000;
const REMEMBERED_MAX = 256;

export class Pool {
  /** Those that requests may go to. They may be others at any time, so nobody keeps a number of one. */
  endpoints: readonly Endpoint[];
  options: PoolOptions;
  /** @internal How one of the endpoints is chosen. */
  choosing: Choosing<Endpoint>;
  /** Not named any more, and since when: not empty yet, or remembered. */
  private readonly left = new Map<Endpoint, number>();
  /** @internal Those that have neither found a connection nor been given up; not a Set, whose tables would outlive what they held. */
  readonly searches = new Members<Search>();
  private readonly line = new Waiting<Search>(this);
  /** Where the search for the least busy endpoint starts, so that equally busy ones take turns. */
  private turn = 0;
  /** @internal Requests that wait for the connection that is bound to their client. */
  claims = 0;
  private onEmpty: (() => void) | undefined;
  /** @internal Told of each dial: one that has left and was empty is in use once more. */
  onDial: (() => void) | undefined;
  /** How many requests may be sent again; as many as like: undefined. */
  private retryBudget: RetryBudget | undefined;
  /** Its endpoints are looked after. */
  private isStarted = false;

  constructor(options: PoolOptions) {
    this.options = options;
    this.choosing = new Choosing(options.group);
    this.limitRetries();
    this.endpoints = options.group.endpoints.map((plan) => this.newEndpoint(plan));
  }

  private newEndpoint(plan: EndpointPlan): Endpoint {
    const { deadlines, clock, observer, sharedIdle, check = () => () => {}, random = () => 0.5 } = this.options;
    return new Endpoint({
      ...this.limitsOf(plan),
      ...{ deadlines, clock, observer, sharedIdle, check, random, group: this.options.group.name },
      mayEject: () => this.mayEject(),
      onRoom: () => this.onRoom(),
    });
  }

  private limitsOf(plan: EndpointPlan): EndpointLimits {
    const { size, idleLimit_ms, connectTimeout_ms, group } = this.options;
    const { maxConnections: sizeMax = size, maxAge_ms = this.options.maxAge_ms } = plan;
    return {
      plan,
      care: group,
      sizeMax,
      idleLimit_ms: withinAge_ms(idleLimit_ms, maxAge_ms),
      maxAge_ms,
      handshakeTime_ms: handshakeTime_ms(connectTimeout_ms),
      isAlone: group.endpoints.length === 1,
    };
  }

  private limitRetries(): void {
    const { retryBudget } = this.options.group;
    if (retryBudget === undefined) this.retryBudget = undefined;
    else if (this.retryBudget === undefined) this.retryBudget = new RetryBudget(retryBudget);
    else this.retryBudget.plan = retryBudget;
  }

  /** @internal There may be room, and one who leaves may be gone. */
  onRoom(): void {
    this.serveLine();
    this.checkEmpty();
  }

  /**
   * Goes on with another list of endpoints. One that is in both keeps its connections and all that is known of it; one that is not
   * named any more drains, can be seen and cut until it is empty, and is remembered for a while. Requests that look for a connection go on among those that are
   * named now. A pool that drained is in use again.
   */
  update(group: Group, limits: Partial<PoolLimits> = {}): void {
    this.onEmpty = undefined;
    this.options = { ...this.options, ...limits, group };
    this.choosing = new Choosing(group);
    this.limitRetries();
    const before = new Map(
      [...this.left.keys(), ...this.endpoints].map((endpoint) => [endpoint.origin.name, endpoint]),
    );
    const named = this.endpoints;
    this.endpoints = group.endpoints.map((plan) => {
      const known = before.get(plan.origin.name);
      if (known === undefined || !isSameOrigin(known.origin, plan.origin)) return this.newEndpoint(plan);
      this.left.delete(known);
      known.keep(this.limitsOf(plan));
      return known;
    });
    this.warmUp(named);
    const stays = new Set(this.endpoints);
    for (const endpoint of named) if (!stays.has(endpoint)) this.leave(endpoint);
    this.forget();
    if (this.isStarted) this.start();
    for (const search of [...this.searches]) search.onEndpointsChanged();
    this.serveLine();
  }

  /**
   * Endpoints that come to others start slowly, if the group says so. Where all are new there is no one to spare them; and the addresses
   * that take the place of their own name are what requests went to all the time.
   */
  private warmUp(before: readonly Endpoint[]): void {
    const named = new Set(before);
    const comes = (endpoint: Endpoint) => !named.has(endpoint) && !before.some((one) => isNameOf(one, endpoint));
    const newcomers = this.endpoints.filter(comes);
    if (newcomers.length === this.endpoints.length) return;
    for (const { condition } of newcomers) condition.startSlowly(this.options.clock.now());
  }

  private leave(endpoint: Endpoint): void {
    // There are others for what fails there.
    endpoint.isAlone = false;
    this.left.set(endpoint, endpoint.now());
    endpoint.drain("endpoint-left");
  }

  /** Of those that have left and are empty, the ones that nobody will ask for any more. */
  private forget(): void {
    const since_ms = this.options.clock.now() - REMEMBERED_MS;
    let surplus = this.left.size - REMEMBERED_MAX;
    for (const [endpoint, left_ms] of this.left) {
      if (endpoint.size > 0 || (surplus <= 0 && left_ms > since_ms)) continue;
      this.left.delete(endpoint);
      surplus--;
    }
  }

  /** With those that are not named any more, as long as they have connections. */
  get allEndpoints(): readonly Endpoint[] {
    if (this.left.size === 0) return this.endpoints;
    return [...this.endpoints, ...[...this.left.keys()].filter(({ size }) => size > 0)];
  }

  /** Begins to look after its endpoints; see endpoint.ts. */
  start(): void {
    this.isStarted = true;
    for (const endpoint of this.endpoints) endpoint.start();
  }

  /** Whether one more endpoint may be taken out for what it answers. */
  private mayEject(): boolean {
    const { most = 1 } = this.options.group.ejection ?? {};
    const out = this.endpoints.filter(({ condition }) => condition.isOut).length;
    return out + 1 <= most * this.endpoints.length;
  }

  /** Whether the group's budget has room for one more request that is sent again. */
  get hasRetryLeft(): boolean {
    return this.retryBudget?.hasRoom(this.options.clock.now()) !== false;
  }

  /** Whether every endpoint is known to take no chunks. */
  get speaksHttp10(): boolean {
    return this.endpoints.every((endpoint) => endpoint.speaksHttp10);
  }

  get waiting(): number {
    return this.line.size;
  }

  /** Whether anybody has a connection of this pool, or looks for one. */
  get isInUse(): boolean {
    return this.line.size + this.claims > 0 || this.allEndpoints.some(({ outstanding }) => outstanding > 0);
  }

  /**
   * Finds a connection for `seeker` and begins its exchange, at once or later. Returns the search that goes on, to be
   * given up with `cancel`; none: the seeker was answered already.
   *
   * @param bindings what is bound to the client's connection; nothing: undefined
   */
  acquire(seeker: Seeker, bindings?: Bindings): PendingSearch | undefined {
    if (this.retryBudget !== undefined) this.noteAttempt(this.retryBudget, seeker);
    const claimed = claimBound(this, seeker, bindings);
    if (claimed !== undefined) return claimed.search;
    this.turn = (this.turn + 1) % this.endpoints.length;
    const { choosing, endpoints } = this;
    const wish = choosing.asksRequests ? choosing.wishOf(seeker, endpoints) : undefined;
    let looked: Look | undefined;
    if (!seeker.isRetry && this.line.size === 0) {
      const now = this.options.clock.now();
      const endpoint = this.choose(now, undefined, wish) as Endpoint;
      const found = look(endpoint, seeker, now);
      if (found instanceof PooledConnection) {
        if (endpoints.length > 1) choosing.noteTaken(endpoint);
        this.hand(found, seeker, now);
        return undefined;
      }
      looked = found;
    }
    const search = new Search(this, seeker, wish);
    search.start(looked);
    return search.isOver ? undefined : search;
  }

  private noteAttempt(budget: RetryBudget, { isRetry }: Seeker): void {
    const now = this.options.clock.now();
    if (isRetry) budget.noteRetry(now);
    else budget.noteRequest(now);
  }

  /** @internal */
  hand(connection: PooledConnection, seeker: Seeker, now: number): void {
    connection.take(seeker, now);
    if (connection.isReused) this.options.observer.connectionReused(connection.record);
    seeker.onConnection(connection);
  }

  /** @internal The endpoint whose turn it is; all tried that get requests: undefined. */
  choose(
    now: number,
    tried: ReadonlySet<Endpoint> | undefined,
    wish: Wish<Endpoint> | undefined,
  ): Endpoint | undefined {
    const { endpoints } = this;
    if (endpoints.length === 1) return tried?.has(endpoints[0] as Endpoint) ? undefined : endpoints[0];
    return this.choosing.choose(endpoints, this.turn, now, tried, wish);
  }

  /** @internal @param endpoint the only one that it would take; any: undefined */
  joinLine(waiter: Waiter<Search>, endpoint: Endpoint | undefined): boolean {
    return this.line.join(waiter, endpoint);
  }

  /** @internal */
  leaveLine(waiter: Waiter<Search>): void {
    this.line.leave(waiter);
  }

  /** @internal */
  serveLine(): void {
    if (this.line.size === 0) return;
    for (const line of this.line.all) {
      while (line.size > 0) {
        const search = line.nextAt(this.options.clock.now());
        if (search === undefined || !search.tryAgain()) break;
        line.noteGiven(search.client);
      }
    }
  }

  /** @internal It has waited for long: who holds more than a share gives it room. */
  makeWayFor(waiter: Waiter<Search>): void {
    this.line.makeWayFor(waiter, this.options.clock);
  }

  /** Closes what is idle, everything else as soon as its exchange ends, and says when all is gone. */
  drain(onEmpty: () => void = () => {}, reason: CloseReason = "drained"): void {
    this.onEmpty = onEmpty;
    for (const endpoint of this.allEndpoints) endpoint.drain(reason);
    this.checkEmpty();
  }

  private checkEmpty(): void {
    if (this.onEmpty === undefined || this.allEndpoints.some((endpoint) => endpoint.size > 0)) return;
    const { onEmpty } = this;
    this.onEmpty = undefined;
    onEmpty();
  }
}

/** Whether `one` is a name, and `other` an address that it leads to. */
function isNameOf({ origin: one }: Endpoint, { origin: other }: Endpoint): boolean {
  return isFollowable(one) && !isFollowable(other) && one.authority === other.authority;
}
