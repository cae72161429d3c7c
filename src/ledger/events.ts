/**
 * Typed events: everything that happens, told to those who listen.
 *
 * Nothing is built for events that nobody listens to. What is told is told in order, behind the input and output of the
 * loop's turn in which it happened: by then it is decided why a connection closes after an exchange, and no listener can
 * hold up or break the traffic. A listener that throws is the program's fault, and becomes an uncaught exception, as
 * anywhere in Node. Deliberately absent: any way for a listener to interfere.
 */

import { type Channel, channel } from "node:diagnostics_channel";
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
import type { Clock } from "../net/ports.ts";
import type { ReloadEntry, ReloadOutcome } from "./config-figures.ts";
import type {
  AcceptFailedEntry,
  AccessLogEntry,
  ConnectionEntry,
  ConnectionIdleEntry,
  ConnectionOpenEntry,
  DrainEntry,
  EndpointEntry,
  ExchangeBeginEntry,
  ExchangeEntry,
  ExchangePhaseEntry,
  HealthEntry,
  HookFailedEntry,
  InternalErrorEntry,
  LifetimeEntry,
  ReuseEntry,
  ReuseRefusedEntry,
  TraceEntry,
  TraceState,
} from "./entries.ts";
import { EntryMaker } from "./entry-maker.ts";
import type { LogState } from "./line-queue.ts";
import { type LookupEntry, lookupEntry } from "./name-figures.ts";
import { type SampledType, type SamplingGate, sampleOfCarrier, sampleOfEnd } from "./sampling.ts";
import { type CertificateEntry, certificateText } from "./tls-figures.ts";

export interface ProxyEvents {
  /** A request has arrived. */
  readonly "exchange-begin": ExchangeBeginEntry;
  /** How far it is: it waits for a connection, one is opened, it was sent, the first byte of a response came. */
  readonly "exchange-phase": ExchangePhaseEntry;
  /** A request was answered, refused, or given up. */
  readonly exchange: ExchangeEntry;
  readonly "connection-open": ConnectionOpenEntry;
  readonly "connection-close": ConnectionEntry;
  /** A connection carries nothing any more, and idles from now on. */
  readonly "connection-idle": ConnectionIdleEntry;
  /** An origin's idle connection carries another exchange. */
  readonly reuse: ReuseEntry;
  /** An origin's idle connection was not reused for a request. */
  readonly "reuse-refused": ReuseRefusedEntry;
  /** What is known of an origin's lifetime has changed. */
  readonly lifetime: LifetimeEntry;
  /** An endpoint cannot be dialed, does not answer or answers badly; or is well again. */
  readonly endpoint: EndpointEntry;
  /** An endpoint passes its health checks, or fails them: from now on it is healthy, or unhealthy. */
  readonly health: HealthEntry;
  /** The addresses behind a name of a group have changed, or it cannot be looked up, or can again (`resolve`). */
  readonly lookup: LookupEntry;
  /** A client's connection could not be accepted. */
  readonly "accept-failed": AcceptFailedEntry;
  /** A hook of the application failed. Nobody listens: it becomes a warning of the process. */
  readonly "hook-failed": HookFailedEntry;
  /** A fault of hopwise's own ended one connection. Nobody listens: it becomes a warning of the process. */
  readonly "internal-error": InternalErrorEntry;
  /** The access log cannot be written, loses lines, or is written again. */
  readonly "access-log": AccessLogEntry;
  /** A trace cannot be written, loses events, is written again, or is full. */
  readonly trace: TraceEntry;
  /** A certificate was read again, could not be, or ends soon. Nobody listens: the latter two become warnings of the process. */
  readonly certificate: CertificateEntry;
  /** The configuration was replaced, or was not because of what is wrong with the new one. */
  readonly reload: ReloadEntry;
  readonly drain: DrainEntry;
}
export type ProxyEventName = keyof ProxyEvents;
export type ProxyEvent = ProxyEvents[ProxyEventName];
export type ProxyListener<Name extends ProxyEventName> = (event: ProxyEvents[Name]) => void;

/** Hears of one event. */
export type TellWatcher<Event = ProxyEvent> = (event: Event) => void;
/**
 * Somebody who watches everything is asked once of each event before it is made, and returns who is to be told; nobody: undefined.
 * `sample` is the number by which one of a part of all exchanges is chosen (sampling.ts).
 */
export type AskWatcher<Event extends { readonly type: string } = ProxyEvent> = (
  type: Event["type"],
  sample: number | undefined,
) => TellWatcher<Event> | undefined;

interface Watching {
  readonly watcher: AskWatcher;
  readonly gate: SamplingGate | undefined;
}

type AnyListener = (event: never) => void;
interface Subscription {
  readonly listener: AnyListener;
  readonly isOnce: boolean;
}

/** Programs in the same process hear of each event on Node's diagnostics channel of this name, without knowing the proxy. */
const CHANNEL_PREFIX = "hopwise:";
const names: Readonly<Record<ProxyEventName, true>> = {
  "exchange-begin": true,
  "exchange-phase": true,
  exchange: true,
  "connection-open": true,
  "connection-close": true,
  "connection-idle": true,
  reuse: true,
  "reuse-refused": true,
  lifetime: true,
  endpoint: true,
  health: true,
  lookup: true,
  reload: true,
  "accept-failed": true,
  "hook-failed": true,
  "internal-error": true,
  "access-log": true,
  trace: true,
  certificate: true,
  drain: true,
};
export const proxyEventNames = Object.keys(names) as readonly ProxyEventName[];
const channels = Object.fromEntries(proxyEventNames.map((name) => [name, channel(CHANNEL_PREFIX + name)])) as Readonly<
  Record<ProxyEventName, Channel>
>;

export class EventHub implements ProxyObserver {
  /** Only while somebody listens. */
  exchangeBegan: ((record: ExchangeRecord) => void) | undefined = undefined;
  exchangePhase: ((record: ExchangeRecord, phase: Phase) => void) | undefined = undefined;
  connectionIdled: ((connection: ConnectionRecord) => void) | undefined = undefined;
  wantsFields = false;
  private readonly clock: Clock;
  private readonly make: EntryMaker;
  /** It hears of each exchange when the others do. */
  private log: ((record: ExchangeRecord) => void) | undefined;
  private readonly subscriptions = new Map<ProxyEventName, Subscription[]>();
  /** They may hear everything, and what nobody else hears of becomes a warning all the same. */
  private watchings: readonly Watching[] = [];
  /** What is to be told, in order: what tells it, or the record of an exchange that only the log hears of. */
  private queue: ((() => void) | ExchangeRecord)[] = [];
  private isScheduled = false;
  /** Those who tell of things to this hub, perhaps of several proxies. */
  private readonly tellers: (() => void)[] = [];

  constructor(clock: Clock) {
    this.clock = clock;
    this.make = new EntryMaker(clock);
  }

  on<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>, isOnce = false): void {
    this.subscriptions.set(name, [...(this.subscriptions.get(name) ?? []), { listener, isOnce }]);
    this.followInterest();
  }

  off<Name extends ProxyEventName>(name: Name, listener: ProxyListener<Name>): void {
    const left = this.subscriptions.get(name)?.filter((subscription) => subscription.listener !== listener) ?? [];
    if (left.length > 0) this.subscriptions.set(name, left);
    else this.subscriptions.delete(name);
    this.followInterest();
  }

  /** Asks `watcher` of everything that happens, but not of what `gate` leaves out, until the function that is returned is called. */
  watch(watcher: AskWatcher, gate?: SamplingGate): () => void {
    const watching: Watching = { watcher, gate };
    this.watchings = [...this.watchings, watching];
    this.followInterest();
    return () => {
      this.watchings = this.watchings.filter((one) => one !== watching);
      this.followInterest();
    };
  }

  /** Calls `log` with the record of each exchange that has ended, its fields in it, instead of who was called before. */
  logTo(log: ((record: ExchangeRecord) => void) | undefined): void {
    this.log = log;
    this.wantsFields = log !== undefined;
    for (const tell of this.tellers) tell();
  }

  whenInterestChanges(tell: () => void): void {
    this.tellers.push(tell);
  }

  private followInterest(): void {
    const hearsBegin = this.hears("exchange-begin");
    const hearsPhase = this.hears("exchange-phase");
    const hearsIdle = this.hears("connection-idle");
    const isAsBefore =
      hearsBegin === (this.exchangeBegan !== undefined) &&
      hearsPhase === (this.exchangePhase !== undefined) &&
      hearsIdle === (this.connectionIdled !== undefined);
    if (isAsBefore) return;
    this.exchangeBegan = hearsBegin ? this.tellBegan : undefined;
    this.exchangePhase = hearsPhase ? this.tellPhase : undefined;
    this.connectionIdled = hearsIdle ? this.tellIdled : undefined;
    for (const tell of this.tellers) tell();
  }

  // What happens for each exchange is asked about without making anything, not even a function.

  private readonly tellBegan = (record: ExchangeRecord): void => {
    const listeners = this.listenersOf("exchange-begin", record.id);
    if (listeners !== undefined) this.tellTo(listeners, "exchange-begin", this.make.exchangeBegan(record));
  };

  private readonly tellPhase = (record: ExchangeRecord, phase: Phase): void => {
    const listeners = this.listenersOf("exchange-phase", record.id);
    if (listeners !== undefined) this.tellTo(listeners, "exchange-phase", this.make.exchangePhase(record, phase));
  };

  private readonly tellIdled = (connection: ConnectionRecord): void => {
    const listeners = this.listenersOf("connection-idle", sampleOfCarrier(connection));
    if (listeners !== undefined) this.tellTo(listeners, "connection-idle", this.make.idled(connection));
  };

  connectionReused(connection: ConnectionRecord): void {
    if (!this.hears("reuse")) return;
    const listeners = this.listenersOf("reuse", sampleOfCarrier(connection));
    if (listeners !== undefined) this.tellTo(listeners, "reuse", this.make.reuse(connection));
  }

  /** Tells now what is still to be told. */
  flush(): void {
    while (this.queue.length > 0) {
      const { queue } = this;
      this.queue = [];
      for (const tell of queue) {
        if (typeof tell === "function") tell();
        else this.log?.(tell);
      }
    }
  }

  hookFailed(hook: HookName, fault: unknown): void {
    const entry = this.make.hookFailed(hook, fault);
    if (this.hears("hook-failed")) this.tell("hook-failed", () => entry);
    if (this.subscriptions.has("hook-failed")) return;
    process.emitWarning(`the hook ${hook} failed: ${entry.message}`, { code: "HOPWISE_HOOK_FAILED" });
  }

  internalError(fault: unknown): void {
    const entry = this.make.internalError(fault);
    if (this.hears("internal-error")) this.tell("internal-error", () => entry);
    if (this.subscriptions.has("internal-error")) return;
    process.emitWarning(`a fault of its own, please report it: ${entry.message}`, { code: "HOPWISE_INTERNAL_ERROR" });
  }

  connectionOpened(connection: ConnectionRecord): void {
    // Channels do not tell that somebody has come, so they are looked at.
    this.followInterest();
    if (this.hears("connection-open")) this.tell("connection-open", () => this.make.opened(connection));
  }

  reuseRefused(connection: ConnectionRecord, refusal: ReuseRefusal): void {
    if (this.hears("reuse-refused")) this.tell("reuse-refused", () => this.make.reuseRefused(connection, refusal));
  }

  connectionClosed(connection: ConnectionRecord): void {
    if (this.hears("connection-close")) this.tell("connection-close", () => this.make.closed(connection));
  }

  lifetimeLearned(endpoint: EndpointRecord, lifetime_ms: number | undefined): void {
    if (this.hears("lifetime")) this.tell("lifetime", () => this.make.lifetime(endpoint, lifetime_ms));
  }

  endpointFailed(endpoint: EndpointRecord, fault: string, avoidUntil_ms: number): void {
    if (this.hears("endpoint")) this.tell("endpoint", () => this.make.endpointFailed(endpoint, fault, avoidUntil_ms));
  }

  endpointRecovered(endpoint: EndpointRecord): void {
    if (this.hears("endpoint")) this.tell("endpoint", () => this.make.endpointRecovered(endpoint));
  }

  endpointChecked(endpoint: EndpointRecord, check: EndpointCheck): void {
    if (check.hasChanged && this.hears("health")) this.tell("health", () => this.make.health(endpoint, check));
  }

  nameLookedUp(name: NameRecord, lookup: NameLookup): void {
    if (!this.hears("lookup")) return;
    const entry = lookupEntry(new Date(this.clock.date()).toISOString(), name, lookup);
    if (entry !== undefined) this.tell("lookup", () => entry);
  }

  /** The entry is made when it is told: only then it is known whether the connections close. */
  exchangeEnded(record: ExchangeRecord): void {
    const listeners = this.hears("exchange") ? this.listenersOf("exchange", sampleOfEnd(record)) : undefined;
    if (listeners !== undefined) {
      this.later(() => {
        this.log?.(record);
        this.call("exchange", this.make.exchange(record), listeners);
      });
    } else if (this.log !== undefined) this.later(record);
  }

  acceptFailed(fault: string): void {
    if (this.hears("accept-failed")) this.tell("accept-failed", () => this.make.acceptFailed(fault));
  }

  /** Returns whether somebody is told. */
  accessLogChanged(state: LogState, fault: string | undefined, dropped: number): boolean {
    if (this.hears("access-log")) this.tell("access-log", () => this.make.accessLog(state, fault, dropped));
    return this.subscriptions.has("access-log");
  }

  /** The same of a trace. */
  traceChanged(state: TraceState, file: string, fault: string | undefined, dropped: number): boolean {
    if (this.hears("trace")) this.tell("trace", () => this.make.trace(state, file, fault, dropped));
    return this.subscriptions.has("trace");
  }

  certificateChanged(state: CertificateEntry["state"], file: string, expiresAt_ms: number, problem?: string): void {
    const entry = this.make.certificate(state, file, expiresAt_ms, problem);
    if (this.hears("certificate")) this.tell("certificate", () => entry);
    if (this.subscriptions.has("certificate")) return;
    if (state !== "renewed") process.emitWarning(certificateText(entry), { code: "HOPWISE_CERTIFICATE" });
  }

  reloaded(outcome: ReloadOutcome, version: number, changes: readonly string[], problem?: string): void {
    if (this.hears("reload")) this.tell("reload", () => this.make.reload(outcome, version, changes, problem));
  }

  drainBegan(): void {
    if (this.hears("drain")) this.tell("drain", () => this.make.drainBegan());
  }

  drainEnded(cut: number): void {
    if (this.hears("drain")) this.tell("drain", () => this.make.drainEnded(cut));
  }

  /** Asked twice for each exchange; most proxies have no listeners at all. */
  private hears(name: ProxyEventName): boolean {
    return this.watchings.length > 0 || this.isListenedTo(name);
  }

  private isListenedTo(name: ProxyEventName): boolean {
    return channels[name].hasSubscribers || (this.subscriptions.size > 0 && this.subscriptions.has(name));
  }

  /** Those of the watchers who are told of it; nobody at all is: undefined. */
  private listenersOf(name: ProxyEventName, sample: number | undefined): readonly TellWatcher[] | undefined {
    const type = name === "connection-close" ? "connection" : name;
    let listeners: TellWatcher[] | undefined;
    for (const { watcher, gate } of this.watchings) {
      // Only what is told of each exchange has a number.
      if (sample !== undefined && gate?.leavesOut(name as SampledType, sample) === true) continue;
      const tell = watcher(type, sample);
      if (tell === undefined) continue;
      listeners ??= [];
      listeners.push(tell);
    }
    return listeners ?? (this.isListenedTo(name) ? [] : undefined);
  }

  /** @param make is called now, but only if somebody wants it */
  private tell<Name extends ProxyEventName>(name: Name, make: () => ProxyEvents[Name]): void {
    const listeners = this.listenersOf(name, undefined);
    if (listeners !== undefined) this.tellTo(listeners, name, make());
  }

  private tellTo<Name extends ProxyEventName>(
    listeners: readonly TellWatcher[],
    name: Name,
    event: ProxyEvents[Name],
  ): void {
    this.later(() => this.call(name, event, listeners));
  }

  private later(tell: (() => void) | ExchangeRecord): void {
    this.queue.push(tell);
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.flush();
    });
  }

  private call<Name extends ProxyEventName>(
    name: Name,
    event: ProxyEvents[Name],
    watchers: readonly TellWatcher[],
  ): void {
    for (const tell of watchers) tell(event);
    if (channels[name].hasSubscribers) channels[name].publish(event);
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
