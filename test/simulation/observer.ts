/**
 * The simulated proxy's observer: writes the timeline, and checks that every connection and exchange is told once, with
 * one reason of the closed list.
 */
import { closeReasons, type ReuseRefusal } from "../../src/connection/reasons.ts";
import type { ClientConnection } from "../../src/exchange/client-connection.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { ProxyObserver } from "../../src/exchange/observer.ts";
import { SimSocket } from "../../src/net/simulated/socket.ts";
import type { Endpoint } from "../../src/pool/endpoint.ts";
import type { PooledConnection } from "../../src/pool/pooled-connection.ts";
import { fail } from "./failure.ts";
import type { Timeline } from "./timeline.ts";

type Connection = ClientConnection | PooledConnection;

export class SimObserver implements ProxyObserver {
  /** Connections told open and not told closed. */
  readonly open = new Set<Connection>();
  /** How often each reason occurred, on both hops. */
  readonly reasons = new Map<string, number>();
  drainedWith: number | undefined;
  exchanges = 0;
  reuses = 0;
  retries = 0;
  private readonly closed = new WeakSet<Connection>();
  private readonly ended = new WeakSet<ExchangeRecord>();
  /** Told when an exchange has given way to another client, which is while its client still has the place. */
  onGaveWay: (record: ExchangeRecord) => void = () => {};
  /** Told when an idle connection was lent again, and when one is gone. */
  onReused: (connection: PooledConnection) => void = () => {};
  onUpstreamClosed: (connection: PooledConnection) => void = () => {};
  private readonly timeline: Timeline;

  constructor(timeline: Timeline) {
    this.timeline = timeline;
  }

  downstreamOpened(connection: ClientConnection): void {
    this.opened(connection, "accepted");
  }

  upstreamOpened(connection: PooledConnection): void {
    this.opened(connection, connection.openReason);
  }

  private opened(connection: Connection, reason: string): void {
    this.note(connection, `opens: ${reason}`);
    if (this.open.has(connection)) fail("one-reason-each", `${nameOf(connection)} is told open twice`);
    this.open.add(connection);
  }

  downstreamClosed(connection: ClientConnection): void {
    this.wasClosed(connection);
  }

  upstreamClosed(connection: PooledConnection): void {
    this.wasClosed(connection);
    this.onUpstreamClosed(connection);
  }

  private wasClosed(connection: Connection): void {
    const { closeReason } = connection.life;
    this.note(connection, `closed: ${closeReason ?? "-"}`);
    if (this.closed.has(connection)) fail("one-reason-each", `${nameOf(connection)} is told closed twice`);
    if (!this.open.delete(connection)) fail("one-reason-each", `${nameOf(connection)} closes and was never open`);
    if (closeReason === undefined || !(closeReason in closeReasons)) {
      fail("one-reason-each", `${nameOf(connection)} closes for "${closeReason}"`);
    }
    const { socket } = connection;
    if (socket instanceof SimSocket && !socket.isClosedTold) {
      fail("one-reason-each", `${nameOf(connection)} is told closed while its socket is open`);
    }
    this.closed.add(connection);
    const key = `${connection.hop} ${closeReason}`;
    this.reasons.set(key, (this.reasons.get(key) ?? 0) + 1);
  }

  upstreamReused(connection: PooledConnection): void {
    this.reuses++;
    this.note(connection, "reused");
    this.onReused(connection);
  }

  reuseRefused(connection: PooledConnection, refusal: ReuseRefusal): void {
    this.note(connection, `not reused: ${refusal}`);
  }

  exchangeEnded(record: ExchangeRecord): void {
    this.exchanges++;
    this.retries += record.retries;
    const { method, target, outcome, reason = "", status } = record;
    this.note(record.downstream, `exchange ended: ${method} ${target}: ${outcome} ${status} ${reason}`);
    if (this.ended.has(record)) fail("one-reason-each", `the end of ${target} is told twice`);
    this.ended.add(record);
    if (reason === "gave-way") this.onGaveWay(record);
  }

  lifetimeLearned(endpoint: Endpoint): void {
    this.timeline.note("  proxy", `learns ${endpoint.origin.name}: ${endpoint.lifetime.estimate_ms} ms`);
  }

  endpointFailed(endpoint: Endpoint, fault: string): void {
    this.timeline.note("  proxy", `cannot reach ${endpoint.origin.name}: ${fault}`);
  }

  endpointRecovered(): void {}

  hookFailed(_hook: string, fault: unknown): never {
    throw fault;
  }

  internalError(fault: unknown): never {
    throw fault;
  }

  acceptFailed(fault: string): void {
    this.timeline.note("  proxy", `turns a connection away: ${fault}`);
  }

  drainBegan(): void {
    this.timeline.note("  proxy", "drain begins");
  }

  drainEnded(cut: number): void {
    this.timeline.note("  proxy", `drain ended, ${cut} cut`);
    if (this.drainedWith !== undefined) fail("one-reason-each", "the end of the drain is told twice");
    this.drainedWith = cut;
  }

  private note(connection: Connection, what: string): void {
    if (this.timeline.isOn) this.timeline.note(`  proxy ${nameOf(connection)}`, `** #${connection.id} ${what}`);
  }
}

function nameOf({ socket, id }: Connection): string {
  return socket instanceof SimSocket ? socket.name : `#${id}`;
}
