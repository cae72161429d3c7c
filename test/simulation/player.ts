/**
 * Plays a script on a socket: pieces of text at their times, as fast as the other side takes them, up to a point.
 *
 * What is due at once leaves in one write. Deliberately absent: what the text means.
 */
import type { Schedule, Task } from "../../src/net/simulated/schedule.ts";
import type { SimSocket } from "../../src/net/simulated/socket.ts";

export interface Step {
  readonly text: string;
  /** Time since the step before. */
  readonly delay_ms: number;
  /** Waits for `release`, at most this long. */
  readonly patience_ms?: number;
  /** Called right before the text is written. */
  readonly onPlay?: () => void;
  /** Called right after the text was written. */
  readonly onPlayed?: () => void;
}

/** Octets that leave in one write, roughly. */
const GATHERED_MAX = 32 * 1024;

export class Player {
  /** Octets that are written before `onSpent` is called; the rest never is. */
  budget = Number.POSITIVE_INFINITY;
  onSpent: (() => void) | undefined;
  isStopped = false;
  private readonly schedule: Schedule;
  private readonly socket: SimSocket;
  private readonly steps: Step[] = [];
  private due: Task | undefined;
  private isWaiting = false;
  private isBlocked = false;

  constructor(schedule: Schedule, socket: SimSocket) {
    this.schedule = schedule;
    this.socket = socket;
  }

  get isIdle(): boolean {
    return this.steps.length === 0;
  }

  add(steps: readonly Step[]): void {
    this.steps.push(...steps);
    this.plan();
  }

  stop(): void {
    this.isStopped = true;
    if (this.due !== undefined) this.due.run = undefined;
    this.steps.length = 0;
  }

  /** What the next step waits for has come. */
  release(): void {
    if (!this.isWaiting) return;
    this.cancel();
    this.playNext();
  }

  /** The socket takes more again. */
  onDrain(): void {
    if (!this.isBlocked) return;
    this.isBlocked = false;
    this.plan();
  }

  private cancel(): void {
    if (this.due !== undefined) this.due.run = undefined;
    this.due = undefined;
    this.isWaiting = false;
  }

  private plan(): void {
    const [step] = this.steps;
    if (step === undefined || this.due !== undefined || this.isStopped || this.isBlocked) return;
    this.isWaiting = step.patience_ms !== undefined;
    this.due = this.schedule.after(step.patience_ms ?? step.delay_ms, () => {
      this.due = undefined;
      this.isWaiting = false;
      this.playNext();
    });
  }

  /** Plays the step that is due, and those that are due with it. */
  private playNext(): void {
    let text = "";
    const played: { readonly end: number; readonly call: () => void }[] = [];
    for (let step = this.steps.shift(); step !== undefined; step = this.steps.shift()) {
      step.onPlay?.();
      text += step.text;
      if (step.onPlayed !== undefined) played.push({ end: text.length, call: step.onPlayed });
      const [next] = this.steps;
      if (next === undefined || next.delay_ms > 0 || next.patience_ms !== undefined || text.length > GATHERED_MAX)
        break;
    }
    const isSpent = text.length >= this.budget;
    if (isSpent) text = text.slice(0, this.budget);
    this.budget -= text.length;
    if (text !== "" && !this.socket.write(text)) this.isBlocked = true;
    for (const { end, call } of played) if (end <= text.length) call();
    if (isSpent) {
      this.stop();
      this.onSpent?.();
    } else {
      this.plan();
    }
  }
}
