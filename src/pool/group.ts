/**
 * What an operator has decided about a group: endpoints that serve the same, and how they are chosen among and looked after.
 *
 * Plain data. Deliberately absent: what is known of an endpoint while it serves, see endpoint.ts.
 */
import type { OriginAddress } from "./origin-address.ts";

export interface Group {
  readonly name: string;
  readonly endpoints: readonly EndpointPlan[];
  /** How an endpoint is chosen; absent: least outstanding. */
  readonly balance?: Balance | undefined;
  /** A cookie keeps clients with their endpoint; it does not: absent. */
  readonly sticky?: Sticky | undefined;
  /** How endpoints are asked whether they are well; they are not asked: absent. */
  readonly health?: CheckPlan;
  /** What share of failures takes an endpoint out; none does: absent. */
  readonly ejection?: EjectionPlan;
  /** How long an endpoint that comes back takes to get all of its part; at once: absent. */
  readonly slowStart_ms?: number;
  /** How many requests may be sent again; as many as may by themselves: absent. */
  readonly retryBudget?: RetryBudgetPlan;
  /** Whether what may be sent again is, too, when an endpoint has not answered in time. Not: absent. */
  readonly retriesTimeouts?: boolean;
  /** What is said of TLS to its endpoints, for people; nothing: absent. */
  readonly tlsWords?: string;
  /** Each address that an endpoint's name leads to is an endpoint of its own; a name is one endpoint: absent. */
  readonly resolve?: ResolvePlan;
}

export interface ResolvePlan {
  /** From the end of one look-up to the beginning of the next, give or take a tenth. */
  readonly interval_ms: number;
  /** Which addresses count; those of the same kind as the first one: absent. */
  readonly family?: AddressFamily | undefined;
}

export const addressFamilies = ["ipv4", "ipv6", "both"] as const;
export type AddressFamily = (typeof addressFamilies)[number];

/** How a group's endpoints are looked after. */
export type Care = Pick<Group, "health" | "ejection" | "slowStart_ms">;

/** A health check: one GET, now and then. */
export interface CheckPlan {
  readonly path: string;
  /** Its `Host`; the endpoint's own: undefined. */
  readonly host: string | undefined;
  /** From the beginning of one to the beginning of the next, give or take a tenth. */
  readonly interval_ms: number;
  /** For all of one, from dialing to the end of the response. */
  readonly timeout_ms: number;
  /** Which statuses are well: ranges, both ends included. */
  readonly statuses: readonly (readonly [from: number, to: number])[];
  /** So many that pass in a row make an unhealthy endpoint healthy. */
  readonly healthy: number;
  /** So many that fail in a row make a healthy endpoint unhealthy. */
  readonly unhealthy: number;
}

export interface EjectionPlan {
  /** The share of failures, from 0 to 1, at which an endpoint is taken out. */
  readonly errors: number;
  /** Fewer requests in a window say nothing. */
  readonly requests: number;
  readonly window_ms: number;
  /** For how long, the first time; doubled with each further time, up to eight times as long. */
  readonly time_ms: number;
  /** Taken out is only as long as no more than this share of the group is out, for whatever reason. */
  readonly most: number;
}

export interface RetryBudgetPlan {
  /** Of the requests of the last ten seconds, from 0 to 1. */
  readonly share: number;
  /** So many a second are always free. */
  readonly perSecond: number;
}

export interface EndpointPlan {
  readonly origin: OriginAddress;
  /** Its part of the requests, beside those of the others; 0: it gets no new ones. */
  readonly weight: number;
  /** Used only while no other endpoint is well; absent: always. */
  readonly isBackup?: boolean | undefined;
  /** Connections at once; absent: as many as to any endpoint. */
  readonly maxConnections?: number | undefined;
  /** How old a connection may become, 0: no limit; absent: as old as to any endpoint. */
  readonly maxAge_ms?: number | undefined;
}

/** Kinds of balance that ask nothing of a request. */
export const plainBalances = ["least-outstanding", "round-robin", "two-choices"] as const;

export type Balance = (typeof plainBalances)[number] | { readonly hash: HashedPart };

/** What of a request says where it goes. Requests without the field or the cookie go by their client. */
export type HashedPart =
  | "client"
  /** In lowercase. */
  | { readonly field: string }
  | { readonly cookie: string };

export interface Sticky {
  /** The cookie's name. */
  readonly cookie: string;
}

/** Whether both are the same place, reached in the same way: by name, address and terms of TLS. */
export function isSameOrigin(one: OriginAddress, other: OriginAddress): boolean {
  return one.name === other.name && JSON.stringify(one) === JSON.stringify(other);
}

/** A group of which nothing is said but where its endpoints are. */
export function plainGroup(name: string, origins: readonly OriginAddress[]): Group {
  return { name, endpoints: origins.map((origin) => ({ origin, weight: 1 })) };
}
