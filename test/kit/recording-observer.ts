/**
 * Remembers everything a proxy tells its observer, in order: connections of both hops, exchanges, refusals of reuse.
 */
import type { CloseReason, ReuseRefusal } from "../../src/connection/reasons.ts";
import type { ClientConnection } from "../../src/exchange/client-connection.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { ProxyObserver } from "../../src/exchange/observer.ts";
import type { PooledConnection } from "../../src/pool/pooled-connection.ts";
import type { Bell } from "./bell.ts";

/** One connection's life as it was told. */
export interface Told<Connection> {
  readonly connection: Connection;
  /** One entry for each time it was told closed: exactly one in the end. */
  readonly closes: (CloseReason | undefined)[];
}

export class RecordingObserver implements ProxyObserver {
  readonly downstream: Told<ClientConnection>[] = [];
  readonly upstream: Told<PooledConnection>[] = [];
  readonly exchanges: ExchangeRecord[] = [];
  readonly reuseRefusals: ReuseRefusal[] = [];
  readonly faults: string[] = [];
  reuses = 0;
  private readonly told = new Map<ClientConnection | PooledConnection, Told<unknown>>();
  private readonly bell: Bell;

  constructor(bell: Bell) {
    this.bell = bell;
  }

  get allAreClosed(): boolean {
    return [...this.downstream, ...this.upstream].every(({ closes }) => closes.length > 0);
  }

  downstreamOpened(connection: ClientConnection): void {
    const told = { connection, closes: [] };
    this.downstream.push(told);
    this.told.set(connection, told);
  }

  downstreamClosed(connection: ClientConnection): void {
    this.closed(connection);
  }

  upstreamOpened(connection: PooledConnection): void {
    const told = { connection, closes: [] };
    this.upstream.push(told);
    this.told.set(connection, told);
  }

  upstreamClosed(connection: PooledConnection): void {
    this.closed(connection);
  }

  private closed(connection: ClientConnection | PooledConnection): void {
    const told = this.told.get(connection);
    if (told === undefined) throw new Error("a connection was told closed that was never told open");
    told.closes.push(connection.life.closeReason);
    this.bell.ring();
  }

  upstreamReused(): void {
    this.reuses++;
  }

  reuseRefused(_connection: PooledConnection, refusal: ReuseRefusal): void {
    this.reuseRefusals.push(refusal);
  }

  exchangeEnded(record: ExchangeRecord): void {
    this.exchanges.push(record);
  }

  readonly internalErrors: unknown[] = [];

  readonly hookFailures: { readonly hook: string; readonly fault: unknown }[] = [];

  hookFailed(hook: string, fault: unknown): void {
    this.hookFailures.push({ hook, fault });
  }

  internalError(fault: unknown): void {
    this.internalErrors.push(fault);
  }

  acceptFailed(fault: string): void {
    this.faults.push(fault);
  }

  endpointFailed(_endpoint: unknown, fault: string): void {
    this.faults.push(fault);
  }

  lifetimeLearned(): void {}
  endpointRecovered(): void {}
  drainBegan(): void {}
  drainEnded(): void {}
}
