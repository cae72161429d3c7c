/**
 * What ended last: exchanges, and those of them that failed for longer, so that "what just happened?" has an answer.
 *
 * Records are kept as they are, so nothing is built for an exchange that nobody asks about. What clients wrote into them may be long, so
 * they are bounded by that, too: where targets are huge fewer are kept. Deliberately absent: what goes on now, which is looked at where it
 * lives (window.ts).
 */
import type { ExchangeRecord } from "../exchange/exchange-record.ts";

/** A few seconds of a busy proxy, an hour of a quiet one; some 300 KB with targets as they usually are. */
const EXCHANGES_KEPT = 1_000;
/** However many succeed behind them, failures stay to be looked at. */
const FAILURES_KEPT = 200;
/** Of what clients wrote: 4 KiB for each of them. A target may have 64 KiB, and more where heads may be larger. */
const BYTES_PER_EXCHANGE = 4 * 1_024;

/** The latest records: up to a number, and up to a number of bytes of what clients wrote, but always the latest one. */
class Latest {
  private readonly records: (ExchangeRecord | undefined)[] = [];
  private readonly max: number;
  private next = 0;
  private count = 0;
  private bytes = 0;

  constructor(max: number) {
    this.max = max;
  }

  add(record: ExchangeRecord): void {
    if (this.count === this.max) this.forgetOldest();
    this.records[this.next] = record;
    this.next = (this.next + 1) % this.max;
    this.count++;
    this.bytes += bytesOf(record);
    while (this.bytes > this.max * BYTES_PER_EXCHANGE && this.count > 1) this.forgetOldest();
  }

  private forgetOldest(): void {
    const at = (this.next - this.count + this.max) % this.max;
    const oldest = this.records[at] as ExchangeRecord;
    this.records[at] = undefined;
    this.count--;
    this.bytes -= bytesOf(oldest);
  }

  /** From the latest to the oldest. */
  *[Symbol.iterator](): Iterator<ExchangeRecord> {
    const { records, next, count, max } = this;
    for (let i = 1; i <= count; i++) yield records[(next - i + max) % max] as ExchangeRecord;
  }
}

/** Each character of what a client wrote is one byte. Fields that are kept are short (kept-fields.ts), and counted all the same. */
function bytesOf({ target, authority, kept }: ExchangeRecord): number {
  const bytes = target.length + authority.length;
  if (kept === undefined) return bytes;
  const { userAgent = "", referer = "", requestId = "", tracestate = "" } = kept;
  return bytes + userAgent.length + referer.length + requestId.length + tracestate.length;
}

export class RecentExchanges {
  private readonly all = new Latest(EXCHANGES_KEPT);
  private readonly failed = new Latest(FAILURES_KEPT);

  note(record: ExchangeRecord): void {
    this.all.add(record);
    if (isFailure(record)) this.failed.add(record);
  }

  /** From the latest to the oldest, each once. */
  *[Symbol.iterator](): Iterator<ExchangeRecord> {
    const seen = new Set<ExchangeRecord>();
    for (const record of this.all) {
      if (isFailure(record)) seen.add(record);
      yield record;
    }
    for (const record of this.failed) if (!seen.has(record)) yield record;
  }
}

/** Something went wrong that the client or the operator may ask about: hopwise refused, or an error came. */
export function isFailure({ status, reason, outcome }: Pick<ExchangeRecord, "status" | "reason" | "outcome">): boolean {
  return (
    status >= 500 || (reason !== undefined && status >= 400) || outcome === "truncated" || outcome === "client-gone"
  );
}
