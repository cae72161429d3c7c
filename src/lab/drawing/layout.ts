/**
 * Where everything stands when plays are drawn side by side: plain shapes with coordinates, for whoever draws them.
 *
 * Each play is a panel with a column for every actor; all panels share one time axis. The handshake is drawn as SYN and
 * SYN ACK; its last ACK rides with the first message. Deliberately absent: colours, fonts, SVG and the DOM.
 */
import type { Connection, NarratedStep, Play, Text } from "../play.ts";
import { axisOf, heightsOf, type Point, pointsOf, type TimeAxis } from "./axis.ts";
import { type Bar, barsOf, type Lanes, lanesOf } from "./bars.ts";
import { type Box, boxesOf, boxRules, placedBoxes } from "./boxes.ts";
import { spread } from "./labels.ts";
import { connectionOf, hangTitle } from "./sentences.ts";
import { fitted, widthOf } from "./text.ts";

export const metrics = {
  margin: 62,
  /** From the play's beginning to its first step. */
  topPadding: 22,
  bottomPadding: 34,
  titleSize: 12,
  /** A long title is written so small before it is cut. */
  titleSizeMin: 10,
  markSize: 10.5,
  /** Long lines are written so small before they are cut. */
  markSizeMin: 9,
  /** Above an arrow, for its title; below it, for each emphasised line. */
  titleHeight: 17,
  markHeight: 16,
  marksMax: 2,
  /** An arrow falls at least so much: time passes. */
  arrowFall: 7,
  legFall: 17,
} as const;

/** From one actor to the next: where there are many, their arrows run past each other and have room enough. */
export function gapOf(play: Play): number {
  return play.actors.length <= 3 ? 210 : play.actors.length === 4 ? 172 : 132;
}

export type ArrowStyle = "message" | "SYN" | "SYN ACK" | "FIN" | "RST";

export interface Arrow {
  readonly kind: "arrow";
  readonly step: number;
  readonly style: ArrowStyle;
  readonly colour: number;
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
  readonly title: string;
  /** Of a message's; others have one size. */
  readonly titleSize: number;
  /** Emphasised lines, cut to fit. */
  readonly marks: readonly string[];
  /** Where on the arrow its label stands: the middle, or wherever it is not in the way of others (labels.ts). */
  readonly along: number;
}

/** The dialing side's port, where its connection begins. */
export interface PortLabel {
  readonly kind: "port";
  readonly step: number;
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly colour: number;
  readonly isLeftwards: boolean;
}

/** An actor waits. */
export interface Span {
  readonly kind: "span";
  readonly step: number;
  readonly x: number;
  readonly y1: number;
  readonly y2: number;
  readonly isHang: boolean;
  readonly title: Text | undefined;
}

export type Shape = Arrow | PortLabel | Span | Box;

export interface Column {
  readonly x: number;
  readonly actor: Play["actors"][number];
}

export interface Panel {
  readonly play: Play;
  readonly width: number;
  readonly columns: readonly Column[];
  readonly bars: readonly Bar[];
  /** In the order of their steps. */
  readonly shapes: readonly Shape[];
  /** The end of the play, where others still go on. */
  readonly done: { readonly y: number; readonly at_ms: number } | undefined;
}

export interface Drawing {
  readonly height: number;
  readonly axis: TimeAxis;
  readonly panels: readonly Panel[];
  /** Of the beginning and the end of a step, from the drawing's top. */
  readonly y: (play: number, step: number, isEnd: boolean) => number;
}

/** Everything a shape needs to know of its play. */
export interface Scene {
  readonly play: Play;
  readonly index: number;
  readonly lanes: Lanes;
  readonly columnOf: (actor: string) => number;
  readonly xOf: (actor: string) => number;
  readonly points: readonly Point[];
}

/**
 * From its first step on, so that plays side by side begin together; and on each way of a connection what left later
 * arrives no earlier, as TCP has it, whatever two clocks measured.
 */
export function aligned(play: Play): Play {
  const begin_ms = play.steps[0]?.at_ms ?? 0;
  const arrived_ms = new Map<string, number>();
  const steps = play.steps.map((step): NarratedStep => {
    const at_ms = step.at_ms - begin_ms;
    const until_ms = Math.max(at_ms, step.until_ms - begin_ms);
    if (step.kind !== "message" && step.kind !== "close") return { ...step, at_ms, until_ms };
    const way = `${step.connection} ${step.from}`;
    const inOrder_ms = Math.max(until_ms, arrived_ms.get(way) ?? 0);
    arrived_ms.set(way, inOrder_ms);
    return { ...step, at_ms, until_ms: inOrder_ms };
  });
  return { ...play, steps };
}

/** Of plays that are `aligned`. */
export function drawingOf(plays: readonly Play[]): Drawing {
  const points = pointsOf(plays);
  const height = heightsOf(plays);
  const scenes = plays.map((play, index) => sceneOf(play, index, points));
  const rules = scenes.flatMap((scene) => [...arrowRules(scene, height), ...boxRules(scene)]);
  const axis = axisOf(points, rules, height);
  const y = (play: number, step: number, isEnd: boolean) => metrics.topPadding + axis.y(play, step, isEnd);
  const total = metrics.topPadding + axis.height + metrics.bottomPadding;
  return { height: total, axis, y, panels: scenes.map((scene) => panelOf(scene, y, total)) };
}

function sceneOf(play: Play, index: number, points: readonly Point[]): Scene {
  const columns = new Map(play.actors.map(({ id }, column) => [id, column]));
  const columnOf = (actor: string) => columns.get(actor) ?? 0;
  const xOf = (actor: string) => metrics.margin + columnOf(actor) * gapOf(play);
  return { play, index, lanes: lanesOf(play, columnOf), columnOf, xOf, points };
}

type Y = (play: number, step: number, isEnd: boolean) => number;

function panelOf(scene: Scene, y: Y, height: number): Panel {
  const { play, index, xOf } = scene;
  const yOf = (step: number, isEnd: boolean) => y(index, step, isEnd);
  const shapes = [
    ...play.steps.flatMap((step, number) => shapesOf(scene, step, number, yOf)),
    ...placedBoxes(scene, boxesOf(scene), yOf),
  ].sort((a, b) => a.step - b.step);
  const last_ms = Math.max(0, ...play.steps.map(({ until_ms }) => until_ms));
  const lastY = Math.max(0, ...play.steps.map((_, number) => yOf(number, true)));
  return {
    play,
    width: 2 * metrics.margin + (play.actors.length - 1) * gapOf(play),
    columns: play.actors.map((actor) => ({ x: xOf(actor.id), actor })),
    bars: barsOf(scene, yOf, height),
    shapes: spread(shapes),
    done: height - lastY > 2 * metrics.bottomPadding ? { y: lastY, at_ms: last_ms } : undefined,
  };
}

function shapesOf(scene: Scene, step: NarratedStep, number: number, y: (step: number, isEnd: boolean) => number) {
  const [y1, y2] = [y(number, false), y(number, true)];
  switch (step.kind) {
    case "open":
      return handshake(scene, connectionOf(scene.play, step.connection), number, y1, y2);
    case "message":
    case "close": {
      const ends = endsOf(scene, connectionOf(scene.play, step.connection), step.from);
      const label = labelOf(scene, step);
      return [
        {
          kind: "arrow",
          step: number,
          y1,
          y2,
          ...ends,
          ...label,
          along: alongOf(scene, number, ends, y2 - y1),
        } satisfies Arrow,
      ];
    }
    case "wait": {
      const title = step.isHang ? hangTitle(step) : undefined;
      return [
        { kind: "span", step: number, x: scene.xOf(step.actor), y1, y2, isHang: step.isHang, title } satisfies Span,
      ];
    }
    case "note":
      return [];
  }
}

function labelOf(scene: Scene, step: NarratedStep & { readonly kind: "message" | "close" }) {
  const room = lengthOf(scene, step.connection) - 28;
  const cut = (text: string, size: number) => fitted(text, size, room, true);
  if (step.kind === "close") {
    const title = step.reason === undefined ? step.how : `${step.how} · ${step.reason}`;
    return { style: step.how, title: cut(title, metrics.titleSize), titleSize: metrics.titleSize, marks: [] };
  }
  const marks = step.emphasis.slice(0, metrics.marksMax).map((line) => cut(line, metrics.markSizeMin));
  const isLong = widthOf(step.title, metrics.titleSize, true) > room;
  const titleSize = isLong ? metrics.titleSizeMin : metrics.titleSize;
  return { style: "message" as const, title: cut(step.title, titleSize), titleSize, marks };
}

function lengthOf({ play, xOf }: Scene, connection: string): number {
  const { from, to } = connectionOf(play, connection);
  return Math.max(gapOf(play), Math.abs(xOf(to) - xOf(from)));
}

/** From bar to bar, in the connection's colour. */
function endsOf({ lanes, xOf, play }: Scene, connection: Connection, sender: string) {
  const recipient = sender === connection.from ? connection.to : connection.from;
  const side = xOf(sender) <= xOf(recipient) ? 1 : -1;
  const lane = lanes.of(connection.id);
  return {
    x1: xOf(sender) + side * (lane.at(sender) + lanes.barWidth),
    x2: xOf(recipient) - side * (lane.at(recipient) + lanes.barWidth),
    colour: play.connections.indexOf(connection),
  };
}

function handshake(scene: Scene, connection: Connection, step: number, y1: number, y2: number): Shape[] {
  const { x1, x2, colour } = endsOf(scene, connection, connection.from);
  const middle = (y1 + y2) / 2;
  const leg = { kind: "arrow", step, colour, titleSize: metrics.titleSize, marks: [], along: 0.5 } as const;
  const port = { text: `:${connection.port}`, colour, isLeftwards: x2 < x1 };
  return [
    { ...leg, style: "SYN", title: "SYN", x1, y1, x2, y2: middle },
    { ...leg, style: "SYN ACK", title: "SYN ACK", x1: x2, y1: middle, x2: x1, y2 },
    { kind: "port", step, x: x1, y: y1, ...port },
  ];
}

/**
 * Two that pass each other on the way cross in the middle; and where one was long on its way, it falls so steeply that a
 * FIN behind it is close beside it.
 */
function alongOf({ play }: Scene, number: number, { x1, x2 }: { x1: number; x2: number }, fall: number): number {
  const step = play.steps[number];
  if (step === undefined || step.kind === "wait" || step.kind === "note" || step.kind === "open") return 0.5;
  if (fall > Math.abs(x2 - x1)) return step.kind === "message" ? 0.24 : 0.66;
  const isCrossed = play.steps.some(
    (other) =>
      (other.kind === "message" || other.kind === "close") &&
      other.connection === step.connection &&
      other.from !== step.from &&
      other.at_ms < step.until_ms &&
      step.at_ms < other.until_ms,
  );
  return isCrossed ? 0.3 : 0.5;
}

/** An arrow, or one leg of a handshake, as the rules see it. */
interface Leg {
  readonly point: { readonly first: number; readonly last: number };
  readonly from: number;
  readonly to: number;
  readonly fall: number;
  /** From left to right. */
  readonly length: number;
  readonly above: number;
  readonly below: number;
  /** How much of the way its label takes. */
  readonly share: number;
  /** Begins with a label of its own: the port. */
  readonly hasPort: boolean;
}

function legsOf(scene: Scene, height: (ms: number) => number): Leg[] {
  const { play, points, index, columnOf } = scene;
  const indexOf = new Map(points.map((point, at) => [`${point.play} ${point.step} ${point.isEnd}`, at]));
  const pointOf = (step: number, isEnd: boolean) => indexOf.get(`${index} ${step} ${isEnd}`) ?? 0;
  return play.steps.flatMap((step, number): Leg[] => {
    if (step.kind === "wait" || step.kind === "note") return [];
    const { from, to } = connectionOf(play, step.connection);
    const point = { first: pointOf(number, false), last: pointOf(number, true) };
    const linear = height(step.until_ms - step.at_ms);
    if (step.kind === "open") {
      const fall = Math.max(2 * metrics.legFall, linear);
      // Seen from what follows, a handshake is its second leg, which comes back to the dialing side.
      const back = { from: columnOf(to), to: columnOf(from) };
      const length = lengthOf(scene, step.connection);
      return [{ point, ...back, fall, length, above: metrics.titleHeight, below: 2, share: 0.3, hasPort: true }];
    }
    const { title, marks } = labelOf(scene, step);
    const sender = columnOf(step.from);
    const recipient = columnOf(step.from === from ? to : from);
    return [
      {
        point,
        from: sender,
        to: recipient,
        fall: Math.max(metrics.arrowFall, linear),
        length: lengthOf(scene, step.connection),
        above: metrics.titleHeight,
        below: 4 + marks.length * metrics.markHeight,
        share:
          Math.max(...[title, ...marks].map((text) => widthOf(text, metrics.titleSize, true))) /
          lengthOf(scene, step.connection),
        hasPort: false,
      },
    ];
  });
}

/** Arrows fall, and their labels keep clear of each other. */
function arrowRules(scene: Scene, height: (ms: number) => number) {
  const legs = legsOf(scene, height);
  return legs.flatMap((leg, at) => [
    { before: leg.point.first, after: leg.point.last, gap: leg.fall },
    ...legs.slice(at + 1).flatMap((later) => {
      if (!isSameWay(leg, later)) return [];
      const clearance = leg.below + later.above + 2;
      if (later.hasPort && later.point.first > leg.point.last) {
        return [{ before: leg.point.last, after: later.point.first, gap: clearance }];
      }
      const isSameDirection = leg.from < leg.to === later.from < later.to;
      if (isSameDirection || later.point.first < leg.point.last) {
        return [
          {
            before: leg.point.first,
            after: later.point.first,
            gap: clearance * (isSameDirection ? steepness(leg) : 1),
          },
          ...(isSameDirection && leg.point.last < later.point.last
            ? [{ before: leg.point.last, after: later.point.last, gap: clearance }]
            : []),
        ];
      }
      // They meet where the one arrives and the other leaves, and are apart where the labels are.
      const apart = ((leg.fall + later.fall) / 2) * (1 - Math.max(leg.share, later.share));
      return [{ before: leg.point.last, after: later.point.first, gap: Math.max(0, clearance - apart) }];
    }),
  ]);
}

/** Steep arrows side by side are nearer to each other than one below the other: by so much they need to be further apart. */
function steepness({ fall, length }: Leg): number {
  return Math.hypot(1, fall / length);
}

function isSameWay(a: Leg, b: Leg): boolean {
  const [aLow, aHigh, bLow, bHigh] = [a, b].flatMap(({ from, to }) => [Math.min(from, to), Math.max(from, to)]) as [
    number,
    number,
    number,
    number,
  ];
  return aLow < bHigh && bLow < aHigh;
}
