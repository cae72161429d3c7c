/** Keys of other programs' configurations: each is told what to write here, at its place. */
import { expect, it } from "vitest";
import { readGatewayConfig } from "./gateway-config.ts";

const problems = (value: object) =>
  (readGatewayConfig(value, "/nowhere").problems ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);

const to = "http://127.0.0.1:3000";

it.each<[value: object, problem: string]>([
  [{ upstreams: {}, to }, 'upstreams: "upstreams" is not known here: write groups: { NAME: { to: [URL] } }'],
  [
    { worker_processes: "auto", to },
    'worker_processes: "worker_processes" is not known here: it is a flag: hopwise run --workers auto',
  ],
  [
    { listeners: [{ http: 8080, server_name: "a.test" }], to },
    'listeners.0.server_name: "server_name" is not known here: write match: { host: NAME } in routes',
  ],
  [
    { groups: { a: { to, servers: [] } }, routes: [{ to: "a" }] },
    'groups.a.servers: "servers" is not known here: write to: [URL, URL]',
  ],
  [
    { groups: { a: { to: [{ url: to, down: true }] } }, routes: [{ to: "a" }] },
    'groups.a.to.0.down: "down" is not known here: write weight: 0',
  ],
  [
    { groups: { a: { to, health: { path: "/", rise: 2 } } }, routes: [{ to: "a" }] },
    'groups.a.health.rise: "rise" is not known here: write healthy: 2',
  ],
  [
    { groups: { a: { to, tls: { insecureSkipVerify: true } } }, routes: [{ to: "a" }] },
    'groups.a.tls.insecureSkipVerify: "insecureSkipVerify" is not known here: certificates are always checked; one that nobody has issued is trusted as ca: FILE',
  ],
  [
    { groups: { a: { to, sticky: { cookie: "x", name: "x" } } }, routes: [{ to: "a" }] },
    'groups.a.sticky.name: "name" is not known here: write cookie: NAME',
  ],
  [{ routes: [{ path: "/x", to }] }, 'routes.0.path: "path" is not known here: write match: { path: /api/* }'],
  [{ routes: [{ to, proxy_pass: to }] }, 'routes.0.proxy_pass: "proxy_pass" is not known here: write to: GROUP'],
  [
    { routes: [{ to, timeout: "5s" }] },
    'routes.0.timeout: "timeout" is not known here: write responseTimeout (to the first byte), bodyTimeout, connectTimeout or tunnelTimeout',
  ],
  [
    { routes: [{ to, match: { headers: {} } }] },
    'routes.0.match.headers: "headers" is not known here: write fields: { NAME: VALUE }, or true for any value',
  ],
  [
    { routes: [{ redirect: { to: "/x", code: 301 } }] },
    'routes.0.redirect.code: "code" is not known here: write status: 301',
  ],
  [{ routes: [{ respond: { text: "x" } }] }, 'routes.0.respond.text: "text" is not known here: write body: TEXT'],
])("%j", (value, problem) => expect(problems(value)).toContain(problem));

it.each([
  ["leastconn", "least-outstanding"],
  ["least_conn", "least-outstanding"],
  ["random", "two-choices"],
  ["ip_hash", "{ hash: client }"],
  ["source", "{ hash: client }"],
])("balance: %s is %s", (balance, ours) => {
  expect(problems({ groups: { a: { to, balance } }, routes: [{ to: "a" }] })).toStrictEqual([
    `groups.a.balance: "${balance}" is not a kind of balance; did you mean ${ours}?`,
  ]);
});
