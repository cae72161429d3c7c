/**
 * The pool of one origin: finds a connection for a request, on whichever of the origin's endpoints has least to do.
 *
 * An idle connection that is fit is handed over at once. Otherwise one is dialed; where the endpoint refuses, the next
 * endpoint is tried, since nothing was sent yet. At the limit the request waits in line, for a bounded time in a bounded
 * line; who waits too long for one client that holds too much gets room from it (connection/fair-share.ts). Deliberately
 * absent: retrying requests; the exchange decides that.
 */
import { Deadline, type Deadlines } from "../connection/deadlines.ts";
import type { CloseReason, OpenReason } from "../connection/reasons.ts";
import {
  type Clock,
  type Dialer,
  type DialRefusal,
  type GiveUp,
  isDialRefusal,
  LOOKUP_TIMEOUT,
  type Socket,
} from "../net/ports.ts";
import { type Bindings, handshakeTime_ms } from "./binding.ts";
import { claimBound, type PendingSearch } from "./claim.ts";
import { Endpoint } from "./endpoint.ts";
import { Holdings } from "./holdings.ts";
import { Waiter, WaitingLine } from "./line.ts";
import type { PoolObserver } from "./observer.ts";
import type { OriginAddress } from "./origin-address.ts";
import { type ConnectionUser, PooledConnection } from "./pooled-connection.ts";
import type { SharedIdle } from "./shared-idle.ts";

/** Why no connection could be had. */
export type NoConnection = "connect-failed" | "connect-timeout" | "pool-line-full" | "pool-line-timeout" | DialRefusal;

/** Who looks for a connection. */
export interface Seeker extends ConnectionUser {
  /** Whether the request can be sent again if a reused connection turns out to be dead. */
  readonly isRetriable: boolean;
  /** A retry goes on a fresh connection. */
  readonly isRetry: boolean;
  onConnection(connection: PooledConnection): void;
  onNoConnection(why: NoConnection, fault: string): void;
}

export interface PoolOptions {
  readonly origins: readonly OriginAddress[];
  /** Connections per endpoint. */
  readonly size: number;
  readonly idleLimit_ms: number;
  readonly connectTimeout_ms: number;
  readonly dialer: Dialer;
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly observer: PoolObserver;
  readonly nextId: () => number;
  /** Where the idle connections of several pools are counted; one pool alone: absent. */
  readonly sharedIdle?: SharedIdle;
  /** Why connections are opened where it is always the same. */
  readonly openReason?: OpenReason;
}

/** What waits for room is patient for so long: usually somebody is done by then. */
const PATIENCE_MS = 250;
/** Faults of this machine, which say nothing about the endpoint. */
const LOCAL_FAULTS = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

/** The system's word for a connection that did not open in time. */
const CONNECT_TIMEOUT = "ETIMEDOUT";

export class Pool {
  readonly endpoints: readonly Endpoint[];
  readonly options: PoolOptions;
  private readonly line = new WaitingLine<Search>();
  private readonly holdings: Holdings;
  /** Where the search for the least busy endpoint starts, so that equally busy ones take turns. */
  private turn = 0;
  /** @internal Requests that wait for the connection that is bound to their client. */
  claims = 0;
  private onEmpty: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.options = options;
    this.endpoints = options.origins.map(
      (origin) =>
        new Endpoint({
          origin,
          deadlines: options.deadlines,
          clock: options.clock,
          observer: options.observer,
          idleLimit_ms: options.idleLimit_ms,
          handshakeTime_ms: handshakeTime_ms(options.connectTimeout_ms),
          isAlone: options.origins.length === 1,
          sharedIdle: options.sharedIdle,
          onRoom: () => {
            this.serveLine();
            this.checkEmpty();
          },
        }),
    );
    this.holdings = new Holdings(this.endpoints);
  }

  /** Whether every endpoint's latest response was HTTP/1.0. */
  get speaksHttp10(): boolean {
    return this.endpoints.every((endpoint) => endpoint.minorVersion === 0);
  }

  get waiting(): number {
    return this.line.size;
  }

  /** Whether anybody has a connection of this pool, or looks for one. */
  get isInUse(): boolean {
    return this.line.size + this.claims > 0 || this.endpoints.some(({ outstanding }) => outstanding > 0);
  }

  /**
   * Finds a connection for `seeker` and begins its exchange, at once or later. Returns the search that goes on, to be
   * given up with `cancel`; none: the seeker was answered already.
   *
   * @param bindings what is bound to the client's connection; nothing: undefined
   */
  acquire(seeker: Seeker, bindings?: Bindings): PendingSearch | undefined {
    const claimed = claimBound(this, seeker, bindings);
    if (claimed !== undefined) return claimed.search;
    this.turn = (this.turn + 1) % this.endpoints.length;
    let looked: Look | undefined;
    if (!seeker.isRetry && this.line.size === 0) {
      const now = this.options.clock.now();
      const endpoint = this.choose(now, undefined) as Endpoint;
      const found = look(endpoint, seeker, now);
      if (found instanceof PooledConnection) {
        this.hand(found, seeker, now);
        return undefined;
      }
      looked = found;
    }
    const search = new Search(this, seeker);
    search.start(looked);
    return search.isOver ? undefined : search;
  }

  /** @internal */
  hand(connection: PooledConnection, seeker: Seeker, now: number): void {
    connection.take(seeker, now);
    if (connection.isReused) this.options.observer.upstreamReused(connection);
    seeker.onConnection(connection);
  }

  /** @internal The endpoint with least to do, those that refuse connections last; all tried: undefined. */
  choose(now: number, tried: ReadonlySet<Endpoint> | undefined): Endpoint | undefined {
    const { endpoints } = this;
    if (endpoints.length === 1) return tried?.has(endpoints[0] as Endpoint) ? undefined : endpoints[0];
    let best: Endpoint | undefined;
    for (let i = 0; i < endpoints.length; i++) {
      const candidate = endpoints[(this.turn + i) % endpoints.length] as Endpoint;
      if (tried?.has(candidate)) continue;
      if (best === undefined || isBetter(candidate, best, now)) best = candidate;
    }
    return best;
  }

  /** @internal */
  joinLine(waiter: Waiter<Search>): boolean {
    const { hasJoined, displaced } = this.line.join(waiter);
    displaced?.onDisplaced();
    return hasJoined;
  }

  /** @internal */
  leaveLine(waiter: Waiter<Search>): void {
    this.line.leave(waiter);
  }

  /** @internal */
  serveLine(): void {
    while (this.line.size > 0) {
      const now = this.options.clock.now();
      const search = this.line.next((client) => this.holdings.of(client, now));
      if (search === undefined || !search.tryAgain()) return;
      this.holdings.note(search.client);
      this.line.noteServed(search.client);
    }
  }

  /** @internal `client` has waited for long: who holds more than a share gives it room. */
  makeWayFor(client: string): void {
    const { size, clock } = this.options;
    this.holdings
      .ranking(size * this.endpoints.length, clock.now())
      .next(client)
      ?.giveWay();
  }

  /** Closes what is idle, everything else as soon as its exchange ends, and says when all is gone. */
  drain(onEmpty: () => void = () => {}, reason: CloseReason = "drained"): void {
    this.onEmpty = onEmpty;
    for (const endpoint of this.endpoints) endpoint.drain(reason);
    this.checkEmpty();
  }

  private checkEmpty(): void {
    if (this.onEmpty === undefined || this.endpoints.some((endpoint) => endpoint.size > 0)) return;
    const { onEmpty } = this;
    this.onEmpty = undefined;
    onEmpty();
  }
}

function isBetter(candidate: Endpoint, best: Endpoint, now: number): boolean {
  const candidateAvoided = candidate.avoidUntil_ms > now;
  const bestAvoided = best.avoidUntil_ms > now;
  if (candidateAvoided !== bestAvoided) return bestAvoided;
  if (candidateAvoided) return candidate.avoidUntil_ms < best.avoidUntil_ms;
  return candidate.outstanding < best.outstanding;
}

/** What was seen when an endpoint's idle connections were looked through in vain. */
interface Look {
  readonly endpoint: Endpoint;
  /** Whether there will be one in a moment. */
  readonly isSettling: boolean;
  /** Why another one is opened. */
  readonly openReason: OpenReason;
}

function look(endpoint: Endpoint, seeker: Seeker, now: number): PooledConnection | Look {
  const openReason = endpoint.idleCount + endpoint.idleBoundCount > 0 ? "none-fit" : "pool-empty";
  const found = endpoint.findReusable(seeker.isRetriable, now);
  if (found instanceof PooledConnection) return found;
  return { endpoint, isSettling: found === "settling", openReason };
}

/** An endpoint that is being dialed. */
interface Dial {
  readonly endpoint: Endpoint;
  readonly giveUp: GiveUp;
  readonly began_ms: number;
  /** It has had its part of the time, and that was told. */
  isLate: boolean;
}

/**
 * The search for one connection: dialing, or waiting in line; all of it within the time to connect.
 *
 * Where there are several endpoints each has an equal part of that time before the next one is dialed as well; it is not given
 * up then, and may still be the first to open.
 */
export class Search implements PendingSearch {
  isOver = false;
  private readonly pool: Pool;
  private readonly seeker: Seeker;
  private waiter: Waiter<Search> | undefined;
  /** When it has waited in line for long enough. */
  private patience: Deadline | undefined;
  private readonly deadline = new Deadline(this);
  /** When the next endpoint is dialed as well. */
  private pace: Deadline | undefined;
  private tried: Set<Endpoint> | undefined;
  private readonly dials: Dial[] = [];
  private isWaiting = false;

  constructor(pool: Pool, seeker: Seeker) {
    this.pool = pool;
    this.seeker = seeker;
  }

  /** On whose behalf. */
  get client(): string {
    return this.waiter?.client ?? this.seeker.place.client;
  }

  /** @param looked what was found just now, in vain */
  start(looked: Look | undefined): void {
    const { deadlines, clock, connectTimeout_ms } = this.pool.options;
    deadlines.set(this.deadline, connectTimeout_ms, clock.now());
    this.seek(looked);
  }

  private seek(looked: Look | undefined): void {
    if (this.proceed(looked)) return;
    this.waiter ??= new Waiter<Search>(this, this.seeker.place.client);
    this.isWaiting = this.pool.joinLine(this.waiter);
    if (this.isWaiting) this.setPatience();
    else this.onDisplaced();
  }

  private setPatience(): void {
    const { deadlines, clock } = this.pool.options;
    this.patience ??= new Deadline({ onDeadline: () => this.onPatienceOver() });
    deadlines.set(this.patience, PATIENCE_MS, clock.now());
  }

  private onPatienceOver(): void {
    if (!this.isWaiting) return;
    this.setPatience();
    this.pool.makeWayFor(this.client);
  }

  /** @internal There is no room in the line. */
  onDisplaced(): void {
    this.isWaiting = false;
    if (this.dials.length === 0) this.fail("pool-line-full", "");
  }

  /** @internal Room may have come free. Returns whether this search got it. */
  tryAgain(): boolean {
    if (!this.proceed(undefined)) return false;
    this.isWaiting = false;
    if (this.waiter !== undefined) this.pool.leaveLine(this.waiter);
    return true;
  }

  cancel(): void {
    if (this.isOver) return;
    const wasDialing = this.dials.length > 0;
    this.finish();
    if (wasDialing) this.pool.serveLine();
  }

  /** Takes an idle connection or dials one. False: there is no room. */
  private proceed(looked: Look | undefined): boolean {
    const { pool, seeker } = this;
    const now = pool.options.clock.now();
    const endpoint = pool.choose(now, this.tried);
    if (endpoint === undefined) throw new Error("a search ends before all endpoints were tried");
    let openReason: OpenReason = "retry";
    if (!seeker.isRetry) {
      const found = looked?.endpoint === endpoint ? looked : look(endpoint, seeker, now);
      if (found instanceof PooledConnection) {
        this.finish();
        pool.hand(found, seeker, now);
        return true;
      }
      if (found.isSettling) return false;
      openReason = found.openReason;
    }
    if (endpoint.size >= pool.options.size) {
      // Room that is coming belongs to those who waited before.
      if (endpoint.closing <= pool.waiting - (this.isWaiting ? 1 : 0)) endpoint.makeRoom();
      if (endpoint.size >= pool.options.size) return false;
    }
    this.dial(endpoint, openReason, now);
    return true;
  }

  private dial(endpoint: Endpoint, openReason: OpenReason, now: number): void {
    const { pool } = this;
    const { dialer, deadlines, connectTimeout_ms } = pool.options;
    endpoint.dialing++;
    const giveUp = dialer.dial(
      endpoint.origin.address,
      {
        onConnected: (socket) => this.onConnected(dial, socket, openReason),
        onFailed: (it) => this.onFailed(dial, it),
      },
      this.client,
    );
    const dial: Dial = { endpoint, giveUp, began_ms: now, isLate: false };
    this.dials.push(dial);
    const { length } = pool.endpoints;
    if (length === 1) return;
    this.tried ??= new Set();
    this.tried.add(endpoint);
    if (this.tried.size === length) return;
    this.pace ??= new Deadline({ onDeadline: () => this.onLate() });
    deadlines.set(this.pace, connectTimeout_ms / length, now);
  }

  private onConnected({ endpoint, isLate }: Dial, socket: Socket, openReason: OpenReason): void {
    const { pool } = this;
    const { clock, nextId, openReason: usual } = pool.options;
    const isOneOfSeveral = this.dials.length > 1 || isLate;
    this.finish();
    const now = clock.now();
    const connection = new PooledConnection(nextId(), endpoint, socket, usual ?? openReason, now);
    endpoint.onOpened(connection);
    pool.hand(connection, this.seeker, now);
    if (isOneOfSeveral) pool.serveLine();
  }

  private onFailed(dial: Dial, fault: string): void {
    const { endpoint } = dial;
    endpoint.dialing--;
    this.dials.splice(this.dials.indexOf(dial), 1);
    const why = reasonOf(fault);
    // What was not even tried, or failed for want of something here, says nothing about the endpoint.
    if (!isDialRefusal(why) && !LOCAL_FAULTS.has(fault)) endpoint.onDialFailed(fault);
    if (!this.isWaiting) {
      if (this.hasUntried()) this.seek(undefined);
      else if (this.dials.length === 0) this.fail(why, isDialRefusal(why) ? "" : fault);
    }
    this.pool.serveLine();
  }

  private hasUntried(): boolean {
    const { pool, tried } = this;
    return tried !== undefined && pool.choose(pool.options.clock.now(), tried) !== undefined;
  }

  /** What was dialed last is slow: the next one is dialed as well. */
  private onLate(): void {
    const dial = this.dials.at(-1);
    if (dial !== undefined) tellLate(dial, CONNECT_TIMEOUT);
    if (!this.isWaiting && this.hasUntried()) this.seek(undefined);
  }

  /** @internal */
  onDeadline(): void {
    const { dials } = this;
    if (dials.length === 0) return this.fail("pool-line-timeout", "");
    const isNameUnknown = dials.every(({ giveUp }) => giveUp() === "name");
    const fault = isNameUnknown ? LOOKUP_TIMEOUT : CONNECT_TIMEOUT;
    const { clock, connectTimeout_ms } = this.pool.options;
    const part_ms = connectTimeout_ms / this.pool.endpoints.length;
    // One that was dialed when little time was left has not shown anything.
    for (const dial of dials) if (clock.now() - dial.began_ms >= part_ms / 2) tellLate(dial, fault);
    this.fail("connect-timeout", fault);
    this.pool.serveLine();
  }

  private finish(): void {
    const { pool, deadline, pace, patience, dials } = this;
    const { deadlines } = pool.options;
    this.isOver = true;
    for (const { endpoint, giveUp } of dials) {
      endpoint.dialing--;
      giveUp();
    }
    dials.length = 0;
    if (this.waiter !== undefined) pool.leaveLine(this.waiter);
    deadlines.clear(deadline);
    if (pace !== undefined) deadlines.clear(pace);
    if (patience !== undefined) deadlines.clear(patience);
  }

  private fail(why: NoConnection, fault: string): void {
    this.finish();
    this.seeker.onNoConnection(why, fault);
  }
}

function tellLate(dial: Dial, fault: string): void {
  if (dial.isLate) return;
  dial.isLate = true;
  dial.endpoint.onDialFailed(fault);
}

function reasonOf(fault: string): NoConnection {
  if (isDialRefusal(fault)) return fault;
  return fault === LOOKUP_TIMEOUT ? "connect-timeout" : "connect-failed";
}
