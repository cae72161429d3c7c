/**
 * Worlds with routes: one refuses all below a path, by whichever spelling clients ask for it; the other leads to the origins, and lets
 * few requests through at once.
 *
 * Nothing of it is drawn, so that all other worlds are what they were without. Deliberately absent: a second group.
 */
import type { RoutePlan } from "../../src/exchange/route-plan.ts";
import type { Group } from "../../src/pool/group.ts";

/** Every so many worlds. */
const ROUTED_EVERY = 4;
const ROUTED_OFFSET = 3;

/** @param isForward a forward proxy has no routes */
export function isRouted(seed: number, isForward: boolean): boolean {
  return !isForward && seed % ROUTED_EVERY === ROUTED_OFFSET;
}

const SPELLINGS = ["/r/closed/", "/r/%63losed/", "/r/clos%65d/", "/%72/closed/"];
/** Every so many requests are for what is closed. */
const CLOSED_EVERY = 3;

/** Where request `id` asks for what is closed; it does not: undefined. */
export function closedPath(id: string): string | undefined {
  const number = Number(id.slice(1));
  if (number % CLOSED_EVERY !== 0) return undefined;
  return `${SPELLINGS[(number / CLOSED_EVERY) % SPELLINGS.length]}${id}`;
}

/** @param atOnce requests: as many as clients ask when all is calm */
export function routesOf(group: Group, atOnce: number): RoutePlan {
  const concurrency = { max: atOnce, line: 1_000, wait_ms: 3_000 };
  return {
    groups: [group],
    routes: [
      { name: "closed", match: { path: "/r/closed/*" }, action: { kind: "refuse" } },
      { name: "open", match: {}, action: { kind: "group", group: group.name }, policy: { words: [], concurrency } },
    ],
  };
}

/** All requests go to one group. */
export function oneRouteTo(group: Group): RoutePlan {
  return { groups: [group], routes: [{ name: "all", match: {}, action: { kind: "group", group: group.name } }] };
}
