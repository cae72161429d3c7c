/**
 * What single events mean for what is known. They may come late, twice, in another order, or not at all.
 *
 * An event says what it says and nothing is concluded from its not having come before: an exchange may be heard of only by its end,
 * a connection only by an exchange on it. What is closed stays closed. Deliberately absent: snapshots (reconciling.ts).
 */
import type {
  ConnectionEntry,
  ConnectionIdleEntry,
  ConnectionOpenEntry,
  ExchangeBeginEntry,
  ExchangeEntry,
  ExchangePhaseEntry,
  LostEntry,
  ReuseRefusedEntry,
  UpstreamFacts,
} from "../../src/ledger/entries.ts";
import { phasesOf } from "./phases.ts";
import { attach, endAt, REFUSALS_KEPT, type Store } from "./store.ts";
import type { Carriage, Connection, Exchange, Loss, Told } from "./types.ts";

/** How long connections idle that nothing else is known of, by their other end. */
export class IdleTimes {
  private readonly byPeer = new Map<string, number>();

  note({ hop, peer }: Connection, idleFor_ms: number): void {
    // Clients come from everywhere, and all may idle for as long.
    this.byPeer.set(hop === "downstream" ? "" : peer, idleFor_ms);
  }

  of({ hop, peer, idleFor_ms }: Connection): number | undefined {
    return idleFor_ms ?? this.byPeer.get(hop === "downstream" ? "" : peer);
  }
}

export class Telling {
  private readonly store: Store;
  private readonly idleTimes: IdleTimes;

  constructor(store: Store, idleTimes: IdleTimes) {
    this.store = store;
    this.idleTimes = idleTimes;
  }

  connectionOpened(entry: Told<ConnectionOpenEntry>): void {
    const connection = this.connectionOf(entry, true);
    connection.opened = entry.opened;
    connection.openedAt_ms = timeOf(entry);
    connection.isOpeningGuessed = false;
    connection.peer = peerOf(entry);
  }

  connectionClosed(entry: Told<ConnectionEntry>): void {
    const connection = this.connectionOf(entry, false);
    const at_ms = timeOf(entry);
    const wasOpen = connection.closedAt_ms === undefined;
    endAt(connection, at_ms);
    connection.opened = entry.opened;
    connection.openedAt_ms = at_ms - entry.age_ms;
    connection.isOpeningGuessed = false;
    connection.peer = peerOf(entry);
    connection.closed = entry.closed;
    connection.closes = entry.closed;
    connection.ended = entry.ended;
    connection.exchangeCount = Math.max(connection.exchangeCount, entry.exchanges);
    if (entry.boundTo !== undefined) connection.boundTo = this.store.keyOf(entry.boundTo, entry.worker);
    if (wasOpen) this.store.noteClosed(connection);
  }

  connectionIdled(entry: Told<ConnectionIdleEntry>): void {
    const connection = this.connectionOf(entry, false);
    // It came late, and more has happened since.
    if (connection.closedAt_ms !== undefined || connection.exchangeCount > entry.exchanges) return;
    connection.opened ??= entry.opened;
    connection.peer = peerOf(entry);
    connection.exchangeCount = entry.exchanges;
    connection.idleToldAfter = entry.exchanges;
    if (connection.hop === "upstream") {
      const last = connection.exchanges.findLast(({ upstream }) => upstream?.connection === connection);
      if (last?.upstream?.exchange === entry.exchanges) last.leftOriginAt_ms = timeOf(entry);
    }
    this.rest(connection, timeOf(entry));
  }

  exchangeBegan(entry: Told<ExchangeBeginEntry>): void {
    const { id, worker } = entry;
    if (this.store.exchanges.has(this.store.keyOf(id, worker))) return;
    const exchange = this.newExchange(entry);
    takeUp(exchange.downstream.connection);
  }

  exchangePhase(entry: Told<ExchangePhaseEntry>): void {
    const { id, worker, phase, after_ms, upstream } = entry;
    const exchange = this.store.exchanges.get(this.store.keyOf(id, worker));
    // Of one whose beginning was missed it is not known where it belongs: its end says that.
    if (exchange === undefined || exchange.endedAt_ms !== undefined) return;
    exchange.phases = [...exchange.phases, { phase, at_ms: exchange.beganAt_ms + after_ms }];
    if (upstream === undefined) return;
    exchange.upstream = this.carriageOf(upstream, worker, timeOf(entry));
    const { connection } = exchange.upstream;
    attach(exchange, exchange.upstream);
    if (connection.exchangeCount === upstream.exchange) takeUp(connection);
    if (exchange.method === "CONNECT") for (const one of [connection, exchange.downstream.connection]) tunnel(one);
  }

  exchangeEnded(entry: Told<ExchangeEntry>): void {
    const { id, worker, upstream, downstream } = entry;
    const exchange = this.store.exchanges.get(this.store.keyOf(id, worker)) ?? this.newExchange(entry);
    if (exchange.entry !== undefined) return;
    const endedAt_ms = exchange.beganAt_ms + entry.duration_ms;
    exchange.entry = entry;
    exchange.endedAt_ms = endedAt_ms;
    exchange.outcome = entry.outcome;
    exchange.status = entry.status;
    exchange.reason = entry.reason;
    exchange.phases = phasesOf(entry, exchange);
    if (upstream !== undefined) {
      exchange.upstream = this.carriageOf(upstream, worker, endedAt_ms);
      exchange.upstream.connection.opened ??= upstream.opened;
      attach(exchange, exchange.upstream);
      this.release(exchange.upstream, endedAt_ms, upstream.closes);
    }
    exchange.losses = this.lossesOf(entry, exchange);
    for (const loss of exchange.losses) attach(exchange, loss);
    this.release(exchange.downstream, endedAt_ms, downstream.closes);
    if (isFailure(exchange)) this.store.keepFailure(exchange);
  }

  reuseRefused(entry: Told<ReuseRefusedEntry>): void {
    const { id, worker, endpoint, reason, idle_ms } = entry;
    const at_ms = timeOf(entry);
    const { refusals } = this.store.introduce({ id, worker, hop: "upstream", peer: endpoint, at_ms });
    refusals.push({ at_ms, reason, idle_ms });
    if (refusals.length > REFUSALS_KEPT) refusals.shift();
  }

  private connectionOf(
    entry: Told<ConnectionOpenEntry | ConnectionEntry | ConnectionIdleEntry>,
    isOpening: boolean,
  ): Connection {
    const { id, worker, hop } = entry;
    return this.store.introduce({ id, worker, hop, peer: peerOf(entry), at_ms: timeOf(entry), isOpening });
  }

  private newExchange(entry: Told<ExchangeBeginEntry | ExchangeEntry>): Exchange {
    const { id, worker, method, target, host, client, downstream, version } = entry;
    const at_ms = timeOf(entry);
    const connection = this.store.introduce({ id: downstream.id, worker, hop: "downstream", peer: client, at_ms });
    if (version === "2.0") connection.isMultiplexed = true;
    if (connection.isOpeningGuessed) connection.openedAt_ms = Math.min(connection.openedAt_ms, at_ms);
    const exchange: Exchange = {
      ...{ key: this.store.keyOf(id, worker), id, method, target, host, beganAt_ms: at_ms, phases: [] },
      ...{
        endedAt_ms: undefined,
        leftOriginAt_ms: undefined,
        outcome: undefined,
        status: 0,
        reason: undefined,
        entry: undefined,
      },
      ...{ downstream: { connection, exchange: downstream.exchange }, upstream: undefined, losses: [] },
    };
    this.store.add(exchange);
    return exchange;
  }

  private carriageOf({ id, exchange, endpoint }: UpstreamFacts, worker: number | undefined, at_ms: number): Carriage {
    const connection = this.store.introduce({ id, worker, hop: "upstream", peer: endpoint, at_ms });
    return { connection, exchange };
  }

  private lossesOf({ lost = [], worker }: Told<ExchangeEntry>, exchange: Exchange): readonly Loss[] {
    const retries = exchange.phases.filter(({ phase }) => phase === "retrying");
    return lost.map((one: LostEntry, index): Loss => {
      const lostAt_ms = retries[index]?.at_ms ?? exchange.beganAt_ms + one.after_ms;
      const carriage = this.carriageOf(one, worker, lostAt_ms);
      this.release(carriage, lostAt_ms, one.closes);
      return { ...carriage, sentAt_ms: lostAt_ms - one.after_ms, lostAt_ms, fault: one.fault };
    });
  }

  /** An exchange on it has ended: it closes, or idles, unless it carries another one already. */
  private release({ connection, exchange }: Carriage, at_ms: number, closes: Connection["closes"]): void {
    // Its end may have been told before that of its last exchange.
    if (closes !== undefined && connection.exchangeCount <= exchange) connection.closesSince_ms = at_ms;
    if (connection.closedAt_ms !== undefined) return;
    if (connection.exchangeCount > exchange && !connection.isMultiplexed) return;
    if (connection.isMultiplexed && connection.exchanges.some(({ endedAt_ms }) => endedAt_ms === undefined)) return;
    connection.exchangeCount = Math.max(connection.exchangeCount, exchange);
    if (closes !== undefined) {
      connection.closes = closes;
      connection.state = "closing";
      connection.idleSince_ms = undefined;
      connection.idleUntil_ms = undefined;
      return;
    }
    if (connection.state === "idle" && connection.idleToldAfter === exchange) return;
    this.rest(connection, at_ms);
  }

  private rest(connection: Connection, at_ms: number): void {
    connection.state = "idle";
    connection.idleSince_ms = at_ms;
    const idleFor_ms = this.idleTimes.of(connection);
    connection.idleUntil_ms = idleFor_ms === undefined ? undefined : at_ms + idleFor_ms;
  }
}

function takeUp(connection: Connection): void {
  if (connection.closedAt_ms !== undefined) return;
  connection.state = "active";
  connection.idleSince_ms = undefined;
  connection.idleUntil_ms = undefined;
}

function tunnel(connection: Connection): void {
  if (connection.closedAt_ms === undefined) connection.state = "tunnel";
}

export function timeOf({ time }: { readonly time: string }): number {
  return Date.parse(time);
}

function peerOf(entry: ConnectionOpenEntry | ConnectionEntry | ConnectionIdleEntry): string {
  return entry.hop === "downstream" ? entry.client : entry.endpoint;
}

/** Something went wrong that somebody may ask about: hopwise refused, or an error came. As in the proxy's own memory of failures. */
export function isFailure({ status, reason, outcome }: Exchange): boolean {
  return (
    status >= 500 || (reason !== undefined && status >= 400) || outcome === "truncated" || outcome === "client-gone"
  );
}
