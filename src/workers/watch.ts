/**
 * Whether workers still answer: one that hangs (it was stopped, it loops, its memory is being paged in) keeps its clients
 * waiting, and goes on being given new ones.
 *
 * A worker tells its figures every second, and any word of it is a sign of life. Silence is counted in turns of this watch, not
 * by the clock: where this process was stopped as well, or the whole machine slept, nobody was silent (a timer that is late
 * fires once). Deliberately absent: asking; and what becomes of who is silent, see supervisor.ts.
 */
import { FIGURES_MS } from "./protocol.ts";

/** Silent for that many turns, it is given no connections: others serve them better, whatever it is. */
export const SILENT_TURNS = 3;
/** Then it is ended, and replaced: no pause of a runtime takes so long, and a client seldom waits longer. */
export const HUNG_TURNS = 10;
/** One that has never said anything is starting, beside others perhaps, on a machine that is busy. */
export const STARTING_TURNS = 60;

export interface Watched {
  /** It can be given connections. */
  readonly isReady: boolean;
  /** Turns since it said anything; whoever hears of it makes it 0. */
  silentTurns: number;
}

export interface WatchEvents<Worker> {
  onSilent(worker: Worker): void;
  /** It was silent, and has said something. */
  onHeard(worker: Worker): void;
  onHung(worker: Worker): void;
}

export class Watch<Worker extends Watched> {
  private readonly workers: () => readonly Worker[];
  private readonly events: WatchEvents<Worker>;
  private readonly silent = new WeakSet<Worker>();
  private timer: NodeJS.Timeout | undefined;

  /** @param workers those that run at present */
  constructor(workers: () => readonly Worker[], events: WatchEvents<Worker>) {
    this.workers = workers;
    this.events = events;
  }

  start(): void {
    this.timer = setInterval(() => this.turn(), FIGURES_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** @internal One look at everybody. */
  turn(): void {
    for (const worker of this.workers()) {
      if (worker.silentTurns === 0 && this.silent.delete(worker)) this.events.onHeard(worker);
      worker.silentTurns++;
      if (worker.silentTurns === (worker.isReady ? HUNG_TURNS : STARTING_TURNS)) {
        this.events.onHung(worker);
      } else if (worker.silentTurns === SILENT_TURNS && worker.isReady) {
        this.silent.add(worker);
        this.events.onSilent(worker);
      }
    }
  }
}
