/**
 * Exchanges that a connection carries at the same time, one above the other: each has the uppermost level that is free, and keeps it.
 *
 * On most connections one follows another, and there is one level.
 */
import type { Connection, Exchange } from "../model/model.ts";
import { spanOn } from "./choice.ts";

/** More would be too thin to be seen; they share the lowest. */
export const LEVELS_MAX = 4;

export interface Levels {
  readonly count: number;
  readonly of: ReadonlyMap<Exchange, number>;
}

/**
 * @param shown in the order in which they began
 * @param known levels that were given before, so that nothing jumps when what was beside it has gone; new ones are added
 * @returns there is one level: undefined
 */
export function levelsOf(
  connection: Connection,
  shown: readonly Exchange[],
  known = new WeakMap<Exchange, number>(),
): Levels | undefined {
  const freeFrom_ms: number[] = [];
  const of = new Map<Exchange, number>();
  for (const exchange of shown) {
    const [from_ms, to_ms] = spanOn(exchange, connection);
    const free = freeFrom_ms.findIndex((free_ms = Number.NEGATIVE_INFINITY) => free_ms <= from_ms);
    const level = known.get(exchange) ?? Math.min(free < 0 ? freeFrom_ms.length : free, LEVELS_MAX - 1);
    known.set(exchange, level);
    freeFrom_ms[level] = Math.max(freeFrom_ms[level] ?? 0, to_ms);
    of.set(exchange, level);
  }
  return freeFrom_ms.length <= 1 ? undefined : { count: freeFrom_ms.length, of };
}
