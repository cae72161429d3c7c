/**
 * How many requests of a route are under way at once, and the line of those that wait for a place.
 *
 * A place is held until the record of its exchange is complete: to the end of a tunnel, or until its client is gone. Those who wait are
 * served as in a pool (pool/line.ts): the client that holds least is next, and in a full line the one that has most in it gives up its
 * last place to one that has fewer. Deliberately absent: connections to origins, which pools limit.
 */
import type { Clock } from "../net/ports.ts";
import { Waiter, WaitingLine } from "../pool/line.ts";
import type { ExchangeRecord } from "./exchange-record.ts";
import type { ConcurrencyLimit } from "./policy.ts";

/** `in`: it has a place; otherwise why it gets none. */
export type LineVerdict = "in" | "route-line-full" | "route-line-timeout";

interface Asker {
  readonly client: string;
  readonly record: ExchangeRecord;
  /** Is called with the verdict if it has to wait. */
  readonly later: (verdict: LineVerdict) => void;
}

/** Of all routes. */
export class RouteLines {
  private readonly clock: Pick<Clock, "after">;
  private readonly lines = new Map<string, RouteLine>();
  /** Those that hold a place, or wait for one. */
  private readonly entries = new Map<ExchangeRecord, Entry>();

  constructor(clock: Pick<Clock, "after">) {
    this.clock = clock;
  }

  /** Requests that hold a place, or wait for one. */
  get size(): number {
    return this.entries.size;
  }

  /** How many routes are known. */
  get routeCount(): number {
    return this.lines.size;
  }

  /** A configuration may have left routes out. */
  forgetEmpty(): void {
    for (const [name, { isEmpty }] of this.lines) if (isEmpty) this.lines.delete(name);
  }

  /** @returns whether it has a place; it waits: undefined */
  enter(route: string, limit: ConcurrencyLimit, asker: Asker): LineVerdict | undefined {
    let line = this.lines.get(route);
    if (line === undefined) {
      line = new RouteLine(this.clock, this.entries);
      this.lines.set(route, line);
    }
    return line.enter(new Entry(line, asker), limit);
  }

  /** Its exchange is over, or does not wait any more. It has neither a place nor waits: nothing happens. */
  leave(record: ExchangeRecord): void {
    if (this.entries.size === 0) return;
    const entry = this.entries.get(record);
    entry?.line.leave(entry);
  }
}

class Entry {
  readonly line: RouteLine;
  readonly asker: Asker;
  /** It has a place: undefined. */
  waiting: { readonly waiter: Waiter<Entry>; readonly endWait: () => void } | undefined;

  constructor(line: RouteLine, asker: Asker) {
    this.line = line;
    this.asker = asker;
  }
}

class RouteLine {
  private readonly clock: Pick<Clock, "after">;
  private readonly entries: Map<ExchangeRecord, Entry>;
  private readonly line = new WaitingLine<Entry>();
  private readonly heldByClient = new Map<string, number>();
  private held = 0;
  /** As many as the latest plan says. */
  private max = 0;
  private isServing = false;

  constructor(clock: Pick<Clock, "after">, entries: Map<ExchangeRecord, Entry>) {
    this.clock = clock;
    this.entries = entries;
  }

  get isEmpty(): boolean {
    return this.held === 0 && this.line.size === 0;
  }

  enter(entry: Entry, { max, line, wait_ms }: ConcurrencyLimit): LineVerdict | undefined {
    this.max = max;
    if (this.held < max && this.line.size === 0) {
      this.hold(entry);
      return "in";
    }
    const waiter = new Waiter(entry, entry.asker.client);
    const { hasJoined, displaced } = this.line.join(waiter, line);
    if (!hasJoined) return "route-line-full";
    this.entries.set(entry.asker.record, entry);
    const endWait = this.clock.after(wait_ms, () => this.turnAway(entry, "route-line-timeout"));
    entry.waiting = { waiter, endWait };
    if (displaced !== undefined) this.turnAway(displaced, "route-line-full");
    return undefined;
  }

  leave(entry: Entry): void {
    this.entries.delete(entry.asker.record);
    if (entry.waiting !== undefined) return this.stopWaiting(entry);
    const { client } = entry.asker;
    const left = (this.heldByClient.get(client) ?? 0) - 1;
    if (left > 0) this.heldByClient.set(client, left);
    else this.heldByClient.delete(client);
    this.held--;
    this.serve();
  }

  private hold(entry: Entry): void {
    const { client, record } = entry.asker;
    this.entries.set(record, entry);
    this.heldByClient.set(client, (this.heldByClient.get(client) ?? 0) + 1);
    this.held++;
  }

  private stopWaiting(entry: Entry): void {
    if (entry.waiting === undefined) return;
    this.line.leave(entry.waiting.waiter);
    entry.waiting.endWait();
    entry.waiting = undefined;
  }

  private turnAway(entry: Entry, why: LineVerdict): void {
    this.leave(entry);
    entry.asker.later(why);
  }

  /** One that is served may end at once, and give its place to the next: not within this one's turn, or turns would pile up. */
  private serve(): void {
    if (this.isServing) return;
    this.isServing = true;
    try {
      while (this.held < this.max) {
        const next = this.line.next((client) => this.heldByClient.get(client) ?? 0);
        if (next === undefined) return;
        this.stopWaiting(next);
        this.hold(next);
        this.line.noteServed(next.asker.client);
        next.asker.later("in");
      }
    } finally {
      this.isServing = false;
    }
  }
}
