/**
 * Follows each exchange as it is told, beside its record: begun once, ended once, each phase told and written down, in order, and
 * nothing in the record that lives.
 *
 * It keeps times of its own, so a phase that is left out, comes too late or is not told differs from them. Deliberately absent: what
 * the client and the origin saw; see request-judge.ts and response-judge.ts.
 */
import { type ExchangeRecord, type Phase, phaseTimes } from "../../src/exchange/exchange-record.ts";
import { fail } from "./failure.ts";

/** The times of the phases that may come and go with an attempt, in order, and what tells of each. */
const told = {
  queued: "queuedAt_ms",
  connecting: "connectingAt_ms",
  securing: "securingAt_ms",
  sent: "sentAt_ms",
  "first-byte": "firstByteAt_ms",
} as const;
type Told = keyof typeof told;
const order = Object.keys(told) as Told[];

interface Seen {
  readonly beganAt_ms: number;
  readonly times: Map<Told, number>;
  retries: number;
  latest: Phase | "begun";
}

export class RecordJudge {
  private readonly seen = new Map<ExchangeRecord, Seen>();
  private readonly ended = new WeakSet<ExchangeRecord>();
  private latestId = 0;

  get inProgress(): number {
    return this.seen.size;
  }

  began(record: ExchangeRecord, now: number): void {
    if (this.seen.has(record) || this.ended.has(record)) fail("told-as-it-is", `exchange ${record.id} begins twice`);
    if (record.id <= this.latestId) fail("told-as-it-is", `exchange ${record.id} begins behind ${this.latestId}`);
    this.latestId = record.id;
    this.seen.set(record, { beganAt_ms: now, times: new Map(), retries: 0, latest: "begun" });
  }

  phase(record: ExchangeRecord, phase: Phase, now: number): void {
    const seen = this.seen.get(record);
    if (seen === undefined) fail("told-as-it-is", `exchange ${record.id} is not in progress, and is told ${phase}`);
    const isBehind =
      seen.latest === "first-byte" || (seen.latest === "sent" && !["first-byte", "retrying"].includes(phase));
    if (isBehind) fail("told-as-it-is", `exchange ${record.id} is told ${phase} behind ${seen.latest}`);
    seen.latest = phase;
    if (phase === "retrying" || phase === "held") {
      seen.times.clear();
      if (phase === "retrying") seen.retries++;
      return;
    }
    // What comes again keeps its own time; what was behind it is void.
    for (const later of order.slice(order.indexOf(phase) + 1)) seen.times.delete(later);
    if (!seen.times.has(phase)) seen.times.set(phase, now);
  }

  end(record: ExchangeRecord, now: number): void {
    const { id, outcome, reason, retries, lost = [] } = record;
    const seen = this.seen.get(record);
    if (this.ended.has(record)) fail("one-reason-each", `the end of exchange ${id} is told twice`);
    if (seen === undefined) fail("told-as-it-is", `exchange ${id} ends and never began`);
    this.seen.delete(record);
    this.ended.add(record);
    this.judgeTimes(record, seen, now);
    if (retries !== seen.retries || lost.length !== retries) {
      fail(
        "told-as-it-is",
        `exchange ${id} was told ${seen.retries} retries, and its record has ${retries} and ${lost.length}`,
      );
    }
    // A connection that carried nothing before was opened for this request.
    if (record.sentAt_ms !== undefined && record.upstreamExchange === 1 && record.connectingAt_ms === undefined) {
      fail("told-as-it-is", `exchange ${id} went on a fresh connection, and nobody was told that one was opened`);
    }
    const isOwn = outcome === "answered" || outcome === "client-gone";
    if (!isOwn && record.sentAt_ms === undefined)
      fail("told-as-it-is", `exchange ${id} is ${outcome} and was never sent`);
    if (outcome === "answered" && reason === undefined && record.method !== "TRACE" && record.method !== "OPTIONS") {
      fail("told-as-it-is", `exchange ${id} was answered for no reason`);
    }
    judgeData(record, `exchange ${id}`);
  }

  private judgeTimes(record: ExchangeRecord, seen: Seen, now: number): void {
    let before = Number.NEGATIVE_INFINITY;
    for (const name of phaseTimes) {
      const time = record[name];
      if (time === undefined) continue;
      if (time < before)
        fail("told-as-it-is", `exchange ${record.id}: ${name} is ${time}, and ${before} was before it`);
      before = time;
    }
    if (record.arrivedAt_ms > seen.beganAt_ms) fail("told-as-it-is", `exchange ${record.id} arrived after it began`);
    if (record.doneAt_ms !== now)
      fail("told-as-it-is", `exchange ${record.id} ended at ${now}, not ${record.doneAt_ms}`);
    for (const phase of order) {
      const time = seen.times.get(phase);
      const written = record[told[phase]];
      if (time !== written)
        fail("told-as-it-is", `exchange ${record.id} was ${phase} at ${time}, its record says ${written}`);
    }
  }
}

/**
 * Plain data through and through: values, and objects and lists of them. A connection's record is its `Life`, of whose methods those
 * who are told know nothing (test/house/records.test.ts).
 */
export function judgeData(value: unknown, where: string): void {
  if (typeof value === "function" || typeof value === "symbol") fail("told-as-it-is", `${where} is a ${typeof value}`);
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) judgeData(inner, `${where}.${name}`);
}
