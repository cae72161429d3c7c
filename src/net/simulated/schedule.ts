/**
 * Virtual time: a queue of tasks in the order of (time, number), and a clock on it.
 *
 * Nothing waits: time jumps to the next task. Deliberately absent: promises and timers of the runtime.
 */
import type { Clock } from "../ports.ts";

/** A Sunday in 1994: the example of RFC 9110 section 5.6.7. */
const DATE_MS = Date.UTC(1994, 10, 6, 8, 49, 37);

export interface Task {
  readonly at_ms: number;
  readonly number: number;
  /** What happens then; given up: undefined. */
  run: (() => void) | undefined;
}

export class Schedule {
  now_ms = 0;
  /** Tasks run so far. */
  steps = 0;
  private numbers = 0;
  private readonly heap: Task[] = [];

  at(at_ms: number, run: () => void): Task {
    const task: Task = { at_ms: Math.max(at_ms, this.now_ms), number: this.numbers++, run };
    this.heap.push(task);
    this.rise(this.heap.length - 1);
    return task;
  }

  after(delay_ms: number, run: () => void): Task {
    return this.at(this.now_ms + delay_ms, run);
  }

  /** Runs the next task that is due until `until_ms`. False: there is none, and it is `until_ms` now. */
  step(until_ms: number): boolean {
    for (;;) {
      const [task] = this.heap;
      if (task === undefined || task.at_ms > until_ms) {
        this.now_ms = Math.max(this.now_ms, until_ms);
        return false;
      }
      this.removeFirst();
      const { run } = task;
      if (run === undefined) continue;
      task.run = undefined;
      this.now_ms = task.at_ms;
      this.steps++;
      run();
      return true;
    }
  }

  private removeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.sink();
  }

  private rise(from: number): void {
    const { heap } = this;
    let index = from;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (isBefore(heap[parent] as Task, heap[index] as Task)) return;
      this.swap(parent, index);
      index = parent;
    }
  }

  private sink(): void {
    const { heap } = this;
    let index = 0;
    for (;;) {
      let first = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < heap.length && isBefore(heap[child] as Task, heap[first] as Task)) first = child;
      }
      if (first === index) return;
      this.swap(first, index);
      index = first;
    }
  }

  private swap(one: number, other: number): void {
    const task = this.heap[one] as Task;
    this.heap[one] = this.heap[other] as Task;
    this.heap[other] = task;
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.at_ms < other.at_ms || (one.at_ms === other.at_ms && one.number < other.number);
}

/** The clock of whoever lives in virtual time. It counts what is still waited for. */
export class VirtualClock implements Clock {
  /** Callbacks that were asked for and neither came nor were given up. */
  pending = 0;
  private readonly schedule: Schedule;

  constructor(schedule: Schedule) {
    this.schedule = schedule;
  }

  now(): number {
    return this.schedule.now_ms;
  }

  date(): number {
    return DATE_MS + this.schedule.now_ms;
  }

  afterArrivals(callback: () => void): void {
    // What is due now stands in the queue already.
    this.after(0, callback);
  }

  after(delay_ms: number, callback: () => void): () => void {
    this.pending++;
    const task = this.schedule.after(delay_ms, () => {
      this.pending--;
      callback();
    });
    return () => {
      if (task.run === undefined) return;
      task.run = undefined;
      this.pending--;
    };
  }
}
