/**
 * The trace of one proxy, while there is one: opened, exchanged for another, and closed, as its configuration says.
 *
 * Deliberately absent: what is written, see ledger/trace-file.ts. Without a trace nothing of it is even loaded.
 */
import { traceError } from "../config/file-error.ts";
import { type TraceState, traceStateText } from "../ledger/entries.ts";
import type { EventHub } from "../ledger/events.ts";
import type { Observers } from "../ledger/observers.ts";
import type { TraceFile } from "../ledger/trace-file.ts";
import type { Clock } from "../net/ports.ts";

/** A trace that is open, and not used yet. */
export interface NextTrace {
  commit(): void;
  abandon(): void;
}

const same: NextTrace = { commit() {}, abandon() {} };

export class ProxyTrace {
  private readonly observers: Observers;
  private readonly events: EventHub;
  private readonly clock: Clock;
  private readonly worker: number;
  private name: string | undefined;
  private trace: TraceFile | undefined;

  /** @param worker its number; there are none: 0 */
  constructor(observers: Observers, events: EventHub, clock: Clock, worker: number) {
    this.observers = observers;
    this.events = events;
    this.clock = clock;
    this.worker = worker;
  }

  /** @param name of the file that is wanted; none: undefined. @throws HopwiseError */
  async prepare(name: string | undefined): Promise<NextTrace> {
    if (name === this.name) return same;
    const next = name === undefined ? undefined : await this.open(name);
    return {
      commit: () => {
        void this.close();
        this.name = name;
        this.trace = next;
        if (next !== undefined) this.observers.add(next.observer);
      },
      abandon: () => void next?.close(),
    };
  }

  private async open(name: string): Promise<TraceFile> {
    const { TraceFile, traceFileOf } = await import("../ledger/trace-file.ts");
    const file = traceFileOf(name, this.worker);
    let dropped = 0;
    let opened: TraceFile | undefined;
    const onState = (state: TraceState, fault: string | undefined) => {
      if (state === "full" && opened !== undefined) this.observers.remove(opened.observer);
      if (this.events.traceChanged(state, file, fault, dropped) || state === "writing") return;
      process.emitWarning(traceStateText(state, file, fault, dropped));
    };
    try {
      opened = await TraceFile.open({
        ...{ file, clock: this.clock, worker: this.worker, onState },
        onDropped: (events) => (dropped += events),
      });
      return opened;
    } catch (error) {
      throw traceError(file, error);
    }
  }

  async close(): Promise<void> {
    const { trace } = this;
    this.trace = undefined;
    this.name = undefined;
    if (trace === undefined) return;
    this.observers.remove(trace.observer);
    await trace.close();
  }
}
