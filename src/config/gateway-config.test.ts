/** What a file with a gateway's configuration means, and all that is said of one that cannot be. */
import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./gateway-config.ts";
import { pathText } from "./problems.ts";

const read = (value: unknown) => readGatewayConfig(value, "/etc/hopwise", 10_000);

/** A line each: the place, and what is wrong there. */
function problems(value: unknown): string[] {
  return (read(value).problems ?? []).map(({ path, message }) => `${pathText(path)}: ${message}`);
}

const groups = { app: { to: ["http://127.0.0.1:3000", { url: "http://127.0.0.1:3001" }] } };

it("groups, routes and listeners are what they say", () => {
  const { config } = read({
    listeners: [
      { http: "127.0.0.1:0", redirect: { to: "https", port: 8443 } },
      { https: "127.0.0.1:0", tls: "self-signed" },
    ],
    groups,
    routes: [
      { match: { host: "a.test", path: "/api/*" }, to: "app", stripPrefix: "/api" },
      { match: { path: "/old/*" }, redirect: { to: "/new/*", status: 301 } },
      { match: { path: "/hello" }, respond: { body: "hello\n" } },
      { match: { path: "/secret" }, refuse: true },
      { name: "the rest", to: "http://127.0.0.1:4000" },
    ],
    accessLog: "access.log",
    headTimeout: "5s",
    admin: 0,
  });
  expect(config?.listeners.map(({ port, tls, redirectPort }) => [port, tls !== undefined, redirectPort])).toStrictEqual(
    [
      [0, false, 8443],
      [0, true, undefined],
    ],
  );
  expect(config?.gateway.origins.map(({ name }) => name)).toStrictEqual([
    "http://127.0.0.1:3000",
    "http://127.0.0.1:3001",
    "http://127.0.0.1:4000",
  ]);
  expect(config?.gateway.routes?.routes.map(({ name, action }) => [name, action.kind])).toStrictEqual([
    ["routes[0]", "group"],
    ["routes[1]", "redirect"],
    ["routes[2]", "respond"],
    ["routes[3]", "refuse"],
    ["the rest", "group"],
  ]);
  expect(config?.gateway.routes?.routes[1]?.action).toStrictEqual({
    kind: "redirect",
    to: "/new/",
    status: 301,
    keepsBehind: 1,
  });
  expect([config?.accessLog, config?.gateway.headTimeout_ms]).toStrictEqual(["/etc/hopwise/access.log", 5_000]);
});

describe("of [::] and 0.0.0.0 at one port the first is for IPv6 alone, which it is not by itself", () => {
  it.each([
    [
      ["0.0.0.0:80", "[::]:80"],
      [undefined, true],
    ],
    [
      ["[::]:80", "0.0.0.0:80"],
      [true, undefined],
    ],
    [
      ["[0:0::0]:80", "0.0.0.0:80"],
      [true, undefined],
    ],
    [
      ["[::]:80", "0.0.0.0:81"],
      [undefined, undefined],
    ],
    [
      ["[::]:0", "0.0.0.0:0"],
      [undefined, undefined],
    ],
    [
      ["[::]:80", "127.0.0.1:80"],
      [undefined, undefined],
    ],
    [
      ["[::1]:80", "0.0.0.0:80"],
      [undefined, undefined],
    ],
    [["[::]:80"], [undefined]],
  ])("%j", (places, expected) => {
    const asListeners = read({ listeners: places.map((http) => ({ http })), routes: [{ refuse: true }] }).config;
    const asFlags = read({ to: "http://127.0.0.1:3000", listen: places }).config;
    for (const config of [asListeners, asFlags])
      expect(config?.listeners.map(({ isIpv6Only }) => isIpv6Only)).toStrictEqual(expected);
  });
});

it("a redirect keeps all of the path where its route takes all paths, as from one host to another", () => {
  const { config } = read({ routes: [{ match: { host: "www.a.test" }, redirect: "https://a.test/*" }] });
  const action = config?.gateway.routes?.routes[0]?.action;
  expect(action).toStrictEqual({ kind: "redirect", to: "https://a.test/", status: 308, keepsBehind: 0 });
});

it.each([
  ["text", "a string"],
  [[], "a list"],
  [5, "a number"],
])("what is no map at all is said to be none: %j", (value, what) => {
  expect(problems(value)).toStrictEqual([
    `: it is ${what}: write a map of keys, like routes: [{ to: http://127.0.0.1:3000 }]`,
  ]);
});

it("what is wrong with places to listen stands where they are written, with listeners and without", () => {
  expect(problems({ to: "http://a", redirect: "https://127.0.0.1:81" })).toStrictEqual([
    "redirect: https://127.0.0.1:81 would redirect what is https already: write 127.0.0.1:81",
  ]);
});

it("options of the command line alone are a configuration, too", () => {
  const { config } = read({ to: "http://127.0.0.1:3000", listen: ["http://127.0.0.1:0"], rewritePath: "/a=/" });
  expect([config?.gateway.routes, config?.gateway.origins.length, config?.listeners.length]).toStrictEqual([
    undefined,
    1,
    1,
  ]);
});

it.each(["127.0.0.1:3000", "app:3000", "localhost", "[::1]:3000"])("%s in place of a URL is told its scheme", (to) => {
  expect(problems({ routes: [{ to }] })).toStrictEqual([
    `routes[0].to: there is no group "${to}"; did you mean http://${to}?`,
  ]);
});

describe("is refused, all at once", () => {
  it.each<readonly [what: string, value: unknown, problems: readonly string[]]>([
    ["nothing", {}, ["routes: it is missing: write where requests go, like [{ to: GROUP }]"]],
    ["an empty file", null, ["routes: it is missing: write where requests go, like [{ to: GROUP }]"]],
    [
      "both ways",
      { to: "http://a", groups, routes: [{ to: "app" }] },
      ["to: there are routes, which say where requests go: leave it out"],
    ],
    [
      "words that are not known",
      { group: {}, routes: [{ too: "app" }], listeners: [{ htp: 80 }] },
      [
        'listeners[0].htp: "htp" is not known here; did you mean http?',
        'routes[0].too: "too" is not known here; did you mean to?',
        'group: "group" is not known here; did you mean groups?',
      ],
    ],
    [
      "values of other kinds",
      { groups: { app: { to: 5 } }, routes: "app", headTimeout: "soon", listeners: [{ http: true }] },
      [
        'headTimeout: "soon" is not a duration: write a duration like 500ms, 5s, 2m or 1h',
        "listeners[0].http: a boolean is no value for it: write PORT or HOST:PORT",
        "groups.app.to: a number is no value for it: write the URLs of endpoints, like http://127.0.0.1:3000",
        "routes: a string is no value for it: write a list",
      ],
    ],
    [
      "listeners that cannot be",
      {
        to: "http://a",
        listeners: [
          {},
          { http: 80, https: 443 },
          { http: 80, tls: "self-signed" },
          { https: 443 },
          { https: 443, redirect: "https", tls: "self-signed" },
          { http: "127.0.0.1:81" },
          { http: "127.0.0.1:81" },
        ],
      },
      [
        "listeners[0]: write either http: HOST:PORT or https: HOST:PORT",
        "listeners[1]: write either http: HOST:PORT or https: HOST:PORT",
        "listeners[2]: certificates are for https: write https: HOST:PORT",
        "listeners[3]: write either certificates: [{ cert: FILE, key: FILE }] or tls: self-signed",
        "listeners[4]: it is https already: leave redirect out",
        "listeners[6]: 127.0.0.1:81 is given twice: write it once",
      ],
    ],
    [
      "a certificate that is not there",
      { to: "http://a", listeners: [{ https: 0, certificates: [{ cert: "site.pem", key: "site.key" }] }] },
      [
        "listeners[0].certificates[0].cert: /etc/hopwise/site.pem cannot be read (does not exist): write the path of a certificate in PEM, with those that issued it behind it",
      ],
    ],
    [
      "routes that cannot be",
      {
        groups,
        routes: [
          {},
          { to: "app", refuse: true },
          { match: { path: "/a" }, to: "ap" },
          { match: { path: "b" }, to: "app" },
          { match: { path: "/c" }, refuse: true, stripPrefix: "/c" },
          { match: { path: "/d" }, to: "app", stripPrefix: "/e" },
          { match: { path: "/f" }, redirect: "/g/*" },
          { match: { path: "/h" }, respond: { status: 204, body: "x" } },
        ],
      },
      [
        `routes[0]: it does nothing: write one of to, redirect, respond or refuse`,
        `routes[1]: it has to and refuse: write one of to, redirect, respond or refuse`,
        'routes[2].to: there is no group "ap"; there are: app',
        "routes[4].stripPrefix: the request goes nowhere: write it beside to",
        "routes[5].stripPrefix: not all requests begin with it: write match: { path: /e/* }",
        'routes[6].redirect: "/g/*" keeps what is behind the path: write match: { path: /old/* }',
        "routes[7]: an answer with status 204 has no body",
        'routes[3].match: "b" is no path: write one like /login, /users/:id or /api/*',
      ],
    ],
    [
      "values of the wrong type, and what is wrong beside them",
      {
        headTimeout: "soon",
        groups: { app: { to: [] }, other: { to: "http://127.0.0.1:81" } },
        listeners: [{ http: true }, { http: "127.0.0.1:81" }, {}],
        routes: [{ to: "app" }, { match: { path: 5 }, to: "none" }, { match: { path: "/c" }, to: "othr" }],
      },
      [
        'headTimeout: "soon" is not a duration: write a duration like 500ms, 5s, 2m or 1h',
        "listeners[0].http: a boolean is no value for it: write PORT or HOST:PORT",
        "groups.app.to: it is empty: write the URLs of endpoints, like http://127.0.0.1:3000",
        "routes[1].match.path: a number is no value for it: write a path like /login, /users/:id or /api/*",
        "listeners[2]: write either http: HOST:PORT or https: HOST:PORT",
        'routes[2].to: there is no group "othr"; did you mean other?',
        "groups.other.to: 127.0.0.1:81 is where this gateway itself listens: write another endpoint",
      ],
    ],
    [
      "a part that others name, which is not judged then",
      { groups: [], routes: [{ to: "app" }], headTimeout: 0 },
      [
        'headTimeout: "0" is too short: write at least 1ms',
        "groups: a list is no value for it: write { NAME: { to: [URL] } }",
      ],
    ],
    [
      "rules of routes that cannot be",
      {
        groups,
        routes: [
          {
            match: { path: "/a" },
            to: "app",
            allow: "10.0.0.0/33",
            deny: [],
            maxBody: "big",
            concurrency: { line: 5 },
          },
          { match: { path: "/b" }, to: "app", rateLimit: { requests: 0, per: "soon", by: "user" } },
          {
            match: { path: "/c" },
            to: "app",
            rateLimit: { requests: 5, by: { field: "a b" } },
            cookieDomain: { a: "b c" },
          },
          { match: { path: "/d" }, to: "app", bufferRequest: "17m", concurrency: { max: 1, line: 1025 } },
        ],
      },
      [
        'routes[0].allow: "10.0.0.0/33" is not an address or a range: write one like 10.0.0.0/8 or ::1',
        "routes[0].deny: it is empty: write networks like 10.0.0.0/8 or ::1",
        'routes[0].maxBody: "big" is not a size: write a size like 16k or 1m',
        "routes[0].concurrency.max: it is missing: write a whole number",
        'routes[1].rateLimit.requests: "0" is too small: write at least 1',
        'routes[1].rateLimit.per: "soon" is not a duration: write a duration like 500ms, 5s, 2m or 1h',
        "routes[1].rateLimit.by: a string is no value for it: write client, route or { field: NAME }",
        'routes[2].rateLimit.by.field: "a b" is not the name of a field',
        'routes[2].cookieDomain: "b c" is not a domain: write one like example.com',
        'routes[3].concurrency.line: "1025" is too large: write at most 1024',
        'routes[3].bufferRequest: "17m" is too large: write at most 16m',
      ],
    ],
    [
      "rules where there is nothing to rule",
      {
        groups,
        routes: [
          { match: { path: "/a" }, refuse: true, rateLimit: { requests: 1 }, allow: "::1" },
          { match: { path: "/b" }, respond: {}, rateLimit: { requests: 1 }, maxBody: 1, cookieDomain: {} },
          { match: { path: "/c" }, to: "app", users: "users" },
          { match: { path: "/d" }, to: "app", name: "routes[0]" },
        ],
      },
      [
        "routes[0].allow: all are refused anyway: leave it out",
        "routes[0].rateLimit: all are refused anyway: leave it out",
        "routes[1].maxBody: the request goes nowhere: write it beside to",
        "routes[1].cookieDomain: the request goes nowhere: write it beside to",
        "routes[2].users: /etc/hopwise/users cannot be read (does not exist): write the path of a file with a line NAME:HASH each",
        'routes[3].name: another route is called "routes[0]": write another name',
      ],
    ],
    [
      "routes that tie",
      {
        groups,
        routes: [
          { match: { path: "/a" }, to: "app" },
          { match: { path: "/%61" }, to: "app" },
        ],
      },
      [
        "routes[1]: it takes the same requests as route 1, and nothing says which goes first: let one say more (a host, a longer path, a method, a field)",
      ],
    ],
  ])("%s", (_, value, expected) => {
    expect(problems(value)).toStrictEqual(expected);
  });
});
