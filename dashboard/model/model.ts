/**
 * The model behind the dashboard: what is live, and what was a moment ago, on both hops.
 *
 *   const model = createModel();
 *   source.addEventListener(type, (event) => model.receive(event));     // for each of `eventTypes`
 *   model.snapshot({ connections, exchanges, stats }, askedAt_ms);      // at the beginning, and while `model.needsSnapshot`
 *   for (const connection of model.lanes("upstream")) …                 // whenever `model.version` has changed
 *
 * It is a plain object that changes in place: readers look at `version`, which grows with each change, as often as they draw.
 * Everything in it is bounded (store.ts). Events may be missed, late, in another order or of unknown types; the proxy may be started
 * anew; its clock may show anything. Deliberately absent: asking for anything (no DOM, no network), and timers.
 */
import type { ProxyStats } from "../../src/ledger/stats.ts";
import { ProxyClock } from "./clock.ts";
import { reconcile } from "./reconciling.ts";
import { HISTORY_MS, Store } from "./store.ts";
import { IdleTimes, Telling, timeOf } from "./telling.ts";
import type { Connection, Exchange, Hop, Key, Notice, ProxyEvent, Snapshot, Told } from "./types.ts";

export type * from "./types.ts";

/** The types of events that mean something here: what `/api/events?types=` is asked for. `missed` is told in any case. */
export const eventTypes = [
  "exchange-begin",
  "exchange-phase",
  "exchange",
  "connection-open",
  "connection",
  "connection-idle",
  "reuse-refused",
  "lifetime",
  "endpoint",
  "health",
  "reload",
  "accept-failed",
  "hook-failed",
  "internal-error",
  "certificate",
  "drain",
] as const satisfies readonly ProxyEvent["type"][];

const NOTICES_KEPT = 200;
const TIDY_MS = 1_000;
/** It is said every second that exchanges are left out. */
const SAMPLED_MS = 3_000;
/** What an answer takes at the most, where nobody says when it was asked for. */
const ANSWER_MS = 1_000;

export interface MissedEvent {
  readonly type: "missed";
  readonly missed: number;
  /** They were left out on purpose: one exchange of so many is told, and every connection. There was a gap: absent. */
  readonly oneIn?: number;
}

/** A server-sent event, as the browser's `MessageEvent` is one. */
export interface Message {
  readonly type: string;
  readonly data: string;
  /** `RUN-NUMBER` */
  readonly lastEventId?: string;
}

export interface Model {
  /** Grows with each change. */
  readonly version: number;
  readonly connections: ReadonlyMap<Key, Connection>;
  readonly exchanges: ReadonlyMap<Key, Exchange>;
  /** The latest exchanges that failed, from the oldest to the latest; they and their connections are kept for longer. */
  readonly failures: readonly Exchange[];
  /** Lifetimes learned, endpoints' health, reloads, the drain and the like, from the oldest to the latest. */
  readonly notices: readonly Notice[];
  /** Events that the proxy did not send because they were too many, in all. */
  readonly missed: number;
  /** When the latest of them were told, by the proxy's clock; none was: undefined. */
  readonly missedAt_ms: number | undefined;
  /** One exchange of so many is told at present; all are: 1. */
  readonly oneIn: number;
  /** Nothing is known yet, there was a gap in the events, or the proxy was started anew: ask for a snapshot. */
  readonly needsSnapshot: boolean;
  readonly isDraining: boolean;
  /** The latest `/stats`. */
  readonly stats: ProxyStats | undefined;
  /** What the proxy's clock shows now, in milliseconds since 1970. */
  now(): number;
  /** Open connections of a hop, and those that closed at most `since` ago, in the order of their opening. */
  lanes(hop: Hop, since_ms?: number): Connection[];
  apply(event: Told<ProxyEvent> | MissedEvent, lastEventId?: string): void;
  /** The same, from its text; what cannot be read is ignored. */
  receive(message: Message): void;
  /** Several events, in the order in which they came. */
  events(events: readonly Told<ProxyEvent>[]): void;
  /** @param askedAt_ms when it was asked for, by the clock of this machine (`Date.now()`); not known: a second ago */
  snapshot(snapshot: Snapshot, askedAt_ms?: number): void;
  /** While it is held nothing is forgotten but what is too much: somebody looks at a moment that has passed. */
  hold(isHeld: boolean): void;
}

/** @param now the clock of this machine */
export function createModel(now: () => number = () => Date.now()): Model {
  return new LiveModel(now);
}

class LiveModel implements Model {
  version = 0;
  missed = 0;
  missedAt_ms: number | undefined;
  needsSnapshot = true;
  isDraining = false;
  stats: ProxyStats | undefined;
  readonly notices: Notice[] = [];
  private readonly here: () => number;
  private readonly clock = new ProxyClock();
  private readonly store = new Store();
  private readonly idleTimes = new IdleTimes();
  private readonly telling = new Telling(this.store, this.idleTimes);
  private run: string | undefined;
  private isHeld = false;
  private tidied_ms = 0;
  private statsAskedAt_ms = 0;
  private sampledOneIn = 1;
  private sampledAt_ms = Number.NEGATIVE_INFINITY;

  constructor(here: () => number) {
    this.here = here;
  }

  get connections(): ReadonlyMap<Key, Connection> {
    return this.store.connections;
  }

  get exchanges(): ReadonlyMap<Key, Exchange> {
    return this.store.exchanges;
  }

  get failures(): readonly Exchange[] {
    return this.store.failures;
  }

  now(): number {
    return this.clock.at(this.here());
  }

  lanes(hop: Hop, since_ms = Number.NEGATIVE_INFINITY): Connection[] {
    const lanes: Connection[] = [];
    for (const connection of this.store.connections.values()) {
      if (connection.hop === hop && (connection.closedAt_ms ?? Number.POSITIVE_INFINITY) >= since_ms) {
        lanes.push(connection);
      }
    }
    return lanes;
  }

  receive({ type, data, lastEventId }: Message): void {
    let event: object | undefined;
    try {
      event = JSON.parse(data) as object;
    } catch {
      return;
    }
    if (typeof event === "object" && event !== null) this.apply({ type, ...event } as ProxyEvent, lastEventId);
  }

  apply(event: Told<ProxyEvent> | MissedEvent, lastEventId?: string): void {
    this.noteRun(lastEventId);
    this.version++;
    if (event.type === "missed") return this.noteMissed(event);
    // An exchange that ended is told with the time of its beginning.
    const toldAt_ms = timeOf(event) + (event.type === "exchange" ? event.duration_ms : 0);
    this.clock.note(toldAt_ms, this.here());
    this.tell(event, toldAt_ms);
    this.tidy();
  }

  private tell(event: Told<ProxyEvent>, toldAt_ms: number): void {
    switch (event.type) {
      case "connection-open":
        return this.telling.connectionOpened(event);
      case "connection":
        return this.telling.connectionClosed(event);
      case "connection-idle":
        return this.telling.connectionIdled(event);
      case "exchange-begin":
        return this.telling.exchangeBegan(event);
      case "exchange-phase":
        return this.telling.exchangePhase(event);
      case "exchange":
        return this.telling.exchangeEnded(event);
      case "reuse-refused":
        return this.telling.reuseRefused(event);
      case "reuse":
        // The exchange that it is for says the same.
        return;
      case "drain":
        this.isDraining = event.state === "began";
        return this.notice(event, toldAt_ms);
      default:
        // Of whatever kind it is: it was told, and when.
        if (Number.isFinite(toldAt_ms)) this.notice(event, toldAt_ms);
    }
  }

  private notice(event: ProxyEvent, at_ms: number): void {
    this.notices.push({ at_ms, event });
    if (this.notices.length > NOTICES_KEPT) this.notices.shift();
  }

  get oneIn(): number {
    return this.now() - this.sampledAt_ms < SAMPLED_MS ? this.sampledOneIn : 1;
  }

  private noteMissed({ missed, oneIn }: MissedEvent): void {
    if (oneIn !== undefined) {
      this.sampledOneIn = oneIn;
      this.sampledAt_ms = this.now();
    }
    this.missed += missed;
    this.missedAt_ms = this.now();
    this.needsSnapshot ||= oneIn === undefined;
  }

  /** Event ids begin with what the proxy calls its run. */
  private noteRun(lastEventId: string | undefined): void {
    const run = lastEventId?.split("-", 1)[0];
    if (run === undefined || run === "" || run === this.run) return;
    const hadRun = this.run !== undefined;
    this.run = run;
    if (hadRun) this.restart();
  }

  private restart(): void {
    this.store.restart(this.now());
    this.clock.reset();
    this.stats = undefined;
    this.isDraining = false;
    this.needsSnapshot = true;
  }

  events(events: readonly Told<ProxyEvent>[]): void {
    for (const event of events) this.apply(event);
  }

  snapshot(snapshot: Snapshot, askedAt_ms = this.here() - ANSWER_MS): void {
    this.version++;
    const { stats } = snapshot;
    const here_ms = this.here();
    if (stats !== undefined) this.noteStats(stats, askedAt_ms, here_ms);
    // It was made somewhere between question and answer.
    const at_ms = this.clock.at((askedAt_ms + here_ms) / 2);
    const times = { askedAt_ms: this.clock.at(askedAt_ms), at_ms };
    reconcile(snapshot, times, this.store, this.telling, this.idleTimes);
    if (snapshot.connections !== undefined) this.needsSnapshot = false;
    this.tidy();
  }

  private noteStats(stats: ProxyStats, askedAt_ms: number, here_ms: number): void {
    // Its time of starting is a difference of clocks, and is never quite the same.
    if (this.stats !== undefined && stats.uptime_ms < this.stats.uptime_ms && askedAt_ms >= this.statsAskedAt_ms) {
      this.restart();
      // The stream says it, too, once it is there again.
      this.run = undefined;
    }
    this.stats = stats;
    this.statsAskedAt_ms = askedAt_ms;
    this.isDraining = stats.isDraining;
    const shows_ms = Date.parse(stats.startedAt) + stats.uptime_ms;
    if (!this.clock.isKnown) this.clock.note(shows_ms, (askedAt_ms + here_ms) / 2);
  }

  hold(isHeld: boolean): void {
    this.isHeld = isHeld;
  }

  private tidy(): void {
    const here_ms = this.here();
    if (here_ms - this.tidied_ms < TIDY_MS) return;
    this.tidied_ms = here_ms;
    this.store.forget(this.isHeld ? undefined : this.now() - HISTORY_MS);
  }
}
