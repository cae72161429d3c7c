/**
 * What ended last: exchanges, and those of them that failed for longer, so that "what just happened?" has an answer.
 *
 * Records are kept as they are, so nothing is built for an exchange that nobody asks about. Deliberately absent: what goes on now,
 * which is looked at where it lives (window.ts).
 */
import type { ExchangeRecord } from "../exchange/exchange-record.ts";

/** A few seconds of a busy proxy, an hour of a quiet one; some 300 KB. */
const EXCHANGES_KEPT = 1_000;
/** However many succeed behind them, failures stay to be looked at. */
const FAILURES_KEPT = 200;

/** The latest of something, up to a number. */
class Latest<Item> {
  private readonly items: Item[] = [];
  private readonly max: number;
  private next = 0;

  constructor(max: number) {
    this.max = max;
  }

  add(item: Item): void {
    this.items[this.next] = item;
    this.next = (this.next + 1) % this.max;
  }

  /** From the latest to the oldest. */
  *[Symbol.iterator](): Iterator<Item> {
    const { items, next } = this;
    for (let i = 1; i <= items.length; i++) yield items[(next - i + items.length) % items.length] as Item;
  }
}

export class RecentExchanges {
  private readonly all = new Latest<ExchangeRecord>(EXCHANGES_KEPT);
  private readonly failed = new Latest<ExchangeRecord>(FAILURES_KEPT);

  note(record: ExchangeRecord): void {
    this.all.add(record);
    if (isFailure(record)) this.failed.add(record);
  }

  /** From the latest to the oldest, each once. */
  *[Symbol.iterator](): Iterator<ExchangeRecord> {
    let oldest: ExchangeRecord | undefined;
    const seen = new Set<ExchangeRecord>();
    for (const record of this.all) {
      oldest = record;
      if (isFailure(record)) seen.add(record);
      yield record;
    }
    if (oldest === undefined) return;
    for (const record of this.failed) if (!seen.has(record)) yield record;
  }
}

/** Something went wrong that the client or the operator may ask about: hopwise refused, or an error came. */
export function isFailure({ status, reason, outcome }: Pick<ExchangeRecord, "status" | "reason" | "outcome">): boolean {
  return (
    status >= 500 || (reason !== undefined && status >= 400) || outcome === "truncated" || outcome === "client-gone"
  );
}
