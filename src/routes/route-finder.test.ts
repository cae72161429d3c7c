/** Paths that some servers take for another one: they do not get round a route that guards something. */
import { describe, expect, it } from "vitest";
import type { Route, RouteMatch } from "../exchange/route-plan.ts";
import { RouteFinder } from "./route-finder.ts";

const words: readonly string[] = [];
const GUARDS: Readonly<Record<string, Partial<Route>>> = {
  refuse: { action: { kind: "refuse" } },
  "allow or deny": { policy: { words, mayCome: () => false } },
  users: { policy: { words, credentials: { authentication: {} as never, realm: "" } } },
  "a rate limit": { policy: { words, rate: {} as never } },
  concurrency: { policy: { words, concurrency: {} as never } },
  "respond 404": { action: { kind: "respond", answer: { message: { status: 404 } } as never } },
};

function route(name: string, match: RouteMatch, more: Partial<Route> = {}): Route {
  return { name, match, action: { kind: "group", group: "app" }, ...more };
}

function taken(routes: readonly Route[], path: string, method = "GET"): string | undefined {
  const found = new RouteFinder(routes).find({ method, authority: "site.test", path, field: () => undefined });
  return typeof found === "object" ? found.name : found;
}

const rest = route("rest", {});

describe.each(Object.entries(GUARDS))("a route that guards by %s", (_what, guard) => {
  const routes = [route("admin", { path: "/admin/*" }, guard), route("exact", { path: "/key" }, guard), rest];

  it.each([
    "/ADMIN",
    "/Admin/x",
    "/admin;x",
    "/admin;x=y/z",
    "/;/admin",
    "/key/",
    "/KEY",
    "/key;a",
    // Decoded, as all paths here.
    "/admin?x",
    "/key?/x",
    "/key#x",
    "/admin.",
    "/admin /x",
    "/key\n",
    "/key\t.;a",
  ])("%s does not pass by it", (path) => {
    expect(taken(routes, path)).toMatch(/^(?:path-ambiguous|admin)$/);
  });

  it.each<[path: string, name: string]>([
    ["/admin", "admin"],
    ["/admin/", "admin"],
    ["/admin/X;y", "admin"],
    ["/Other", "rest"],
    ["/administrator;x", "rest"],
    ["/x/", "rest"],
    ["/x?admin", "rest"],
    ["/?", "rest"],
    ["/admin.txt", "rest"],
    ["/x./y ", "rest"],
    ["/.", "rest"],
    ["/", "rest"],
  ])("%s is %s's", (path, name) => {
    expect(taken(routes, path)).toBe(name);
  });

  it("another spelling that has a route of its own is meant", () => {
    const both = [...routes, route("other", { path: "/ADMIN/*" }), route("slash", { path: "/key/" })];
    expect([taken(both, "/ADMIN/x"), taken(both, "/key/"), taken(both, "/Admin/x")]).toEqual([
      "other",
      "slash",
      "rest",
    ]);
  });

  it("what is open below it stays so", () => {
    const open = [...routes, route("open", { path: "/admin/public/*" })];
    expect([taken(open, "/admin/public/X"), taken(open, "/ADMIN/public/x"), taken(open, "/Admin/secret")]).toEqual([
      "open",
      "rest",
      "path-ambiguous",
    ]);
  });

  it("guards also what is written with a large letter, a parameter or a slash at its end", () => {
    const written = [
      route("admin", { path: "/Admin/*" }, guard),
      route("slash", { path: "/key/" }, guard),
      route("parameter", { path: "/door;inner" }, guard),
      rest,
    ];
    const paths = ["/admin", "/admin/x", "/ADMIN/x", "/key", "/door", "/door;outer", "/other", "/"];
    expect(paths.map((path) => taken(written, path))).toEqual([
      ...Array(6).fill("path-ambiguous"),
      ...["rest", "rest"],
    ]);
  });

  it("knows large letters beyond ASCII", () => {
    const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");
    const routes = [route("cafe", { path: "/caf\u00e9/*" }, guard), route("kiss", { path: "/kiss" }, guard), rest];
    // The sign of Kelvin has a small k, and the long s a large S.
    const paths = ["/CAF\u00c9/x", "/\u212aiss", "/ki\u017fs", "/caff\u00e8"].map(bytes);
    expect(paths.map((path) => taken(routes, path))).toEqual([...Array(3).fill("path-ambiguous"), "rest"]);
    expect(taken([route("cafe", { path: "/CAF\u00c9" }, guard), rest], bytes("/caf\u00e9"))).toBe("path-ambiguous");
  });

  it("counts only for the requests it takes", () => {
    const post = [route("admin", { path: "/admin/*", method: "POST" }, guard), rest];
    expect([taken(post, "/ADMIN", "POST"), taken(post, "/ADMIN", "GET")]).toEqual(["path-ambiguous", "rest"]);
  });

  it("of some methods is not passed by in small letters", () => {
    const some = [route("changes", { path: "/api/*", method: ["POST", "DELETE"] }, guard), rest];
    const asked = (method: string, path = "/api/x") => taken(some, path, method);
    expect(["POST", "GET", "get", "HEAD", "PURGE", "purge"].map((method) => asked(method))).toEqual([
      "changes",
      ...Array(5).fill("rest"),
    ]);
    expect(["post", "Post", "delete"].map((method) => asked(method))).toEqual(Array(3).fill("method-ambiguous"));
    expect([asked("post", "/API/x"), asked("post", "/other")]).toEqual(["path-ambiguous", "rest"]);
  });

  it("of a method in small letters is not passed by in large ones, nor where both are named", () => {
    const small = [route("patch", { path: "/api/*", method: "patch" }, guard), rest];
    expect(["patch", "PATCH", "GET"].map((method) => taken(small, "/api", method))).toEqual([
      ...["patch", "method-ambiguous", "rest"],
    ]);
    const both = [...small, route("named", { path: "/api/*", method: "PATCH" })];
    expect(["patch", "PATCH"].map((method) => taken(both, "/api", method))).toEqual(["patch", "named"]);
  });
});

it("where nothing is guarded, paths are what they are", () => {
  const timed = { policy: { words, bodyBytesMax: 1_000, bufferBytes: 1_000, times: {} as never } };
  const routes = [route("admin", { path: "/admin/*" }, timed), rest];
  expect(["/ADMIN", "/admin;x", "/key/"].map((path) => taken(routes, path))).toEqual(["rest", "rest", "rest"]);
});

describe("a host that URLs spell otherwise", () => {
  const routes = [
    route("admin", { host: "admin.site.test" }, GUARDS.refuse),
    route("loop", { host: "127.0.0.1" }),
    rest,
  ];
  const found = (authority: string, among: readonly Route[] = routes) => {
    const it = new RouteFinder(among).find({ method: "GET", authority, path: "/", field: () => undefined });
    return typeof it === "object" ? it.name : it;
  };

  it.each([
    "%61dmin.site.test",
    "admin%2esite.test:80",
    "%EF%BD%81dmin.site.test",
    "site.test%00",
    "127.1",
    "127.1.:8080",
    "0x7F.1",
    "2130706433",
    "0177.0.0.1",
  ])("%s passes by no route", (authority) => {
    expect(found(authority)).toBe("host-ambiguous");
  });

  it.each<[authority: string, name: string]>([
    ["Admin.Site.Test.:80", "admin"],
    ["127.0.0.1:80", "loop"],
    ["a_b.site.test", "rest"],
    ["4.site.test", "rest"],
    ["site.test.0x1", "rest"],
    ["[::1]", "rest"],
    ["", "rest"],
  ])("%s is %s's", (authority, name) => {
    expect(found(authority)).toBe(name);
  });

  it("is what it is where no route looks at hosts", () => {
    expect(found("%61dmin.site.test", [route("key", { path: "/key" }), rest])).toBe("rest");
  });
});
