/**
 * Which client holds how many of a pool's connections, and who has to give some up.
 *
 * It is asked only while somebody waits for room, so that nothing is counted otherwise. Deliberately absent: the order in
 * which connections are given up, see connection/fair-share.ts.
 */
import { LatestRanking, type Place } from "../connection/fair-share.ts";
import type { Endpoint } from "./endpoint.ts";

/** How long a count is good for: it takes a look at every connection. */
const COUNT_MS = 100;

export class Holdings {
  private readonly pool: { readonly endpoints: readonly Endpoint[] };
  private counts = new Map<string, number>();
  private countedAt_ms = Number.NEGATIVE_INFINITY;
  /** What gives way. */
  readonly ranking = new LatestRanking(() => this.places());

  /** @param pool whose endpoints may be others at any time */
  constructor(pool: { readonly endpoints: readonly Endpoint[] }) {
    this.pool = pool;
  }

  /** How many connections a client has, as of a moment ago. */
  of(client: string, now: number): number {
    if (now - this.countedAt_ms >= COUNT_MS) this.count(now);
    return this.counts.get(client) ?? 0;
  }

  /** It got one more. */
  note(client: string): void {
    this.counts.set(client, (this.counts.get(client) ?? 0) + 1);
  }

  private count(now: number): void {
    this.countedAt_ms = now;
    this.counts = new Map();
    for (const { client } of this.places()) this.note(client);
  }

  private *places(): Iterable<Place> {
    for (const { connections } of this.pool.endpoints) {
      for (const { user } of connections) if (user !== undefined) yield user.place;
    }
  }
}
