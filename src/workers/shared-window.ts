/**
 * The window of several processes: what is asked is asked of all of them, and what happens in any of them is told as it comes.
 *
 * Each row and each event has the number of its worker. Ids need none to be told apart, since they begin with it (protocol.ts). One that
 * does not answer in time is named beside what the others answer. Nobody tells events while nobody watches. Deliberately absent:
 * one order of events over all workers; each worker's own are in order.
 */
import { limitOf, type RowsPath, rowsAnswer, type SharedWindow, type View } from "../admin/api.ts";
import type { ExchangeEntry } from "../ledger/entries.ts";
import type { AskWatcher } from "../ledger/events.ts";
import { sampleOf } from "../ledger/sampling.ts";
import type { WatcherLosses, WindowEvent, WindowSource, WorkerEntry } from "../ledger/window.ts";
import type { LongLife } from "./long-life.ts";
import type { RowsAnswer, ToWorker, WorkerEvents } from "./protocol.ts";

/** How long answers are waited for. */
const ANSWER_MS_MAX = 2_000;

/** A worker, as far as it is asked here. */
export interface AskedWorker {
  readonly number: number;
  readonly life: Pick<LongLife<unknown>, "answer">;
  tell(message: ToWorker): void;
}

interface Watching {
  readonly watcher: AskWatcher<WindowEvent>;
  readonly losses: WatcherLosses | undefined;
}

/** Of none of it there is anything: a question that is judged by it makes no work. */
const nothing: WindowSource = { connections: () => [], exchanges: () => [], watch: () => () => {} };

export class WorkersWindow implements SharedWindow {
  private readonly workers: () => readonly AskedWorker[];
  private readonly watchers = new Set<Watching>();
  private readonly asked = new Map<number, (answer: RowsAnswer) => void>();
  private nextAsk = 0;

  /** @param workers those that work at present */
  constructor(workers: () => readonly AskedWorker[]) {
    this.workers = workers;
  }

  async ask(path: RowsPath, asked: URLSearchParams, view: View): Promise<object> {
    const query = new URLSearchParams(asked);
    const wanted = query.getAll("worker");
    query.delete("worker");
    rowsAnswer(path, query, nothing, view);
    const limit = limitOf(query.get("limit"));
    const workers = this.workers().filter(({ number }) => wanted.every((one) => one === String(number)));
    const answers = await Promise.all(
      workers.map(async (worker) => ({ worker, answer: await this.askOne(worker, path, query.toString(), view) })),
    );
    const name = path === "/api/connections" ? "connections" : "exchanges";
    const rows = answers.flatMap(({ worker: { number }, answer }) =>
      ((answer?.[name] ?? []) as readonly object[]).map((row) => ({ worker: number, ...row })),
    );
    if (name === "exchanges") rows.sort((one, other) => endOf(other) - endOf(one));
    const unanswered = answers.flatMap(({ worker, answer }) => (answer === undefined ? [worker.number] : []));
    return {
      [name]: rows.slice(0, limit),
      more: rows.length > limit || answers.some(({ answer }) => answer?.more === true),
      ...(unanswered.length === 0 ? {} : { unanswered }),
    };
  }

  /** What it has; it does not say: undefined. */
  private async askOne(
    worker: AskedWorker,
    path: RowsPath,
    query: string,
    view: View,
  ): Promise<RowsAnswer | undefined> {
    const ask = this.nextAsk++;
    const { showsQueries } = view;
    const begin = (answered: (answer: RowsAnswer | undefined) => void) => {
      this.asked.set(ask, answered);
      worker.tell({ type: "ask", ask, path, query, view: { showsQueries } });
    };
    const wait = { limit_ms: ANSWER_MS_MAX, tooLate: undefined, atEnd: () => undefined };
    const answer = await worker.life.answer(begin, wait);
    this.asked.delete(ask);
    return answer;
  }

  /** What a worker has said. */
  answered(ask: number, answer: RowsAnswer): void {
    this.asked.get(ask)?.(answer);
  }

  watch(watcher: AskWatcher<WindowEvent>, losses?: WatcherLosses): () => void {
    const watching: Watching = { watcher, losses };
    this.watchers.add(watching);
    if (this.watchers.size === 1) this.tellInterest();
    return () => {
      this.watchers.delete(watching);
      if (this.watchers.size === 0) this.tellInterest();
    };
  }

  private tellInterest(): void {
    for (const worker of this.workers()) this.greet(worker);
  }

  /** It works from now on: it has to know whether somebody watches. */
  greet(worker: AskedWorker): void {
    worker.tell({ type: "watch", isOn: this.watchers.size > 0 });
  }

  /** What happened in a worker. */
  happened(worker: number, { events, missed, leftOut, oneIn }: WorkerEvents): void {
    for (const { losses } of this.watchers) {
      if (missed > 0) losses?.onMissed(missed);
      if (leftOut > 0) losses?.onLeftOut(leftOut, oneIn);
    }
    for (const event of events) this.tell({ ...event, worker });
  }

  /** What happened to a worker. */
  noteWorker(entry: Omit<WorkerEntry, "type" | "time">): void {
    this.tell({ type: "worker", time: new Date().toISOString(), ...entry });
  }

  /** What this process itself has to tell. */
  tell(event: WindowEvent): void {
    for (const { watcher } of this.watchers) watcher(event.type, sampleOf(event))?.(event);
  }
}

/** When an exchange ended. */
function endOf(row: object): number {
  const { time, duration_ms } = row as ExchangeEntry;
  return Date.parse(time) + duration_ms;
}
