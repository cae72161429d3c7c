/**
 * Which route takes a request, and whether another reading of its path would have led to a guarded one.
 *
 * Paths are compared as they are written. But many servers leave out the parameters of a segment (`/admin;x` is `/admin` to Tomcat),
 * do not look at a slash at the end, or take paths in any case (Express, IIS). Where a route refuses clients, asks who they are, or has
 * limits, a path that only such a server takes for one of that route's must not pass by another route. It is judged once more as such a
 * server reads it, in a second table, which is there only where a route guards something: `path-ambiguous`. An operator who wants both
 * writes a route for each spelling. Methods are read in the same way: to some applications `post` is `POST` (Django, Flask), so that it
 * must not pass by a route that guards POST: `method-ambiguous`. What has no one reading at all (request-path.ts) is taken by the route to
 * which each of its readings leads, or by none. A host that URLs spell otherwise (`%61pp.example.com`, `127.1`) is literal to some servers,
 * and another one to those that read it as part of a URL: where a route looks at hosts, it is `host-ambiguous`.
 */
import type { Route, RouteMatch } from "../exchange/route-plan.ts";
import { pathAndQuery } from "./path-changes.ts";
import { hasAnotherSpelling, hostOf, type PathPattern, readPathPattern } from "./patterns.ts";
import { readingsOf } from "./request-path.ts";
import { type RoutedRequest, RouteTable } from "./route-table.ts";

/**
 * What differs in the other reading: a large letter, a parameter, a slash at the end; an encoded `?` or `#` that some take for the end of
 * the path (Apache where it rewrites, CVE-2024-38474); white space, control characters and dots at the end of a segment, which Windows
 * leaves out, and patterns that end in `$` take for nothing (a line break, in Python and PHP). Of UTF-8 any byte may be half a large letter.
 */
const READS_OTHERWISE = /[A-Z;?#\x80-\xff]|.\/$|[\0-\x20.](?:\/|$)/;

const SMALL_LETTER = /[a-z]/;

/** Why a request goes nowhere. */
export type Ambiguity = "host-ambiguous" | "method-ambiguous" | "path-ambiguous";

const ambiguities: ReadonlySet<unknown> = new Set<Ambiguity>(["host-ambiguous", "method-ambiguous", "path-ambiguous"]);

export function isAmbiguity(found: Route | Ambiguity | undefined): found is Ambiguity {
  return ambiguities.has(found);
}

export class RouteFinder {
  private readonly table: RouteTable<Route>;
  /** One of the routes does: a path that has no one reading is judged in all of them. */
  readonly looksAtPaths: boolean;
  private readonly looksAtHosts: boolean;
  /** No route guards anything: undefined. */
  private readonly folded: RouteTable<Route> | undefined;
  /** A route guards a path that is written with a large letter, a parameter or a slash at its end: the plain one may lead there, too. */
  private readonly guardsOtherwise: boolean;
  /** A route guards some methods. */
  private readonly guardsMethods: boolean;
  /** One of these is written with a small letter: the one with large letters may lead there, too. */
  private readonly guardsSmallMethods: boolean;

  /** @throws PatternError for the first route that cannot be */
  constructor(routes: readonly Route[]) {
    this.table = new RouteTable(routes, ({ match }) => match);
    this.looksAtPaths = routes.some(({ match }) => match.path !== undefined);
    this.looksAtHosts = routes.some(({ match }) => match.host !== undefined);
    this.guardsOtherwise = routes.some((route) => isGuarded(route) && isWrittenOtherwise(route));
    const methods = routes.filter(isGuarded).flatMap(({ match }) => match.method ?? []);
    this.guardsMethods = methods.length > 0;
    this.guardsSmallMethods = methods.some((method) => SMALL_LETTER.test(method));
    if (!routes.some(isGuarded)) return;
    // Of two that are one path in this reading the open one counts: somebody has named it.
    const openFirst = [...routes.filter((route) => !isGuarded(route)), ...routes.filter(isGuarded)];
    this.folded = new RouteTable(openFirst, ({ match }) => withLargeMethods(match), foldedPattern);
  }

  /** None takes it: undefined. */
  find(request: RoutedRequest): Route | Ambiguity | undefined {
    if (this.looksAtHosts && hasAnotherSpelling(hostOf(request.authority))) return "host-ambiguous";
    const route = this.table.find(request);
    if (this.folded === undefined) return route;
    const readsMethod = this.guardsSmallMethods || (this.guardsMethods && SMALL_LETTER.test(request.method));
    if (!(readsMethod || this.guardsOtherwise || READS_OTHERWISE.test(request.path))) return route;
    const asked = new FoldedRequest(request);
    const other = this.folded.find(asked);
    if (other === undefined || other === route || !isGuarded(other)) return route;
    return readsMethod && asked.path === request.path ? "method-ambiguous" : "path-ambiguous";
  }

  /**
   * The same for a target whose path has no one reading.
   *
   * @param asked the request with one of them
   */
  findInAll(target: string, asked: (path: string) => RoutedRequest): ReturnType<RouteFinder["find"]> {
    const [found, ...others] = readingsOf(target).map((path) => this.find(asked(path)) ?? "no-route");
    if (found === undefined || others.some((other) => other !== found)) return "path-ambiguous";
    if (typeof found === "string") return found === "no-route" ? undefined : found;
    // Without what was before them, two slashes would begin a path, and that is a host to some.
    return pathAndQuery(target)[0].includes("//") && changesPath(found) ? "path-ambiguous" : found;
  }
}

/** It turns clients away, or some of them, or what is too much of them: guesses at a login are held back by a limit of that path alone. */
function isGuarded({ action, policy }: Route): boolean {
  if (action.kind === "refuse" || (action.kind === "respond" && action.answer.message.status >= 400)) return true;
  if (policy === undefined) return false;
  const { mayCome, credentials, rate, concurrency } = policy;
  return (mayCome ?? credentials ?? rate ?? concurrency) !== undefined;
}

function isWrittenOtherwise({ match: { path = [] } }: Route): boolean {
  return [path].flat().some((written) => {
    const { segments } = readPathPattern(written);
    return segments.some((literal) => literal !== undefined && (literal === "" || literal !== folded(literal)));
  });
}

function changesPath({ action, changes }: Route): boolean {
  return changes?.pathOf !== undefined || (action.kind === "redirect" && action.keepsBehind !== undefined);
}

function foldedPattern({ kind, segments }: PathPattern): PathPattern {
  return { kind, segments: segments.map((literal) => literal && folded(literal)).filter((literal) => literal !== "") };
}

/**
 * A segment without its parameters, without what an encoded `?` or `#` hides and what does not count at its end, and in small letters:
 * those of UTF-8, too, and what has a small letter by way of a large one alone.
 */
function folded(segment: string): string {
  // By characters: a path may have thousands of segments of one.
  let end = 0;
  let isWide = false;
  for (; end < segment.length && !MARKS.has(segment.charCodeAt(end)); end++)
    isWide ||= segment.charCodeAt(end) > ASCII_MAX;
  while (end > 0 && isLeftOutAtEnd(segment.charCodeAt(end - 1))) end--;
  const name = segment.slice(0, end);
  if (!isWide) return name.toLowerCase();
  return Buffer.from(name, "latin1").toString("utf8").toUpperCase().toLowerCase();
}

/** `;`, `?` and `#` */
const MARKS: ReadonlySet<number> = new Set([0x3b, 0x3f, 0x23]);
const ASCII_MAX = 0x7f;
const SPACE = 0x20;
const DOT = 0x2e;

function isLeftOutAtEnd(code: number): boolean {
  return code <= SPACE || code === DOT;
}

function withLargeMethods(match: RouteMatch): RouteMatch {
  if (match.method === undefined) return match;
  return { ...match, method: [match.method].flat().map((one) => one.toUpperCase()) };
}

/** Something is read otherwise than by a slash at the end alone. */
const FOLDS_WITHIN = /[A-Z;\x80-\xff\0-\x20.]|\/\//;

function foldedPath(path: string): string {
  const segments = path.split("/").map(folded);
  return `/${segments.filter((segment) => segment !== "").join("/")}`;
}

class FoldedRequest implements RoutedRequest {
  readonly method: string;
  readonly authority: string;
  readonly path: string;
  private readonly request: RoutedRequest;

  constructor(request: RoutedRequest) {
    this.method = request.method.toUpperCase();
    this.authority = request.authority;
    const [path = ""] = request.path.split(/[?#]/, 1);
    this.path = FOLDS_WITHIN.test(path) ? foldedPath(path) : path.replace(/(?<=.)\/$/, "");
    this.request = request;
  }

  field(name: string): string | undefined {
    return this.request.field(name);
  }
}
