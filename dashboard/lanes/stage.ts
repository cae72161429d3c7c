/**
 * The stage of the lanes: a canvas behind two groups that scroll, drawn anew with each frame in which something has changed.
 *
 * It knows sizes, the pointer and the clock of frames. Where people want less motion it moves on once a second. Deliberately absent:
 * what is drawn (painter.ts), keys and words (connections.tsx).
 */
import type { Connection, Hop, Model } from "../model/model.ts";
import { shortName } from "../model/story.ts";
import { type Choice, counterpartOf, exchangeAt } from "./choice.ts";
import { type Colours, coloursOf } from "./colours.ts";
import { beginsAt, heightsOf, type Layout, layoutOf, pixelsPerMs, timeAt, xOf } from "./layout.ts";
import { Painter, type Pane, type Scene, type Standing } from "./painter.ts";
import { Rows } from "./rows.ts";
import { Hatch } from "./shapes.ts";

export interface StageElements {
  readonly stage: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  /** What scrolls, and in it what is as high as all its lanes. */
  readonly groups: Readonly<Record<Hop, { readonly scroller: HTMLElement; readonly filler: HTMLElement }>>;
  readonly tip: HTMLElement;
}

export interface StageListener {
  /** What the tip says of what is under the pointer; nothing: empty. */
  tipFor(choice: Choice): string;
  onClick(choice: Choice): void;
  /** So many lanes are there now; told when that changes. */
  onLanes(counts: LaneCounts): void;
}

/** Lanes that are there: of connections that are open, and of those that have closed within the time shown. */
export type LaneCounts = Readonly<Record<Hop, { readonly open: number; readonly closed: number }>>;

const hops = ["downstream", "upstream"] as const;
/** Lanes are counted anew at most so often. */
const ROWS_EVERY_MS = 100;
const CALM_EVERY_MS = 1_000;
/** The heights of groups change by so many rows, so that little jumps. */
const ROWS_STEP = 4;
const STAGE_PX_MIN = 260;
/** So near to an exchange counts as on it. */
const NEAR_PX = 4;

export class LanesStage {
  choice: Choice | undefined;
  private hover: Choice | undefined;
  private readonly model: Model;
  private readonly elements: StageElements;
  private readonly listener: StageListener;
  private readonly rows: Readonly<Record<Hop, Rows>> = { downstream: new Rows(), upstream: new Rows() };
  private readonly pen: CanvasRenderingContext2D | null;
  private readonly painter: Painter | undefined;
  private layout: Layout = layoutOf(0);
  private height = 0;
  private colours: Colours | undefined;
  private hatch: Hatch | undefined;
  private pausedAt_ms: number | undefined;
  private frozen: ReadonlyMap<Connection, Standing> | undefined;
  private filter = "";
  private window_ms: number | undefined;
  private pointer: { readonly hop: Hop; readonly x: number; readonly y: number } | undefined;
  private isDirty = true;
  private areRowsDirty = true;
  private drawn = { at: 0, now_ms: 0, version: -1, rowsAt: 0, rowsVersion: -1 };
  private counts = "";
  private frameId = 0;
  private readonly calm = matchMedia("(prefers-reduced-motion: reduce)");
  private readonly undo: (() => void)[] = [];

  constructor(model: Model, elements: StageElements, listener: StageListener) {
    this.model = model;
    this.elements = elements;
    this.listener = listener;
    this.pen = elements.canvas.getContext("2d");
    this.painter = this.pen === null ? undefined : new Painter(this.pen);
  }

  start(): void {
    const { stage, groups } = this.elements;
    const sizes = new ResizeObserver(() => this.measure());
    sizes.observe(stage);
    this.undo.push(() => sizes.disconnect());
    const themes = new MutationObserver(() => this.restyle());
    themes.observe(document.documentElement, { attributes: true });
    this.undo.push(() => themes.disconnect());
    this.listen(matchMedia("(prefers-color-scheme: dark)"), "change", () => this.restyle());
    this.listen(window, "resize", () => this.measure());
    for (const hop of hops) {
      const { scroller } = groups[hop];
      this.listen(scroller, "scroll", () => this.touch());
      this.listen(scroller, "pointermove", (event) => this.onPointer(hop, event as PointerEvent));
      this.listen(scroller, "pointerleave", () => this.onPointer(hop, undefined));
      this.listen(scroller, "click", (event) => this.onClick(hop, event as MouseEvent));
    }
    this.restyle();
    this.measure();
    const frame = (at: number) => {
      this.frameId = requestAnimationFrame(frame);
      this.onFrame(at);
    };
    this.frameId = requestAnimationFrame(frame);
  }

  stop(): void {
    cancelAnimationFrame(this.frameId);
    for (const undo of this.undo.splice(0)) undo();
  }

  private listen(target: EventTarget, name: string, listener: (event: Event) => void): void {
    target.addEventListener(name, listener, { passive: true });
    this.undo.push(() => target.removeEventListener(name, listener));
  }

  /** Something else is to be shown. */
  show({ filter, window_ms, isPaused }: { filter: string; window_ms: number | undefined; isPaused: boolean }): void {
    if (isPaused !== (this.pausedAt_ms !== undefined)) this.pause(isPaused);
    this.filter = filter.trim().toLowerCase();
    this.window_ms = window_ms;
    this.layout = layoutOf(this.layout.width, window_ms);
    this.areRowsDirty = true;
    this.isDirty = true;
  }

  private pause(isPaused: boolean): void {
    this.pausedAt_ms = isPaused ? this.model.now() : undefined;
    this.frozen = isPaused ? new Map([...this.model.connections.values()].map((it) => [it, { ...it }])) : undefined;
  }

  /** Chooses, and scrolls there on both hops. */
  choose(choice: Choice | undefined): void {
    this.choice = choice;
    this.touch();
    if (choice === undefined) return;
    this.scrollTo(choice.connection);
    const there = counterpartOf(choice);
    if (there !== undefined) this.scrollTo(there.connection);
  }

  private scrollTo({ hop, key }: Connection): void {
    const row = this.rows[hop].rowOf(key);
    if (row === undefined) return;
    const { scroller } = this.elements.groups[hop];
    const { rowHeight } = this.layout;
    const [top, bottom] = [row * rowHeight, (row + 1) * rowHeight];
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    else if (bottom > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = bottom - scroller.clientHeight;
  }

  /** What is shown, from the uppermost lane on. */
  get lanes(): Connection[] {
    return hops.flatMap((hop) => this.rows[hop].lanes);
  }

  get layoutNow(): Layout {
    return this.layout;
  }

  /** The moment at the right edge. */
  get now_ms(): number {
    return this.pausedAt_ms ?? this.model.now();
  }

  private touch(): void {
    this.isDirty = true;
  }

  private restyle(): void {
    if (this.pen === null) return;
    this.colours = coloursOf(this.elements.stage);
    this.hatch = new Hatch(this.pen, this.colours.idle, devicePixelRatio);
    this.touch();
  }

  private measure(): void {
    const { stage, canvas } = this.elements;
    const { clientWidth: width, clientHeight: height } = stage;
    const scale = devicePixelRatio;
    this.layout = layoutOf(width, this.window_ms);
    this.height = height;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    this.pen?.setTransform(scale, 0, 0, scale, 0, 0);
    this.areRowsDirty = true;
    // A canvas that has another size is empty: it would flicker until the next frame.
    this.isDirty = true;
    this.onFrame(performance.now());
  }

  private onFrame(at: number): void {
    const { model, drawn } = this;
    const now_ms = this.now_ms;
    const isCalm = this.calm.matches;
    if (!this.isDirty && isCalm && at - drawn.at < CALM_EVERY_MS) return;
    const hasNews = model.version !== drawn.version;
    const moved = (now_ms - drawn.now_ms) * pixelsPerMs(this.layout);
    if (!this.isDirty && !hasNews && moved < 0.5) return;
    const isTime = at - drawn.rowsAt >= ROWS_EVERY_MS && (model.version !== drawn.rowsVersion || !isCalm);
    if (this.areRowsDirty || isTime) this.updateRows(at, now_ms);
    this.drawn = { ...this.drawn, at, now_ms, version: model.version };
    this.isDirty = false;
    this.draw(now_ms);
  }

  private updateRows(at: number, now_ms: number): void {
    this.areRowsDirty = false;
    this.drawn = { ...this.drawn, rowsAt: at, rowsVersion: this.model.version };
    const since_ms = beginsAt(this.layout, now_ms);
    const { filter } = this;
    const none = { open: 0, closed: 0 };
    const counts: Record<Hop, LaneCounts[Hop]> = { downstream: none, upstream: none };
    for (const hop of hops) {
      const all = this.model.lanes(hop, since_ms).filter(({ openedAt_ms }) => openedAt_ms <= now_ms);
      const shown = filter === "" ? all : all.filter((connection) => fits(connection, filter));
      this.rows[hop].update(shown);
      const open = shown.filter(({ closedAt_ms = Number.POSITIVE_INFINITY }) => closedAt_ms > now_ms).length;
      counts[hop] = { open, closed: shown.length - open };
    }
    this.resize();
    const told = JSON.stringify(counts);
    if (told === this.counts) return;
    this.counts = told;
    this.listener.onLanes(counts);
  }

  /** Each group gets the height that it needs, or its share. */
  private resize(): void {
    const { groups, stage } = this.elements;
    const { rowHeight } = this.layout;
    const needs = hops.map((hop) => Math.max(ROWS_STEP, Math.ceil(this.rows[hop].rows.length / ROWS_STEP) * ROWS_STEP));
    const above = stage.getBoundingClientRect().top + scrollY;
    const others = this.height - hops.reduce((sum, hop) => sum + groups[hop].scroller.clientHeight, 0);
    const room = Math.max(STAGE_PX_MIN, innerHeight - above - 64) - Math.max(0, others);
    const heights = heightsOf(room, [(needs[0] ?? 0) * rowHeight, (needs[1] ?? 0) * rowHeight]);
    for (const [index, hop] of hops.entries()) {
      const { scroller, filler } = groups[hop];
      setHeight(scroller, Math.floor(heights[index] ?? 0));
      setHeight(filler, this.rows[hop].rows.length * rowHeight);
    }
  }

  private draw(now_ms: number): void {
    const { colours, hatch, layout, height } = this;
    if (colours === undefined || hatch === undefined) return;
    this.hover = this.under(now_ms);
    const scene: Scene = {
      ...{ layout, height, colours, hatch, now_ms, panes: hops.map((hop) => this.pane(hop)) },
      ...{ choice: this.choice, hover: this.hover, frozen: this.frozen },
    };
    this.painter?.draw(scene);
    this.tip();
  }

  private pane(hop: Hop): Pane {
    const { scroller } = this.elements.groups[hop];
    const rows = this.rows[hop];
    return {
      ...{ hop, top: scroller.offsetTop, height: scroller.clientHeight, scrollTop: scroller.scrollTop },
      ...{ rows: rows.rows, rowOf: ({ key }) => rows.rowOf(key) },
    };
  }

  // The pointer.

  private onPointer(hop: Hop, event: PointerEvent | undefined): void {
    this.pointer = event === undefined || event.pointerType === "touch" ? undefined : this.pointOf(hop, event);
    this.touch();
  }

  private pointOf(hop: Hop, event: MouseEvent) {
    const box = this.elements.groups[hop].scroller.getBoundingClientRect();
    return { hop, x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private onClick(hop: Hop, event: MouseEvent): void {
    const choice = this.at(this.pointOf(hop, event), this.now_ms);
    if (choice !== undefined) this.listener.onClick(choice);
  }

  private under(now_ms: number): Choice | undefined {
    return this.pointer === undefined ? undefined : this.at(this.pointer, now_ms);
  }

  private at({ hop, x, y }: { readonly hop: Hop; readonly x: number; readonly y: number }, now_ms: number) {
    const { layout } = this;
    const { scrollTop } = this.elements.groups[hop].scroller;
    const connection = this.rows[hop].rows[Math.floor((y + scrollTop) / layout.rowHeight)];
    if (connection === undefined) return undefined;
    const isInPlot = x >= layout.plotLeft && x <= layout.plotRight + NEAR_PX;
    const at_ms = timeAt(layout, x, now_ms);
    const exchange = isInPlot ? exchangeAt(connection, at_ms, NEAR_PX / pixelsPerMs(layout)) : undefined;
    return { connection, exchange };
  }

  /** Beside what is under the pointer, and never under it. */
  private tip(): void {
    const { tip, groups, stage } = this.elements;
    const text = this.hover === undefined || this.pointer === undefined ? "" : this.listener.tipFor(this.hover);
    tip.hidden = text === "";
    if (text === "" || this.pointer === undefined) return;
    if (tip.textContent !== text) tip.textContent = text;
    const top = groups[this.pointer.hop].scroller.offsetTop + this.pointer.y;
    const left = Math.max(4, Math.min(this.pointer.x + 12, stage.clientWidth - tip.offsetWidth - 4));
    const isBelow = top + 20 + tip.offsetHeight < stage.clientHeight;
    tip.style.transform = `translate(${left}px, ${isBelow ? top + 18 : Math.max(0, top - tip.offsetHeight - 12)}px)`;
  }

  /** Where an exchange or the end of a lane is seen; for tests, and to point at. */
  pointAt(connection: Connection, at_ms: number): { readonly x: number; readonly y: number } | undefined {
    const { scroller } = this.elements.groups[connection.hop];
    const row = this.rows[connection.hop].rowOf(connection.key);
    if (row === undefined) return undefined;
    const box = scroller.getBoundingClientRect();
    const y = box.top - scroller.scrollTop + (row + 0.5) * this.layout.rowHeight;
    return { x: box.left + xOf(this.layout, at_ms, this.now_ms), y };
  }
}

function setHeight({ style }: HTMLElement, height: number): void {
  const text = `${height}px`;
  if (style.height !== text) style.height = text;
}

/** A text that is somewhere in what is known of a connection. */
function fits(connection: Connection, text: string): boolean {
  const { id, peer, state, closed, opened, exchanges } = connection;
  if (`#${shortName(connection)} #${id} ${peer} ${state} ${closed ?? ""} ${opened ?? ""}`.toLowerCase().includes(text))
    return true;
  const last = exchanges.at(-1);
  return (
    last !== undefined && `${last.method} ${last.host ?? ""}${last.target} ${last.status}`.toLowerCase().includes(text)
  );
}
