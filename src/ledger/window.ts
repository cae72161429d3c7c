/**
 * What can be seen of a proxy from outside while it runs: its connections as they are, what ended last, and everything that happens.
 *
 * Everything is plain data that is made when somebody asks. Deliberately absent: how it is asked (admin/api.ts), and any way to
 * interfere.
 */
import type { ConnectionRecord, Hop, IdleEnd } from "../connection/connection-record.ts";
import type { LifeState } from "../connection/life.ts";
import type { CloseReason, OpenReason } from "../connection/reasons.ts";
import type { ExchangeEntry } from "./entries.ts";
import { EntryMaker } from "./entry-maker.ts";
import type { AskWatcher, EventHub, ProxyEvent } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import { RecentExchanges } from "./recent.ts";
import type { SamplingGate } from "./sampling.ts";

/** A connection that is not gone. */
export interface ConnectionView {
  readonly id: number;
  readonly hop: Hop;
  readonly state: LifeState;
  /** Downstream: `address:port`. */
  readonly client?: string;
  /** Upstream: `http://127.0.0.1:3000` */
  readonly endpoint?: string;
  readonly secure: boolean;
  readonly opened: OpenReason;
  readonly age_ms: number;
  /** Since it is idle; it is not: absent. */
  readonly idle_ms?: number;
  /** For how long it may still idle, unless that changes, and which limit ends it then; it is not idle: absent. */
  readonly idleLeft_ms?: number;
  readonly idleLimit?: CloseReason;
  /** Exchanges begun on it. */
  readonly exchanges: number;
  /** It is ending: why. */
  readonly closes?: CloseReason;
  /** The client's connection that authentication has bound it to. */
  readonly boundTo?: number;
}

/** What is lost on the way. */
export interface WatcherLosses {
  /** Of so many events nothing can be told. */
  onMissed(count: number): void;
  /** So many of exchanges were left out on purpose: one in `oneIn` is told. */
  onLeftOut(count: number, oneIn: number): void;
}

/** Whatever happens can be watched. */
export interface EventSource {
  /**
   * Asks `watcher` of everything that happens, until the function that is returned is called.
   *
   * @param gate of what it leaves out the watcher need not be asked
   */
  watch(watcher: AskWatcher<WindowEvent>, losses?: WatcherLosses, gate?: SamplingGate): () => void;
}

export interface WindowSource extends EventSource {
  connections(): Iterable<ConnectionView>;
  /** From the latest to the oldest. */
  exchanges(): Iterable<ExchangeEntry>;
}

/** One of several processes is lost, is silent, or runs. */
export interface WorkerEntry {
  readonly type: "worker";
  readonly time: string;
  /** `lost`: its connections and what it had in progress are gone with it. */
  readonly state: "lost" | "silent" | "running";
  readonly worker: number;
  readonly pid: number | undefined;
  /** How it was lost: `SIGKILL`, `exit code 1`, `hung`. */
  readonly how?: string;
}

/** What one process tells has no number; of several, each event has the number of the worker that tells it. */
export type WindowEvent = (ProxyEvent | WorkerEntry) & { readonly worker?: number };

/** From now on what ends is kept for a while, too. */
export function windowOf(ledger: Ledger, events: EventHub): WindowSource {
  const { clock } = ledger;
  const make = new EntryMaker(clock);
  ledger.recent ??= new RecentExchanges();
  const { recent } = ledger;
  return {
    *connections() {
      const now = clock.now();
      for (const { record, idleEnd } of connectionsOf(ledger)) yield viewOf(record, idleEnd, now);
    },
    *exchanges() {
      for (const record of recent) yield make.exchange(record);
    },
    watch: (watcher, _losses, gate) => events.watch(watcher, gate),
  };
}

interface Watched {
  readonly record: ConnectionRecord;
  readonly idleEnd: IdleEnd | undefined;
}

function* connectionsOf({ gateways }: Ledger): Iterable<Watched> {
  for (const { clients, routing } of gateways) {
    for (const { record, limits, socket, leaving } of clients.connections) {
      yield { record, idleEnd: record.state === "idle" ? limits.idleEnd(socket, leaving) : undefined };
    }
    for (const endpoint of routing.endpoints) {
      for (const connection of endpoint.connections) {
        const { record } = connection;
        yield { record, idleEnd: record.state === "idle" ? endpoint.idleEndOf(connection) : undefined };
      }
    }
  }
}

function viewOf(record: ConnectionRecord, end: IdleEnd | undefined, now: number): ConnectionView {
  const { id, hop, state, peer, peerPort, endpoint, isSecure, opened, openedAt_ms, idleSince_ms, exchanges } = record;
  const address = peer.includes(":") ? `[${peer}]` : peer;
  return {
    id,
    hop,
    state,
    ...(hop === "downstream" ? { client: `${address}:${peerPort}` } : { endpoint: endpoint?.name ?? "" }),
    secure: isSecure,
    opened,
    age_ms: Math.max(0, Math.round(now - openedAt_ms)),
    ...(state === "idle" ? { idle_ms: Math.max(0, Math.round(now - idleSince_ms)) } : {}),
    ...(end === undefined ? {} : { idleLeft_ms: Math.round(end.left_ms), idleLimit: end.limit }),
    exchanges,
    ...(record.closeReason === undefined ? {} : { closes: record.closeReason }),
    ...(record.boundTo === undefined ? {} : { boundTo: record.boundTo }),
  };
}
