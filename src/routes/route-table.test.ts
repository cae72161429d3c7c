/**
 * Which route takes a request: by a table, and beside a naive model that looks at all routes and compares what they say.
 */
import { describe, expect, it } from "vitest";
import type { RouteMatch } from "../exchange/route-plan.ts";
import { Random } from "../net/simulated/random.ts";
import { compareMatches, mismatchOf } from "./explain.ts";
import { hostOf, readHostPattern, readPathPattern } from "./patterns.ts";
import { type RoutedRequest, RouteTable } from "./route-table.ts";

type Routes = Readonly<Record<string, RouteMatch>>;

function tableOf(routes: Routes): RouteTable<string> {
  return new RouteTable(Object.keys(routes), (name) => routes[name] as RouteMatch);
}

function request(written: string, fields: Readonly<Record<string, string>> = {}): RoutedRequest {
  const [method = "", url = ""] = written.split(" ");
  const slash = url.indexOf("/");
  return {
    method,
    authority: url.slice(0, slash),
    path: url.slice(slash),
    field: (name) => fields[name],
  };
}

const site: Routes = {
  home: { host: "example.com", path: "/" },
  login: { host: "example.com", path: "/login" },
  "login by POST": { host: "example.com", path: "/login", method: "POST" },
  user: { host: "example.com", path: "/users/:id" },
  me: { host: "example.com", path: "/users/me" },
  "users' files": { host: "example.com", path: "/users/:id/*" },
  api: { host: "example.com", path: "/api/*" },
  "api v2": { host: "example.com", path: "/api/v2/*" },
  canary: { host: "example.com", path: "/api/*", fields: { "X-Canary": "1" } },
  "canary for two": { host: "example.com", path: "/api/*", fields: { "X-Canary": "1", "X-Team": true } },
  "api by GET": { host: "example.com", path: "/api/*", method: ["GET", "HEAD"] },
  tenants: { host: "*.example.com" },
  "tenants of eu": { host: "*.eu.example.com" },
  health: { path: "/healthz" },
  rest: {},
};

describe("the route that says most takes the request", () => {
  const table = tableOf(site);
  const rows: readonly (readonly [written: string, route: string, fields?: Record<string, string>])[] = [
    ["GET example.com/", "home"],
    ["GET EXAMPLE.com:8080/", "home"],
    ["GET example.com/login", "login"],
    ["POST example.com/login", "login by POST"],
    ["GET example.com/login/", "rest"],
    ["GET example.com/users/5", "user"],
    ["GET example.com/users/me", "me"],
    ["GET example.com/users/", "rest"],
    ["GET example.com/users/5/a/b", "users' files"],
    ["GET example.com/users/5/", "users' files"],
    ["DELETE example.com/api", "api"],
    ["DELETE example.com/api/", "api"],
    ["DELETE example.com/apis", "rest"],
    ["DELETE example.com/api/v2", "api v2"],
    ["DELETE example.com/api/v22", "api"],
    ["GET example.com/api/x", "api by GET"],
    ["DELETE example.com/api/x", "canary", { "x-canary": "1" }],
    ["DELETE example.com/api/x", "canary for two", { "x-canary": "1", "x-team": "a" }],
    ["DELETE example.com/api/x", "api", { "x-canary": "2" }],
    ["GET example.com/api/x", "api by GET", { "x-canary": "1" }],
    ["GET a.example.com/healthz", "tenants"],
    ["GET a.b.example.com/", "tenants"],
    ["GET a.eu.example.com/", "tenants of eu"],
    ["GET eu.example.com/", "tenants"],
    ["GET other.com/healthz", "health"],
    ["GET /healthz", "health"],
    ["GET example.com/healthz", "health"],
    ["GET other.com/", "rest"],
  ];
  for (const [written, route, fields] of rows) {
    it(`${written} ${JSON.stringify(fields ?? {})}: ${route}`, () => {
      expect(table.find(request(written, fields))).toBe(route);
    });
  }

  it("wherever it stands", () => {
    const reversed = tableOf(Object.fromEntries(Object.entries(site).reverse()));
    expect(reversed.find(request("GET example.com/users/me"))).toBe("me");
    expect(reversed.find(request("GET a.eu.example.com/"))).toBe("tenants of eu");
  });

  it("and where nothing says anything, none", () => {
    expect(tableOf({ api: { path: "/api/*" } }).find(request("GET a/"))).toBeUndefined();
  });
});

describe("is refused", () => {
  const same = (number: number) =>
    `it takes the same requests as route ${number}, and nothing says which goes first: let one say more (a host, a longer path, a method, a field)`;
  it.each<readonly [what: string, routes: readonly RouteMatch[], route: number, message: string]>([
    ["the same twice", [{ path: "/a" }, { path: "/a" }], 1, same(1)],
    ["the same, encoded", [{ path: "/a" }, {}, { path: "/%61" }], 2, same(1)],
    ["parameters by other names", [{ path: "/:a" }, { path: "/:b" }], 1, same(1)],
    ["methods in common", [{ method: ["GET", "PUT"] }, { method: ["PUT"] }], 1, same(1)],
    ["one host in common", [{ host: ["a", "b"] }, { host: ["b", "c"] }], 1, same(1)],
    ["different fields", [{ fields: { a: true } }, { fields: { b: "1" } }], 1, same(1)],
    ["a value and any", [{ fields: { a: true } }, { fields: { A: "1" } }], 1, same(1)],
    ["a path that is none", [{ path: "a" }], 0, '"a" is no path: write one like /login, /users/:id or /api/*'],
  ])("%s", (_, routes, route, message) => {
    expect(() => new RouteTable(routes, (one) => one)).toThrow(expect.objectContaining({ route, message }));
  });
});

it.each<readonly [what: string, routes: readonly RouteMatch[]]>([
  ["other methods", [{ method: "GET" }, { method: "PUT" }]],
  ["other values of a field", [{ fields: { a: "1" } }, { fields: { A: "2" } }]],
  ["the same path twice in one", [{ path: ["/a", "/%61"] }]],
  ["a method beside none", [{ method: "GET" }, {}]],
])("is none the other's: %s", (_, routes) => {
  expect(() => new RouteTable(routes, (route) => route)).not.toThrow();
});

/** All routes looked at, and what they say compared: the definition of the table, without its speed. */
function naively(routes: Routes, asked: RoutedRequest): string | undefined {
  const segments = asked.path.slice(1).split("/");
  const below = asked.path === "/" ? [] : segments;
  const fits = (of: readonly (string | undefined)[], to: readonly string[]) =>
    of.every((literal, at) => (literal === undefined ? to[at] !== "" : literal === to[at]) && to[at] !== undefined);
  const ranked = Object.entries(routes).flatMap(([name, { host, path = "/*", method, fields = {} }]) => {
    const hostWeight = Math.max(
      ...[host].flat().map((written) => {
        if (written === undefined) return 0;
        const pattern = readHostPattern(written);
        const asksFor = hostOf(asked.authority);
        if (pattern.kind === "exact") return pattern.name === asksFor ? 1_000 : -1;
        return asksFor.endsWith(`.${pattern.name}`) ? pattern.name.length : -1;
      }),
    );
    const pathWeights = [path].flat().flatMap((written) => {
      const { kind, segments: of } = readPathPattern(written);
      const literals = of.map((literal) => (literal === undefined ? 0 : 1));
      if (kind === "exact") return `/${of.join("/")}` === asked.path ? [[2, 0, ...literals]] : [];
      if (kind === "parameters")
        return of.length === segments.length && fits(of, segments) ? [[1, 0, ...literals]] : [];
      return of.length <= below.length && fits(of, below) ? [[0, of.length, ...literals]] : [];
    });
    const isAsked =
      (method === undefined || [method].flat().includes(asked.method)) &&
      Object.entries(fields).every(([field, value]) => {
        const told = asked.field(field.toLowerCase());
        return told !== undefined && (value === true || value === told);
      });
    if (hostWeight < 0 || !isAsked) return [];
    return pathWeights.map((pathWeight) => ({
      name,
      weight: [
        hostWeight,
        ...[...pathWeight, ...Array(8).fill(0)].slice(0, 8),
        method === undefined ? 0 : 1,
        Object.keys(fields).length,
      ],
    }));
  });
  ranked.sort((one, other) => {
    const at = one.weight.findIndex((value, index) => value !== other.weight[index]);
    return at < 0 ? 0 : other.weight[at] - one.weight[at];
  });
  return ranked[0]?.name;
}

it("as the naive model has it, whatever the routes and the requests; what is said to people is that, too", () => {
  const random = new Random(20_261_129);
  const some = <One>(of: readonly One[]): One => of[random.below(of.length)] as One;
  const SEGMENTS = ["a", "b", ":x", "c"];
  const HOSTS = [undefined, undefined, "a.test", "*.test", "b.a.test", "*.a.test"];
  const METHODS = [undefined, undefined, "GET", "PUT"];
  const FIELDS = [{}, {}, { f: "1" }, { f: "2" }, { f: true }, { f: "1", g: true }] as const;
  let found = 0;
  for (let world = 0; world < 150; world++) {
    const routes: Record<string, RouteMatch> = {};
    for (let tries = 0; tries < 12; tries++) {
      const depth = random.below(4);
      const path = `/${Array.from({ length: depth }, () => some(SEGMENTS)).join("/")}`;
      const prefix = path === "/" ? "/*" : `${path}/*`;
      const match = {
        host: some(HOSTS),
        path: some([path, prefix, undefined]),
        method: some(METHODS),
        fields: some(FIELDS),
      };
      try {
        tableOf({ ...routes, [tries]: match });
        routes[tries] = match;
      } catch {
        // Two that tie.
      }
    }
    const table = tableOf(routes);
    for (let asked = 0; asked < 60; asked++) {
      const path = Array.from({ length: 1 + random.below(4) }, () => some(["a", "b", "c", "d", ""])).join("/");
      const told = some<Record<string, string>>([{}, { f: "1" }, { f: "2" }, { f: "1", g: "x" }]);
      const one = request(
        `${some(["GET", "PUT", "POST"])} ${some(["a.test", "b.a.test", "x.b.a.test", "test", ""])}/${path}`,
        told,
      );
      const expected = naively(routes, one);
      if (expected !== undefined) found++;
      const matching = Object.entries(routes).filter(([, match]) => mismatchOf(match, one) === undefined);
      matching.sort(([, first], [, second]) => compareMatches(first, second));
      expect(matching[0]?.[0]).toBe(expected);
      expect([routes, one.method, one.authority, one.path, told, table.find(one)]).toStrictEqual([
        routes,
        one.method,
        one.authority,
        one.path,
        told,
        expected,
      ]);
    }
  }
  expect(found).toBeGreaterThan(2_500);
});
