/**
 * A proxy that does not exist: its events and snapshots, as the admin port tells them, from a seed alone. For development and tests.
 *
 *   const proxy = new SyntheticProxy({ seed: 7, clients: 20, exchangesPerSecond: 50 });
 *   for (const event of proxy.pass(100)) model.apply(event);
 *   model.snapshot(proxy.snapshot(), proxy.now_ms);
 *
 * Clients come and go, origins have keep-alive limits of their own, some exchanges fail, and now and then something is evicted.
 * Deliberately absent: bytes, sockets, and being right about anything but the order of events.
 */
import type { Ending } from "../../src/connection/connection-record.ts";
import type { CloseReason, OpenReason } from "../../src/connection/reasons.ts";
import type { AnswerReason } from "../../src/exchange/answers.ts";
import type { ExchangeEntry } from "../../src/ledger/entries.ts";
import type { ProxyEvent } from "../../src/ledger/events.ts";
import type { ConnectionView } from "../../src/ledger/window.ts";
import type { Snapshot } from "./types.ts";

export interface SyntheticPlan {
  readonly seed: number;
  /** Clients' connections at once. */
  readonly clients: number;
  readonly exchangesPerSecond: number;
  /** Of 100 exchanges so many fail in one of several ways. */
  readonly failuresPercent?: number;
  /** When it begins, in milliseconds since 1970. */
  readonly beginsAt_ms?: number;
}

const BEGINS_AT_MS = Date.UTC(2026, 10, 30, 10, 3, 2);
const CLIENT_IDLE_MS = 6_000;
const RECENT_KEPT = 1_000;
const paths = ["/", "/cart", "/search?…", "/api/items/42", "/img/logo.svg", "/checkout", "/events", "/healthz"];
const endpoints = [
  { name: "http://127.0.0.1:3000", idle_ms: 5_000, limit: "hint-expired" },
  { name: "http://127.0.0.1:3001", idle_ms: 9_000, limit: "lifetime-learned" },
  { name: "http://10.0.0.7:8080", idle_ms: 20_000, limit: "idle-timeout" },
] as const;

interface Live {
  readonly id: number;
  readonly hop: "downstream" | "upstream";
  readonly peer: string;
  readonly opened: OpenReason;
  readonly openedAt_ms: number;
  readonly idleFor_ms: number;
  readonly idleLimit: CloseReason;
  exchanges: number;
  isBusy: boolean;
  idleSince_ms: number;
}

/** mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Task {
  readonly at_ms: number;
  readonly number: number;
  readonly run: () => void;
}

export class SyntheticProxy {
  now_ms: number;
  private readonly beginsAt_ms: number;
  private readonly plan: SyntheticPlan;
  private readonly random: () => number;
  private readonly live = new Map<number, Live>();
  /** Idle ones, so that none is looked for among all. */
  private readonly idle = { downstream: new Set<Live>(), upstream: new Set<Live>() };
  private clients = 0;
  private recent: ExchangeEntry[] = [];
  private told: ProxyEvent[] = [];
  private tasks: Task[] = [];
  private taskNumber = 0;
  private connectionIds = 0;
  private exchangeIds = 0;
  private arrivals = 0;

  constructor(plan: SyntheticPlan) {
    this.plan = plan;
    this.random = randomOf(plan.seed);
    this.now_ms = plan.beginsAt_ms ?? BEGINS_AT_MS;
    this.beginsAt_ms = this.now_ms;
  }

  /** Lets time pass. Returns what happened, in order. */
  pass(ms: number): ProxyEvent[] {
    const until_ms = this.now_ms + ms;
    this.told = [];
    // Newcomers, and exchanges that are due, spread over the time.
    const due = (this.plan.exchangesPerSecond * ms) / 1_000 + this.arrivals;
    const count = Math.floor(due);
    this.arrivals = due - count;
    for (let i = 0; i < count; i++) this.after(this.random() * ms, () => this.begin());
    this.after(0, () => this.keepClients());
    this.tasks.sort((one, other) => one.at_ms - other.at_ms || one.number - other.number);
    for (let next = this.next(until_ms); next !== undefined; next = this.next(until_ms)) {
      this.now_ms = Math.max(this.now_ms, next.at_ms);
      next.run();
    }
    this.now_ms = until_ms;
    this.closeWhatIdled();
    return this.told;
  }

  private next(until_ms: number): Task | undefined {
    const [first] = this.tasks;
    return first !== undefined && first.at_ms <= until_ms ? this.tasks.shift() : undefined;
  }

  private after(ms: number, run: () => void): void {
    const task = { at_ms: this.now_ms + ms, number: this.taskNumber++, run };
    let at = this.tasks.length;
    while (at > 0 && (this.tasks[at - 1]?.at_ms ?? 0) > task.at_ms) at--;
    this.tasks.splice(at, 0, task);
  }

  snapshot(): Required<Omit<Snapshot, "stats">> {
    const connections = [...this.live.values()].map(
      (one): ConnectionView => ({
        ...{ id: one.id, hop: one.hop, state: one.isBusy ? "active" : "idle", secure: false, opened: one.opened },
        ...(one.hop === "downstream" ? { client: one.peer } : { endpoint: one.peer }),
        ...{ age_ms: this.now_ms - one.openedAt_ms, exchanges: one.exchanges },
        ...(one.isBusy
          ? {}
          : {
              idle_ms: this.now_ms - one.idleSince_ms,
              ...{ idleLeft_ms: one.idleSince_ms + one.idleFor_ms - this.now_ms, idleLimit: one.idleLimit },
            }),
      }),
    );
    return {
      connections: { connections, more: false },
      exchanges: { exchanges: this.recent.toReversed(), more: false },
    };
  }

  private pick<Item>(items: readonly Item[]): Item {
    return items[Math.floor(this.random() * items.length)] as Item;
  }

  private get time(): string {
    return new Date(this.now_ms).toISOString();
  }

  private keepClients(): void {
    for (; this.clients < this.plan.clients; this.clients++) {
      const peer = `10.1.${Math.floor(this.random() * 4)}.${1 + Math.floor(this.random() * 250)}:${40_000 + this.connectionIds}`;
      this.open("downstream", peer, "accepted", CLIENT_IDLE_MS * (0.7 + this.random()), "idle-timeout");
    }
  }

  private open(hop: Live["hop"], peer: string, opened: OpenReason, idleFor_ms: number, idleLimit: CloseReason): Live {
    const id = ++this.connectionIds;
    const { now_ms } = this;
    const facts = { id, hop, peer, opened, openedAt_ms: now_ms, idleFor_ms, idleLimit };
    const live: Live = { ...facts, exchanges: 0, isBusy: false, idleSince_ms: now_ms };
    this.live.set(id, live);
    this.idle[hop].add(live);
    const place = hop === "downstream" ? { hop, client: peer } : { hop, endpoint: peer };
    this.told.push({ type: "connection-open", time: this.time, id, opened, ...place } as ProxyEvent);
    return live;
  }

  private close(live: Live, closed: CloseReason, ended: Ending): void {
    if (!this.live.delete(live.id)) return;
    this.idle[live.hop].delete(live);
    if (live.hop === "downstream") this.clients--;
    const { id, hop, peer, opened, exchanges } = live;
    const place = hop === "downstream" ? { hop, client: peer } : { hop, endpoint: peer };
    const age_ms = this.now_ms - live.openedAt_ms;
    this.told.push({
      ...{ type: "connection", time: this.time, id, opened, ...place, closed, ended, exchanges, age_ms },
    } as ProxyEvent);
  }

  private closeWhatIdled(): void {
    for (const hop of ["downstream", "upstream"] as const) {
      for (const live of this.idle[hop]) {
        if (this.now_ms - live.idleSince_ms < live.idleFor_ms) continue;
        if (this.random() < 0.3) this.close(live, "peer-closed-idle", "peer-fin");
        else this.close(live, live.idleLimit, "own-fin");
      }
    }
    // Pressure, now and then.
    if (this.random() < 0.02) for (const live of this.idle.downstream) return this.close(live, "evicted", "own-fin");
  }

  private someIdle(hop: Live["hop"], peer?: string): Live | undefined {
    const skip = hop === "downstream" ? Math.floor(this.random() * Math.min(this.idle[hop].size, 40)) : 0;
    let index = 0;
    for (const live of this.idle[hop]) {
      if (peer !== undefined && live.peer !== peer) continue;
      if (index++ >= skip) return live;
    }
    return undefined;
  }

  private take(live: Live): number {
    live.isBusy = true;
    this.idle[live.hop].delete(live);
    return ++live.exchanges;
  }

  private release(live: Live): void {
    live.isBusy = false;
    live.idleSince_ms = this.now_ms;
    if (this.live.has(live.id)) this.idle[live.hop].add(live);
  }

  private tellIdle({ id, hop, peer, opened, exchanges }: Live): void {
    const place = hop === "downstream" ? { hop, client: peer } : { hop, endpoint: peer };
    this.told.push({ type: "connection-idle", time: this.time, id, opened, exchanges, ...place });
  }

  private begin(): void {
    const client = this.someIdle("downstream");
    if (client === undefined) return;
    const id = ++this.exchangeIds;
    const began = {
      ...{
        time: this.time,
        id,
        client: client.peer.replace(/:[0-9]+$/, ""),
        method: this.random() < 0.85 ? "GET" : "POST",
      },
      ...{ target: this.pick(paths), host: "shop.example", version: "1.1" as const },
      ...{ downstream: { id: client.id, exchange: this.take(client) } },
    };
    this.told.push({ type: "exchange-begin", ...began });
    const endpoint = this.pick(endpoints);
    const at_ms = this.now_ms;
    const phase = (name: "queued" | "connecting" | "sent" | "first-byte", upstream?: object) =>
      this.told.push({
        ...{ type: "exchange-phase", time: this.time, id, phase: name, after_ms: this.now_ms - at_ms },
        ...(upstream === undefined ? {} : { upstream }),
      } as ProxyEvent);
    const idle = this.someIdle("upstream", endpoint.name);
    if (idle !== undefined) return this.send(began, client, idle, at_ms, undefined, phase);
    phase("connecting");
    this.after(2 + this.random() * 30, () => {
      const fresh = this.open("upstream", endpoint.name, "pool-empty", endpoint.idle_ms, endpoint.limit);
      this.send(began, client, fresh, at_ms, this.now_ms - at_ms, phase);
    });
  }

  private send(
    began: Pick<ExchangeEntry, "time" | "id" | "client" | "method" | "target" | "version" | "downstream">,
    client: Live,
    origin: Live,
    at_ms: number,
    connect_ms: number | undefined,
    phase: (name: "sent" | "first-byte", upstream?: object) => void,
  ): void {
    const exchange = this.take(origin);
    const facts = { id: origin.id, exchange, endpoint: origin.peer, reused: exchange > 1 };
    const sent_ms = this.now_ms - at_ms;
    phase("sent", facts);
    const fails = this.random() * 100 < (this.plan.failuresPercent ?? 3);
    const thinks_ms = 4 + this.random() ** 4 * 1_200;
    const end = (some: Partial<ExchangeEntry>, closes?: CloseReason) => {
      const entry: ExchangeEntry = {
        ...{ type: "exchange", ...began, status: 200, outcome: "completed" },
        ...{ duration_ms: this.now_ms - at_ms, sent_ms, requestBytes: 0, responseBytes: 512, retries: 0 },
        ...(connect_ms === undefined ? {} : { connect_ms }),
        upstream: { ...facts, opened: origin.opened, ...(closes === undefined ? {} : { closes }) },
        ...some,
      };
      this.recent.push(entry);
      if (this.recent.length > RECENT_KEPT) this.recent = this.recent.slice(-RECENT_KEPT / 2);
      this.release(client);
      this.release(origin);
      this.told.push(entry);
      for (const live of closes === undefined ? [client, origin] : [client]) this.tellIdle(live);
    };
    if (fails) {
      const reason: AnswerReason = this.random() < 0.6 ? "upstream-closed" : "response-timeout";
      const isReset = this.random() < 0.4;
      this.after(thinks_ms, () => {
        const closes = reason === "response-timeout" ? reason : isReset ? "peer-reset" : "peer-closed";
        end({ status: reason === "response-timeout" ? 504 : 502, outcome: "answered", reason }, closes);
        this.close(origin, closes, reason === "response-timeout" ? "own-reset" : isReset ? "peer-reset" : "peer-fin");
      });
      return;
    }
    this.after(thinks_ms, () => {
      phase("first-byte", facts);
      const firstByte_ms = this.now_ms - at_ms - sent_ms;
      const status = this.random() < 0.04 ? 404 : 200;
      this.after(1 + this.random() ** 3 * 300, () => end({ status, firstByte_ms, wait_ms: sent_ms + firstByte_ms }));
    });
  }

  /** How long it has run. */
  get uptime_ms(): number {
    return this.now_ms - this.beginsAt_ms;
  }
}
