/**
 * Typed events: everything that happens, told to those who listen.
 *
 * Nothing is built for events that nobody listens to. What is told is told in order, behind the input and output of the
 * loop's turn in which it happened: by then it is decided why a connection closes after an exchange, and no listener can
 * hold up or break the traffic. A listener that throws is the program's fault, and becomes an uncaught exception, as
 * anywhere in Node. Deliberately absent: any way for a listener to interfere.
 */

import type { ReuseRefusal } from "../connection/reasons.ts";
import type { ClientConnection } from "../exchange/client-connection.ts";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import type { HookName } from "../exchange/hooks.ts";
import type { ProxyObserver } from "../exchange/observer.ts";
import type { Clock } from "../net/ports.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import type { PooledConnection } from "../pool/pooled-connection.ts";
import {
  type AcceptFailedEntry,
  type AccessLogEntry,
  type ConnectionEntry,
  type ConnectionOpenEntry,
  type DrainEntry,
  type EndpointEntry,
  EntryMaker,
  type ExchangeEntry,
  type HookFailedEntry,
  type InternalErrorEntry,
  type LifetimeEntry,
  type ReuseEntry,
  type ReuseRefusedEntry,
} from "./entries.ts";
import type { LogState } from "./line-queue.ts";

export interface ProxyEvents {
  /** A request was answered, refused, or given up. */
  readonly exchange: ExchangeEntry;
  readonly "connection-open": ConnectionOpenEntry;
  readonly "connection-close": ConnectionEntry;
  /** An origin's idle connection carries another exchange. */
  readonly reuse: ReuseEntry;
  /** An origin's idle connection was not reused for a request. */
  readonly "reuse-refused": ReuseRefusedEntry;
  /** What is known of an origin's lifetime has changed. */
  readonly lifetime: LifetimeEntry;
  /** An endpoint cannot be dialed, does not answer or answers badly; or is well again. */
  readonly endpoint: EndpointEntry;
  /** A client's connection could not be accepted. */
  readonly "accept-failed": AcceptFailedEntry;
  /** A hook of the application failed. Nobody listens: it becomes a warning of the process. */
  readonly "hook-failed": HookFailedEntry;
  /** A fault of hopwise's own ended one connection. Nobody listens: it becomes a warning of the process. */
  readonly "internal-error": InternalErrorEntry;
  /** The access log cannot be written, loses lines, or is written again. */
  readonly "access-log": AccessLogEntry;
  readonly drain: DrainEntry;
}
export type ProxyEventName = keyof ProxyEvents;
export type ProxyListener<Name extends ProxyEventName> = (event: ProxyEvents[Name]) => void;

type AnyListener = (event: never) => void;
interface Subscription {
  readonly listener: AnyListener;
  readonly isOnce: boolean;
}

export class EventHub implements ProxyObserver {
  private readonly make: EntryMaker;
  private readonly subscriptions = new Map<ProxyEventName, Subscription[]>();
  /** What is to be told, in order. */
  private queue: (() => void)[] = [];
  private isScheduled = false;

  constructor(clock: Clock) {
    this.make = new EntryMaker(clock);
  }

  on<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>, isOnce = false): void {
    this.subscriptions.set(name, [...(this.subscriptions.get(name) ?? []), { listener, isOnce }]);
  }

  off<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): void {
    const left = this.subscriptions.get(name)?.filter((subscription) => subscription.listener !== listener) ?? [];
    if (left.length > 0) this.subscriptions.set(name, left);
    else this.subscriptions.delete(name);
  }

  /** Tells now what is still to be told. */
  flush(): void {
    while (this.queue.length > 0) {
      const { queue } = this;
      this.queue = [];
      for (const tell of queue) tell();
    }
  }

  hookFailed(hook: HookName, fault: unknown): void {
    const entry = this.make.hookFailed(hook, fault);
    if (this.hears("hook-failed")) return this.tell("hook-failed", entry);
    process.emitWarning(`the hook ${hook} failed: ${entry.message}`, { code: "HOPWISE_HOOK_FAILED" });
  }

  internalError(fault: unknown): void {
    const entry = this.make.internalError(fault);
    if (this.hears("internal-error")) return this.tell("internal-error", entry);
    process.emitWarning(`a fault of its own, please report it: ${entry.message}`, { code: "HOPWISE_INTERNAL_ERROR" });
  }

  upstreamOpened(connection: PooledConnection): void {
    if (this.hears("connection-open")) this.tell("connection-open", this.make.opened(connection));
  }

  upstreamReused(connection: PooledConnection): void {
    if (this.hears("reuse")) this.tell("reuse", this.make.reuse(connection));
  }

  reuseRefused(connection: PooledConnection, refusal: ReuseRefusal): void {
    if (this.hears("reuse-refused")) this.tell("reuse-refused", this.make.reuseRefused(connection, refusal));
  }

  upstreamClosed(connection: PooledConnection): void {
    if (this.hears("connection-close")) this.tell("connection-close", this.make.closed(connection));
  }

  lifetimeLearned(endpoint: Endpoint): void {
    if (this.hears("lifetime")) this.tell("lifetime", this.make.lifetime(endpoint));
  }

  endpointFailed(endpoint: Endpoint, fault: string): void {
    if (this.hears("endpoint")) this.tell("endpoint", this.make.endpointFailed(endpoint, fault));
  }

  endpointRecovered(endpoint: Endpoint): void {
    if (this.hears("endpoint")) this.tell("endpoint", this.make.endpointRecovered(endpoint));
  }

  downstreamOpened(connection: ClientConnection): void {
    if (this.hears("connection-open")) this.tell("connection-open", this.make.opened(connection));
  }

  downstreamClosed(connection: ClientConnection): void {
    if (this.hears("connection-close")) this.tell("connection-close", this.make.closed(connection));
  }

  /** The entry is made when it is told: only then it is known whether the connections close. */
  exchangeEnded(record: ExchangeRecord): void {
    if (this.hears("exchange")) this.later(() => this.call("exchange", this.make.exchange(record)));
  }

  acceptFailed(fault: string): void {
    if (this.hears("accept-failed")) this.tell("accept-failed", this.make.acceptFailed(fault));
  }

  /** Returns whether somebody is told. */
  accessLogChanged(state: LogState, fault: string | undefined, dropped: number): boolean {
    if (!this.hears("access-log")) return false;
    this.tell("access-log", this.make.accessLog(state, fault, dropped));
    return true;
  }

  drainBegan(): void {
    if (this.hears("drain")) this.tell("drain", this.make.drainBegan());
  }

  drainEnded(cut: number): void {
    if (this.hears("drain")) this.tell("drain", this.make.drainEnded(cut));
  }

  /** Asked twice for each exchange; most proxies have no listeners at all. */
  private hears(name: ProxyEventName): boolean {
    return this.subscriptions.size > 0 && this.subscriptions.has(name);
  }

  private tell<Name extends ProxyEventName>(name: Name, event: ProxyEvents[Name]): void {
    this.later(() => this.call(name, event));
  }

  private later(tell: () => void): void {
    this.queue.push(tell);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private call<Name extends ProxyEventName>(name: Name, event: ProxyEvents[Name]): void {
    for (const { listener, isOnce } of this.subscriptions.get(name) ?? []) {
      if (isOnce) this.off(name, listener as ProxyListener<Name>);
      try {
        (listener as ProxyListener<Name>)(event);
      } catch (error) {
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }
}
