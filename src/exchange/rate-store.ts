/**
 * Where the buckets of rate limits are: a port.
 *
 * In this process (token-buckets.ts), or where an application says, which may be one place for several processes (outer-rate-store.ts). Deliberately absent: whose bucket a request
 * takes from, see judging.ts.
 */
import type { RateLimit } from "./policy.ts";

export interface RateStore {
  /**
   * Takes a token of this limit's bucket with this key.
   *
   * @param later is called with the same if it takes time; a store that cannot tell says 0
   * @returns 0: it was taken; otherwise there is one in so many milliseconds; not known yet: undefined
   */
  take(limit: RateLimit, key: string, later: (wait_ms: number) => void): number | undefined;
}
