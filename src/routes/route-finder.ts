/**
 * Which route takes a request, and whether another reading of its path would have led to a guarded one.
 *
 * Paths are compared as they are written. But many servers leave out the parameters of a segment (`/admin;x` is `/admin` to Tomcat),
 * do not look at a slash at the end, or take paths in any case (Express, IIS). Where a route refuses clients, or asks who they are, a
 * path that only such a server takes for one of that route's must not pass by another route. It is judged once more as such a server
 * reads it, in a second table, which is there only where a route guards something: `path-ambiguous`. An operator who wants both
 * writes a route for each spelling. What has no one reading at all (request-path.ts) is taken by the route to which each of its readings
 * leads, or by none.
 */
import type { Route } from "../exchange/route-plan.ts";
import { pathAndQuery } from "./path-changes.ts";
import type { PathPattern } from "./patterns.ts";
import { readingsOf } from "./request-path.ts";
import { type RoutedRequest, RouteTable } from "./route-table.ts";

/** What differs in the other reading: a large letter, a parameter, a slash at the end. Of UTF-8 any byte may be half a large letter. */
const READS_OTHERWISE = /[A-Z;\x80-\xff]|.\/$/;

export class RouteFinder {
  private readonly table: RouteTable<Route>;
  /** No route guards anything: undefined. */
  private readonly folded: RouteTable<Route> | undefined;

  /** @throws PatternError for the first route that cannot be */
  constructor(routes: readonly Route[]) {
    this.table = new RouteTable(routes, ({ match }) => match);
    if (!routes.some(isGuarded)) return;
    // Of two that are one path in this reading the open one counts: somebody has named it.
    const openFirst = [...routes.filter((route) => !isGuarded(route)), ...routes.filter(isGuarded)];
    this.folded = new RouteTable(openFirst, ({ match }) => match, foldedPattern);
  }

  /** None takes it: undefined. */
  find(request: RoutedRequest): Route | "path-ambiguous" | undefined {
    const route = this.table.find(request);
    if (this.folded === undefined || !READS_OTHERWISE.test(request.path)) return route;
    const other = this.folded.find(new FoldedRequest(request));
    return other === undefined || other === route || !isGuarded(other) ? route : "path-ambiguous";
  }

  /**
   * The same for a target whose path has no one reading.
   *
   * @param asked the request with one of them
   */
  findInAll(target: string, asked: (path: string) => RoutedRequest): Route | "path-ambiguous" | undefined {
    const [found, ...others] = readingsOf(target).map((path) => this.find(asked(path)) ?? "no-route");
    if (found === undefined || others.some((other) => other !== found)) return "path-ambiguous";
    if (typeof found === "string") return found === "no-route" ? undefined : found;
    // Without what was before them, two slashes would begin a path, and that is a host to some.
    return pathAndQuery(target)[0].includes("//") && changesPath(found) ? "path-ambiguous" : found;
  }
}

/** It turns clients away, or some of them. */
function isGuarded({ action, policy }: Route): boolean {
  if (action.kind === "refuse" || (action.kind === "respond" && action.answer.message.status >= 400)) return true;
  return policy?.mayCome !== undefined || policy?.credentials !== undefined;
}

function changesPath({ action, changes }: Route): boolean {
  return changes?.pathOf !== undefined || (action.kind === "redirect" && action.keepsBehind !== undefined);
}

function foldedPattern({ kind, segments }: PathPattern): PathPattern {
  return { kind, segments: segments.map((literal) => literal && folded(literal)).filter((literal) => literal !== "") };
}

/** A segment without its parameters, and in small letters. */
function folded(segment: string): string {
  const mark = segment.indexOf(";");
  return (mark < 0 ? segment : segment.slice(0, mark)).toLowerCase();
}

class FoldedRequest implements RoutedRequest {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  private readonly request: RoutedRequest;

  constructor(request: RoutedRequest) {
    this.method = request.method;
    this.authority = request.authority;
    const segments = request.path.split("/").map(folded);
    this.path = `/${segments.filter((segment) => segment !== "").join("/")}`;
    this.request = request;
  }

  field(name: string): string | undefined {
    return this.request.field(name);
  }
}
