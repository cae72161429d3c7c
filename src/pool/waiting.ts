/**
 * Those who wait for room in a pool: in one line, and where a cookie leads to one endpoint alone in a line of its own, so that they
 * do not hold up the rest.
 *
 * Each line has its own order (line.ts) and its own places that give way (holdings.ts). Deliberately absent: what somebody does whose
 * turn it is, see search.ts.
 */
import type { Clock } from "../net/ports.ts";
import type { Endpoint } from "./endpoint.ts";
import { Holdings } from "./holdings.ts";
import { type Waiter, WaitingLine } from "./line.ts";

/** They may be others at any time. */
interface Endpoints {
  readonly endpoints: readonly Endpoint[];
}

/** A line, and the endpoints on which it waits for room. */
class RoomLine<Owner> extends WaitingLine<Owner> {
  private readonly pool: Endpoints;
  private readonly holdings: Holdings;

  constructor(pool: Endpoints) {
    super();
    this.pool = pool;
    this.holdings = new Holdings(pool);
  }

  nextAt(now: number): Owner | undefined {
    return this.next((client) => this.holdings.of(client, now));
  }

  /** `client` got a connection. */
  noteGiven(client: string): void {
    this.holdings.note(client);
    this.noteServed(client);
  }

  /** `client` has waited for long: who holds more than a share gives it room. */
  makeWayFor(client: string, clock: Pick<Clock, "now" | "after">): void {
    const places = this.pool.endpoints.reduce((sum, { sizeMax }) => sum + sizeMax, 0);
    this.holdings.ranking.at(clock, places).next(client)?.giveWay();
  }
}

export class Waiting<Owner extends { onDisplaced(): void }> {
  private readonly forAny: RoomLine<Owner>;
  private readonly forOne = new Map<Endpoint, RoomLine<Owner>>();
  private readonly lines = new WeakMap<Waiter<Owner>, RoomLine<Owner>>();

  constructor(pool: Endpoints) {
    this.forAny = new RoomLine(pool);
  }

  get size(): number {
    let { size } = this.forAny;
    if (this.forOne.size > 0) for (const line of this.forOne.values()) size += line.size;
    return size;
  }

  /** @param endpoint the only one that it would take; any: undefined @returns whether there was room in the line */
  join(waiter: Waiter<Owner>, endpoint: Endpoint | undefined): boolean {
    const line = endpoint === undefined ? this.forAny : this.lineOf(endpoint);
    const { hasJoined, displaced } = line.join(waiter);
    if (hasJoined) this.lines.set(waiter, line);
    displaced?.onDisplaced();
    return hasJoined;
  }

  private lineOf(endpoint: Endpoint): RoomLine<Owner> {
    let line = this.forOne.get(endpoint);
    if (line === undefined) {
      this.forgetEmpty();
      line = new RoomLine({ endpoints: [endpoint] });
      this.forOne.set(endpoint, line);
    }
    return line;
  }

  leave(waiter: Waiter<Owner>): void {
    this.lines.get(waiter)?.leave(waiter);
  }

  makeWayFor(waiter: Waiter<Owner>, clock: Pick<Clock, "now" | "after">): void {
    this.lines.get(waiter)?.makeWayFor(waiter.client, clock);
  }

  /** Who can go nowhere else is served first. */
  get all(): readonly RoomLine<Owner>[] {
    if (this.forOne.size === 0) return [this.forAny];
    this.forgetEmpty();
    return [...this.forOne.values(), this.forAny];
  }

  /** Endpoints come and go. */
  private forgetEmpty(): void {
    for (const [endpoint, { size }] of this.forOne) if (size === 0) this.forOne.delete(endpoint);
  }
}
