/**
 * Which route takes a request: the one that says most about it, wherever it stands among the others.
 *
 * What weighs, in this order: the host (its name, then the longest `*.` above it, then any), the path (exact, then parameters,
 * then the longest prefix), the method, and how many fields. A route that does not match after all leaves the request to the
 * next in that order. Two that weigh the same and can both match are refused when the table is made. A look-up takes as many
 * steps as host and path have parts, however many routes there are. Deliberately absent: what a route does.
 */
import type { RouteMatch } from "../exchange/route-plan.ts";
import { PatternError } from "./pattern-error.ts";
import { type HostPattern, hostOf, type PathPattern, readHostPattern, readPathPattern } from "./patterns.ts";

/** Of a request, as much as routes look at. */
export interface RoutedRequest {
  readonly method: string;
  /** `host[:port]`, or nothing. */
  readonly authority: string;
  /** Decoded (request-path.ts). */
  readonly path: string;
  /** The values of all lines with this name (in lowercase), joined by a comma; there is none: undefined. */
  field(name: string): string | undefined;
}

/** A route in one place of the table. */
interface Entry<Route> {
  readonly route: Route;
  readonly index: number;
  /** Any: undefined. */
  readonly methods: ReadonlySet<string> | undefined;
  readonly fields: readonly (readonly [name: string, value: string | true])[];
}

/** Routes for the same host and path, those that say most first. */
type Bucket<Route> = Entry<Route>[];

/** Paths with parameters, and prefixes: segment by segment. */
interface Node<Route> {
  readonly literals: Map<string, Node<Route>>;
  parameter: Node<Route> | undefined;
  whole: Bucket<Route> | undefined;
  prefix: Bucket<Route> | undefined;
}

/** How a pattern of paths is read otherwise. */
export type Reading = (pattern: PathPattern) => PathPattern;

class PathTable<Route> {
  private readonly exact = new Map<string, Bucket<Route>>();
  private readonly root: Node<Route> = emptyNode();
  private readonly reading: Reading;
  private hasNodes = false;

  constructor(reading: Reading) {
    this.reading = reading;
  }

  bucket(written: string): Bucket<Route> {
    const { kind, segments } = this.reading(readPathPattern(written));
    if (kind === "exact") {
      const path = `/${segments.join("/")}`;
      return this.exact.get(path) ?? put(this.exact, path, []);
    }
    this.hasNodes = true;
    let node = this.root;
    for (const segment of segments) {
      if (segment === undefined) {
        node.parameter ??= emptyNode();
        node = node.parameter;
      } else {
        node = node.literals.get(segment) ?? put(node.literals, segment, emptyNode());
      }
    }
    if (kind === "prefix") {
      node.prefix ??= [];
      return node.prefix;
    }
    node.whole ??= [];
    return node.whole;
  }

  find(request: RoutedRequest): Entry<Route> | undefined {
    const exact = this.exact.get(request.path);
    const entry = exact && matchIn(exact, request);
    if (entry !== undefined || !this.hasNodes) return entry;
    const segments = request.path === "/" ? [] : request.path.slice(1).split("/");
    return this.findWhole(this.root, segments, 0, request) ?? findPrefix([this.root], segments, 0, request);
  }

  /** Literal segments before parameters, from the left. */
  private findWhole(
    node: Node<Route>,
    segments: readonly string[],
    at: number,
    request: RoutedRequest,
  ): Entry<Route> | undefined {
    if (at === segments.length) return node.whole && matchIn(node.whole, request);
    const segment = segments[at] as string;
    const literal = node.literals.get(segment);
    const entry = literal && this.findWhole(literal, segments, at + 1, request);
    if (entry !== undefined || node.parameter === undefined || segment === "") return entry;
    return this.findWhole(node.parameter, segments, at + 1, request);
  }
}

/**
 * The longest first, and among equally long ones literal segments before parameters, from the left.
 *
 * @param level all nodes to which the first `at` segments lead, in that order
 */
function findPrefix<Route>(
  level: readonly Node<Route>[],
  segments: readonly string[],
  at: number,
  request: RoutedRequest,
): Entry<Route> | undefined {
  const segment = segments[at];
  const longer = segment === undefined ? undefined : nextLevel(level, segment);
  const found = longer && findPrefix(longer, segments, at + 1, request);
  if (found !== undefined) return found;
  for (const { prefix } of level) {
    const entry = prefix && matchIn(prefix, request);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

/** There is none: undefined. */
function nextLevel<Route>(level: readonly Node<Route>[], segment: string): readonly Node<Route>[] | undefined {
  let next: Node<Route>[] | undefined;
  for (const { literals, parameter } of level) {
    const literal = literals.get(segment);
    if (literal !== undefined) next = pushed(next, literal);
    if (parameter !== undefined && segment !== "") next = pushed(next, parameter);
  }
  return next;
}

function pushed<Item>(list: Item[] | undefined, item: Item): Item[] {
  if (list === undefined) return [item];
  list.push(item);
  return list;
}

const asWritten: Reading = (pattern) => pattern;

function emptyNode<Route>(): Node<Route> {
  return { literals: new Map(), parameter: undefined, whole: undefined, prefix: undefined };
}

function put<Value>(map: Map<string, Value>, key: string, value: Value): Value {
  map.set(key, value);
  return value;
}

const ANY_PATH = "/*";

export class RouteTable<Route> {
  private readonly names = new Map<string, PathTable<Route>>();
  private readonly below = new Map<string, PathTable<Route>>();
  private readonly anyHost: PathTable<Route>;
  private readonly reading: Reading;

  /**
   * @param matchOf what a route says of its requests
   * @param reading another one than as they are written; of routes that are the same then the first counts
   * @throws PatternError for the first route that cannot be
   */
  constructor(routes: readonly Route[], matchOf: (route: Route) => RouteMatch, reading = asWritten) {
    this.reading = reading;
    this.anyHost = new PathTable(reading);
    for (const [index, route] of routes.entries()) {
      try {
        this.add(route, index, matchOf(route));
      } catch (error) {
        if (!(error instanceof PatternError)) throw error;
        throw new PatternError(error.message, index);
      }
    }
  }

  private add(route: Route, index: number, { host, path = ANY_PATH, method, fields = {} }: RouteMatch): void {
    const entry: Entry<Route> = {
      route,
      index,
      methods: method === undefined ? undefined : new Set([method].flat()),
      fields: Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]),
    };
    const hosts = host === undefined ? [undefined] : [host].flat().map(readHostPattern);
    const paths = new Set([path].flat());
    for (const pattern of hosts) {
      const table = this.tableOf(pattern);
      for (const written of paths) addTo(table.bucket(written), entry, this.reading !== asWritten);
    }
  }

  private tableOf(pattern: HostPattern | undefined): PathTable<Route> {
    if (pattern === undefined) return this.anyHost;
    const tables = pattern.kind === "exact" ? this.names : this.below;
    return tables.get(pattern.name) ?? put(tables, pattern.name, new PathTable<Route>(this.reading));
  }

  /** The route that takes the request; none does: undefined. */
  find(request: RoutedRequest): Route | undefined {
    const named = this.names.size + this.below.size > 0;
    const entry = (named ? this.findByHost(request) : undefined) ?? this.anyHost.find(request);
    return entry?.route;
  }

  private findByHost(request: RoutedRequest): Entry<Route> | undefined {
    const host = hostOf(request.authority);
    const entry = this.names.get(host)?.find(request);
    if (entry !== undefined || this.below.size === 0) return entry;
    for (let dot = host.indexOf("."); dot >= 0; dot = host.indexOf(".", dot + 1)) {
      const found = this.below.get(host.slice(dot + 1))?.find(request);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

function matchIn<Route>(bucket: Bucket<Route>, request: RoutedRequest): Entry<Route> | undefined {
  return bucket.find(
    ({ methods, fields }) =>
      (methods === undefined || methods.has(request.method)) &&
      fields.every(([name, value]) => {
        const told = request.field(name);
        return told !== undefined && (value === true || told === value);
      }),
  );
}

/** Puts the entry where it belongs; two that weigh the same and can both match are refused, or, if `isLenient`, the first goes first. */
function addTo<Route>(bucket: Bucket<Route>, entry: Entry<Route>, isLenient: boolean): void {
  const equal = bucket.find((other) => weighsAs(other, entry) && canBothMatch(other, entry));
  if (equal !== undefined && equal.index === entry.index) return;
  if (equal !== undefined && !isLenient) {
    throw new PatternError(
      `it takes the same requests as route ${equal.index + 1}, and nothing says which goes first: let one say more (a host, a longer path, a method, a field)`,
    );
  }
  const at = bucket.findIndex((other) => weight(other) < weight(entry));
  bucket.splice(at < 0 ? bucket.length : at, 0, entry);
}

/** A method weighs more than any number of fields. */
function weight({ methods, fields }: Entry<unknown>): number {
  return (methods === undefined ? 0 : FIELDS_MAX) + fields.length;
}

/** More than any route says. */
const FIELDS_MAX = 1_000_000;

function weighsAs(one: Entry<unknown>, other: Entry<unknown>): boolean {
  return weight(one) === weight(other);
}

function canBothMatch(one: Entry<unknown>, other: Entry<unknown>): boolean {
  const { methods } = other;
  if (one.methods !== undefined && methods !== undefined && ![...one.methods].some((method) => methods.has(method))) {
    return false;
  }
  // One value of the same field that both want, and not the same: never both.
  return !one.fields.some(([name, value]) =>
    other.fields.some(([same, wanted]) => same === name && value !== true && wanted !== true && value !== wanted),
  );
}
