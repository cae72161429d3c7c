/**
 * The time axis: one for all plays that stand side by side, so that what is level happened at the same time.
 *
 * Time runs down. Every step has two points on it, its beginning and its end. Height is proportional to time up to a
 * limit; beyond it a wait is compressed (an axis break), and the longer it was the taller it still is. Where labels need
 * room, rules push a point down; the axis stays monotone, so nothing ever stands above what came before it. Deliberately
 * absent: what is drawn at a point.
 */
import type { Play, Step } from "../play.ts";

export interface Point {
  readonly play: number;
  readonly step: number;
  readonly isEnd: boolean;
  readonly at_ms: number;
}

/** `after` stands at least `gap` below `before`; both are indices into the points of the axis. */
export interface Rule {
  readonly before: number;
  readonly after: number;
  readonly gap: number;
}

/** All points of the same time. Usually `top` is `bottom`; rules stretch it. */
interface Moment {
  readonly at_ms: number;
  readonly top: number;
  readonly bottom: number;
}

export interface AxisBreak {
  readonly top: number;
  readonly bottom: number;
  readonly duration_ms: number;
}

export interface Tick {
  readonly y: number;
  readonly at_ms: number;
}

export interface TimeAxis {
  readonly height: number;
  readonly moments: readonly Moment[];
  readonly breaks: readonly AxisBreak[];
  readonly ticks: readonly Tick[];
  /** Of the beginning and the end of a step. */
  readonly y: (play: number, step: number, isEnd: boolean) => number;
}

/** A one-way delay is this tall, so that a round trip can be seen. */
const DELAY_HEIGHT = 38;
/** Taller waits are compressed. */
const LINEAR_HEIGHT_MAX = 88;
const HEIGHT_PER_DOUBLING = 17;
const PIXELS_PER_MS_MAX = 40;
/** Where nothing was seen to take time on the way. */
const PIXELS_PER_MS_UNDELAYED = 6;
const TICK_DISTANCE_MIN = 24;

/** Every step's beginning and end in the order in which they happened. */
export function pointsOf(plays: readonly Play[]): Point[] {
  const points = plays.flatMap(({ steps }, play) =>
    steps.flatMap(({ at_ms, until_ms }, step): Point[] => [
      { play, step, isEnd: false, at_ms },
      { play, step, isEnd: true, at_ms: Math.max(at_ms, until_ms) },
    ]),
  );
  return points.sort(
    (a, b) => a.at_ms - b.at_ms || a.play - b.play || a.step - b.step || Number(a.isEnd) - Number(b.isEnd),
  );
}

/** Pixels for a time in which nothing happens. */
export type Height = (duration_ms: number) => number;

export function heightsOf(plays: readonly Play[]): Height {
  const delays = plays
    .flatMap(({ steps }) => steps.filter(isTravelling))
    .map(({ at_ms, until_ms }) => until_ms - at_ms)
    .sort((a, b) => a - b);
  const median = delays[Math.floor(delays.length / 2)] ?? 0;
  const pixelsPerMs = median > 0 ? Math.min(PIXELS_PER_MS_MAX, DELAY_HEIGHT / median) : PIXELS_PER_MS_UNDELAYED;
  return (duration_ms) => {
    const height = duration_ms * pixelsPerMs;
    if (height <= LINEAR_HEIGHT_MAX) return height;
    return LINEAR_HEIGHT_MAX + HEIGHT_PER_DOUBLING * Math.log2(height / LINEAR_HEIGHT_MAX);
  };
}

function isTravelling(step: Step): boolean {
  return step.kind === "message" || step.kind === "close";
}

export function axisOf(points: readonly Point[], rules: readonly Rule[], height: Height): TimeAxis {
  const rulesOf = new Map<number, Rule[]>();
  for (const rule of rules) rulesOf.set(rule.after, [...(rulesOf.get(rule.after) ?? []), rule]);
  const ys: number[] = [];
  const moments: Moment[] = [];
  const breaks: AxisBreak[] = [];
  for (let first = 0; first < points.length; ) {
    const at_ms = points[first]?.at_ms ?? 0;
    const last = moments.at(-1);
    const top = last === undefined ? 0 : last.bottom + height(at_ms - last.at_ms);
    let next = first;
    let bottom = top;
    let risen = top;
    for (; points[next]?.at_ms === at_ms; next += 1) {
      const lowest = (rulesOf.get(next) ?? []).map(({ before, gap }) => (ys[before] ?? 0) + gap);
      const y = Math.max(top, ...lowest);
      ys.push(y);
      bottom = Math.max(bottom, y);
      risen = next === first ? y : Math.min(risen, y);
    }
    if (last !== undefined && height(at_ms - last.at_ms) > LINEAR_HEIGHT_MAX) {
      breaks.push({ top: last.bottom, bottom: risen, duration_ms: at_ms - last.at_ms });
    }
    moments.push({ at_ms, top: risen, bottom });
    first = next;
  }
  const indices = new Map(points.map(({ play, step, isEnd }, index) => [key(play, step, isEnd), index]));
  return {
    height: moments.at(-1)?.bottom ?? 0,
    moments,
    breaks,
    ticks: ticksOf(moments, breaks),
    y: (play, step, isEnd) => ys[indices.get(key(play, step, isEnd)) ?? -1] ?? 0,
  };
}

const key = (play: number, step: number, isEnd: boolean) => `${play} ${step} ${isEnd}`;

/** As many as stand apart; the two ends of a break before all others, since only they say how long it was. */
function ticksOf(moments: readonly Moment[], breaks: readonly AxisBreak[]): Tick[] {
  const atBreaks = moments.filter(({ top, bottom }) =>
    breaks.some((axisBreak) => axisBreak.top === bottom || axisBreak.bottom === top),
  );
  const chosen: Tick[] = [];
  for (const { at_ms, top } of [...moments.slice(0, 1), ...atBreaks, ...moments]) {
    if (chosen.every(({ y }) => Math.abs(y - top) >= TICK_DISTANCE_MIN)) chosen.push({ y: top, at_ms });
  }
  return chosen.sort((a, b) => a.y - b.y);
}
