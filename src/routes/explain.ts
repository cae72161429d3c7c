/**
 * Why a route takes a request or does not, and which goes before which: for people, one route at a time.
 *
 * Deliberately absent: speed. Requests are routed by the table (route-table.ts), with which a test compares this.
 */
import type { RouteMatch } from "../exchange/route-plan.ts";
import { type HostPattern, hostOf, type PathPattern, readHostPattern, readPathPattern } from "./patterns.ts";
import type { RoutedRequest } from "./route-table.ts";

/** What of a request a route does not match; it matches all of it: undefined. */
export type Mismatch = "host" | "path" | "method" | `field ${string}`;

export function mismatchOf(
  { host, path, method, fields = {} }: RouteMatch,
  request: RoutedRequest,
): Mismatch | undefined {
  const asked = hostOf(request.authority);
  if (host !== undefined && ![host].flat().some((one) => matchesHost(readHostPattern(one), asked))) return "host";
  if (path !== undefined && ![path].flat().some((one) => matchesPath(one, request.path))) return "path";
  if (method !== undefined && ![method].flat().includes(request.method)) return "method";
  for (const [name, value] of Object.entries(fields)) {
    const told = request.field(name.toLowerCase());
    if (told === undefined || (value !== true && told !== value)) return `field ${name}`;
  }
  return undefined;
}

function matchesHost({ kind, name }: HostPattern, host: string): boolean {
  return kind === "exact" ? host === name : host.endsWith(`.${name}`);
}

function matchesPath(written: string, path: string): boolean {
  const { kind, segments } = readPathPattern(written);
  if (kind === "exact") return path === `/${segments.join("/")}`;
  const asked = path === "/" && kind === "prefix" ? [] : path.slice(1).split("/");
  const fits = segments.every((literal, at) =>
    literal === undefined ? asked[at] !== undefined && asked[at] !== "" : literal === asked[at],
  );
  return fits && (kind === "prefix" || segments.length === asked.length);
}

/** Below 0 where `one` goes first when both match, by its strongest host and path. */
export function compareMatches(one: RouteMatch, other: RouteMatch): number {
  return compare(weightOf(other), weightOf(one));
}

const PATH_KINDS = ["prefix", "parameters", "exact"];
/** Of paths with more segments the order that is shown does not tell literal ones from parameters. */
const SEGMENTS_MAX = 32;

/** Its kind; the length of a prefix; then, from the left, whether a segment is literal. */
function weightOfPath({ kind, segments }: PathPattern): readonly number[] {
  const literals = Array.from({ length: SEGMENTS_MAX }, (_, at) => (segments[at] === undefined ? 0 : 1));
  return [PATH_KINDS.indexOf(kind), kind === "prefix" ? segments.length : 0, ...literals];
}

/** As numbers are compared, by the first that differs. */
function compare(first: readonly number[], second: readonly number[]): number {
  const at = first.findIndex((weight, index) => weight !== second[index]);
  return at < 0 ? 0 : (first[at] ?? 0) - (second[at] ?? 0);
}

function weightOf({ host, path, method, fields = {} }: RouteMatch): readonly number[] {
  const hosts = (host === undefined ? [] : [host].flat()).map(readHostPattern);
  const paths = (path === undefined ? [] : [path].flat()).map((written) => weightOfPath(readPathPattern(written)));
  const [strongest = weightOfPath({ kind: "prefix", segments: [] })] = paths.sort((first, second) =>
    compare(second, first),
  );
  return [
    Math.max(0, ...hosts.map(({ kind, name }) => (kind === "exact" ? Number.MAX_SAFE_INTEGER : name.length))),
    ...strongest,
    method === undefined ? 0 : 1,
    Object.keys(fields).length,
  ];
}
