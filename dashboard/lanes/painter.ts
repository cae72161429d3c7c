/**
 * Draws one frame of the lanes: grid, lanes that are in sight, what is chosen, and the link between both hops.
 *
 * It draws what it is given and keeps nothing but what is costly to find out again. Deliberately absent: when it draws (stage.ts).
 */
import { capOf } from "../model/caps.ts";
import type { Connection, Exchange, Hop } from "../model/model.ts";
import { type Segment, segmentsOn } from "../model/phases.ts";
import { shortName, took } from "../model/story.ts";
import { type Tone, toneOf } from "../model/tones.ts";
import { type Choice, counterpartOf, spanOn } from "./choice.ts";
import { type Colours, toneColour } from "./colours.ts";
import { beginsAt, type Layout, ticksOf, xOf } from "./layout.ts";
import { levelsOf } from "./levels.ts";
import { BAR_PX, CAP_PX, drawCap, drawFlag, drawPart, type Hatch } from "./shapes.ts";
import { type Ended, placeOfWord, WORD_GAP_PX } from "./words.ts";

export interface Pane {
  readonly hop: Hop;
  /** Where its rows are seen, in the canvas. */
  readonly top: number;
  readonly height: number;
  readonly scrollTop: number;
  readonly rows: readonly (Connection | undefined)[];
  readonly rowOf: (connection: Connection) => number | undefined;
}

export interface Scene {
  readonly layout: Layout;
  readonly height: number;
  readonly colours: Colours;
  readonly hatch: Hatch;
  readonly now_ms: number;
  readonly panes: readonly Pane[];
  /** Chosen by key or click. */
  readonly choice: Choice | undefined;
  /** Under the pointer. */
  readonly hover: Choice | undefined;
  /** How connections were at a moment that has passed, and is what is shown; it is the present: undefined. */
  readonly frozen: ReadonlyMap<Connection, Standing> | undefined;
}

/** What of a connection changes from one moment to the next, and is shown beside its lane. */
export type Standing = Pick<Connection, "idleSince_ms" | "idleUntil_ms" | "closes" | "state">;

export const AXIS_PX = 22;
/** Narrower exchanges are drawn so wide. */
const WIDTH_PX_MIN = 1.5;

export class Painter {
  private readonly pen: CanvasRenderingContext2D;
  private readonly segments: Readonly<Record<Hop, WeakMap<Exchange, Segment[]>>> = {
    downstream: new WeakMap(),
    upstream: new WeakMap(),
  };
  private readonly levels = new WeakMap<Exchange, number>();
  private readonly widths = new Map<string, number>();

  constructor(pen: CanvasRenderingContext2D) {
    this.pen = pen;
  }

  draw(scene: Scene): void {
    const { pen } = this;
    const { layout, height, now_ms, hatch, panes } = scene;
    pen.clearRect(0, 0, layout.width, height);
    this.axis(scene);
    hatch.moveTo(xOf(layout, 0, now_ms % 1_000_000));
    for (const pane of panes) this.pane(scene, pane);
    for (const choice of [scene.hover, scene.choice]) if (choice?.exchange !== undefined) this.link(scene, choice);
  }

  private axis({ layout, height, colours, now_ms }: Scene): void {
    const { pen } = this;
    pen.font = `11px ${colours.mono}`;
    pen.textBaseline = "middle";
    pen.textAlign = "center";
    for (const ago of ticksOf(layout)) {
      const x = Math.round(xOf(layout, now_ms - ago, now_ms)) + 0.5;
      pen.fillStyle = ago === 0 ? colours.line : colours.faint;
      pen.fillRect(x - 0.5, AXIS_PX, 1, height - AXIS_PX);
      pen.fillStyle = colours.soft;
      pen.fillText(ago === 0 ? "now" : `−${ago / 1_000} s`, x, AXIS_PX / 2);
    }
  }

  private pane(scene: Scene, pane: Pane): void {
    const { pen } = this;
    const { layout } = scene;
    const { top, height, scrollTop, rows } = pane;
    pen.save();
    pen.beginPath();
    pen.rect(0, top, layout.width, height);
    pen.clip();
    const first = Math.max(0, Math.floor(scrollTop / layout.rowHeight));
    const last = Math.min(rows.length, Math.ceil((scrollTop + height) / layout.rowHeight));
    const yOf = (row: number) => top - scrollTop + (row + 0.5) * layout.rowHeight;
    for (let row = first; row < last; row++) {
      const connection = rows[row];
      if (connection !== undefined) this.ground(scene, connection, yOf(row));
    }
    // What is behind the plot's edges is cut off.
    pen.save();
    pen.beginPath();
    pen.rect(layout.plotLeft, top, layout.plotRight - layout.plotLeft + CAP_PX + 2, height);
    pen.clip();
    for (let row = first; row < last; row++) {
      const connection = rows[row];
      if (connection !== undefined) this.lane(scene, connection, yOf(row));
    }
    pen.restore();
    for (let row = first; row < last; row++) {
      const connection = rows[row];
      if (connection !== undefined) this.countdown(scene, connection, yOf(row));
    }
    pen.beginPath();
    pen.rect(0, top, layout.plotLeft - 8, height);
    pen.clip();
    for (let row = first; row < last; row++) {
      const connection = rows[row];
      if (connection !== undefined) this.label(scene, connection, yOf(row));
    }
    pen.restore();
  }

  private ground({ layout, colours, choice, hover }: Scene, connection: Connection, y: number): void {
    const { pen } = this;
    const isChosen = choice?.connection === connection;
    if (!isChosen && hover?.connection !== connection) return;
    pen.fillStyle = isChosen ? colours.chosen : colours.faint;
    pen.fillRect(0, y - layout.rowHeight / 2, layout.width, layout.rowHeight);
    if (!isChosen) return;
    pen.fillStyle = colours.ink;
    pen.fillRect(0, y - layout.rowHeight / 2, 3, layout.rowHeight);
  }

  private label({ layout, colours, now_ms }: Scene, connection: Connection, y: number): void {
    const { pen } = this;
    const { hop, peer, closedAt_ms } = connection;
    const isGone = closedAt_ms !== undefined && closedAt_ms <= now_ms;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    const number = `#${shortName(connection)}`;
    pen.font = `600 11px ${colours.mono}`;
    pen.fillStyle = isGone ? colours.soft : colours.hop[hop];
    pen.fillText(number, 10, y);
    const at = 10 + Math.max(52, this.widthOf(number, pen.font) + 8);
    if (at > layout.plotLeft - 30) return;
    pen.font = `11px ${colours.mono}`;
    pen.fillStyle = isGone ? colours.soft : colours.ink;
    pen.fillText(peer.replace(/^https?:\/\//, ""), at, y);
  }

  private lane(scene: Scene, connection: Connection, y: number): void {
    const { pen } = this;
    const { layout, colours, hatch, now_ms } = scene;
    const { openedAt_ms, isOpeningGuessed, closedAt_ms, exchanges } = connection;
    const begins_ms = beginsAt(layout, now_ms);
    const end_ms = Math.min(closedAt_ms ?? now_ms, now_ms);
    if (openedAt_ms > now_ms || end_ms < begins_ms) return;
    const x0 = Math.max(layout.plotLeft, xOf(layout, isOpeningGuessed ? begins_ms : openedAt_ms, now_ms));
    const x1 = xOf(layout, end_ms, now_ms);
    pen.fillStyle = colours.line;
    pen.fillRect(x0, y - 0.5, x1 - x0, 1);
    // Idle wherever it carries nothing: hatched, and the exchanges lie upon it. What closes does not idle any more.
    const idleEnd = xOf(layout, Math.min(connection.closesSince_ms ?? end_ms, end_ms), now_ms);
    hatch.fill(pen, x0, idleEnd - x0, y);
    if (!isOpeningGuessed && openedAt_ms >= begins_ms) {
      pen.fillStyle = colours.paper;
      pen.strokeStyle = colours.hop[connection.hop];
      pen.lineWidth = 1.5;
      pen.beginPath();
      pen.arc(x0, y, 3, 0, Math.PI * 2);
      pen.fill();
      pen.stroke();
    }
    const shown: Exchange[] = [];
    for (let index = firstInSight(connection, begins_ms); index < exchanges.length; index++) {
      const exchange = exchanges[index] as Exchange;
      const [from_ms, to_ms] = spanOn(exchange, connection);
      if (from_ms <= now_ms && to_ms >= begins_ms) shown.push(exchange);
    }
    const levels = connection.isMultiplexed ? levelsOf(connection, shown, this.levels) : undefined;
    const height = BAR_PX / (levels?.count ?? 1);
    // It does not idle where only one of its levels carries nothing.
    if (levels !== undefined) {
      for (const exchange of shown) {
        const [from_ms, to_ms] = spanOn(exchange, connection);
        const from = Math.max(x0, xOf(layout, from_ms, now_ms));
        const width = Math.max(0, xOf(layout, Math.min(to_ms, end_ms), now_ms) - from);
        pen.fillStyle = colours.paper;
        pen.fillRect(from, y - BAR_PX / 2, width, BAR_PX);
        pen.fillStyle = colours.line;
        pen.fillRect(from, y - 0.5, width, 1);
      }
    }
    let drawnTo = Number.NEGATIVE_INFINITY;
    let drawnTone: Tone | undefined;
    for (const exchange of shown) {
      const [from_ms, to_ms] = spanOn(exchange, connection);
      const from = xOf(layout, from_ms, now_ms);
      const to = xOf(layout, Math.min(to_ms, now_ms, end_ms), now_ms);
      const isOngoing = exchange.endedAt_ms === undefined || exchange.endedAt_ms > now_ms;
      const tone = isOngoing && exchange.outcome !== "tunnel" ? "busy" : toneOf(exchange);
      // As many as fit in one pixel look like one of them.
      if (to - from < WIDTH_PX_MIN && from < drawnTo && tone === drawnTone) continue;
      drawnTone = tone;
      drawnTo = from + WIDTH_PX_MIN;
      const level = levels?.of.get(exchange) ?? 0;
      const middle = y - BAR_PX / 2 + (level + 0.5) * height;
      this.exchange(scene, connection, exchange, tone, { from: Math.max(from, x0 - 1), to, y: middle, height });
    }
    const cap = capOf(connection);
    if (cap === undefined || (closedAt_ms ?? 0) > now_ms) return;
    drawCap(pen, cap, x1, y, colours);
    if (connection.closed === undefined) return;
    const begins = isOpeningGuessed || openedAt_ms < begins_ms ? undefined : x0;
    // Of several at once the last one to begin is not always the last one to end.
    const lastEnd_ms = shown.reduce((latest, one) => Math.max(latest, spanOn(one, connection)[1]), begins_ms);
    const lastBarEnds = shown.length === 0 ? undefined : xOf(layout, Math.min(lastEnd_ms, end_ms), now_ms);
    const lane = { plotLeft: layout.plotLeft, plotRight: layout.plotRight, begins, lastBarEnds, ends: x1 };
    this.reason(scene, connection.closed, lane, y, cap.isReset ? 18 : WORD_GAP_PX);
  }

  private exchange(
    { layout, colours, now_ms }: Scene,
    connection: Connection,
    exchange: Exchange,
    tone: Tone,
    { from, to, y, height }: Bar,
  ): void {
    const { pen } = this;
    const colour = toneColour(colours, tone, connection.hop);
    const scale = height / BAR_PX;
    // The hatching of idleness does not shine through.
    pen.fillStyle = colours.paper;
    pen.fillRect(from, y - height / 2, Math.max(WIDTH_PX_MIN, to - from), height);
    if (to - from < WIDTH_PX_MIN) {
      drawPart(pen, "answering", { x: from, width: WIDTH_PX_MIN, y, scale, colour });
    } else {
      // What failed while it waited is as much a failure as what failed later.
      const isLoud = tone === "failed";
      for (const { activity, from_ms, to_ms } of this.segmentsOf(exchange, connection)) {
        const x = Math.max(from, xOf(layout, from_ms, now_ms));
        if (from_ms > now_ms) break;
        const right = Math.min(to, xOf(layout, Math.min(to_ms ?? now_ms, now_ms), now_ms));
        if (right > x) drawPart(pen, activity, { x, width: right - x, y, scale, colour, isLoud });
      }
    }
    if (tone === "failed" || tone === "gone") drawFlag(pen, Math.max(from, to - 1), y, colour, height);
  }

  private segmentsOf(exchange: Exchange, connection: Connection): Segment[] {
    // What is ended stays as it is; a connection that was lost has few, and other, ones.
    if (exchange.entry === undefined || exchange.losses.length > 0) return segmentsOn(exchange, connection);
    const known = this.segments[connection.hop];
    let segments = known.get(exchange);
    if (segments === undefined) {
      segments = segmentsOn(exchange, connection);
      known.set(exchange, segments);
    }
    return segments;
  }

  /** The word of logs and metrics, on ground of its own: hatching makes it hard to read. */
  private reason({ colours, layout }: Scene, word: string, lane: Ended, y: number, gap: number): void {
    const { pen } = this;
    pen.font = `11px ${colours.mono}`;
    const width = this.widthOf(word, pen.font);
    const left = placeOfWord(lane, width, gap);
    if (left === undefined) return;
    pen.fillStyle = colours.paper;
    pen.fillRect(left - 3, y - layout.rowHeight / 2 + 2, width + 6, layout.rowHeight - 4);
    pen.fillStyle = colours.soft;
    pen.textAlign = "left";
    pen.fillText(word, left, y);
  }

  /** Right of now: what an idle connection has left, or for how long a busy one has been at it. */
  private countdown({ layout, colours, now_ms, frozen }: Scene, connection: Connection, y: number): void {
    const { pen } = this;
    const { closedAt_ms, exchanges, isMultiplexed } = connection;
    const { idleSince_ms, idleUntil_ms, closes, state } = frozen?.get(connection) ?? connection;
    if (closedAt_ms !== undefined && closedAt_ms <= now_ms) return;
    const left = layout.plotRight + 10;
    const room = layout.width - left - 6;
    pen.font = `11px ${colours.mono}`;
    pen.textAlign = "left";
    pen.textBaseline = "middle";
    if (idleSince_ms !== undefined && idleUntil_ms !== undefined) {
      const left_ms = Math.max(0, idleUntil_ms - now_ms);
      const share = left_ms / Math.max(1, idleUntil_ms - idleSince_ms);
      pen.fillStyle = colours.line;
      pen.fillRect(left, y + 6, room, 2);
      pen.fillStyle = colours.soft;
      pen.fillRect(left, y + 6, room * Math.min(1, share), 2);
      pen.fillText(left_ms < 100_000 ? `${(left_ms / 1_000).toFixed(1)} s` : took(left_ms), left, y - 1);
      return;
    }
    pen.fillStyle = colours.soft;
    if (closes !== undefined) return pen.fillText("closing", left, y);
    if (state === "tunnel") return pen.fillText("tunnel", left, y);
    const busy = isMultiplexed
      ? exchanges.find(({ beganAt_ms, endedAt_ms = now_ms }) => beganAt_ms <= now_ms && endedAt_ms >= now_ms)
      : exchanges.findLast(({ beganAt_ms }) => beganAt_ms <= now_ms);
    if (busy === undefined || (busy.endedAt_ms ?? Number.POSITIVE_INFINITY) <= now_ms) return;
    pen.fillStyle = colours.ink;
    pen.fillText(`${((now_ms - busy.beganAt_ms) / 1_000).toFixed(1)} s`, left, y);
  }

  /** Frames an exchange on both hops, and draws the line between them. */
  private link(scene: Scene, choice: Choice): void {
    const { pen } = this;
    const { layout, colours } = scene;
    const ends = [choice, counterpartOf(choice)].flatMap((one) => {
      const place = one === undefined ? undefined : placeOf(scene, one);
      return place === undefined ? [] : [place];
    });
    pen.save();
    pen.beginPath();
    pen.rect(layout.plotLeft, AXIS_PX, layout.plotRight - layout.plotLeft + 2, scene.height - AXIS_PX);
    pen.clip();
    pen.strokeStyle = colours.ink;
    pen.lineWidth = 1.75;
    for (const { from, to, y, isInSight } of ends) {
      if (isInSight) pen.strokeRect(from - 2, y - BAR_PX / 2 - 2, Math.max(4, to - from + 4), BAR_PX + 4);
    }
    const [upper, lower] = ends.toSorted((one, other) => one.y - other.y);
    if (upper !== undefined && lower !== undefined) {
      const [y0, y1] = [
        upper.y + (upper.isInSight ? BAR_PX / 2 + 2 : 0),
        lower.y - (lower.isInSight ? BAR_PX / 2 + 2 : 0),
      ];
      const [x0, x1] = [middleInSight(layout, upper), middleInSight(layout, lower)];
      pen.lineWidth = 1.25;
      pen.beginPath();
      pen.moveTo(x0, y0);
      pen.bezierCurveTo(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2, x1, y1);
      pen.stroke();
    }
    pen.restore();
  }

  private widthOf(text: string, font: string): number {
    const key = `${font} ${text}`;
    let width = this.widths.get(key);
    if (width === undefined) {
      width = this.pen.measureText(text).width;
      if (this.widths.size > 2_000) this.widths.clear();
      this.widths.set(key, width);
    }
    return width;
  }
}

/** Where a bar is drawn: around the middle `y`. */
interface Bar {
  readonly from: number;
  readonly to: number;
  readonly y: number;
  readonly height: number;
}

interface Place {
  readonly from: number;
  readonly to: number;
  readonly y: number;
  /** Its lane is not scrolled out of sight; then `y` is at the edge where it went. */
  readonly isInSight: boolean;
}

function placeOf({ panes, layout, now_ms }: Scene, { connection, exchange }: Choice): Place | undefined {
  const pane = panes.find(({ hop }) => hop === connection.hop);
  const row = pane?.rowOf(connection);
  if (pane === undefined || row === undefined || exchange === undefined) return undefined;
  const [from_ms, to_ms] = spanOn(exchange, connection);
  const [from, to] = [xOf(layout, from_ms, now_ms), xOf(layout, Math.min(to_ms, now_ms), now_ms)];
  const y = pane.top - pane.scrollTop + (row + 0.5) * layout.rowHeight;
  const clamped = Math.min(Math.max(y, pane.top), pane.top + pane.height);
  return { from, to, y: clamped, isInSight: clamped === y };
}

function middleInSight({ plotLeft, plotRight }: Layout, { from, to }: Place): number {
  return (Math.max(from, plotLeft) + Math.min(to, plotRight)) / 2;
}

/** The first exchange that may still be seen: they are in order, and most connections carry one at a time. */
function firstInSight({ exchanges, isMultiplexed }: Connection, begins_ms: number): number {
  if (isMultiplexed) {
    const first = exchanges.findIndex(({ endedAt_ms = begins_ms }) => endedAt_ms >= begins_ms);
    return first < 0 ? exchanges.length : first;
  }
  let [low, high] = [0, exchanges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((exchanges[middle]?.beganAt_ms ?? 0) < begins_ms) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}
