/**
 * Words beside a lifeline: notes, and what an actor waits for. A note stands where it happens; the words of a wait stand
 * in the longest part of it in which nothing passes by.
 *
 * Both languages get the same box, so that changing the language moves nothing. Deliberately absent: a box for a wait
 * that is never quiet; the narrator says it.
 */
import type { Language, Play, Text } from "../play.ts";
import type { Rule } from "./axis.ts";
import type { Scene } from "./layout.ts";
import { connectionOf, hangTitle } from "./sentences.ts";
import { plain, wrapped } from "./text.ts";

export interface Box {
  readonly kind: "box";
  readonly step: number;
  readonly style: "note" | "idle" | "hang";
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly head: Text | undefined;
  readonly lines: Readonly<Record<Language, readonly string[]>>;
}

export const boxMetrics = {
  /** Narrow enough that the boxes of two neighbours stand beside each other. */
  width: 152,
  size: 12,
  lineHeight: 16,
  padding: 7,
  headHeight: 19,
} as const;

/** Around a box: an arrow's emphasised lines above it, an arrow's title below. */
const CLEAR_ABOVE = 10;
const CLEAR_BELOW = 20;
/** How much of a wait is to be seen around its words. */
const VISIBLE = { idle: 12, hang: 46 } as const;

interface Planned extends Omit<Box, "kind" | "y"> {
  readonly actor: string;
  /** The neighbouring points of the axis between which it stands. */
  readonly above: number;
  readonly below: number;
  readonly clearAbove: number;
}

export function boxesOf(scene: Scene): Planned[] {
  return scene.play.steps.flatMap((step, number): Planned[] => {
    if (step.kind !== "wait" && step.kind !== "note") return [];
    const room = boxMetrics.width - 2 * boxMetrics.padding;
    const lines = {
      en: wrapped(plain(step.text.en), boxMetrics.size, room),
      ko: wrapped(plain(step.text.ko), boxMetrics.size, room),
    };
    const head = step.kind === "wait" && step.isHang ? hangTitle(step) : undefined;
    const height =
      2 * boxMetrics.padding +
      Math.max(lines.en.length, lines.ko.length) * boxMetrics.lineHeight +
      (head === undefined ? 0 : boxMetrics.headHeight);
    const style = step.kind === "note" ? "note" : step.isHang ? "hang" : "idle";
    const place = step.kind === "note" ? noteAt(scene, number) : longestQuiet(scene, number);
    if (place === undefined) return [];
    const x = xOfBox(scene, step.actor, style);
    const planned = {
      step: number,
      actor: step.actor,
      style,
      x,
      width: boxMetrics.width,
      height,
      head,
      lines,
    } as const;
    return [{ ...planned, ...place, clearAbove: CLEAR_ABOVE + marksHeightAt(scene, place.above) }];
  });
}

/** Over the lifeline; but what is idle leaves the bars in sight and stands in the gap beside them. */
function xOfBox({ play, columnOf, xOf }: Scene, actor: string, style: Box["style"]): number {
  const last = play.actors.length - 1;
  const width = xOf(play.actors[0]?.id ?? "") + xOf(play.actors[last]?.id ?? "");
  const middle = xOf(actor) - boxMetrics.width / 2;
  if (style !== "idle" || last < 1) return Math.min(width - boxMetrics.width - 3, Math.max(3, middle));
  const gap = xOf(play.actors[1]?.id ?? "") - xOf(play.actors[0]?.id ?? "");
  return columnOf(actor) < last ? middle + gap / 2 : middle - gap / 2;
}

/** The points of this play, each with its place on the axis. */
function ownPoints({ points, index }: Scene) {
  return points.flatMap((point, at) => (point.play === index ? [{ ...point, at }] : []));
}

function noteAt(scene: Scene, step: number): { above: number; below: number } | undefined {
  const own = ownPoints(scene);
  const above = own.find((point) => point.step === step && !point.isEnd)?.at;
  const below = own.find((point) => point.step === step && point.isEnd)?.at;
  return above === undefined || below === undefined ? undefined : { above, below };
}

function longestQuiet(scene: Scene, number: number): { above: number; below: number } | undefined {
  const step = scene.play.steps[number];
  if (step?.kind !== "wait") return undefined;
  const own = ownPoints(scene).filter(({ at_ms }) => at_ms >= step.at_ms && at_ms <= step.until_ms);
  let longest: { above: number; below: number } | undefined;
  let longest_ms = 0;
  for (const [at, above] of own.entries()) {
    const below = own[at + 1];
    if (below === undefined || below.at_ms - above.at_ms <= longest_ms) continue;
    const isQuiet = !scene.play.steps.some(
      (other) => other.at_ms <= above.at_ms && other.until_ms >= below.at_ms && passes(scene, other, step.actor),
    );
    if (!isQuiet) continue;
    longest = { above: above.at, below: below.at };
    longest_ms = below.at_ms - above.at_ms;
  }
  return longest;
}

/** Whether an arrow of this step runs through the gaps beside an actor. */
function passes({ play, columnOf }: Scene, step: Play["steps"][number], actor: string): boolean {
  if (step.kind === "wait" || step.kind === "note") return false;
  const { from, to } = connectionOf(play, step.connection);
  const column = columnOf(actor);
  return Math.min(columnOf(from), columnOf(to)) <= column && Math.max(columnOf(from), columnOf(to)) >= column;
}

function marksHeightAt({ play, points }: Scene, at: number): number {
  const step = play.steps[points[at]?.step ?? -1];
  return step?.kind === "message" ? 14 * Math.min(2, step.emphasis.length) : 0;
}

const roomOf = ({ style, height, clearAbove }: Planned) =>
  clearAbove + height + CLEAR_BELOW + (style === "note" ? 0 : 2 * VISIBLE[style]);

export function boxRules(scene: Scene): Rule[] {
  const planned = boxesOf(scene);
  return planned.flatMap((box): Rule[] => {
    const stacked = planned.filter((other) => other.x === box.x && other.above === box.above);
    const gap = stacked.reduce((sum, other) => sum + roomOf(other), 0);
    if (box.style !== "note") return [{ before: box.above, after: box.below, gap }];
    // Whatever comes after a note and passes its actor keeps clear of it.
    const later = ownPoints(scene).filter(({ at, step }) => {
      const other = scene.play.steps[step];
      return at > box.above && other !== undefined && (step === box.step || passes(scene, other, box.actor));
    });
    return later.map(({ at }) => ({ before: box.above, after: at, gap: box.clearAbove + box.height + CLEAR_BELOW }));
  });
}

export function placedBoxes(
  scene: Scene,
  planned: readonly Planned[],
  y: (step: number, isEnd: boolean) => number,
): Box[] {
  const yAt = (at: number) => y(scene.points[at]?.step ?? 0, scene.points[at]?.isEnd ?? false);
  return planned.map(({ actor: _, above, below, clearAbove, ...box }) => {
    // Words in one place stand below each other, all of them in the middle of it together.
    const stack = planned.filter((other) => other.x === box.x && other.above === above);
    const topOf = (step: number) =>
      stack.reduce((y, other) => (other.step < step ? y + roomOf(other) : y), yAt(above) + clearAbove);
    const last = stack.at(-1) ?? box;
    const free = yAt(below) - CLEAR_BELOW - topOf(last.step) - last.height;
    const centred = box.style === "note" ? 0 : Math.max(0, free / 2);
    return { kind: "box", ...box, y: topOf(box.step) + centred };
  });
}
