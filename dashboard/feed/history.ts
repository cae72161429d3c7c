/**
 * Exchanges that have ended, as far as this page has heard of them: from answers of `/api/exchanges` and from events, each once.
 *
 * Failures are kept for longer than the rest, however many succeed behind them. Deliberately absent: what counts as a failure, which
 * the proxy decides (src/ledger/recent.ts).
 */
import { isFailure } from "../../src/ledger/recent.ts";
import { type ExchangeEntry, keyOf } from "./api-types.ts";

const EXCHANGES_MAX = 2_000;
const FAILURES_MAX = 500;

interface Item {
  readonly key: string;
  readonly entry: ExchangeEntry;
  readonly end_ms: number;
}

export class ExchangeHistory {
  private readonly keys = new Set<string>();
  /** By their ends, the oldest first. */
  private items: Item[] = [];
  private latest: readonly ExchangeEntry[] | undefined;

  /** Returns whether it is new. */
  add(entry: ExchangeEntry): boolean {
    const key = keyOf(entry);
    if (this.keys.has(key)) return false;
    this.keys.add(key);
    const item = { key, entry, end_ms: endOf(entry) };
    // Most come in the order of their ends.
    let at = this.items.length;
    while (at > 0 && isBefore(item, this.items[at - 1])) at--;
    this.items.splice(at, 0, item);
    this.latest = undefined;
    if (this.items.length > 2 * (EXCHANGES_MAX + FAILURES_MAX)) this.forget();
    return true;
  }

  clear(): void {
    this.keys.clear();
    this.items = [];
    this.latest = undefined;
  }

  /** The latest end first. The same array until something is added. */
  latestFirst(): readonly ExchangeEntry[] {
    if (this.latest === undefined) {
      this.forget();
      this.latest = this.items.map(({ entry }) => entry).reverse();
    }
    return this.latest;
  }

  private forget(): void {
    let [others, failures] = [0, 0];
    const kept = this.items
      .reverse()
      .filter(({ entry }) => (hasFailed(entry) ? ++failures <= FAILURES_MAX : ++others <= EXCHANGES_MAX));
    if (kept.length < this.items.length) {
      this.keys.clear();
      for (const { key } of kept) this.keys.add(key);
    }
    this.items = kept.reverse();
  }
}

function isBefore(one: Item, other: Item | undefined): boolean {
  return (
    other !== undefined && (one.end_ms < other.end_ms || (one.end_ms === other.end_ms && one.entry.id < other.entry.id))
  );
}

/** Milliseconds since 1970. */
export function endOf({ time, duration_ms }: ExchangeEntry): number {
  return Date.parse(time) + duration_ms;
}

export function hasFailed({ status, reason, outcome }: ExchangeEntry): boolean {
  return isFailure({ status, reason, outcome });
}
