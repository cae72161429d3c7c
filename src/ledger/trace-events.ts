/**
 * What happens, as Chrome trace events: two processes, the clients and the origins, with a lane (a thread) for each connection. On it
 * slices for its exchanges, their phases inside, and for the time in which it idles; instants for why it was opened, not reused, and
 * closed; and arrows from where an exchange is on the client's connection to where it is on the origin's.
 *
 * Every piece of text that is written stands for itself: whole events, slices with their duration instead of a begin and an end, an arrow
 * together with both of its slices. So a trace that ends anywhere, or lost a piece, still is one; all it lacks are the exchanges that had
 * not ended. Times are microseconds of the clock on the wall, so that traces of several workers fit together. Queries of targets are left
 * out, since traces are sent to others. Deliberately absent: where it is written to, see trace-file.ts.
 */
import type { ConnectionRecord, Hop } from "../connection/connection-record.ts";
import type { ReuseRefusal } from "../connection/reasons.ts";
import type { ExchangeRecord, Phase } from "../exchange/exchange-record.ts";
import type { Clock } from "../net/ports.ts";
import { QuietObserver } from "./observers.ts";
import { safeJson } from "./safe-json.ts";
import { shownTarget } from "./shown-target.ts";

/** Of a slice's name; the whole path is among its arguments. */
const NAME_LENGTH_MAX = 120;
const TARGET_LENGTH_MAX = 1_024;
/** Numbers of processes: each worker has two. */
const PROCESSES_PER_WORKER = 10;
/** Numbers of arrows are of a trace as a whole, which several workers' files may become: more than a file has room for. */
const ARROWS_PER_WORKER = 1_000_000_000;
const processOf: Readonly<Record<Hop, number>> = { downstream: 1, upstream: 2 };
const nameOf: Readonly<Record<Hop, string>> = { downstream: "clients", upstream: "origins" };

/** A connection's lane. One that carries several exchanges at once (HTTP/2) has one for each of them at that time. */
interface Lane {
  /** All of its connection's, the first one first. */
  readonly all: Lane[];
  readonly pid: number;
  readonly tid: number;
  /** From here on nothing is on it yet; microseconds. */
  free: number;
  flight: Flight | undefined;
}

/** An exchange, or an attempt of one, on an origin's connection. */
interface Leg {
  readonly lane: Lane;
  readonly connection: ConnectionRecord;
  readonly from: number;
  to: number | undefined;
  isLost: boolean;
}

/** What begins then; microseconds. */
type Mark = readonly [what: string, at: number];

/** An exchange that has not ended. */
interface Flight {
  readonly record: ExchangeRecord;
  readonly lane: Lane;
  readonly from: number;
  /** Its client's connection has gone before it. */
  to: number | undefined;
  readonly legs: Leg[];
}

export class TraceEvents extends QuietObserver {
  exchangeBegan = (record: ExchangeRecord): void => void this.begin(record);
  exchangePhase = (record: ExchangeRecord, phase: Phase): void => {
    if (phase === "sent") this.depart(record);
    else if (phase === "retrying") this.lose(record);
  };
  /** What it carried leaves it before its exchange ends, where the client takes its time. */
  connectionIdled = (connection: ConnectionRecord): void => {
    const lane = this.lanes.get(connection);
    if (connection.hop === "upstream" && lane?.flight !== undefined)
      endLeg(lane.flight, lane, this.at(this.clock.now()));
  };
  private readonly clock: Clock;
  private readonly write: (text: string) => void;
  private readonly firstProcess: number;
  /** What the clock on the wall has beyond the proxy's. */
  private readonly base_ms: number;
  private readonly lanes = new Map<ConnectionRecord, Lane>();
  private readonly flights = new Map<ExchangeRecord, Flight>();
  private latestLane = 0;
  private latestArrow: number;

  /** @param write takes whole lines. @param worker its number; there are none: 0 */
  constructor(clock: Clock, write: (text: string) => void, worker = 0) {
    super();
    this.clock = clock;
    this.write = write;
    this.firstProcess = worker * PROCESSES_PER_WORKER;
    this.latestArrow = worker * ARROWS_PER_WORKER;
    this.base_ms = clock.date() - clock.now();
    const prefix = worker === 0 ? "" : `worker ${worker}: `;
    for (const hop of ["downstream", "upstream"] as const) {
      const pid = this.firstProcess + processOf[hop];
      this.tell({ name: "process_name", ph: "M", pid, tid: 0, args: { name: prefix + nameOf[hop] } });
      this.tell({ name: "process_sort_index", ph: "M", pid, tid: 0, args: { sort_index: pid } });
    }
  }

  /** Writes what has not ended as far as it is. Nothing may follow. */
  end(): void {
    const now = this.at(this.clock.now());
    for (const flight of this.flights.values()) this.land(flight, now, { unfinished: true });
    for (const lane of this.lanes.values()) this.idle(lane, now);
  }

  // Connections.

  override connectionOpened(connection: ConnectionRecord): void {
    const lane = this.laneOf(connection);
    const { opened, peer, peerPort, isSecure, id } = connection;
    this.instant(lane, lane.free, `opened: ${opened}`, { id, peer: `${peer}:${peerPort}`, tls: isSecure });
  }

  override reuseRefused(connection: ConnectionRecord, refusal: ReuseRefusal): void {
    this.instant(this.laneOf(connection), this.at(this.clock.now()), `not reused: ${refusal}`, {});
  }

  override connectionClosed(connection: ConnectionRecord): void {
    const lane = this.laneOf(connection);
    const now = Math.max(lane.free, this.at(this.clock.now()));
    this.idle(lane, now);
    for (const one of lane.all) {
      if (one.flight === undefined) continue;
      if (connection.hop === "downstream") one.flight.to = now;
      else endLeg(one.flight, one, now);
    }
    const { closeReason = "peer-closed", ending = "peer-fin", exchanges } = connection;
    this.instant(lane, now, `closed: ${closeReason}`, { ended: ending, exchanges });
    this.lanes.delete(connection);
  }

  /** Its first lane. */
  private laneOf(connection: ConnectionRecord): Lane {
    return this.lanes.get(connection) ?? this.newLane(connection, []);
  }

  /** One on which nothing is. */
  private freeLaneOf(connection: ConnectionRecord): Lane {
    const { all } = this.laneOf(connection);
    return all.find(({ flight }) => flight === undefined) ?? this.newLane(connection, all);
  }

  private newLane(connection: ConnectionRecord, all: Lane[]): Lane {
    const { hop, id, peer, peerPort, endpoint, openedAt_ms } = connection;
    const pid = this.firstProcess + processOf[hop];
    const lane: Lane = { all, pid, tid: ++this.latestLane, free: this.at(openedAt_ms), flight: undefined };
    if (all.push(lane) === 1) this.lanes.set(connection, lane);
    const name = hop === "upstream" ? `#${id} ${endpoint?.name ?? ""}` : `#${id} ${peer}:${peerPort}`;
    const which = all.length === 1 ? "" : ` (${all.length})`;
    this.tell({ name: "thread_name", ph: "M", pid, tid: lane.tid, args: { name: name + which } });
    return lane;
  }

  // Exchanges.

  private begin(record: ExchangeRecord): Flight {
    const lane = this.freeLaneOf(record.downstream);
    const from = Math.max(lane.free, this.at(record.arrivedAt_ms));
    this.idle(lane, from);
    const flight: Flight = { record, lane, from, to: undefined, legs: [] };
    lane.flight = flight;
    this.flights.set(record, flight);
    return flight;
  }

  /** It goes on an origin's connection. */
  private depart(record: ExchangeRecord): void {
    const { upstream, sentAt_ms } = record;
    const flight = this.flights.get(record);
    if (upstream === undefined || sentAt_ms === undefined || flight === undefined) return;
    const lane = this.laneOf(upstream);
    const from = Math.max(lane.free, this.at(sentAt_ms));
    // The connection was given back a moment before the exchange before has told its end.
    if (lane.flight !== undefined) endLeg(lane.flight, lane, from);
    else this.idle(lane, from);
    lane.flight = flight;
    flight.legs.push({ lane, connection: upstream, from, to: undefined, isLost: false });
  }

  private lose(record: ExchangeRecord): void {
    const flight = this.flights.get(record);
    const leg = flight?.legs.at(-1);
    const lost = record.lost?.at(-1);
    if (flight === undefined || leg === undefined || lost === undefined || leg.connection !== lost.upstream) return;
    leg.isLost = true;
    endLeg(flight, leg.lane, this.at(lost.lostAt_ms));
  }

  override exchangeEnded(record: ExchangeRecord): void {
    const { outcome, status, reason, fault, retries, requestBodyBytes, responseBodyBytes } = record;
    this.land(this.flights.get(record) ?? this.begin(record), this.at(record.doneAt_ms), {
      ...{ status, outcome, reason, fault, ...(retries === 0 ? {} : { retries }) },
      ...{ requestBytes: requestBodyBytes, responseBytes: responseBodyBytes },
    });
  }

  /** Everything of it in one piece. */
  private land(flight: Flight, done: number, args: object): void {
    const { record, lane, from, legs } = flight;
    const to = Math.max(from, Math.min(done, flight.to ?? done));
    const what = `${record.method} ${shownTarget(record.target).slice(0, TARGET_LENGTH_MAX)}`.trim();
    const name = what === "" ? "(unreadable)" : what.slice(0, NAME_LENGTH_MAX);
    const all = { exchange: record.id, request: what, host: record.authority, client: record.downstream.peer };
    let text = this.slice(lane, "exchange", name, from, to, { ...all, ...args });
    for (const [phase, began, ended] of this.phases(flight, from, to))
      text += this.slice(lane, "phase", phase, began, ended);
    for (const leg of legs) {
      if (leg.to === undefined) endLeg(flight, leg.lane, done);
      text += this.legText(leg, flight, name, from, to);
    }
    lane.free = Math.max(lane.free, to);
    if (lane.flight === flight) lane.flight = undefined;
    this.flights.delete(record);
    this.write(text);
  }

  private legText(leg: Leg, { record }: Flight, name: string, from: number, to: number): string {
    const { lane, connection, isLost } = leg;
    const end = leg.to ?? leg.from;
    const args = { exchange: record.id, client: `#${record.downstream.id}`, boundTo: connection.boundTo };
    let text = this.slice(lane, "exchange", isLost ? `${name} (lost)` : name, leg.from, end, args);
    const { firstByteAt_ms } = record;
    if (!isLost && firstByteAt_ms !== undefined) {
      const first = within(this.at(firstByteAt_ms), leg.from, end);
      if (first > leg.from) text += this.slice(lane, "phase", "waiting", leg.from, first);
      if (end > first) text += this.slice(lane, "phase", "response", first, end);
    }
    const id = ++this.latestArrow;
    const arrow = { name: "goes on", cat: "hop", id };
    const { pid, tid } = this.laneOfClient(record);
    const began = inside(leg.from, from, to);
    text += line({ ...arrow, ph: "s", ts: began, pid, tid });
    const arrived = inside(began, leg.from, end);
    return text + line({ ...arrow, ph: "f", bp: "e", ts: arrived, pid: lane.pid, tid: lane.tid });
  }

  private laneOfClient(record: ExchangeRecord): Lane {
    return this.flights.get(record)?.lane ?? this.laneOf(record.downstream);
  }

  /** One after the other, without a gap: what it waited for, and from when to when. */
  private *phases({ record, legs }: Flight, from: number, to: number): Iterable<[string, number, number]> {
    const { queuedAt_ms, connectingAt_ms, securingAt_ms, sentAt_ms, firstByteAt_ms } = record;
    const timed = (name: string, at_ms: number | undefined): Mark[] =>
      at_ms === undefined ? [] : [[name, this.at(at_ms)]];
    const marks: Mark[] = [
      ...legs
        .filter(({ isLost }) => isLost)
        .flatMap((leg): Mark[] => [
          ["lost attempt", leg.from],
          ["another attempt", leg.to ?? leg.from],
        ]),
      ...timed("in line", queuedAt_ms),
      ...timed("connecting", connectingAt_ms),
      ...timed("TLS handshake", securingAt_ms),
      ...timed("waiting for the origin", sentAt_ms),
      ...timed("response", firstByteAt_ms),
    ];
    let cursor = from;
    let phase = "request";
    for (const [name, at] of marks) {
      const next = within(at, cursor, to);
      if (next > cursor) yield [phase, cursor, next];
      [phase, cursor] = [name, next];
    }
    if (to > cursor) yield [phase, cursor, to];
  }

  // Writing.

  /** Nothing was on its connection for a while. That is seen on the first lane. */
  private idle(lane: Lane, until: number): void {
    const isIdle = lane.all[0] === lane && lane.all.every(({ flight }) => flight === undefined);
    const since = Math.max(...lane.all.map(({ free }) => free));
    if (isIdle && until > since) this.write(this.slice(lane, "idle", "idle", since, until));
    if (lane.flight === undefined) lane.free = Math.max(lane.free, until);
  }

  private slice({ pid, tid }: Lane, cat: string, name: string, from: number, to: number, args?: object): string {
    return line({ name, cat, ph: "X", ts: from, dur: to - from, pid, tid, ...(args === undefined ? {} : { args }) });
  }

  private instant({ pid, tid }: Lane, ts: number, name: string, args: object): void {
    this.tell({ name, cat: "connection", ph: "i", s: "t", ts, pid, tid, args });
  }

  private tell(event: object): void {
    this.write(line(event));
  }

  /** Whole microseconds since 1970. */
  private at(ms: number): number {
    return Math.round((this.base_ms + ms) * 1_000);
  }
}

function endLeg({ legs }: Flight, lane: Lane, at: number): void {
  const leg = legs.findLast((one) => one.lane === lane && one.to === undefined);
  if (leg === undefined) return;
  leg.to = Math.max(leg.from, at);
  lane.free = leg.to;
  lane.flight = undefined;
}

function within(at: number, from: number, to: number): number {
  return Math.min(Math.max(at, from), to);
}

/** Viewers take the end of a slice for outside of it. */
function inside(at: number, from: number, to: number): number {
  return within(at, from, Math.max(from, to - 1));
}

function line(event: object): string {
  return `${safeJson(event)},\n`;
}
