/**
 * Which of several endpoints takes a request: the one that stands best, and of those alike the one with least to do.
 *
 * Deliberately absent: how an endpoint comes by its standing, see health.ts; what follows where none has room, see search.ts.
 */
import type { Standing } from "./health.ts";

export interface Candidate {
  /** Exchanges and dials in progress. */
  readonly outstanding: number;
  readonly avoidUntil_ms: number;
  standing(now: number): Standing;
}

/** One that is on trial is taken like one that is well: it is on trial only while it has nothing to do. */
const RANKS: Readonly<Record<Standing, number>> = { well: 0, "on-trial": 0, refusing: 1, avoided: 2 };

/**
 * @param turn where to begin, so that those alike take turns
 * @param tried these had their chance
 * @returns all were tried: undefined
 */
export function choose<Endpoint extends Candidate>(
  endpoints: readonly Endpoint[],
  turn: number,
  now: number,
  tried: ReadonlySet<Endpoint> | undefined,
): Endpoint | undefined {
  let best: Endpoint | undefined;
  for (let i = 0; i < endpoints.length; i++) {
    const candidate = endpoints[(turn + i) % endpoints.length] as Endpoint;
    if (tried?.has(candidate)) continue;
    if (best === undefined || isBetter(candidate, best, now)) best = candidate;
  }
  return best;
}

function isBetter(candidate: Candidate, best: Candidate, now: number): boolean {
  const standing = candidate.standing(now);
  const order = RANKS[standing] - RANKS[best.standing(now)];
  if (order !== 0) return order < 0;
  // Of those that are avoided the one that is tried again first.
  if (standing === "avoided") return candidate.avoidUntil_ms < best.avoidUntil_ms;
  return candidate.outstanding < best.outstanding;
}
