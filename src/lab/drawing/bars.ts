/**
 * Connections as bars beside the lifelines: one at each end, from the moment that end knows of the connection until it is
 * done with it.
 *
 * After its own FIN an end can only read: its bar is hollow. Connections of an actor that live at the same time stand in
 * lanes. Deliberately absent: arrows.
 */
import type { Play } from "../play.ts";
import type { Scene } from "./layout.ts";

export interface Bar {
  readonly connection: string;
  readonly colour: number;
  readonly x: number;
  readonly width: number;
  readonly y1: number;
  readonly y2: number;
  /** Only reads: it has sent FIN. */
  readonly isHollow: boolean;
  /** Nobody ended it while the play went on. */
  readonly isOpenEnded: boolean;
}

export interface Lanes {
  readonly barWidth: number;
  readonly of: (connection: string) => {
    /** Distance from the actor's lifeline to the near edge of the bar. */
    readonly at: (actor: string) => number;
  };
}

const BAR_WIDTH = 5;
const NEAREST = 7;
const LANE_WIDTH = 9;
/** More would run into the titles; they share the last lane. */
const LANES_MAX = 6;

interface Life {
  readonly connection: string;
  readonly from_ms: number;
  readonly until_ms: number;
}

export function lanesOf(play: Play, columnOf: (actor: string) => number): Lanes {
  const lanes = new Map<string, number>();
  for (const { id: actor } of play.actors) {
    for (const side of [-1, 1]) {
      const lives = play.connections
        .filter(({ from, to }) => {
          const other = from === actor ? to : to === actor ? from : undefined;
          return other !== undefined && Math.sign(columnOf(other) - columnOf(actor)) === side;
        })
        .map(({ id }) => lifeOf(play, id));
      for (const [connection, lane] of assigned(lives)) lanes.set(`${actor} ${connection}`, lane);
    }
  }
  return {
    barWidth: BAR_WIDTH,
    of: (connection) => ({
      at: (actor) => NEAREST + Math.min(LANES_MAX - 1, lanes.get(`${actor} ${connection}`) ?? 0) * LANE_WIDTH,
    }),
  };
}

/** Each gets the nearest lane that is free while it lives. */
function assigned(lives: readonly Life[]): [string, number][] {
  const takenUntil: number[] = [];
  return [...lives]
    .sort((a, b) => a.from_ms - b.from_ms)
    .map(({ connection, from_ms, until_ms }) => {
      const free = takenUntil.findIndex((taken_ms) => taken_ms <= from_ms);
      const lane = free === -1 ? takenUntil.length : free;
      takenUntil[lane] = until_ms;
      return [connection, lane];
    });
}

function lifeOf(play: Play, connection: string): Life {
  const open = play.steps.find((step) => step.kind === "open" && step.connection === connection);
  const closes = play.steps.flatMap((step) => (step.kind === "close" && step.connection === connection ? [step] : []));
  const isOver = closes.some(({ how }) => how === "RST") || new Set(closes.map(({ from }) => from)).size > 1;
  return {
    connection,
    from_ms: open?.at_ms ?? 0,
    until_ms: isOver ? Math.max(...closes.map(({ until_ms }) => until_ms)) : Number.POSITIVE_INFINITY,
  };
}

export function barsOf(scene: Scene, y: (step: number, isEnd: boolean) => number, height: number): Bar[] {
  const { play, lanes, xOf } = scene;
  return play.connections.flatMap((connection, colour) => {
    return [connection.from, connection.to].flatMap((actor): Bar[] => {
      const other = actor === connection.from ? connection.to : connection.from;
      const side = xOf(actor) <= xOf(other) ? 1 : -1;
      const inner = lanes.of(connection.id).at(actor);
      const x = side === 1 ? xOf(actor) + inner : xOf(actor) - inner - BAR_WIDTH;
      const marks = marksOf(scene, connection.id, actor, y);
      const begin = actor === connection.from ? marks.dialed : marks.accepted;
      const end = marks.over ?? height;
      const bar = { connection: connection.id, colour, x, width: BAR_WIDTH };
      const isOpenEnded = marks.over === undefined;
      if (marks.ownFin === undefined || marks.ownFin >= end) {
        return [{ ...bar, y1: begin, y2: end, isHollow: false, isOpenEnded }];
      }
      return [
        { ...bar, y1: begin, y2: marks.ownFin, isHollow: false, isOpenEnded: false },
        { ...bar, y1: marks.ownFin, y2: end, isHollow: true, isOpenEnded },
      ];
    });
  });
}

/** What this end of the connection sees of its life. */
function marksOf({ play }: Scene, id: string, actor: string, y: (step: number, isEnd: boolean) => number) {
  let [dialed, accepted] = [0, 0];
  let ownFin: number | undefined;
  let peerFin: number | undefined;
  let reset: number | undefined;
  for (const [number, step] of play.steps.entries()) {
    if (step.kind === "wait" || step.kind === "note" || step.connection !== id) continue;
    if (step.kind === "open") {
      dialed = y(number, false);
      accepted = (dialed + y(number, true)) / 2;
    } else if (step.kind === "close") {
      const seen = y(number, step.from !== actor);
      if (step.how === "RST") reset ??= seen;
      else if (step.from === actor) ownFin ??= seen;
      else peerFin ??= seen;
    }
  }
  const bothFins = ownFin === undefined || peerFin === undefined ? undefined : Math.max(ownFin, peerFin);
  return { dialed, accepted, ownFin, over: reset ?? bothFins };
}
