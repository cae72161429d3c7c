/** How a group's endpoints are looked after, for editors and type checkers: what a file says (health-schema.ts, which a test keeps the same). */
import type { Duration } from "./public-options.ts";

export interface CareOptions {
  /** Asks each endpoint now and then whether it is well. Default: nobody asks. */
  readonly health?: HealthOptions | undefined;
  /** Takes out endpoints of whose answers too many are errors. Default: none, but for those that cannot be reached or answer 502 to 504 alone. */
  readonly ejection?: EjectionOptions | undefined;
  /** How long an endpoint that comes back, or comes to the group, takes to get all of its part. Default: it gets all at once. */
  readonly slowStart?: Duration | undefined;
  /** How many requests may be sent again, as a share of all; ten a second always may. Default: `20%`. */
  readonly retryBudget?: string | undefined;
  /**
   * Whether what may be sent again is, on another endpoint, when none of a response has come within `responseTimeout`: the first endpoint
   * may still be at work on it. Default: false.
   */
  readonly retryTimeouts?: boolean | undefined;
}

export interface HealthOptions {
  /** Which page is asked for. */
  readonly path: string;
  /** Its `Host`. Default: the endpoint's own. */
  readonly host?: string | undefined;
  /** From one check to the next, give or take a tenth. Default: `5s`. */
  readonly interval?: Duration | undefined;
  /** For all of one. Default: `1s`, or the interval if that is shorter. */
  readonly timeout?: Duration | undefined;
  /** Which statuses are well. Default: `200-399`. */
  readonly status?: string | number | readonly (string | number)[] | undefined;
  /** So many that pass in a row make an unhealthy endpoint healthy. Default: 2. */
  readonly healthy?: number | undefined;
  /** So many that fail in a row make a healthy endpoint unhealthy. Default: 3. */
  readonly unhealthy?: number | undefined;
}

export interface EjectionOptions {
  /** The share of failures (5xx, and no answer) at which an endpoint is taken out. Default: `50%`. */
  readonly errors?: string | undefined;
  /** Fewer requests in a window say nothing. Default: 20. */
  readonly requests?: number | undefined;
  /** How far back requests count. Default: `10s`. */
  readonly window?: Duration | undefined;
  /** For how long it is out, the first time; doubled with each further time, up to eight times as long. Default: `30s`. */
  readonly time?: Duration | undefined;
  /** None is taken out while more of the group than this would be out. Default: `50%`. */
  readonly most?: string | undefined;
}
