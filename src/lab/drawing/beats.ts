/**
 * The beats of a drawing: the order in which its steps are stepped through, and where the playhead stands at each.
 *
 * What happens at the same time in plays side by side is one beat. Deliberately absent: whoever plays them.
 */
import type { Play } from "../play.ts";
import type { Drawing } from "./layout.ts";
import { metrics } from "./layout.ts";

export interface Beat {
  readonly y: number;
  readonly at_ms: number;
  /** At most one of each play: its index and that of its step. */
  readonly steps: readonly (readonly [play: number, step: number])[];
}

/** Measured times of two plays are never quite the same. */
const SAME_TIME_MS = 2;

export function beatsOf(plays: readonly Play[], drawing: Drawing): Beat[] {
  const tolerance_ms = Math.max(SAME_TIME_MS, ...plays.map(({ rtt_ms }) => rtt_ms / 4));
  const steps = plays
    .flatMap((play, index) => play.steps.map(({ at_ms }, step) => ({ play: index, step, at_ms })))
    .sort((a, b) => a.at_ms - b.at_ms || a.step - b.step || a.play - b.play);
  const groups: (typeof steps)[] = [];
  for (const step of steps) {
    const group = groups.at(-1);
    const first = group?.[0];
    const fits =
      group !== undefined &&
      first !== undefined &&
      step.at_ms - first.at_ms <= tolerance_ms &&
      group.every(({ play }) => play !== step.play);
    if (fits) group.push(step);
    else groups.push([step]);
  }
  const begin = (group: typeof steps) => Math.min(...group.map(({ play, step }) => drawing.y(play, step, false)));
  let lowest = 0;
  return groups.map((group, at) => {
    const next = groups[at + 1];
    const end = Math.max(...group.map(({ play, step }) => drawing.y(play, step, true)));
    lowest = Math.max(lowest, begin(group), next === undefined ? end : Math.min(end, begin(next)));
    return {
      y: Math.round(lowest * 10) / 10,
      at_ms: group[0]?.at_ms ?? 0,
      steps: group.map(({ play, step }) => [play, step] as const),
    };
  });
}

/** Pairs of height and time, between which the time is interpolated. */
export function clockOf({ axis }: Drawing): [y: number, at_ms: number][] {
  return axis.moments.flatMap(({ at_ms, top, bottom }): [number, number][] => {
    const at = (y: number) => Math.round((y + metrics.topPadding) * 10) / 10;
    const first: [number, number] = [at(top), at_ms];
    return bottom > top ? [first, [at(bottom), at_ms]] : [first];
  });
}
