/**
 * A drawing as SVG: the panels and the time axis for the page, or all of it as one picture that stands alone.
 *
 * Everything that came with a play passes `escaped`. Colours are classes (drawing/style.ts). Deliberately absent: where
 * things stand; that is layout.
 */
import type { ActorRole, Language, Play, Text } from "../play.ts";
import type { Bar } from "./bars.ts";
import { type Box, boxMetrics } from "./boxes.ts";
import {
  type Arrow,
  aligned,
  type Column,
  type Drawing,
  drawingOf,
  metrics,
  type Panel,
  type PortLabel,
  type Shape,
} from "./layout.ts";
import { castOf, languages, outcomeWords, words } from "./sentences.ts";
import { drawingStyle } from "./style.ts";
import { duration, escaped, widthOf, wrapped } from "./text.ts";

export const HEAD_HEIGHT = 92;
export const AXIS_WIDTH = 68;
const COLOURS = 6;

/** One language, or both, of which the page hides one. */
export type Spoken = readonly Language[];

export function svgElement(width: number, height: number, content: string, attributes = ""): string {
  const size = `width="${round(width)}" height="${round(height)}" viewBox="0 0 ${round(width)} ${round(height)}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" class="drawing" ${size} ${attributes}>${content}</svg>`;
}

/** The actors' names, apart, so that a page can keep them in sight. */
export function headOf({ columns }: Panel, spoken: Spoken): string {
  return columns.map((column) => headColumn(column, spoken)).join("");
}

function headColumn({ x, actor }: Column, spoken: Spoken): string {
  const titles = spoken.flatMap((language) =>
    wrapped(actor.title[language], 12.5, 2 * metrics.margin - 2).map(
      (line, row) =>
        `<text lang="${language}" x="${x}" y="${47 + row * 16}" text-anchor="middle">${escaped(line)}</text>`,
    ),
  );
  return `<g class="actor ${actor.role}">${icon(actor.role, x)}${titles.join("")}</g>`;
}

function icon(role: ActorRole, x: number): string {
  const shapes = {
    client: '<rect x="-13" y="0" width="26" height="19" rx="3"/><path d="M-13 6h26"/><path d="M-9 3.1h1M-6 3.1h1"/>',
    proxy: '<path d="M0 0l13 9.5-13 9.5-13-9.5z"/><path d="M-5 9.5h10m-3-3l3 3-3 3"/>',
    server:
      '<rect x="-12" y="0" width="24" height="9" rx="2.5"/><rect x="-12" y="10" width="24" height="9" rx="2.5"/><path d="M-8 4.5h1M-8 14.5h1"/>',
  };
  return `<g class="icon" transform="translate(${x} 12)">${shapes[role]}</g>`;
}

/** Everything under the heads. Groups are named `ID-STEP`. */
export function panelOf(panel: Panel, drawing: Drawing, spoken: Spoken, id: string): string {
  const { columns, bars, shapes, width, done } = panel;
  const grid = drawing.axis.ticks
    .map(({ y }) => `<path class="grid" d="M0 ${round(y + metrics.topPadding)}H${width}"/>`)
    .join("");
  const hangs = shapes.filter((shape) => shape.kind === "span" && shape.isHang);
  const bands = hangs.map((shape) =>
    shape.kind === "span"
      ? `<rect class="band" x="0" y="${round(shape.y1)}" width="${width}" height="${round(shape.y2 - shape.y1)}"/>`
      : "",
  );
  const lifelines = columns.map(({ x }) => `<path class="lifeline" d="M${x} 0V${round(drawing.height)}"/>`).join("");
  const spans = shapes.map((shape) => (shape.kind === "span" ? spanOf(shape.x, shape.y1, shape.y2, shape.isHang) : ""));
  const breaks = drawing.axis.breaks.map(({ bottom }) =>
    columns.map(({ x }) => breakAt(x, bottom + metrics.topPadding - 15, 46)).join(""),
  );
  return [
    grid,
    bands[0] ?? "",
    lifelines,
    ...spans,
    bars.map(barOf).join(""),
    ...breaks,
    ...stepsOf(shapes, spoken, id),
    done === undefined ? "" : doneAt(panel, done, spoken, drawing.height),
  ].join("");
}

/** Closes lie below messages: a FIN right behind a message never strikes out its fields. */
function stepsOf(shapes: readonly Shape[], spoken: Spoken, id: string): string[] {
  const drawn = new Map<number, string>();
  const isClose = (shape: Shape) => shape.kind === "arrow" && (shape.style === "FIN" || shape.style === "RST");
  for (const shape of shapes.toSorted((a, b) => Number(isClose(b)) - Number(isClose(a))))
    drawn.set(shape.step, (drawn.get(shape.step) ?? "") + shapeOf(shape, spoken));
  return [...drawn]
    .filter(([, markup]) => markup !== "")
    .map(([step, markup]) => `<g class="step" id="${id}-${step}">${markup}</g>`);
}

function shapeOf(shape: Shape, spoken: Spoken): string {
  switch (shape.kind) {
    case "arrow":
      return arrowOf(shape);
    case "port":
      return portOf(shape);
    case "box":
      return boxOf(shape, spoken);
    case "span":
      return "";
  }
}

function colourClass(colour: number): string {
  return `c${Math.max(0, colour) % COLOURS}`;
}

function arrowOf({ style, colour, x1, y1, x2, y2, title, titleSize, marks, along }: Arrow): string {
  const angle = (Math.atan2(y2 - y1, x2 - x1) * 180) / Math.PI;
  const reading = x2 >= x1 ? angle : angle - 180;
  const kind = style === "message" ? "message" : style === "RST" ? "reset" : style === "FIN" ? "fin" : "syn";
  const head =
    style === "RST"
      ? '<path class="tip" d="M-5 -5L5 5M-5 5L5 -5"/>'
      : style === "message"
        ? '<path class="tip filled" d="M0 0L-9 -4.2V4.2Z"/>'
        : '<path class="tip" d="M-8 -4.5L0 0L-8 4.5"/>';
  const label = `translate(${round(x1 + (x2 - x1) * along)} ${round(y1 + (y2 - y1) * along)}) rotate(${round(reading)})`;
  return [
    `<g class="arrow ${kind} ${colourClass(colour)}">`,
    `<path class="line" d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}"/>`,
    `<g transform="translate(${round(x2)} ${round(y2)}) rotate(${round(angle)})">${head}</g>`,
    `<g transform="${label}"><text class="title${titleSize < metrics.titleSize ? " small" : ""}" y="-5" text-anchor="middle">${escaped(title)}</text>`,
    ...marks.map((mark, row) => markOf(mark, row, Math.abs(x2 - x1) - 4)),
    "</g></g>",
  ].join("");
}

/** As with a highlighter. */
function markOf(text: string, row: number, room: number): string {
  const size = Math.min(metrics.markSize, room / widthOf(text, 1, true));
  const width = widthOf(text, size, true) + 8;
  const y = 3.5 + row * metrics.markHeight;
  return (
    `<rect class="mark" x="${round(-width / 2)}" y="${y}" width="${round(width)}" height="14" rx="2"/>` +
    `<text class="marked" font-size="${round(size)}" y="${y + 10.6}" text-anchor="middle">${escaped(text)}</text>`
  );
}

function portOf({ x, y, text, colour, isLeftwards }: PortLabel): string {
  const width = widthOf(text, 10.5, true) + 8;
  const left = isLeftwards ? x - width - 1 : x + 1;
  return (
    `<g class="port ${colourClass(colour)}"><rect x="${round(left)}" y="${round(y - 15)}" width="${round(width)}" height="14" rx="3"/>` +
    `<text x="${round(left + width / 2)}" y="${round(y - 4.4)}" text-anchor="middle">${escaped(text)}</text></g>`
  );
}

function boxOf({ style, x, y, width, height, head, lines }: Box, spoken: Spoken): string {
  const middle = x + width / 2;
  const first = y + boxMetrics.padding + (head === undefined ? 0 : boxMetrics.headHeight);
  const rows = Math.max(lines.en.length, lines.ko.length);
  const text = spoken.flatMap((language) => {
    const shift = ((rows - lines[language].length) * boxMetrics.lineHeight) / 2;
    return lines[language].map((line, row) => {
      const baseline = first + shift + row * boxMetrics.lineHeight + 12;
      return `<text lang="${language}" x="${middle}" y="${round(baseline)}" text-anchor="middle">${escaped(line)}</text>`;
    });
  });
  const title =
    head === undefined
      ? ""
      : `<path class="banner" d="M${x} ${round(y + 24)}v-20a4 4 0 0 1 4-4h${width - 8}a4 4 0 0 1 4 4v20z"/>` +
        said(head, spoken, `class="head" x="${middle}" y="${round(y + 16.5)}" text-anchor="middle"`);
  return `<g class="box ${style}"><rect x="${round(x)}" y="${round(y)}" width="${width}" height="${height}" rx="4"/>${title}${text.join("")}</g>`;
}

/** Hatched by lines of its own: a pattern would need an id, and pages hold many drawings. */
function spanOf(x: number, y1: number, y2: number, isHang: boolean): string {
  const half = isHang ? 20 : 4;
  const step = isHang ? 9 : 6;
  const height = Math.max(0, y2 - y1);
  const lines: string[] = [];
  for (let at = step / 2; at < height + 2 * half; at += step) {
    // From the left edge up to the right, cut at the upper and the lower end.
    const down = Math.max(0, at - height);
    const up = Math.min(2 * half, at);
    if (up > down)
      lines.push(`M${round(x - half + down)} ${round(y1 + at - down)}L${round(x - half + up)} ${round(y1 + at - up)}`);
  }
  return `<g class="span ${isHang ? "hang" : "idle"}"><rect x="${x - half}" y="${round(y1)}" width="${2 * half}" height="${round(height)}"/><path d="${lines.join("")}"/></g>`;
}

function barOf({ x, width, y1, y2, colour, isHollow, isOpenEnded }: Bar): string {
  const inset = isHollow ? 0.75 : 0;
  const height = Math.max(0, y2 - y1 - 2 * inset);
  return `<rect class="bar ${colourClass(colour)}${isHollow ? " hollow" : ""}" x="${round(x + inset)}" y="${round(y1 + inset)}" width="${width - 2 * inset}" height="${round(height)}" rx="${isOpenEnded ? 0 : 1.5}"/>`;
}

function breakAt(x: number, y: number, width: number): string {
  const tooth = width / 6;
  const zigzag = (from: number) =>
    `M${round(x - width / 2)} ${round(from)}${[-4, 4, -4, 4, -4, 4].map((dy) => `l${round(tooth)} ${dy}`).join("")}`;
  return `<g class="break"><path class="gap" d="${zigzag(y)}"/><path d="${zigzag(y - 3.5)}${zigzag(y + 3.5)}"/></g>`;
}

function doneAt(panel: Panel, { y, at_ms }: { y: number; at_ms: number }, spoken: Spoken, height: number): string {
  const hasFailed = panel.play.outcome === "fails";
  const end = hasFailed ? words.failed : words.done;
  const text = { en: `${end.en} · ${duration(at_ms)}`, ko: `${end.ko} · ${duration(at_ms)}` };
  const top = round(y + 30);
  return (
    `<g class="done${hasFailed ? " failed" : ""}"><rect class="fade" x="0" y="${top}" width="${panel.width}" height="${round(height - y - 30)}"/>` +
    `<path d="M0 ${top}H${panel.width}"/>${said(text, spoken, `x="${panel.width / 2}" y="${round(y + 50)}" text-anchor="middle"`)}</g>`
  );
}

/** To the millisecond: neighbours on the axis are to be told apart. */
function instant(at_ms: number): string {
  return at_ms < 1000 || at_ms >= 100_000 ? duration(at_ms) : `${(at_ms / 1000).toFixed(3)} s`;
}

/** The axis between the panels. */
export function axisColumn({ axis, height }: Drawing): string {
  const x = AXIS_WIDTH / 2;
  const ticks = axis.ticks.map(({ y, at_ms }) => {
    const at = round(y + metrics.topPadding);
    return `<text x="${x}" y="${round(at + 4)}" text-anchor="middle">${instant(at_ms)}</text>`;
  });
  const breaks = axis.breaks.map(
    ({ top, bottom, duration_ms }) =>
      breakAt(x, bottom + metrics.topPadding - 15, 22) +
      `<text class="skip" x="${x}" y="${round((top + bottom) / 2 + metrics.topPadding)}" text-anchor="middle">+${duration(duration_ms)}</text>`,
  );
  return `<g class="axis"><path class="stem" d="M${x} 6V${round(height)}"/>${breaks.join("")}${ticks.join("")}</g>`;
}

/** The same times inside a panel that stands alone. */
export function axisInside({ axis }: Drawing): string {
  const ticks = axis.ticks.map(
    ({ y, at_ms }) => `<text x="2" y="${round(y + metrics.topPadding - 3)}">${instant(at_ms)}</text>`,
  );
  return `<g class="axis inside">${ticks.join("")}</g>`;
}

function said(text: Text, spoken: Spoken, attributes: string): string {
  return spoken.map((language) => `<text lang="${language}" ${attributes}>${escaped(text[language])}</text>`).join("");
}

/** One picture that stands alone, light or dark as its reader's system is. */
export function pictureOf(plays: readonly Play[], language: Language): string {
  const drawing = drawingOf(plays.map(aligned));
  const spoken = [language];
  const top = 46;
  let x = 0;
  const parts: string[] = [];
  for (const [index, panel] of drawing.panels.entries()) {
    if (index === 1 || drawing.panels.length === 1) {
      parts.push(`<g transform="translate(${x} ${top + HEAD_HEIGHT})">${axisColumn(drawing)}</g>`);
      x += AXIS_WIDTH;
    }
    const { play, width } = panel;
    const caption = `${castOf(play)[language]} · ${outcomeWords[play.outcome][language]}`;
    parts.push(
      `<g transform="translate(${x} 0)"><text class="caption ${play.outcome.replaceAll(" ", "-")}" x="${width / 2}" y="30" text-anchor="middle">${escaped(caption)}</text>`,
      `<g transform="translate(0 ${top})">${headOf(panel, spoken)}</g>`,
      `<g transform="translate(0 ${top + HEAD_HEIGHT})">${panelOf(panel, drawing, spoken, `p${index}`)}</g></g>`,
    );
    x += width;
  }
  const height = drawing.height + top + HEAD_HEIGHT;
  const title = escaped(plays[0]?.title[language] ?? "");
  const paper = `<rect class="paper" width="${x}" height="${round(height)}" rx="8"/>`;
  return svgElement(
    x,
    height,
    `<title>${title}</title><style>${drawingStyle}</style>${paper}${parts.join("")}`,
    `role="img" lang="${language}"`,
  );
}

export const bothLanguages: Spoken = languages;

const round = (value: number) => Number(value.toFixed(1));
