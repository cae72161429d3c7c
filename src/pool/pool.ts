/**
 * The pool of one origin: finds a connection for a request, on the endpoint that has least to do.
 *
 * An idle connection that is fit is handed over at once; otherwise a search begins (search.ts). At the limit it waits in a
 * bounded line; when it has waited for long, a client that holds more than its share gives room (connection/fair-share.ts).
 * Deliberately absent: retrying requests; the exchange decides that.
 */
import type { Deadlines } from "../connection/deadlines.ts";
import type { CloseReason, OpenReason } from "../connection/reasons.ts";
import type { Clock, Dialer, DialRefusal } from "../net/ports.ts";
import { withinAge_ms } from "./age.ts";
import { choose } from "./balancing.ts";
import { handshakeTime_ms } from "./binding.ts";
import type { Bindings } from "./bindings.ts";
import { claimBound, type PendingSearch } from "./claim.ts";
import { Endpoint } from "./endpoint.ts";
import { Holdings } from "./holdings.ts";
import { type Waiter, WaitingLine } from "./line.ts";
import type { PoolObserver } from "./observer.ts";
import type { OriginAddress } from "./origin-address.ts";
import { type ConnectionUser, PooledConnection } from "./pooled-connection.ts";
import { type Look, look, Search } from "./search.ts";
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
  /** How old a connection may become; 0: no limit. */
  readonly maxAge_ms: number;
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
          idleLimit_ms: withinAge_ms(options.idleLimit_ms, options.maxAge_ms),
          maxAge_ms: options.maxAge_ms,
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

  /** Whether every endpoint is known to take no chunks. */
  get speaksHttp10(): boolean {
    return this.endpoints.every((endpoint) => endpoint.speaksHttp10);
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
    return choose(endpoints, this.turn, now, tried);
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
    const ranking = this.holdings.ranking.at(clock.now(), size * this.endpoints.length);
    ranking.next(client)?.giveWay();
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
