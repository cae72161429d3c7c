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

/**
 * What a file says, for each worker: connections to single endpoints and requests of single routes are divided, too. Rates are not, since
 * all that a client sends on one connection meets the same worker.
 */
export function shareOfFile(value: object, config: ProxyConfig, workers: number): object {
  const { groups, routes } = value as WrittenParts;
  const divided = (limit: number | string) => Math.max(1, Math.floor(Number(limit) / workers));
  return {
    ...shareOf(value as SharedLimits, config, workers),
    ...(groups === undefined ? {} : { groups: mapValues(groups, (group) => groupShare(group, divided)) }),
    ...(routes === undefined ? {} : { routes: routes.map((route) => routeShare(route, divided)) }),
  };
}

type Limit = number | string;
type Divide = (limit: Limit) => number;

/** As much of a file as is divided; it has been read before. */
interface WrittenParts {
  readonly groups?: Readonly<Record<string, WrittenGroup>>;
  readonly routes?: readonly WrittenRoute[];
}

interface WrittenGroup {
  readonly to?: unknown;
}

interface WrittenRoute {
  readonly concurrency?: { readonly max: Limit; readonly line?: Limit };
}

function groupShare(group: WrittenGroup, divided: Divide): WrittenGroup {
  if (!Array.isArray(group.to)) return group;
  const to = group.to.map((one: { readonly maxConnections?: Limit } | string) =>
    typeof one === "string" || one.maxConnections === undefined
      ? one
      : { ...one, maxConnections: divided(one.maxConnections) },
  );
  return { ...group, to };
}

function routeShare(route: WrittenRoute, divided: Divide): WrittenRoute {
  const { concurrency } = route;
  if (concurrency === undefined) return route;
  const { max, line } = concurrency;
  // Nobody in line is a limit of its own.
  const lines = line === undefined || Number(line) === 0 ? {} : { line: divided(line) };
  return { ...route, concurrency: { ...concurrency, max: divided(max), ...lines } };
}

function mapValues<Value>(map: Readonly<Record<string, Value>>, change: (value: Value) => Value) {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]));
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
