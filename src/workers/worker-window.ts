/**
 * A worker's part of the window: it answers what it is asked, and tells what happens while somebody watches.
 *
 * Events go to the supervisor in batches, one under way at a time, and of more exchanges than anyone can look at a part: what happens
 * beyond what a batch holds is counted, not made, so a supervisor that hangs, or a reader that does, costs no more than a batch.
 * Deliberately absent: who watches.
 */
import { QueryError, rowsAnswer } from "../admin/api.ts";
import { Turns } from "../admin/turns.ts";
import type { ProxyEvent, TellWatcher } from "../ledger/events.ts";
import { Sampling, SamplingGate } from "../ledger/sampling.ts";
import type { WindowEvent, WindowSource } from "../ledger/window.ts";
import type { RowsAnswer, ToSupervisor, ToWorker } from "./protocol.ts";

/** So late an event may be. */
const BATCH_MS = 50;
/** Of one batch: more than people can look at, twenty times a second. */
const BATCH_EVENTS_MAX = 200;
const SECOND_MS = 1_000;

type Ask = Extract<ToWorker, { type: "ask" }>;

export class WorkerWindow {
  private readonly source: WindowSource;
  /** Settled when the supervisor has taken it. */
  private readonly tell: (message: ToSupervisor) => Promise<void>;
  private readonly turns = new Turns();
  private stop: (() => void) | undefined;
  private events: ProxyEvent[] = [];
  private missed = 0;
  private sampling = new Sampling(true);
  private readonly gate = new SamplingGate(this.sampling);
  private ticking: NodeJS.Timeout | undefined;
  /** Those that are to come are counted, too: they are told a little later than they are asked of. */
  private inBatch = 0;
  private isTelling = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(source: WindowSource, tell: (message: ToSupervisor) => Promise<void>) {
    this.source = source;
    this.tell = tell;
  }

  /** Many may ask at once, and the traffic goes on between two answers. */
  async answer({ ask, path, query, view }: Ask): Promise<void> {
    await this.turns.next();
    let answer: RowsAnswer = { more: false };
    try {
      answer = rowsAnswer(path, new URLSearchParams(query), this.source, view);
    } catch (error) {
      // It was judged before it was sent here.
      if (!(error instanceof QueryError)) throw error;
    }
    await this.tell({ type: "answered", ask, answer });
  }

  watch(isOn: boolean): void {
    if (isOn) {
      this.stop ??= this.source.watch((type, sample) => this.ask(type, sample), undefined, this.gate);
      this.ticking ??= setInterval(() => this.tick(), SECOND_MS).unref();
      return;
    }
    this.stop?.();
    this.stop = undefined;
    clearInterval(this.ticking);
    this.ticking = undefined;
    this.sampling = new Sampling(true);
    this.gate.open(this.sampling.oneIn);
    this.empty();
  }

  /** A second has passed. */
  private tick(): void {
    this.settle();
    this.sampling.tick();
    this.settle();
  }

  private settle(): void {
    const { sampling } = this;
    for (const count of Object.values(this.gate.open(sampling.oneIn))) sampling.noteLeftOut(count);
    if (sampling.leftOut > 0) this.flushSoon();
  }

  private readonly note = (event: WindowEvent): void => {
    if (this.stop === undefined) return;
    this.events.push(event as ProxyEvent);
    this.flushSoon();
  };

  private ask(type: WindowEvent["type"], sample: number | undefined): TellWatcher<WindowEvent> | undefined {
    // Which is the supervisor's to tell; workers do it one by one.
    if (type === "reload" || type === "worker") return undefined;
    if (sample !== undefined && !this.sampling.lets(sample)) {
      this.flushSoon();
      return undefined;
    }
    if (this.inBatch < BATCH_EVENTS_MAX) {
      this.inBatch++;
      return this.note;
    }
    this.missed++;
    this.flushSoon();
    return undefined;
  }

  private empty(): void {
    this.events = [];
    this.inBatch = 0;
    this.missed = 0;
    this.sampling.leftOut = 0;
  }

  private flushSoon(): void {
    if (!this.isTelling) this.timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }

  private async flush(): Promise<void> {
    this.timer = undefined;
    const { events, missed, sampling } = this;
    const { leftOut, oneIn } = sampling;
    if (this.stop === undefined || (events.length === 0 && missed === 0 && leftOut === 0)) return;
    this.empty();
    this.isTelling = true;
    await this.tell({ type: "events", events, missed, leftOut, oneIn });
    this.isTelling = false;
    if (this.inBatch > 0 || this.missed > 0) this.flushSoon();
  }
}
