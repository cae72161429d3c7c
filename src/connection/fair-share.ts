/**
 * What gives way when all places are taken: first what is slower than any honest client, then what has moved least of the
 * client that holds most.
 *
 * A client's share is an equal part of all places, and never less than a household needs: otherwise a crowd of strangers with
 * one place each would push everybody else down to one. Nobody below it gives way for others, however silent: an event stream, a
 * long poll and a quiet WebSocket look like an attack when they are alone, and only their number tells them apart.
 * Deliberately absent: what a place is (a client's connection, a connection to an origin), and what is idle; that gives way
 * before anybody here is asked.
 */

/** What is in progress on something of which there is a limited number, as it is now. */
export interface Place {
  /** Whose it is: an address, an IPv6 network, a user. */
  readonly client: string;
  readonly since_ms: number;
  /** Bytes of bodies, or of a tunnel, in both directions. */
  readonly movedBytes: number;
  /** Its client moves what only it can move more slowly than honest clients do, for long enough to be sure. */
  readonly isSlow: boolean;
  /** Ends it for somebody else, visibly. What has ended already: nothing happens. */
  giveWay(): void;
}

/** What is quick needs no help: it is over before another place is needed. */
const PLACE_AGE_MS_MIN = 1_000;
/** What is young has moved little as well: everybody is taken to have moved so much more. */
const CREDIT_BYTES = 4 * 1024;

/** No share is smaller than this part of all places: some dozens for an office or a household behind one address. */
const SHARE_MIN = 1 / 32;

interface Holder<P> {
  count: number;
  /** The one that has moved least, for its age, last. */
  readonly yielding: P[];
}

/** How long an order is good for. */
const RANKING_MS = 100;

/** What time it is, and how to be called later: whose places they are has a clock. */
interface Time {
  now(): number;
  after(delay_ms: number, callback: () => void): unknown;
}

/**
 * The latest order: to make one takes a look at every place, so a flood of newcomers has to share it for a moment. Then it is
 * forgotten: all that was in progress would stay in memory with it, until the next time that places are short.
 */
export class LatestRanking {
  private readonly places: () => Iterable<Place>;
  private latest: Ranking<Place> | undefined;
  private madeAt_ms = Number.NEGATIVE_INFINITY;

  /** @param places all that are in use */
  constructor(places: () => Iterable<Place>) {
    this.places = places;
  }

  /** @param max how many places there may be */
  at(time: Time, max: number): Ranking<Place> {
    const now = time.now();
    if (this.latest === undefined || now - this.madeAt_ms >= RANKING_MS) {
      const made = new Ranking(this.places(), max, now);
      this.latest = made;
      this.madeAt_ms = now;
      time.after(RANKING_MS, () => {
        if (this.latest === made) this.latest = undefined;
      });
    }
    return this.latest;
  }

  /** Whether it holds on to places. */
  get isKept(): boolean {
    return this.latest !== undefined;
  }
}

/** An order in which places are given up, good for a moment. */
export class Ranking<P extends Place> {
  private readonly max: number;
  private readonly holders = new Map<string, Holder<P>>();
  private readonly slow: P[] = [];

  /** @param places all that are in use @param max how many there may be */
  constructor(places: Iterable<P>, max: number, now: number) {
    this.max = max;
    for (const place of places) {
      const holder = this.holderOf(place.client);
      holder.count++;
      if (now - place.since_ms < PLACE_AGE_MS_MIN) continue;
      if (place.isSlow) this.slow.push(place);
      else holder.yielding.push(place);
    }
    const rate = new Map<P, number>();
    for (const { yielding } of this.holders.values()) {
      for (const it of yielding) rate.set(it, (it.movedBytes + CREDIT_BYTES) / (now - it.since_ms));
      yielding.sort((a, b) => (rate.get(b) ?? 0) - (rate.get(a) ?? 0));
    }
    const count = (place: P) => this.holders.get(place.client)?.count ?? 0;
    this.slow.sort((a, b) => count(a) - count(b));
  }

  /** What gives way so that `client` gets a place; nothing does: undefined. */
  next(client: string): P | undefined {
    const place = this.slow.pop() ?? this.mostHeldBut(client)?.yielding.pop();
    if (place === undefined) return undefined;
    this.holderOf(place.client).count--;
    this.holderOf(client).count++;
    return place;
  }

  /** Who holds most, if that is more than its share, and stays more than what `client` holds. */
  private mostHeldBut(client: string): Holder<P> | undefined {
    const own = this.holderOf(client).count;
    const share = Math.floor(Math.max(this.max / this.holders.size, this.max * SHARE_MIN));
    let most: Holder<P> | undefined;
    for (const holder of this.holders.values()) {
      if (holder.yielding.length > 0 && holder.count > (most?.count ?? 0)) most = holder;
    }
    return most !== undefined && most.count > Math.max(share, own + 1) ? most : undefined;
  }

  private holderOf(client: string): Holder<P> {
    let holder = this.holders.get(client);
    if (holder === undefined) {
      holder = { count: 0, yielding: [] };
      this.holders.set(client, holder);
    }
    return holder;
  }
}
