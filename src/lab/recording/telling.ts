/**
 * In which order a play is told: by the time that stands beside each step, while it is on as well as afterwards.
 *
 * The recorder hears of a step when it arrives, and of some only then that they left (a neighbour that the lab does not
 * hold, a handshake). So steps wait until nothing earlier can come, and time never runs backwards on the screen.
 * Deliberately absent: the screen.
 */
import type { Step } from "../play.ts";
import type { Narrator } from "./cues.ts";
import type { RecordedStep } from "./recorder.ts";

/** The longest that a step is dated back, in round trips: the accepting end hears of a SYN so much later. */
const BACKDATED_RTTS = 1.5;
/** For a timer that comes late. */
const SLACK_MS = 50;

/** Waiting is told when it is over: before that nobody knows how long it takes. */
export function toldAt_ms(step: Step): number {
  return step.kind === "wait" ? step.until_ms : step.at_ms;
}

export type OnStep = (step: RecordedStep, at_ms: number) => void;

export class Telling {
  private readonly narrator: Narrator;
  private readonly hold_ms: number;
  private readonly onStep: OnStep;
  private readonly told = new Set<RecordedStep>();
  private last_ms = 0;

  constructor(narrator: Narrator, rtt_ms: number, onStep: OnStep) {
    this.narrator = narrator;
    this.hold_ms = BACKDATED_RTTS * rtt_ms + SLACK_MS;
    this.onStep = onStep;
  }

  /** Tells what is certain by now. */
  upTo(now_ms: number, steps: readonly RecordedStep[]): void {
    const due = steps.filter((step) => !this.told.has(step) && toldAt_ms(step) <= now_ms - this.hold_ms);
    for (const step of due.sort((a, b) => toldAt_ms(a) - toldAt_ms(b))) {
      this.told.add(step);
      const narration = this.narrator.take(step);
      if (narration !== undefined) step.narration = narration;
      // What comes later than that all the same stands at the time of what was told before it.
      this.last_ms = Math.max(this.last_ms, toldAt_ms(step));
      this.onStep(step, this.last_ms);
    }
  }

  /** The play is over: tells the rest. */
  all(steps: readonly RecordedStep[]): void {
    this.upTo(Number.POSITIVE_INFINITY, steps);
  }
}
