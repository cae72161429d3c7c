/**
 * All clients' connections, and who gives way to whom when there are too many (S7, S8; law 6).
 *
 * A newcomer is let in as long as anybody can give way: first what is closing anyway, then the longest idle connection,
 * then the one that has been sending its first head for longest, then what is in progress for a client that holds more than
 * its share (connection/fair-share.ts). Terms shorten before that: from three quarters full on connections may idle for less
 * and less. Deliberately absent: sockets (gateway.ts) and listening.
 */
import { LatestRanking, type Place } from "../connection/fair-share.ts";
import { LinkedList, Members } from "../connection/lists.ts";
import { clientOf } from "../exchange/client-of.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { Lingering } from "../net/lingering.ts";
import type { RequestMessage } from "../wire/messages.ts";
import { Http2Memory } from "./http2-memory.ts";
import type { TableClient } from "./table-client.ts";

/** How full the table is when terms begin to shorten. */
const PRESSURE_BEGINS_AT = 0.75;
/** The share of the keep-alive timeout that is left when the table is full. */
const TIMEOUT_SHARE_MIN = 0.1;
/** Terms are whole steps, so that few lengths of deadline are in use. */
const TIMEOUT_STEPS = 10;
/** Connections let in beyond the limit until their request is heard: an eighth of it, within these bounds. */
const SURPLUS_SHARE = 1 / 8;
const SURPLUS_MIN = 8;
const SURPLUS_MAX = 64;
/** A client gets this long for its head before it gives way to one that only just connected. */
const READING_GRACE_MS = 1_000;
/** Closing connections are left to end by themselves up to this share of the limit; beyond, the oldest is cut. */
const LINGERING_SHARE = 0.25;
const LINGERING_MIN = 16;
/** Descriptors that are given back when the system has none left: room for newcomers and for their origins. */
const SCARCE_ROOM = 16;
/** Behind that so many more connections are tried again after each such time without want: it may have been a moment's. */
const REGROW_MS = 1_000;
const CONNECTIONS_MIN = 8;

/** How many connections beyond a limit of `max` are heard before they are turned away. */
export function surplusMax(max: number): number {
  return Math.min(SURPLUS_MAX, Math.max(SURPLUS_MIN, Math.floor(max * SURPLUS_SHARE)));
}

function lingeringMax(max: number): number {
  return Math.max(LINGERING_MIN, Math.floor(max * LINGERING_SHARE));
}

/** While draining, a client that idles may send one more request for this long; it is answered with `close`. */
export const DRAIN_IDLE_GRACE_MS = 500;
/** While draining: silence behind our FIN after which a client that does not close has everything. */
const DRAIN_SILENCE_MS = 1_000;

export class ClientTable {
  /** Connections waiting for a request, or for their client to take the last response, in the order of idleness. */
  readonly idle = new LinkedList<TableClient>();
  /** Connections that have not completed a head, in the order they began. */
  readonly reading = new LinkedList<TableClient>();
  readonly lingering = new LinkedList<TableClient>();
  /** The plan for each exchange that begins. */
  context: ProxyContext;
  readonly connections = new Members<TableClient>();
  readonly http2Memory = new Http2Memory(() => this.context.settings.http2BytesMax);
  isDraining = false;
  /** The drain has lasted for as long as it may. */
  isPastDeadline = false;
  /** Connections that are not closing. */
  open = 0;
  /** The operator's limit. */
  private allowed: number;
  /** The operator's limit, or less: what the system turned out to have descriptors for. */
  private max: number;
  private resizedAt_ms = Number.NEGATIVE_INFINITY;
  private lingeringMax: number;
  private readonly ranking = new LatestRanking(() => this.places());
  private keepAlive_ms: number;
  private readonly onGone: (connection: TableClient) => void;

  constructor(context: ProxyContext, onGone: (connection: TableClient) => void) {
    const { maxConnections: max, keepAliveTimeout_ms: keepAlive_ms } = context.settings;
    this.context = context;
    this.allowed = max;
    this.max = max;
    this.lingeringMax = lingeringMax(max);
    this.keepAlive_ms = keepAlive_ms;
    this.onGone = onGone;
  }

  /** For each exchange that begins from now on. */
  plan(context: ProxyContext): void {
    const { maxConnections, keepAliveTimeout_ms } = context.settings;
    this.context = context;
    this.keepAlive_ms = keepAliveTimeout_ms;
    // What there are descriptors for is another limit.
    this.max = this.max < this.allowed ? Math.min(this.max, maxConnections) : maxConnections;
    this.allowed = maxConnections;
    this.lingeringMax = lingeringMax(this.max);
  }

  get isFull(): boolean {
    return this.open >= this.max;
  }

  /** Whether a newcomer cannot even be heard. */
  get isOverfull(): boolean {
    return this.open >= this.max + surplusMax(this.max);
  }

  /** Makes room for a newcomer if anybody can give way. */
  makeRoom(now: number): void {
    if (this.max < this.allowed) this.regrow(now);
    if (!this.isFull) return;
    const idle = this.idle.oldest;
    if (idle !== undefined) return idle.evict();
    const reading = this.reading.oldest;
    if (reading === undefined) return;
    if (this.isOverfull || now - reading.readingSince_ms >= READING_GRACE_MS) reading.evict();
  }

  add(connection: TableClient): void {
    this.connections.add(connection);
    this.open++;
  }

  /** The same connection, on which something else is spoken than was thought. */
  replace(before: TableClient, connection: TableClient): void {
    this.connections.delete(before);
    this.connections.add(connection);
  }

  /**
   * Who was quick to say what it wants goes before who is idle, and before who is still saying it: those count towards the
   * limit only once they are heard.
   *
   * @param head its request, which says on whose behalf
   */
  mayStay(connection: TableClient, head: RequestMessage, context: ProxyContext): boolean {
    if (!connection.isSurplus) return true;
    if (this.open > this.max) (this.idle.oldest ?? this.reading.oldest)?.evict();
    while (this.open - this.reading.size > this.max) {
      const place = this.ranking.at(context.clock, this.max).next(clientOf(context, connection, head));
      if (place === undefined) return false;
      place.giveWay();
    }
    connection.isSurplus = false;
    return true;
  }

  private *places(): Iterable<Place> {
    for (const { place } of this.connections) if (place !== undefined) yield place;
  }

  /** The system has no descriptors left: fewer connections are allowed from now on, and some give way at once. */
  shrink(now: number): void {
    this.resize(Math.max(CONNECTIONS_MIN, Math.min(this.max, this.open) - SCARCE_ROOM), now);
    while (this.open > this.max) {
      const victim = this.idle.oldest ?? this.reading.oldest;
      if (victim === undefined) break;
      victim.evict();
    }
    for (const connection of this.lingering) connection.cut();
  }

  /** The want of descriptors may be over. If it is not, the next newcomers tell. */
  private regrow(now: number): void {
    const steps = Math.floor((now - this.resizedAt_ms) / REGROW_MS);
    if (steps > 0) this.resize(Math.min(this.allowed, this.max + steps * SCARCE_ROOM), now);
  }

  private resize(max: number, now: number): void {
    this.max = max;
    this.lingeringMax = lingeringMax(max);
    this.resizedAt_ms = now;
  }

  /** How long a connection may idle from now on: shorter as the table fills. */
  keepAliveTimeout_ms(): number {
    const fill = this.open / this.max;
    if (fill <= PRESSURE_BEGINS_AT) return this.keepAlive_ms;
    const pressure = Math.min(1, (fill - PRESSURE_BEGINS_AT) / (1 - PRESSURE_BEGINS_AT));
    const step = Math.ceil(pressure * TIMEOUT_STEPS) / TIMEOUT_STEPS;
    return this.keepAlive_ms * (1 - step * (1 - TIMEOUT_SHARE_MIN));
  }

  /** Its last words leave, then it is listened to for a while. @param onClosed the socket is gone */
  linger(connection: TableClient, isTruncated: boolean, onClosed: (fault: string | undefined) => void): Lingering {
    const { clock, deadlines, settings } = this.context;
    this.lingering.push(connection);
    return new Lingering(connection.socket, {
      deadlines,
      clock,
      writeTimeout_ms: settings.bodyTimeout_ms,
      isTruncated,
      onClosed,
      ...(this.isDraining ? { silence_ms: DRAIN_SILENCE_MS } : {}),
    });
  }

  onClosing(): void {
    this.open--;
    if (this.lingering.size > this.lingeringMax) this.lingering.oldest?.cut();
  }

  onClosed(connection: TableClient): void {
    this.connections.delete(connection);
    this.onGone(connection);
  }
}
