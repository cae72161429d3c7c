/**
 * A pool on a stage: time stands still until it is moved, origins do what the test says, everything told is written down.
 */
import { expect } from "vitest";
import type { Place } from "../../../src/connection/fair-share.ts";
import type { KeepAliveTerms } from "../../../src/connection/keep-alive-terms.ts";
import { dialerOf } from "../../../src/net/dialing.ts";
import type { Names } from "../../../src/net/resolving.ts";
import { Sweeper } from "../../../src/net/sweeper.ts";
import type { Bindings } from "../../../src/pool/bindings.ts";
import type { PendingSearch } from "../../../src/pool/claim.ts";
import type { Endpoint } from "../../../src/pool/endpoint.ts";
import { plainGroup } from "../../../src/pool/group.ts";
import type { PoolObserver } from "../../../src/pool/observer.ts";
import { parseOriginAddress } from "../../../src/pool/origin-address.ts";
import { type NoConnection, Pool, type SearchPhase, type Seeker } from "../../../src/pool/pool.ts";
import type { PooledConnection } from "../../../src/pool/pooled-connection.ts";
import { ManualClock } from "../../kit/manual-clock.ts";
import { FakeDialer, type FakeSocket, Later } from "./net.ts";

export interface PoolStageOptions {
  readonly origins?: readonly string[];
  readonly size?: number;
  readonly idleLimit_ms?: number;
  readonly maxAge_ms?: number;
  readonly connectTimeout_ms?: number;
  /** Where names lead; otherwise they are dialed as they are. */
  readonly names?: Names;
}

/** What a request wants of its connection. */
export interface Wants {
  readonly isRetriable?: boolean;
  readonly isRetry?: boolean;
  /** What is bound to the client's connection that it comes on. */
  readonly bindings?: Bindings;
}

/** A request that looks for a connection and does nothing by itself. */
export class TestSeeker implements Seeker {
  readonly isRetriable: boolean;
  readonly isRetry: boolean;
  connection: PooledConnection | undefined;
  failure: readonly [NoConnection, string] | undefined;
  search: PendingSearch | undefined;
  /** What the connection told its user. */
  readonly heard: string[] = [];
  /** How the search went on. */
  readonly phases: SearchPhase[] = [];

  movedBytes = 0;
  isSlow = false;
  private readonly client: string;
  private readonly since_ms: number;

  constructor(isRetriable: boolean, isRetry: boolean, client: string, now: number) {
    this.isRetriable = isRetriable;
    this.isRetry = isRetry;
    this.client = client;
    this.since_ms = now;
  }

  get place(): Place {
    const { client, since_ms, movedBytes, isSlow } = this;
    const giveWay = () => {
      this.heard.push("give way");
      this.connection?.close("evicted");
    };
    return { client, since_ms, movedBytes, isSlow, giveWay };
  }

  onSearch(phase: SearchPhase): void {
    this.phases.push(phase);
  }

  onConnection(connection: PooledConnection): void {
    this.connection = connection;
  }

  onNoConnection(why: NoConnection, fault: string): void {
    this.failure = [why, fault];
  }

  onData(): void {
    this.heard.push("data");
  }

  onEnd(): void {
    this.heard.push("end");
  }

  onDrain(): void {
    this.heard.push("drain");
  }

  onClose(fault: string | undefined): void {
    this.heard.push(`close ${fault ?? "in order"}`);
  }

  onDeadline(): void {
    this.heard.push("deadline");
  }
}

export class PoolStage {
  readonly clock = new ManualClock();
  readonly later = new Later();
  readonly dialer = new FakeDialer(this.later);
  readonly deadlines = new Sweeper(this.clock);
  /** What the observer was told, each as one line. */
  readonly told: string[] = [];
  readonly pool: Pool;
  private ids = 0;

  constructor(options: PoolStageOptions = {}) {
    const { told } = this;
    const observer: PoolObserver = {
      connectionOpened: (connection) => told.push(`#${connection.id} opened: ${connection.opened}`),
      connectionReused: (connection) => told.push(`#${connection.id} reused`),
      reuseRefused: (connection, refusal) => told.push(`#${connection.id} not reused: ${refusal}`),
      connectionClosed: (connection) => told.push(`#${connection.id} closed: ${connection.closeReason}`),
      lifetimeLearned: (_endpoint, lifetime_ms) => told.push(`learned: ${lifetime_ms}`),
      endpointFailed: (endpoint, fault) => told.push(`${endpoint.name} failed: ${fault}`),
      internalError: () => undefined,
      endpointRecovered: (endpoint) => told.push(`${endpoint.name} recovered`),
    };
    this.pool = new Pool({
      group: plainGroup("", (options.origins ?? ["http://o1.test"]).map(parseOriginAddress)),
      size: options.size ?? 4,
      idleLimit_ms: options.idleLimit_ms ?? 60_000,
      maxAge_ms: options.maxAge_ms ?? 0,
      connectTimeout_ms: options.connectTimeout_ms ?? 5_000,
      dialer:
        options.names === undefined
          ? this.dialer
          : dialerOf((place, handler) => {
              const giveUp = this.dialer.dial(place, handler);
              return () => void giveUp();
            }, options.names),
      clock: this.clock,
      deadlines: this.deadlines,
      observer,
      nextId: () => ++this.ids,
    });
  }

  get endpoint(): Endpoint {
    const [endpoint] = this.pool.endpoints;
    if (endpoint === undefined) throw new Error("a pool has an endpoint");
    return endpoint;
  }

  /** A request looks for a connection. */
  seek(wants: Wants = {}, client = ""): TestSeeker {
    const seeker = this.prepare(wants, client);
    seeker.search = this.pool.acquire(seeker, wants.bindings);
    this.later.settle();
    return seeker;
  }

  /** A request that has not looked yet. */
  prepare({ isRetriable = true, isRetry = false }: Wants, client = ""): TestSeeker {
    return new TestSeeker(isRetriable, isRetry, client, this.clock.now());
  }

  /** Waits until everything that has arrived on any socket was delivered. */
  arrivals(): Promise<void> {
    return new Promise((resolve) => this.clock.afterArrivals(resolve));
  }

  /** A request that finds a connection, dialing one if it must. */
  begin(options: Wants = {}, client = ""): TestSeeker {
    const seeker = this.seek(options, client);
    if (seeker.connection === undefined) this.dialer.connects();
    this.connectionOf(seeker);
    return seeker;
  }

  /** The response was read to its end and both sides would persist. */
  finish(seeker: TestSeeker, terms?: Partial<KeepAliveTerms>): PooledConnection {
    const connection = this.connectionOf(seeker);
    if (terms !== undefined) connection.noteTerms({ timeout_ms: undefined, max: undefined, ...terms });
    connection.noteAlive();
    connection.release();
    this.later.settle();
    return connection;
  }

  /** A whole exchange; the connection idles afterwards. */
  exchange(options: Wants = {}, terms?: Partial<KeepAliveTerms>): PooledConnection {
    return this.finish(this.begin(options), terms);
  }

  /** Several connections that are idle, from the least to the most recently used. */
  idle(count: number): PooledConnection[] {
    const seekers = Array.from({ length: count }, () => this.begin());
    return seekers.map((seeker) => this.finish(seeker));
  }

  connectionOf(seeker: TestSeeker): PooledConnection {
    expect(seeker.failure).toBeUndefined();
    if (seeker.connection === undefined) throw new Error("the request has no connection yet");
    return seeker.connection;
  }

  socketOf(connection: PooledConnection): FakeSocket {
    return connection.socket as FakeSocket;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.later.settle();
  }

  /** What was told since this was asked last. */
  news(): string[] {
    return this.told.splice(0);
  }

  /** Ends whatever there is and requires that nothing is left over. */
  expectNothingLeft(seekers: readonly TestSeeker[] = []): void {
    for (const seeker of seekers) {
      seeker.search?.cancel();
      seeker.connection?.close("drained");
    }
    this.pool.drain();
    this.later.settle();
    for (const endpoint of this.pool.endpoints) {
      expect({
        inUse: endpoint.inUse,
        dialing: endpoint.dialing,
        closing: endpoint.closing,
        connections: endpoint.connections.size,
        idle: endpoint.idleCount + endpoint.idleBoundCount,
      }).toStrictEqual({ inUse: 0, dialing: 0, closing: 0, connections: 0, idle: 0 });
    }
    expect(this.pool.waiting).toBe(0);
    expect(this.deadlines.size).toBe(0);
  }
}
