/**
 * Connections and exchanges by their keys: made when they are first heard of, forgotten when they are old or too many.
 *
 * Failures, and the connections that they happened on, stay for as long as the latest `FAILURES_KEPT` do. Deliberately absent: what
 * events mean, see telling.ts.
 */
import type { Carriage, Connection, Exchange, Hop, Key, LifeState } from "./types.ts";

/** How far back is remembered what has ended. */
export const HISTORY_MS = 120_000;
const EXCHANGES_MAX = 30_000;
const CLOSED_MAX = 2_000;
const FAILURES_KEPT = 200;
export const REFUSALS_KEPT = 20;

/** What is known of a connection when it is first heard of. */
export interface Introduction {
  readonly id: number;
  readonly worker: number | undefined;
  readonly hop: Hop;
  readonly peer: string;
  readonly at_ms: number;
  /** Its opening was told, so `at_ms` is when that was. */
  readonly isOpening?: boolean;
}

export class Store {
  readonly connections = new Map<Key, Connection>();
  readonly exchanges = new Map<Key, Exchange>();
  /** The latest that failed, from the oldest to the latest. */
  readonly failures: Exchange[] = [];
  private readonly kept = new Set<Exchange>();
  /** In the order in which they closed. */
  private closed: Connection[] = [];
  private generation = 0;

  keyOf(id: number, worker: number | undefined): Key {
    const here = worker === undefined ? String(id) : `${worker}.${id}`;
    return this.generation === 0 ? here : `${this.generation}/${here}`;
  }

  /** The connection of this id, made where nothing was heard of it before. */
  introduce({ id, worker, hop, peer, at_ms, isOpening = false }: Introduction): Connection {
    const key = this.keyOf(id, worker);
    const known = this.connections.get(key);
    if (known !== undefined) return known;
    const connection: Connection = {
      ...{ key, id, worker, hop, peer, isSecure: undefined, opened: undefined },
      ...{ openedAt_ms: at_ms, isOpeningGuessed: !isOpening, state: "idle" satisfies LifeState as LifeState },
      ...{
        idleSince_ms: isOpening ? at_ms : undefined,
        idleToldAfter: 0,
        idleUntil_ms: undefined,
        idleLimit: undefined,
        idleFor_ms: undefined,
      },
      ...{ exchangeCount: 0, isMultiplexed: false, exchanges: [], refusals: [] },
      ...{
        closes: undefined,
        closesSince_ms: undefined,
        closedAt_ms: undefined,
        closed: undefined,
        ended: undefined,
        boundTo: undefined,
      },
    };
    this.connections.set(key, connection);
    return connection;
  }

  add(exchange: Exchange): void {
    this.exchanges.set(exchange.key, exchange);
    attach(exchange, exchange.downstream);
  }

  keepFailure(exchange: Exchange): void {
    if (this.kept.has(exchange)) return;
    this.failures.push(exchange);
    this.kept.add(exchange);
    if (this.failures.length <= FAILURES_KEPT) return;
    const oldest = this.failures.shift();
    if (oldest !== undefined) this.kept.delete(oldest);
  }

  noteClosed(connection: Connection): void {
    this.closed.push(connection);
  }

  /** Another proxy: its ids mean others. What was open is gone, nobody knows how. */
  restart(at_ms: number): void {
    for (const connection of this.connections.values()) this.lose(connection, at_ms);
    this.generation++;
  }

  /** It is gone, and its end was not told. */
  lose(connection: Connection, at_ms: number): void {
    if (connection.closedAt_ms !== undefined) return;
    endAt(connection, at_ms);
    this.noteClosed(connection);
  }

  /** @param since_ms what ended before is forgotten; undefined: only what is too much */
  forget(since_ms: number | undefined): void {
    this.forgetExchanges(since_ms ?? Number.NEGATIVE_INFINITY);
    this.forgetConnections(since_ms ?? Number.NEGATIVE_INFINITY);
  }

  private forgetExchanges(since_ms: number): void {
    let surplus = this.exchanges.size - EXCHANGES_MAX;
    const touched = new Set<Connection>();
    for (const [key, exchange] of this.exchanges) {
      if (surplus <= 0 && exchange.beganAt_ms >= since_ms) break;
      const isOld = exchange.endedAt_ms !== undefined && exchange.endedAt_ms < since_ms;
      if (surplus <= 0 && !isOld) continue;
      if (this.kept.has(exchange)) continue;
      surplus--;
      this.exchanges.delete(key);
      for (const { connection } of carriagesOf(exchange)) touched.add(connection);
    }
    for (const { exchanges } of touched) this.dropForgotten(exchanges);
  }

  /** The oldest come first, so only those are looked at. */
  private dropForgotten(exchanges: Exchange[]): void {
    const left: Exchange[] = [];
    let count = 0;
    for (const exchange of exchanges) {
      const isKept = this.kept.has(exchange);
      if (!isKept && this.exchanges.has(exchange.key)) break;
      if (isKept) left.push(exchange);
      count++;
    }
    exchanges.splice(0, count, ...left);
  }

  private forgetConnections(since_ms: number): void {
    let surplus = this.closed.length - CLOSED_MAX;
    this.closed = this.closed.filter((connection) => {
      const isOld = (connection.closedAt_ms ?? 0) < since_ms;
      if (!isOld && surplus <= 0) return true;
      if (connection.exchanges.some((exchange) => this.kept.has(exchange))) return true;
      surplus--;
      this.connections.delete(connection.key);
      return false;
    });
  }
}

/** Every connection that an exchange went on. */
export function carriagesOf({ downstream, upstream, losses }: Exchange): readonly Carriage[] {
  return upstream === undefined ? [downstream, ...losses] : [downstream, ...losses, upstream];
}

/** Puts an exchange among those of a connection, in their order there. */
export function attach(exchange: Exchange, { connection, exchange: ordinal }: Carriage): void {
  const { exchanges } = connection;
  connection.exchangeCount = Math.max(connection.exchangeCount, ordinal);
  let at = exchanges.length;
  while (at > 0) {
    const before = exchanges[at - 1];
    if (before === exchange) return;
    if (before === undefined || ordinalOn(before, connection) <= ordinal) break;
    at--;
  }
  exchanges.splice(at, 0, exchange);
}

function ordinalOn(exchange: Exchange, connection: Connection): number {
  return carriagesOf(exchange).findLast((one) => one.connection === connection)?.exchange ?? 0;
}

/** It carries nothing any more, and is gone. */
export function endAt(connection: Connection, at_ms: number): void {
  endUnfinished(connection, at_ms);
  connection.state = "closed";
  connection.closedAt_ms = at_ms;
  connection.idleSince_ms = undefined;
  connection.idleUntil_ms = undefined;
}

/** The end of what is still in progress on a client's connection was missed. @param before_ms only of what began before */
export function endUnfinished({ hop, exchanges }: Connection, at_ms: number, before_ms = at_ms): void {
  if (hop === "upstream") return;
  for (const exchange of exchanges) {
    if (exchange.endedAt_ms === undefined && exchange.beganAt_ms <= before_ms) exchange.endedAt_ms = at_ms;
  }
}
