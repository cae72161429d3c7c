/**
 * What each of several worker processes gets of limits that are for the whole.
 *
 * Client connections and connections to an origin are divided evenly; file descriptors need no division, since each
 * process has its own. Deliberately absent: rounding up. A limit is never exceeded, unless a share would be less than one.
 */
import { CONNECTIONS_MAX_NORMALLY, type ProxyConfig, VIA_OFF } from "./options.ts";

/** The options that are divided. */
export interface SharedLimits {
  readonly maxConnections?: string | number | undefined;
  readonly poolSize?: string | number | undefined;
}

/** Each worker's options, of options that have been read already. */
export function shareOf<Options extends SharedLimits>(
  options: Options,
  { gateway }: ProxyConfig,
  workers: number,
): Options & { maxConnections: number; poolSize: number; via: string; admin: false } {
  const share = (whole: number) => Math.max(1, Math.floor(whole / workers));
  // What was asked for is told of if it cannot be had; what was not asked for is what can be had.
  const maxConnections =
    options.maxConnections === undefined
      ? Math.min(share(CONNECTIONS_MAX_NORMALLY), gateway.maxConnections)
      : share(Number(options.maxConnections));
  return {
    ...options,
    maxConnections,
    poolSize: share(gateway.poolSize),
    // One name for all, so that a request that comes round is known by whichever worker it meets.
    via: gateway.sendsVia ? gateway.viaName : VIA_OFF,
    admin: false,
  };
}
