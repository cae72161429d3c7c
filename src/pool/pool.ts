/**
 * The pool of one origin: finds a connection for a request, on whichever of the origin's endpoints has least to do.
 *
 * An idle connection that is fit is handed over at once. Otherwise one is dialed; where the endpoint refuses, the next
 * endpoint is tried, since nothing was sent yet. At the limit the request waits in line, for a bounded time in a bounded
 * line. Deliberately absent: retrying requests; the exchange decides that.
 */
import { Deadline, type Deadlines } from "../connection/deadlines.ts";
import type { CloseReason, OpenReason } from "../connection/reasons.ts";
import { type Clock, type Dialer, type DialRefusal, isDialRefusal } from "../net/ports.ts";
import { Endpoint } from "./endpoint.ts";
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

/** Requests that wait for a connection at the limit; beyond, waiting would only delay the refusal. */
const LINE_LENGTH_MAX = 1_024;

/** Faults of this machine, which say nothing about the endpoint. */
const LOCAL_FAULTS = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);

export class Pool {
  readonly endpoints: readonly Endpoint[];
  readonly options: PoolOptions;
  private readonly line = new Set<Search>();
  /** Where the search for the least busy endpoint starts, so that equally busy ones take turns. */
  private turn = 0;
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
          isAlone: options.origins.length === 1,
          sharedIdle: options.sharedIdle,
          onRoom: () => {
            this.serveLine();
            this.checkEmpty();
          },
        }),
    );
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
    return this.line.size > 0 || this.endpoints.some(({ outstanding }) => outstanding > 0);
  }

  /**
   * Finds a connection for `seeker` and begins its exchange, at once or later. Returns the search that goes on, to be
   * given up with `cancel`; none: the seeker was answered already.
   */
  acquire(seeker: Seeker): Search | undefined {
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
  joinLine(search: Search): boolean {
    if (this.line.size >= LINE_LENGTH_MAX) return false;
    this.line.add(search);
    return true;
  }

  /** @internal */
  leaveLine(search: Search): void {
    this.line.delete(search);
  }

  /** @internal */
  serveLine(): void {
    for (const search of this.line) {
      if (!search.tryAgain()) return;
    }
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
  const openReason = endpoint.idleCount > 0 ? "none-fit" : "pool-empty";
  const found = endpoint.findReusable(seeker.isRetriable, now);
  if (found instanceof PooledConnection) return found;
  return { endpoint, isSettling: found === "settling", openReason };
}

/** The search for one connection: dialing, or waiting in line. */
export class Search {
  isOver = false;
  private readonly pool: Pool;
  private readonly seeker: Seeker;
  private readonly deadline = new Deadline(this);
  private tried: Set<Endpoint> | undefined;
  private dialed: Endpoint | undefined;
  private stopDialing: (() => void) | undefined;
  private isWaiting = false;

  constructor(pool: Pool, seeker: Seeker) {
    this.pool = pool;
    this.seeker = seeker;
  }

  /** @param looked what was found just now, in vain */
  start(looked: Look | undefined): void {
    if (this.proceed(looked)) return;
    this.isWaiting = this.pool.joinLine(this);
    if (this.isWaiting) this.arm();
    else this.fail("pool-line-full", "");
  }

  /** @internal Room may have come free. Returns whether this search got it. */
  tryAgain(): boolean {
    if (!this.proceed(undefined)) return false;
    this.isWaiting = false;
    this.pool.leaveLine(this);
    return true;
  }

  cancel(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.pool.leaveLine(this);
    this.pool.options.deadlines.clear(this.deadline);
    if (this.dialed === undefined) return;
    this.dialed.dialing--;
    this.stopDialing?.();
    this.pool.serveLine();
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
    this.dial(endpoint, openReason);
    return true;
  }

  private dial(endpoint: Endpoint, openReason: OpenReason): void {
    const { pool } = this;
    endpoint.dialing++;
    this.dialed = endpoint;
    this.arm();
    this.stopDialing = pool.options.dialer.dial(endpoint.origin.address, {
      onConnected: (socket) => {
        endpoint.dialing--;
        this.finish();
        const now = pool.options.clock.now();
        const why = pool.options.openReason ?? openReason;
        const connection = new PooledConnection(pool.options.nextId(), endpoint, socket, why, now);
        endpoint.onOpened(connection);
        pool.hand(connection, this.seeker, now);
      },
      onFailed: (fault) => {
        if (isDialRefusal(fault)) this.onDialFailed(endpoint, fault, "");
        else this.onDialFailed(endpoint, "connect-failed", fault);
      },
    });
  }

  private onDialFailed(endpoint: Endpoint, why: NoConnection, fault: string): void {
    endpoint.dialing--;
    this.dialed = undefined;
    this.stopDialing = undefined;
    this.tried ??= new Set();
    this.tried.add(endpoint);
    // What was not even tried, or failed for want of something here, says nothing about the endpoint.
    if (!isDialRefusal(why) && !LOCAL_FAULTS.has(fault)) endpoint.onDialFailed(fault);
    if (this.pool.choose(this.pool.options.clock.now(), this.tried) === undefined) this.fail(why, fault);
    else this.start(undefined);
    this.pool.serveLine();
  }

  /** @internal */
  onDeadline(): void {
    if (this.dialed === undefined) {
      this.fail("pool-line-timeout", "");
      return;
    }
    this.stopDialing?.();
    this.onDialFailed(this.dialed, "connect-timeout", "ETIMEDOUT");
  }

  private arm(): void {
    const { deadlines, clock, connectTimeout_ms } = this.pool.options;
    deadlines.set(this.deadline, connectTimeout_ms, clock.now());
  }

  private finish(): void {
    this.isOver = true;
    this.dialed = undefined;
    this.pool.leaveLine(this);
    this.pool.options.deadlines.clear(this.deadline);
  }

  private fail(why: NoConnection, fault: string): void {
    this.finish();
    this.seeker.onNoConnection(why, fault);
  }
}
