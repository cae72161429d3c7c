/**
 * Sticky sessions: a cookie of hopwise's own names the endpoint that a client was served by, and leads it there again.
 *
 * Its value is a hash of the endpoint's name, so it is the same in every process and after each restart, and nobody reads an
 * address in it. (It hides none from somebody who has a guess to compare.) Deliberately absent: reading and writing cookies, see
 * http1/sticky-cookie.ts.
 */
import { createHash } from "node:crypto";
import { type Candidate, mayBeChosen, standingRank } from "./balancing.ts";
import type { OriginAddress } from "./origin-address.ts";

/** 96 bits: no two endpoints of a group have the same. */
const VALUE_LENGTH = 16;
/** Values of one cookie that are looked at; a browser has one, or a few for several paths. */
export const STICKY_VALUES_MAX = 8;

/**
 * Whether a request goes where its cookie says; otherwise the cookie is set anew. `is-gone`: it is not one of the group's any more.
 * Backups, and endpoints of weight 0, keep those that stick to them.
 */
export type StickyVerdict = "sticks" | "is-gone" | "was-tried" | "others-stand-better";

export function judgeStickiness<Endpoint extends Candidate>(
  endpoint: Endpoint,
  endpoints: readonly Endpoint[],
  now: number,
  tried: ReadonlySet<Endpoint> | undefined,
): StickyVerdict {
  if (!endpoints.includes(endpoint)) return "is-gone";
  if (tried?.has(endpoint)) return "was-tried";
  const rank = standingRank(endpoint, now);
  const isOutdone = endpoints.some((it) => mayBeChosen(it, tried) && standingRank(it, now) < rank);
  return isOutdone ? "others-stand-better" : "sticks";
}

export class Stickiness<Endpoint extends { readonly origin: OriginAddress }> {
  /** The cookie's name. */
  readonly cookie: string;
  private readonly values = new WeakMap<Endpoint, string>();

  constructor(cookie: string) {
    this.cookie = cookie;
  }

  /** What the cookie says of `endpoint`. */
  valueOf(endpoint: Endpoint): string {
    let value = this.values.get(endpoint);
    if (value === undefined) {
      value = createHash("sha256").update(endpoint.origin.name).digest("base64url").slice(0, VALUE_LENGTH);
      this.values.set(endpoint, value);
    }
    return value;
  }

  /** The endpoint that the first of `values` with a meaning names; none has: undefined. */
  find(endpoints: readonly Endpoint[], values: readonly string[]): Endpoint | undefined {
    for (const value of values) {
      const endpoint = endpoints.find((it) => this.valueOf(it) === value);
      if (endpoint !== undefined) return endpoint;
    }
    return undefined;
  }
}
