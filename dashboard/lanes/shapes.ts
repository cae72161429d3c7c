/**
 * The shapes of the drawing language: end caps, bars by what an exchange does, idleness as hatching.
 *
 * Hue never stands alone: a reset is a cross, a timeout an hourglass, an eviction an eject sign, what the other end began is hollow. The
 * legend draws with the same functions.
 */
import type { Cap } from "../model/caps.ts";
import type { Activity } from "../model/phases.ts";
import type { Colours } from "./colours.ts";

type Pen = CanvasRenderingContext2D;

/** Half of a cap's width, about. */
export const CAP_PX = 5;
const TAU = Math.PI * 2;

/** @param x where the connection ended, and `y` the middle of its lane */
export function drawCap(pen: Pen, { kind, isPeers, isReset }: Cap, x: number, y: number, colours: Colours): void {
  const colour = colours.caps[kind];
  pen.fillStyle = isPeers ? colours.paper : colour;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  pen.beginPath();
  switch (kind) {
    case "fin":
      pen.rect(x - 1.5, y - 8, isPeers ? 4 : 3, 16);
      break;
    case "reset":
      return cross(pen, x, y, 5, isPeers ? 1.75 : 2.75, colour);
    case "timeout":
      pen.moveTo(x - 5, y - 7);
      pen.lineTo(x + 5, y - 7);
      pen.lineTo(x - 5, y + 7);
      pen.lineTo(x + 5, y + 7);
      pen.closePath();
      break;
    case "evicted":
      pen.moveTo(x, y - 7);
      pen.lineTo(x + 6, y + 1);
      pen.lineTo(x - 6, y + 1);
      pen.closePath();
      pen.rect(x - 6, y + 4, 12, 3);
      break;
    case "drained":
      pen.moveTo(x, y - 7);
      pen.lineTo(x + 6, y);
      pen.lineTo(x, y + 7);
      pen.lineTo(x - 6, y);
      pen.closePath();
      break;
    case "fault":
      pen.moveTo(x, y - 7);
      pen.lineTo(x + 7, y + 6);
      pen.lineTo(x - 7, y + 6);
      pen.closePath();
      pen.fillStyle = colours.paper;
      break;
    case "unknown":
      pen.arc(x, y, 4.5, 0, TAU);
      pen.fillStyle = colours.paper;
      break;
  }
  pen.fill();
  pen.stroke();
  if (kind === "fault") {
    pen.fillStyle = colour;
    pen.fillRect(x - 0.75, y - 3, 1.5, 5);
    pen.fillRect(x - 0.75, y + 3, 1.5, 1.5);
  }
  if (isReset) cross(pen, x + 11, y, 3, 1.5, colours.caps.reset);
}

function cross(pen: Pen, x: number, y: number, half: number, width: number, colour: string): void {
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.beginPath();
  pen.moveTo(x - half, y - half);
  pen.lineTo(x + half, y + half);
  pen.moveTo(x - half, y + half);
  pen.lineTo(x + half, y - half);
  pen.stroke();
}

/** Height and opacity of each part of a bar: the further an exchange is, the fuller. */
const parts: Readonly<Record<Activity, { readonly height: number; readonly alpha: number; readonly isHollow?: true }>> =
  {
    arriving: { height: 2, alpha: 0.8 },
    queued: { height: 4, alpha: 0.55 },
    held: { height: 4, alpha: 0.55 },
    connecting: { height: 7, alpha: 1, isHollow: true },
    securing: { height: 7, alpha: 0.6 },
    asking: { height: 12, alpha: 0.42 },
    answering: { height: 12, alpha: 1 },
    retrying: { height: 2, alpha: 1 },
  };
export const BAR_PX = 12;

/** A part of a bar: from `x`, so wide, around the middle `y`. */
export interface Part {
  readonly x: number;
  readonly width: number;
  readonly y: number;
  readonly colour: string;
  /** Of its usual height; usual: 1. */
  readonly scale?: number;
  /** It is not to be overlooked. */
  readonly isLoud?: boolean;
}

export function drawPart(pen: Pen, activity: Activity, part: Part): void {
  const { x, width, y, colour, scale = 1, isLoud = false } = part;
  const { alpha, isHollow, ...usual } = parts[activity];
  const height = usual.height * scale;
  pen.globalAlpha = isLoud ? Math.max(alpha, 0.7) : alpha;
  if (isHollow === true && width > 3 && height > 3) {
    pen.strokeStyle = colour;
    pen.lineWidth = 1;
    pen.strokeRect(x + 0.5, y - height / 2 + 0.5, width - 1, height - 1);
  } else {
    pen.fillStyle = colour;
    pen.fillRect(x, y - height / 2, width, height);
  }
  pen.globalAlpha = 1;
}

/** A failure has a flag beside its bar, so that it is one without its colour, too. */
export function drawFlag(pen: Pen, x: number, y: number, colour: string, height = BAR_PX): void {
  const top = y - height / 2;
  pen.fillStyle = colour;
  pen.beginPath();
  pen.moveTo(x, top - 4);
  pen.lineTo(x + 6, top - 4);
  pen.lineTo(x, top + 3);
  pen.closePath();
  pen.fill();
}

const HATCH_PX = 6;

/** Idleness. Its pattern moves with time (`shift`). */
export class Hatch {
  private readonly pattern: CanvasPattern | null;

  constructor(pen: Pen, colour: string, scale: number) {
    const tile = document.createElement("canvas");
    const size = Math.round(HATCH_PX * scale);
    tile.width = size;
    tile.height = size;
    const brush = tile.getContext("2d");
    if (brush !== null) {
      brush.strokeStyle = colour;
      brush.lineWidth = scale;
      brush.beginPath();
      for (const shift of [-size, 0, size]) {
        brush.moveTo(shift - 1, size + 1);
        brush.lineTo(shift + size + 1, -1);
      }
      brush.stroke();
    }
    this.pattern = pen.createPattern(tile, "repeat");
    this.scale = 1 / scale;
  }

  private readonly scale: number;

  /** @param x where the pattern begins */
  moveTo(x: number): void {
    this.pattern?.setTransform(new DOMMatrix([this.scale, 0, 0, this.scale, x % HATCH_PX, 0]));
  }

  fill(pen: Pen, x: number, width: number, y: number, height = 8): void {
    if (this.pattern === null || width <= 0) return;
    pen.fillStyle = this.pattern;
    pen.fillRect(x, y - height / 2, width, height);
  }
}
