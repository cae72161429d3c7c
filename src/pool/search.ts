/**
 * The search for one connection: dialing, or waiting in line; all of it within the time to connect.
 *
 * Where an endpoint refuses the next one is tried, since nothing was sent yet. Each of several has an equal part of the time
 * before the next one is dialed as well; it is not given up then, and may still be the first to open. Deliberately absent:
 * which endpoint is chosen, and whose turn in line it is; see balancing.ts and line.ts.
 */
import { Deadline } from "../connection/deadlines.ts";
import type { Member } from "../connection/lists.ts";
import type { OpenReason } from "../connection/reasons.ts";
import { type Address, type GiveUp, isDialRefusal, LOOKUP_TIMEOUT, type Socket } from "../net/ports.ts";
import { ownProxyHeader, proxyHeader } from "../wire/proxy-header-writing.ts";
import { mayBeChosen } from "./balancing.ts";
import type { Wish } from "./choosing.ts";
import type { PendingSearch } from "./claim.ts";
import type { Endpoint } from "./endpoint.ts";
import { Waiter } from "./line.ts";
import type { NoConnection, Pool, Seeker } from "./pool.ts";
import { PooledConnection } from "./pooled-connection.ts";

/** What waits for room is patient for so long: usually somebody is done by then. */
const PATIENCE_MS = 250;
/** Faults of this machine, which say nothing about the endpoint. */
const LOCAL_FAULTS = new Set(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"]);
/** The system's word for a connection that did not open in time. */
const CONNECT_TIMEOUT = "ETIMEDOUT";

/** What was seen when an endpoint's idle connections were looked through in vain. */
export interface Look {
  readonly endpoint: Endpoint;
  /** Whether there will be one in a moment. */
  readonly isSettling: boolean;
  /** Why another one is opened. */
  readonly openReason: OpenReason;
}

export function look(endpoint: Endpoint, seeker: Seeker, now: number): PooledConnection | Look {
  const openReason = endpoint.idleCount + endpoint.idleBoundCount > 0 ? "none-fit" : "pool-empty";
  const found =
    endpoint.origin.proxyHeader === undefined
      ? endpoint.findReusable(seeker.isRetriable, now)
      : endpoint.findOwn(seeker.naming?.bindings.namedAt(endpoint) ?? [], seeker.isRetriable, now);
  if (found instanceof PooledConnection) return found;
  return { endpoint, isSettling: found === "settling", openReason };
}

/** An endpoint that is being dialed. */
interface Dial {
  readonly endpoint: Endpoint;
  readonly giveUp: GiveUp;
  readonly began_ms: number;
  /** What its endpoint needs to know when it is over. */
  readonly span: number;
  /** It has had its part of the time, and that was told. */
  isLate: boolean;
}

export class Search implements PendingSearch, Member<Search> {
  isOver = false;
  /** @internal its place among the pool's searches */
  memberBefore: Search | undefined;
  memberBehind: Search | undefined;
  private readonly pool: Pool;
  private readonly seeker: Seeker;
  private readonly wish: Wish<Endpoint> | undefined;
  private waiter: Waiter<Search> | undefined;
  /** When it has waited in line for long enough. */
  private patience: Deadline | undefined;
  private readonly deadline = new Deadline(this);
  /** When the next endpoint is dialed as well. */
  private pace: Deadline | undefined;
  private tried: Set<Endpoint> | undefined;
  private readonly dials: Dial[] = [];
  private isWaiting = false;
  /** It found no room where its client's cookie leads. */
  private isHeldUp = false;
  /** Why the latest dial failed. */
  private failure: readonly [why: NoConnection, fault: string] = ["connect-failed", ""];

  /** @param wish where it would go; anywhere: undefined */
  constructor(pool: Pool, seeker: Seeker, wish: Wish<Endpoint> | undefined) {
    this.pool = pool;
    this.seeker = seeker;
    this.wish = wish;
  }

  /** On whose behalf. */
  get client(): string {
    return this.waiter?.client ?? this.seeker.place.client;
  }

  /** All of it. */
  private get time_ms(): number {
    return this.seeker.connectTimeout_ms ?? this.pool.options.connectTimeout_ms;
  }

  /** Of each endpoint, before the next one is dialed as well. */
  private get part_ms(): number {
    return this.time_ms / this.pool.endpoints.length;
  }

  /** @param looked what was found just now, in vain */
  start(looked: Look | undefined): void {
    const { deadlines, clock } = this.pool.options;
    deadlines.set(this.deadline, this.time_ms, clock.now());
    this.pool.searches.add(this);
    this.seek(looked);
  }

  private seek(looked: Look | undefined): void {
    if (this.proceed(looked)) return;
    this.waiter ??= new Waiter<Search>(this, this.seeker.place.client);
    this.isWaiting = this.pool.joinLine(this.waiter, this.isHeldUp ? this.wish?.stuckTo : undefined);
    if (!this.isWaiting) return this.onDisplaced();
    this.setPatience();
    this.noteQueued();
  }

  /** It waits in line, and nothing is dialed for it. */
  private noteQueued(): void {
    if (this.dials.length === 0) this.seeker.onSearch?.("queued");
  }

  private setPatience(): void {
    const { deadlines, clock } = this.pool.options;
    this.patience ??= new Deadline({ onDeadline: () => this.onPatienceOver() });
    deadlines.set(this.patience, PATIENCE_MS, clock.now());
  }

  private onPatienceOver(): void {
    if (!this.isWaiting || this.waiter === undefined) return;
    this.setPatience();
    this.pool.makeWayFor(this.waiter);
  }

  /** @internal There is no room in the line. */
  onDisplaced(): void {
    this.isWaiting = false;
    if (this.dials.length === 0) this.fail("pool-line-full", "");
  }

  /** @internal Room may have come free. Returns whether this search got it. */
  tryAgain(): boolean {
    if (!this.proceed(undefined)) return false;
    this.leaveLine();
    return true;
  }

  cancel(): void {
    if (this.isOver) return;
    const wasDialing = this.dials.length > 0;
    this.finish();
    if (wasDialing) this.pool.onRoom();
  }

  /** @internal The pool goes on with other endpoints: what was dialed may still be the first to open. */
  onEndpointsChanged(): void {
    const { pool, dials } = this;
    for (const { endpoint } of dials) this.noteTried(endpoint);
    if (this.isOver) return;
    const isHeldUpInVain = this.isHeldUp && !pool.endpoints.some((endpoint) => endpoint === this.wish?.stuckTo);
    if (this.isWaiting && this.hasUntried()) {
      if (!isHeldUpInVain) return;
      this.leaveLine();
      return this.seek(undefined);
    }
    if (this.isWaiting) {
      this.leaveLine();
      if (dials.length === 0) this.fail(...this.failure);
    } else if (this.hasUntried()) {
      if (dials.every(({ endpoint }) => !pool.endpoints.includes(endpoint))) this.seek(undefined);
      else this.setPace();
    }
  }

  private leaveLine(): void {
    this.isWaiting = false;
    if (this.waiter !== undefined) this.pool.leaveLine(this.waiter);
  }

  /** Takes an idle connection or dials one. False: there is no room. */
  private proceed(looked: Look | undefined): boolean {
    const { pool, seeker } = this;
    const now = pool.options.clock.now();
    const endpoint = looked?.endpoint ?? pool.choose(now, this.tried, this.wish);
    if (endpoint === undefined) throw new Error("a search ends, or leaves the line, before all endpoints were tried");
    this.isHeldUp = endpoint === this.wish?.stuckTo;
    let openReason: OpenReason = "retry";
    if (!seeker.isRetry) {
      const found = looked ?? look(endpoint, seeker, now);
      if (found instanceof PooledConnection) {
        pool.choosing.noteTaken(endpoint);
        this.finish();
        pool.hand(found, seeker, now);
        return true;
      }
      if (found.isSettling) return false;
      openReason = found.openReason;
    }
    if (endpoint.size >= endpoint.sizeMax) {
      // Room that is coming belongs to those who waited before.
      if (endpoint.closing <= pool.waiting - (this.isWaiting ? 1 : 0)) endpoint.makeRoom();
      if (endpoint.size >= endpoint.sizeMax) return false;
    }
    this.dial(endpoint, openReason, now);
    return true;
  }

  private dial(endpoint: Endpoint, openReason: OpenReason, now: number): void {
    const { pool } = this;
    const { dialer } = pool.options;
    pool.choosing.noteTaken(endpoint);
    const span = endpoint.onDialBegun();
    if (this.dials.length === 0) this.seeker.onSearch?.("connecting");
    const giveUp = dialer.dial(
      this.placeOf(endpoint),
      {
        onReached: () => this.seeker.onSearch?.("securing"),
        onConnected: (socket) => this.onConnected(dial, socket, openReason),
        onFailed: (it) => this.onFailed(dial, it),
      },
      this.client,
    );
    const dial: Dial = { endpoint, giveUp, began_ms: now, span, isLate: false };
    this.dials.push(dial);
    pool.onDial?.();
    if (pool.endpoints.length === 1 && this.tried === undefined) return;
    const tried = this.noteTried(endpoint);
    if (pool.endpoints.some((one) => !tried.has(one))) this.setPace();
  }

  /** With what is to be said there first, of the client. */
  private placeOf({ origin: { address, proxyHeader: version } }: Endpoint): Address {
    if (version === undefined) return address;
    const { naming } = this.seeker;
    const preamble =
      naming === undefined ? ownProxyHeader(version) : proxyHeader(version, naming.source, naming.destination);
    return { ...address, preamble };
  }

  private noteTried(endpoint: Endpoint): ReadonlySet<Endpoint> {
    this.tried ??= new Set();
    return this.tried.add(endpoint);
  }

  private setPace(): void {
    const { deadlines, clock } = this.pool.options;
    this.pace ??= new Deadline({ onDeadline: () => this.onLate() });
    deadlines.set(this.pace, this.part_ms, clock.now());
  }

  private onConnected({ endpoint, isLate }: Dial, socket: Socket, openReason: OpenReason): void {
    const { pool } = this;
    const { clock, nextId, openReason: usual } = pool.options;
    const isOneOfSeveral = this.dials.length > 1 || isLate;
    this.finish();
    const now = clock.now();
    const connection = new PooledConnection(nextId(), endpoint, socket, usual ?? openReason, now);
    // From its first byte on it is one client's: it must never be another's.
    if (endpoint.origin.proxyHeader !== undefined) this.seeker.naming?.bindings.bindNamed(connection);
    endpoint.onOpened(connection);
    pool.hand(connection, this.seeker, now);
    if (isOneOfSeveral) pool.onRoom();
  }

  private onFailed(dial: Dial, fault: string): void {
    const { endpoint } = dial;
    endpoint.onDialOver(dial.span);
    this.dials.splice(this.dials.indexOf(dial), 1);
    this.noteTried(endpoint);
    const why = reasonOf(fault);
    this.failure = [why, isDialRefusal(why) ? "" : fault];
    // What was not even tried, or failed for want of something here, says nothing about the endpoint.
    if (!isDialRefusal(why) && !LOCAL_FAULTS.has(fault)) endpoint.onDialFailed(fault);
    if (this.isWaiting) this.noteQueued();
    else if (this.hasUntried()) this.seek(undefined);
    else if (this.dials.length === 0) this.fail(...this.failure);
    this.pool.onRoom();
  }

  private hasUntried(): boolean {
    const { pool, tried } = this;
    return pool.endpoints.some((endpoint) => mayBeChosen(endpoint, tried));
  }

  /** What was dialed last is slow: the next one is dialed as well. */
  private onLate(): void {
    const dial = this.dials.at(-1);
    if (dial !== undefined) this.noteLate(dial, CONNECT_TIMEOUT);
    if (!this.isWaiting && this.hasUntried()) this.seek(undefined);
  }

  /** @internal */
  onDeadline(): void {
    const { dials } = this;
    if (dials.length === 0) return this.fail("pool-line-timeout", "");
    const isNameUnknown = dials.every(({ giveUp }) => giveUp() === "name");
    const fault = isNameUnknown ? LOOKUP_TIMEOUT : CONNECT_TIMEOUT;
    for (const dial of dials) this.noteLate(dial, fault);
    this.fail("connect-timeout", fault);
    this.pool.onRoom();
  }

  /** One that had little time has not shown anything: little beside what requests of the pool have normally. */
  private noteLate(dial: Dial, fault: string): void {
    const { clock, connectTimeout_ms } = this.pool.options;
    const least_ms = connectTimeout_ms / this.pool.endpoints.length / 2;
    if (clock.now() - dial.began_ms >= least_ms) tellLate(dial, fault);
  }

  private finish(): void {
    const { pool, deadline, pace, patience, dials } = this;
    const { deadlines } = pool.options;
    this.isOver = true;
    pool.searches.delete(this);
    for (const { endpoint, span, giveUp } of dials) {
      endpoint.onDialOver(span);
      giveUp();
    }
    dials.length = 0;
    if (this.waiter !== undefined) pool.leaveLine(this.waiter);
    deadlines.clear(deadline);
    if (pace !== undefined) deadlines.clear(pace);
    if (patience !== undefined) deadlines.clear(patience);
  }

  private fail(why: NoConnection, fault: string): void {
    const { endpoint } = this;
    this.finish();
    this.seeker.onNoConnection(why, fault, endpoint?.record);
  }

  /** The one that was asked last, or would have been; it could be any of several: undefined. */
  private get endpoint(): Endpoint | undefined {
    const { dials, tried, pool, wish } = this;
    const latest = dials.at(-1)?.endpoint ?? [...(tried ?? [])].at(-1) ?? wish?.stuckTo;
    return latest ?? (pool.endpoints.length === 1 ? pool.endpoints[0] : undefined);
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
