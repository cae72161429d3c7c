/**
 * The search for one connection: dialing, or waiting in line; all of it within the time to connect.
 *
 * Where an endpoint refuses the next one is tried, since nothing was sent yet. Each of several has an equal part of the time
 * before the next one is dialed as well; it is not given up then, and may still be the first to open. Deliberately absent:
 * which endpoint is chosen, and whose turn in line it is; see balancing.ts and line.ts.
 */
import { Deadline } from "../connection/deadlines.ts";
import type { OpenReason } from "../connection/reasons.ts";
import { type GiveUp, isDialRefusal, LOOKUP_TIMEOUT, type Socket } from "../net/ports.ts";
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
    endpoint.onDialBegun();
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
    endpoint.onDialOver();
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
      endpoint.onDialOver();
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
