/**
 * Worlds of a gateway with a group that is looked after: checks, ejection, slow start, few retries. Their seeds are far from all others,
 * which so make the worlds that they made before.
 *
 * Deliberately absent: what must hold there, see care-judge.ts.
 */
import { Random } from "../../src/net/simulated/random.ts";
import type { CheckPlan, Group } from "../../src/pool/group.ts";
import { parseOriginAddress } from "../../src/pool/origin-address.ts";
import { isHttp2 } from "./http2-world.ts";
import type { WorldShape } from "./world-shape.ts";

/** Every seed from here on. */
export const GROUPS_FROM = 50_000_000;

export function isLookedAfter(seed: number): boolean {
  return seed >= GROUPS_FROM && !isHttp2(seed);
}

/** How an origin answers one check. */
export type CheckAct = "pass" | "refuse" | "ignore" | "status" | "malformed" | "close" | "silence" | "long";

export interface GroupShape {
  readonly care: Omit<Group, "name" | "endpoints">;
  /** How often a check ends in each way, while faults are allowed; each origin has its own. */
  readonly checkActs: readonly Readonly<Record<CheckAct, number>>[];
}

/** The same world with at least three origins, which are one group. */
export function asLookedAfter(
  seed: number,
  shape: WorldShape,
): { readonly shape: WorldShape; readonly group: GroupShape } {
  const random = new Random(seed ^ 0x5eed);
  const origins = random.between(3, 5);
  const health: CheckPlan = {
    path: "/healthz",
    host: undefined,
    interval_ms: random.between(200, 2_000),
    timeout_ms: random.between(50, 200),
    statuses: [[200, 299]],
    healthy: random.between(1, 3),
    unhealthy: random.between(1, 3),
  };
  const ejection = {
    errors: random.pick([0.05, 0.1, 0.3]),
    requests: random.between(1, 4),
    window_ms: 10_000,
    time_ms: random.between(500, 5_000),
    most: random.pick([0.2, 0.34, 0.5]),
  };
  const care = {
    ...(random.chance(0.5) ? { health } : {}),
    ...(random.chance(0.7) ? { ejection } : {}),
    ...(random.chance(0.5) ? { slowStart_ms: random.between(100, 5_000) } : {}),
    ...(random.chance(0.5) ? { retryBudget: { share: 0.1, perSecond: 2 } } : {}),
  };
  const ills = { refuse: 1, ignore: 1, status: 2, malformed: 1, close: 1, silence: 1, long: 1 };
  const checkActs = Array.from({ length: origins }, () => {
    return { pass: random.pick([2, 8, 30]), ...ills };
  });
  return { shape: { ...shape, origins }, group: { care, checkActs } };
}

/** Settings of that gateway: everything goes to the group. */
export function careSettings({ care }: GroupShape, hosts: readonly string[]): Pick<WorldShape["settings"], "routes"> {
  const endpoints = hosts.map((host) => ({ origin: parseOriginAddress(`http://${host}`), weight: 1 }));
  const group = { name: "app", endpoints, ...care };
  return {
    routes: { groups: [group], routes: [{ name: "all", match: {}, action: { kind: "group", group: "app" } }] },
  };
}
