/**
 * Observers put together: one that forwards to several, and one that ignores everything, to build others on.
 *
 * Deliberately absent: guarding against an observer that throws. Those of this room do not; listeners of users are called
 * apart from the traffic, see events.ts.
 */
import type { ReuseRefusal } from "../connection/reasons.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import type { HookName } from "../exchange/hooks.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";

/** Ignores everything. */
export class QuietObserver implements ProxyObserver {
  internalError(_fault: unknown): void {}
  hookFailed(_hook: HookName, _fault: unknown): void {}
  upstreamOpened(_connection: PooledConnection): void {}
  upstreamReused(_connection: PooledConnection): void {}
  reuseRefused(_connection: PooledConnection, _refusal: ReuseRefusal): void {}
  upstreamClosed(_connection: PooledConnection): void {}
  lifetimeLearned(_endpoint: Endpoint): void {}
  endpointFailed(_endpoint: Endpoint, _fault: string): void {}
  endpointRecovered(_endpoint: Endpoint): void {}
  downstreamOpened(_connection: ClientConnection): void {}
  downstreamClosed(_connection: ClientConnection): void {}
  exchangeEnded(_record: ExchangeRecord): void {}
  acceptFailed(_fault: string): void {}
  drainBegan(): void {}
  drainEnded(_cut: number): void {}
}

/** Tells each of several observers, in order. */
export class Observers implements ProxyObserver {
  private readonly all: readonly ProxyObserver[];

  constructor(...all: readonly ProxyObserver[]) {
    this.all = all;
  }

  hookFailed(hook: HookName, fault: unknown): void {
    for (const observer of this.all) observer.hookFailed(hook, fault);
  }

  internalError(fault: unknown): void {
    for (const observer of this.all) observer.internalError(fault);
  }

  upstreamOpened(connection: PooledConnection): void {
    for (const observer of this.all) observer.upstreamOpened(connection);
  }

  upstreamReused(connection: PooledConnection): void {
    for (const observer of this.all) observer.upstreamReused(connection);
  }

  reuseRefused(connection: PooledConnection, refusal: ReuseRefusal): void {
    for (const observer of this.all) observer.reuseRefused(connection, refusal);
  }

  upstreamClosed(connection: PooledConnection): void {
    for (const observer of this.all) observer.upstreamClosed(connection);
  }

  lifetimeLearned(endpoint: Endpoint): void {
    for (const observer of this.all) observer.lifetimeLearned(endpoint);
  }

  endpointFailed(endpoint: Endpoint, fault: string): void {
    for (const observer of this.all) observer.endpointFailed(endpoint, fault);
  }

  endpointRecovered(endpoint: Endpoint): void {
    for (const observer of this.all) observer.endpointRecovered(endpoint);
  }

  downstreamOpened(connection: ClientConnection): void {
    for (const observer of this.all) observer.downstreamOpened(connection);
  }

  downstreamClosed(connection: ClientConnection): void {
    for (const observer of this.all) observer.downstreamClosed(connection);
  }

  exchangeEnded(record: ExchangeRecord): void {
    for (const observer of this.all) observer.exchangeEnded(record);
  }

  responseTolerated(kind: ToleranceKind): void {
    for (const observer of this.all) observer.responseTolerated?.(kind);
  }

  acceptFailed(fault: string): void {
    for (const observer of this.all) observer.acceptFailed(fault);
  }

  drainBegan(): void {
    for (const observer of this.all) observer.drainBegan();
  }

  drainEnded(cut: number): void {
    for (const observer of this.all) observer.drainEnded(cut);
  }
}
