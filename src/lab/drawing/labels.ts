/**
 * Where on its arrow a label stands, so that no label covers another one or a box.
 *
 * Labels are turned with their arrows, so they are compared as rectangles at an angle. Each takes the first place on its
 * arrow that is free, beginning with the one that it would have alone. Deliberately absent: moving arrows; rules of the
 * axis keep those apart (layout.ts).
 */
import type { Box } from "./boxes.ts";
import type { Arrow, PortLabel, Shape } from "./layout.ts";
import { widthOf } from "./text.ts";

/** A rectangle around its middle, turned by an angle. */
export interface Turned {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly angle: number;
}

export const labelMetrics = {
  titleSize: 12,
  markSize: 10.5,
  /** The baseline of the title above its arrow, and the first mark's upper edge below it. */
  titleUp: 5,
  markDown: 3.5,
  markStep: 16,
  markHeight: 14,
} as const;

/** Letters reach so far above their baseline, and below it, in parts of their size. */
const ASCENT = 0.74;
const DESCENT = 0.2;
const HANDSHAKE_SIZE = 10;
const CLOSE_SIZE = 11;
/** Places on an arrow, the nearest to the middle first. */
const PLACES = [0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74, 0.2, 0.8, 0.14, 0.86] as const;
/** Two that touch are not on top of each other. */
const TOUCH = 1.5;
/** What a label's end may stand out beyond its arrow's. */
const BEYOND = 14;
/** A crossing line leaves a label legible, and is better avoided. */
const CROSSED_COST = 0.2;
/** Labels move out of each other's way in so many rounds. */
const ROUNDS = 3;

/** The title and the marks of an arrow whose label stands at `along`. */
export function labelOf(arrow: Arrow, along = arrow.along): Turned[] {
  const { x1, y1, x2, y2, title, style, marks } = arrow;
  const size = style === "message" ? arrow.titleSize : style.startsWith("SYN") ? HANDSHAKE_SIZE : CLOSE_SIZE;
  const angle = Math.atan((y2 - y1) / (x2 - x1 || 1));
  const at = (down: number, width: number, height: number): Turned => ({
    x: x1 + (x2 - x1) * along - down * Math.sin(angle),
    y: y1 + (y2 - y1) * along + down * Math.cos(angle),
    width,
    height,
    angle,
  });
  const { titleUp, markDown, markStep, markHeight } = labelMetrics;
  const titleDown = -titleUp + ((DESCENT - ASCENT) / 2) * size;
  const room = Math.abs(x2 - x1) - 4;
  return [
    at(titleDown, widthOf(title, size, true), (ASCENT + DESCENT) * size),
    ...marks.map((mark, row) =>
      at(
        markDown + row * markStep + markHeight / 2,
        Math.min(widthOf(mark, labelMetrics.markSize, true), room) + 8,
        markHeight,
      ),
    ),
  ];
}

export function areaOf(shape: Box | PortLabel): Turned {
  if (shape.kind === "box") {
    const { x, y, width, height } = shape;
    return { x: x + width / 2, y: y + height / 2, width, height, angle: 0 };
  }
  const width = widthOf(shape.text, 10.5, true) + 8;
  const left = shape.isLeftwards ? shape.x - width - 1 : shape.x + 1;
  return { x: left + width / 2, y: shape.y - 8, width, height: 14, angle: 0 };
}

/** How deep two are in each other, at the least; 0 where they are apart. */
export function overlapOf(a: Turned, b: Turned): number {
  let least = Number.POSITIVE_INFINITY;
  for (const angle of [a.angle, a.angle + Math.PI / 2, b.angle, b.angle + Math.PI / 2]) {
    const distance = Math.abs((a.x - b.x) * Math.cos(angle) + (a.y - b.y) * Math.sin(angle));
    least = Math.min(least, reachOf(a, angle) + reachOf(b, angle) - distance);
  }
  return Math.max(0, least - TOUCH);
}

/** Half of the shadow that it throws on a line in this direction. */
function reachOf({ width, height, angle }: Turned, direction: number): number {
  const turned = direction - angle;
  return (Math.abs(width * Math.cos(turned)) + Math.abs(height * Math.sin(turned))) / 2;
}

function lineOf({ x1, y1, x2, y2 }: Arrow): Turned {
  const angle = Math.atan2(y2 - y1, x2 - x1);
  return { x: (x1 + x2) / 2, y: (y1 + y2) / 2, width: Math.hypot(x2 - x1, y2 - y1), height: 1, angle };
}

/** The same shapes, with labels out of each other's way. */
export function spread(shapes: readonly Shape[]): Shape[] {
  const fixed = shapes.flatMap((shape) => (shape.kind === "box" || shape.kind === "port" ? [areaOf(shape)] : []));
  const arrows = shapes.flatMap((shape) => (shape.kind === "arrow" ? [shape] : []));
  const alongs = new Map(arrows.map((arrow) => [arrow, arrow.along]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const arrow of arrows) {
      const others = arrows.filter((other) => other !== arrow);
      const taken = [...fixed, ...others.flatMap((other) => labelOf(other, alongs.get(other)))];
      const lines = others.map(lineOf);
      alongs.set(arrow, bestPlace(arrow, taken, lines));
    }
  }
  return shapes.map((shape) =>
    shape.kind === "arrow" ? { ...shape, along: alongs.get(shape) ?? shape.along } : shape,
  );
}

function bestPlace(arrow: Arrow, taken: readonly Turned[], lines: readonly Turned[]): number {
  let best = arrow.along;
  let least = Number.POSITIVE_INFINITY;
  for (const along of [arrow.along, ...PLACES]) {
    const own = labelOf(arrow, along);
    let cost = beyond(arrow, own[0]?.width ?? 0, along);
    for (const label of own) {
      for (const other of taken) cost += overlapOf(label, other);
      for (const line of lines) if (overlapOf(label, line) > 0) cost += CROSSED_COST;
    }
    if (cost >= least) continue;
    [best, least] = [along, cost];
    if (cost === 0) break;
  }
  return best;
}

/** By how much its label stands out beyond an end of the arrow. */
function beyond({ x1, y1, x2, y2 }: Arrow, width: number, along: number): number {
  const length = Math.hypot(x2 - x1, y2 - y1);
  return Math.max(0, width / 2 - Math.min(along, 1 - along) * length - BEYOND);
}
