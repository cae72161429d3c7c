/**
 * A worker's part of the window: it answers what it is asked, and tells what happens while somebody watches.
 *
 * Events go to the supervisor in batches, one under way at a time: what happens beyond what a batch holds is counted, not told, so a
 * supervisor that hangs, or a reader that does, costs no more than a batch. Deliberately absent: who watches.
 */
import { QueryError, rowsAnswer } from "../admin/api.ts";
import { Turns } from "../admin/turns.ts";
import type { ProxyEvent } from "../ledger/events.ts";
import type { WindowEvent, WindowSource } from "../ledger/window.ts";
import type { RowsAnswer, ToSupervisor, ToWorker } from "./protocol.ts";

/** So late an event may be. */
const BATCH_MS = 50;
/** Of one batch: more than people can look at, twenty times a second. */
const BATCH_EVENTS_MAX = 200;

type Ask = Extract<ToWorker, { type: "ask" }>;

export class WorkerWindow {
  private readonly source: WindowSource;
  /** Settled when the supervisor has taken it. */
  private readonly tell: (message: ToSupervisor) => Promise<void>;
  private readonly turns = new Turns();
  private stop: (() => void) | undefined;
  private events: ProxyEvent[] = [];
  private missed = 0;
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
    if (isOn) this.stop ??= this.source.watch((event) => this.note(event));
    else {
      this.stop?.();
      this.stop = undefined;
      this.events = [];
      this.missed = 0;
    }
  }

  private note(event: WindowEvent): void {
    // Which is the supervisor's to tell; workers do it one by one.
    if (event.type === "reload" || event.type === "worker") return;
    if (this.events.length >= BATCH_EVENTS_MAX) this.missed++;
    else this.events.push(event);
    if (!this.isTelling) this.timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }

  private async flush(): Promise<void> {
    this.timer = undefined;
    const { events, missed } = this;
    if (this.stop === undefined || (events.length === 0 && missed === 0)) return;
    this.events = [];
    this.missed = 0;
    this.isTelling = true;
    await this.tell({ type: "events", events, missed });
    this.isTelling = false;
    if (this.events.length > 0) this.timer ??= setTimeout(() => this.flush(), BATCH_MS).unref();
  }
}
