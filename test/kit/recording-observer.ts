/**
 * Remembers everything a proxy tells its observer, in order: connections of both hops, exchanges, refusals of reuse.
 */
import type { ConnectionRecord } from "../../src/connection/connection-record.ts";
import type { CloseReason, ReuseRefusal } from "../../src/connection/reasons.ts";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import type { ProxyObserver } from "../../src/exchange/observer.ts";
import type { Bell } from "./bell.ts";

/** One connection's life as it was told. */
export interface Told {
  readonly connection: ConnectionRecord;
  /** One entry for each time it was told closed: exactly one in the end. */
  readonly closes: (CloseReason | undefined)[];
}

export class RecordingObserver implements ProxyObserver {
  readonly downstream: Told[] = [];
  readonly upstream: Told[] = [];
  /** Exchanges that have ended. */
  readonly exchanges: ExchangeRecord[] = [];
  /** Exchanges that have begun. */
  readonly begun: ExchangeRecord[] = [];
  readonly reuseRefusals: ReuseRefusal[] = [];
  readonly faults: string[] = [];
  reuses = 0;
  private readonly told = new Map<ConnectionRecord, Told>();
  private readonly bell: Bell;

  constructor(bell: Bell) {
    this.bell = bell;
  }

  get allAreClosed(): boolean {
    return [...this.downstream, ...this.upstream].every(({ closes }) => closes.length > 0);
  }

  connectionOpened(connection: ConnectionRecord): void {
    const told = { connection, closes: [] };
    this[connection.hop].push(told);
    this.told.set(connection, told);
  }

  connectionClosed(connection: ConnectionRecord): void {
    const told = this.told.get(connection);
    if (told === undefined) throw new Error("a connection was told closed that was never told open");
    told.closes.push(connection.closeReason);
    this.bell.ring();
  }

  connectionReused(): void {
    this.reuses++;
  }

  reuseRefused(_connection: ConnectionRecord, refusal: ReuseRefusal): void {
    this.reuseRefusals.push(refusal);
  }

  exchangeBegan(record: ExchangeRecord): void {
    this.begun.push(record);
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
