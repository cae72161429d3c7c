/**
 * What is chosen among the lanes, and where keys lead from there: up and down between lanes, left and right between exchanges, which
 * are older to the left. Pure.
 */
import type { Connection, Exchange } from "../model/model.ts";

export interface Choice {
  readonly connection: Connection;
  /** One on it; the lane as a whole: undefined. */
  readonly exchange: Exchange | undefined;
}

/** Lanes from the uppermost on, those of clients before those of origins. */
export type Lanes = readonly Connection[];

export type Step = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight" | "Home" | "End" | "PageUp" | "PageDown";
const PAGE = 10;

export function isStep(key: string): key is Step {
  return /^(?:Arrow(?:Up|Down|Left|Right)|Home|End|Page(?:Up|Down))$/.test(key);
}

/** @returns nothing is there to be chosen: undefined */
export function chosenAfter(step: Step, choice: Choice | undefined, lanes: Lanes): Choice | undefined {
  const at = choice === undefined ? -1 : lanes.indexOf(choice.connection);
  if (choice === undefined || at < 0) return lane(lanes, step === "End" || step === "ArrowUp" ? lanes.length - 1 : 0);
  switch (step) {
    case "ArrowUp":
      return lane(lanes, at - 1);
    case "ArrowDown":
      return lane(lanes, at + 1);
    case "PageUp":
      return lane(lanes, at - PAGE);
    case "PageDown":
      return lane(lanes, at + PAGE);
    case "Home":
      return lane(lanes, 0);
    case "End":
      return lane(lanes, lanes.length - 1);
    case "ArrowLeft":
      return beside(choice, -1);
    case "ArrowRight":
      return beside(choice, 1);
  }
}

function lane(lanes: Lanes, wanted: number): Choice | undefined {
  const connection = lanes[Math.max(0, Math.min(lanes.length - 1, wanted))];
  return connection === undefined ? undefined : { connection, exchange: undefined };
}

function beside({ connection, exchange }: Choice, direction: 1 | -1): Choice {
  const { exchanges } = connection;
  const at = exchange === undefined ? -1 : exchanges.indexOf(exchange);
  // From the lane itself to its latest exchange, whichever way.
  if (at < 0) return { connection, exchange: exchanges.at(-1) };
  return { connection, exchange: exchanges[at + direction] ?? exchange };
}

/** The same exchange on the other hop; an origin was not asked: undefined. */
export function counterpartOf({ connection, exchange }: Choice): Choice | undefined {
  if (exchange === undefined) return undefined;
  const { downstream, upstream } = exchange;
  const there = connection === downstream.connection ? upstream : downstream;
  return there === undefined ? undefined : { connection: there.connection, exchange };
}

/** What stands at a moment on a lane, or as near as `within_ms`. */
export function exchangeAt(connection: Connection, at_ms: number, within_ms: number): Exchange | undefined {
  let nearest: Exchange | undefined;
  let distance_ms = within_ms;
  const { exchanges } = connection;
  for (let index = exchanges.length - 1; index >= 0; index--) {
    const exchange = exchanges[index] as Exchange;
    const [from_ms, to_ms] = spanOn(exchange, connection);
    const away_ms = at_ms < from_ms ? from_ms - at_ms : at_ms > to_ms ? at_ms - to_ms : 0;
    if (away_ms === 0) return exchange;
    if (away_ms <= distance_ms) {
      nearest = exchange;
      distance_ms = away_ms;
    }
    // All others ended before it began, where one follows another.
    if (to_ms < at_ms - within_ms && exchange.endedAt_ms !== undefined && !connection.isMultiplexed) break;
  }
  return nearest;
}

/** From when until when an exchange is on a connection; it still is: for ever. */
export function spanOn(exchange: Exchange, connection: Connection): readonly [number, number] {
  const { downstream, upstream, losses, beganAt_ms, endedAt_ms = Number.POSITIVE_INFINITY, phases } = exchange;
  if (connection === downstream.connection) return [beganAt_ms, endedAt_ms];
  if (connection === upstream?.connection) {
    const sent = phases.findLast(({ phase }) => phase === "sent");
    const from_ms = sent?.at_ms ?? beganAt_ms;
    return [from_ms, Math.max(from_ms, Math.min(endedAt_ms, exchange.leftOriginAt_ms ?? endedAt_ms))];
  }
  const loss = losses.find((one) => one.connection === connection);
  return loss === undefined ? [beganAt_ms, endedAt_ms] : [loss.sentAt_ms, loss.lostAt_ms];
}
