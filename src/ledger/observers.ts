/**
 * Observers put together: one that forwards to several, and one that ignores everything, to build others on.
 *
 * Deliberately absent: guarding against an observer that throws. Those of this room do not; listeners of users are called
 * apart from the traffic, see events.ts.
 */
import type {
  ConnectionRecord,
  EndpointCheck,
  EndpointRecord,
  NameLookup,
  NameRecord,
} from "../connection/connection-record.ts";
import type { ReuseRefusal } from "../connection/reasons.ts";
import type { ExchangeRecord, Phase } from "../exchange/exchange-record.ts";
import type { HookName } from "../exchange/hooks.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import type { ToleranceKind } from "../wire/tolerance.ts";

/** Ignores everything. */
export class QuietObserver implements ProxyObserver {
  internalError(_fault: unknown): void {}
  hookFailed(_hook: HookName, _fault: unknown): void {}
  connectionOpened(_connection: ConnectionRecord): void {}
  connectionClosed(_connection: ConnectionRecord): void {}
  connectionReused(_connection: ConnectionRecord): void {}
  reuseRefused(_connection: ConnectionRecord, _refusal: ReuseRefusal): void {}
  lifetimeLearned(_endpoint: EndpointRecord, _lifetime_ms: number | undefined): void {}
  endpointFailed(_endpoint: EndpointRecord, _fault: string, _avoidUntil_ms: number): void {}
  endpointRecovered(_endpoint: EndpointRecord): void {}
  endpointChecked(_endpoint: EndpointRecord, _check: EndpointCheck): void {}
  nameLookedUp(_name: NameRecord, _lookup: NameLookup): void {}
  exchangeEnded(_record: ExchangeRecord): void {}
  acceptFailed(_fault: string): void {}
  drainBegan(): void {}
  drainEnded(_cut: number): void {}
}

/** Tells each of several observers, in order. */
export class Observers implements ProxyObserver {
  exchangeBegan: ((record: ExchangeRecord) => void) | undefined = undefined;
  exchangePhase: ((record: ExchangeRecord, phase: Phase) => void) | undefined = undefined;
  connectionIdled: ((connection: ConnectionRecord) => void) | undefined = undefined;
  wantsFields = false;
  private all: readonly ProxyObserver[];
  private readonly tellers: (() => void)[] = [];

  constructor(...all: readonly ProxyObserver[]) {
    this.all = all;
    this.followInterest();
    for (const observer of all) observer.whenInterestChanges?.(() => this.followInterest());
  }

  /** From now on it hears, too. */
  add(observer: ProxyObserver): void {
    this.all = [...this.all, observer];
    this.followInterest();
  }

  /** It hears nothing any more. */
  remove(observer: ProxyObserver): void {
    this.all = this.all.filter((one) => one !== observer);
    this.followInterest();
  }

  /** What nobody wants to know is not told, not even here; what one wants is told to that one alone. */
  private followInterest(): void {
    const { all } = this;
    this.wantsFields = all.some(({ wantsFields }) => wantsFields === true);
    this.exchangeBegan = toEach(all.map((observer) => observer.exchangeBegan?.bind(observer)));
    this.exchangePhase = toEach(all.map((observer) => observer.exchangePhase?.bind(observer)));
    this.connectionIdled = toEach(all.map((observer) => observer.connectionIdled?.bind(observer)));
    for (const tell of this.tellers) tell();
  }

  whenInterestChanges(tell: () => void): void {
    this.tellers.push(tell);
  }

  exchangeEnded(record: ExchangeRecord): void {
    for (const observer of this.all) observer.exchangeEnded(record);
  }

  hookFailed(hook: HookName, fault: unknown): void {
    for (const observer of this.all) observer.hookFailed(hook, fault);
  }

  internalError(fault: unknown): void {
    for (const observer of this.all) observer.internalError(fault);
  }

  connectionOpened(connection: ConnectionRecord): void {
    for (const observer of this.all) observer.connectionOpened(connection);
  }

  connectionClosed(connection: ConnectionRecord): void {
    for (const observer of this.all) observer.connectionClosed(connection);
  }

  connectionReused(connection: ConnectionRecord): void {
    for (const observer of this.all) observer.connectionReused(connection);
  }

  reuseRefused(connection: ConnectionRecord, refusal: ReuseRefusal): void {
    for (const observer of this.all) observer.reuseRefused(connection, refusal);
  }

  lifetimeLearned(endpoint: EndpointRecord, lifetime_ms: number | undefined): void {
    for (const observer of this.all) observer.lifetimeLearned(endpoint, lifetime_ms);
  }

  endpointFailed(endpoint: EndpointRecord, fault: string, avoidUntil_ms: number): void {
    for (const observer of this.all) observer.endpointFailed(endpoint, fault, avoidUntil_ms);
  }

  endpointRecovered(endpoint: EndpointRecord): void {
    for (const observer of this.all) observer.endpointRecovered(endpoint);
  }

  endpointChecked(endpoint: EndpointRecord, check: EndpointCheck): void {
    for (const observer of this.all) observer.endpointChecked?.(endpoint, check);
  }

  nameLookedUp(name: NameRecord, lookup: NameLookup): void {
    for (const observer of this.all) observer.nameLookedUp?.(name, lookup);
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

/** Tells all of them; there is none: undefined. */
function toEach<Told extends readonly unknown[]>(
  tellers: readonly (((...told: Told) => void) | undefined)[],
): ((...told: Told) => void) | undefined {
  const hearing = tellers.filter((tell) => tell !== undefined);
  if (hearing.length <= 1) return hearing[0];
  return (...told) => {
    for (const tell of hearing) tell(...told);
  };
}
