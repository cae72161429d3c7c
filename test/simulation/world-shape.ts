/**
 * The size of a world and the settings of its gateway, drawn from the seed. Limits are short and small, so that every one
 * of them is reached by some.
 */

import type { GatewaySettings } from "../../src/exchange/settings.ts";
import type { Random } from "../../src/net/simulated/random.ts";
import type { Balance, EndpointPlan } from "../../src/pool/group.ts";
import { defaultHeadLimits } from "../../src/wire/head-reader.ts";
import { isLookedAfter } from "./care-world.ts";
import { FORWARD_TUNNELS_EVERY, hasTunnels } from "./http2-tunnel-world.ts";

export interface WorldShape {
  /** How the gateway chooses among its origins, where they are a group with routes before it; they are not: absent. */
  readonly choosing?: Choosing;
  readonly origins: number;
  readonly clients: number;
  /** Clients at a time when all is calm. */
  readonly calmClients: number;
  /** How long it takes until the last client has come. */
  readonly span_ms: number;
  /** All clients come at once. */
  readonly isRush: boolean;
  /** How much goes wrong: 0 to 1. */
  readonly mischief: number;
  readonly networkFaults: number;
  readonly drainsInStorm: boolean;
  /** The share of clients who want a tunnel in the end. */
  readonly tunnels: number;
  readonly bodyBytesMax: number;
  readonly settings: Omit<GatewaySettings, "origins">;
}

/** Every so many worlds are those of a forward proxy. */
const FORWARD_EVERY = 5;

/** Whether this seed's world is that of a forward proxy. Not drawn, so that all other worlds are what they were before. */
export function isForward(seed: number): boolean {
  if (hasTunnels(seed)) return seed % FORWARD_TUNNELS_EVERY === 0;
  return seed % FORWARD_EVERY === 0 && !isLookedAfter(seed);
}

/** The same world with a forward proxy: clients name the origins, of which there are several. */
export function asForward(shape: WorldShape): WorldShape {
  const forward = {
    mayConnectTo: () => false,
    mayRequestFrom: () => true,
    authentication: undefined,
    // Fewer than there are where clients come one at a time. Where several do, one of them may count as the user of what another
    // uses by now, and gets only a part.
    originsMax: shape.calmClients === 1 ? 1 : 2 * shape.calmClients,
    idleMax: shape.settings.maxConnections % 4,
  };
  return { ...shape, origins: Math.max(2, shape.origins), settings: { ...shape.settings, forward } };
}

/** Of a group: the kind of balance, and what is said of its origins in turn. */
export interface Choosing {
  readonly balance: Balance;
  readonly endpoints: readonly Omit<EndpointPlan, "origin">[];
}

/** Every so many worlds have a group, unless they are those of a forward proxy. */
const GROUP_EVERY = 11;
const kinds: readonly Balance[] = ["round-robin", "two-choices", { hash: "client" }, { hash: { field: "cookie" } }];

/** Whether this seed's world has a group. Not drawn, as above. */
export function hasGroup(seed: number): boolean {
  return seed % GROUP_EVERY === 8 && !isForward(seed) && !isLookedAfter(seed);
}

/** The same world with a group: one origin gets nothing, one is a backup, one has less room than others. */
export function asGroup(shape: WorldShape, seed: number): WorldShape {
  const balance = kinds[Math.floor(seed / GROUP_EVERY) % (kinds.length + 1)] ?? "least-outstanding";
  const { poolSize } = shape.settings;
  const endpoints = [
    { weight: 0 },
    { weight: 3, maxConnections: Math.ceil(poolSize / 2) },
    { weight: 1 },
    { weight: 1, isBackup: true },
  ];
  return { ...shape, origins: endpoints.length, choosing: { balance, endpoints } };
}

export function randomShape(random: Random): WorldShape {
  const mischief = random.pick([0, 0.3, 0.6, 1]);
  // More clients than even the surplus has room for.
  const isCrowd = random.chance(0.02);
  const maxConnections = isCrowd ? random.between(2, 4) : random.pick([2, 3, 5, 10, 40]);
  const settings: WorldShape["settings"] = {
    keepAliveTimeout_ms: random.between(1_000, 6_000),
    maxRequests: random.chance(0.25) ? random.between(1, 4) : 0,
    maxConnections,
    headTimeout_ms: random.between(500, 3_000),
    bodyTimeout_ms: random.between(500, 3_000),
    minRate: 0,
    http2: false,
    http2BytesMax: 268_435_456,
    clientClose: "probe",
    connectTimeout_ms: random.between(300, 1_500),
    responseTimeout_ms: random.between(500, 3_000),
    tunnelTimeout_ms: 5_000,
    poolIdleTimeout_ms: random.between(500, 6_000),
    // Not drawn, so that seeds make the worlds that they made before.
    poolMaxAge_ms: 5_000,
    poolSize: random.pick([1, 2, 4, 16]),
    headLimits: { ...defaultHeadLimits, headBytesMax: random.pick([2_048, 65_536]) },
    isTrusted: () => false,
    originHost: "keep",
    sendsForwarded: false,
    viaName: "hopwise-sim",
    sendsVia: true,
    tolerates: new Set(),
  };
  return {
    origins: random.pick([1, 1, 1, 2, 3]),
    clients: isCrowd ? maxConnections + 75 : random.between(3, 16),
    calmClients: Math.max(1, Math.min(4, Math.floor(maxConnections * 0.7))),
    span_ms: random.pick([200, 3_000, 12_000]),
    isRush: isCrowd || random.chance(0.1),
    mischief,
    networkFaults: mischief === 0 ? 0 : random.between(0, 4),
    drainsInStorm: random.chance(0.2),
    tunnels: random.chance(0.1) ? 0.8 : 0.07,
    bodyBytesMax: random.pick([300, 5_000, 5_000, 70_000, 300_000]),
    settings,
  };
}
