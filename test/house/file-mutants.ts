/** Files for `hopwise run` that are right, with every key there is, and what becomes of them when one place is written otherwise. */

/** Keys of a group beside `to`. */
const groups: Readonly<Record<string, unknown>> = {
  balance: { hash: { cookie: "id" } },
  sticky: { cookie: "app" },
  resolve: { interval: "30s", family: "ipv4" },
  proxyProtocol: "v1",
  health: {
    ...{ path: "/healthz", host: "app.internal", interval: "2s", timeout: 500, status: ["200-299", 404] },
    ...{ healthy: 2, unhealthy: 3 },
  },
  ejection: { errors: "50%", requests: 20, window: "10s", time: "30s", most: "50%" },
  ...{ slowStart: "30s", retryBudget: "20%", retryTimeouts: true },
};
/** Keys of a route beside what it does. */
const onTheWay: Readonly<Record<string, unknown>> = {
  name: "api",
  stripPrefix: "/api",
  addPrefix: "/v1",
  setRequestFields: { "X-Env": "test", "X-Gone": null, "X-Many": ["a", "b"], "X-Number": 1 },
  setResponseFields: ["X-Frame-Options: DENY"],
  allow: ["10.0.0.0/8"],
  deny: "::1",
  rateLimit: { requests: 10, per: "1s", burst: 20, by: { field: "X-K" } },
  maxBody: "1m",
  concurrency: { max: 4, line: 10, wait: "1s" },
  bufferRequest: "64k",
  ...{ connectTimeout: "1s", responseTimeout: 5000, bodyTimeout: "1m", tunnelTimeout: "1h" },
  cookieDomain: { "internal.example": "example.com", "*": null },
  localDestination: true,
};
/** Keys at the top. Files of certificates and users are named nowhere: they would have to be there. */
const top: Readonly<Record<string, unknown>> = {
  listen: ["127.0.0.1:8080", 8081],
  redirect: "127.0.0.1:8082",
  redirectPort: 8443,
  proxyProtocol: "10.0.0.0/8",
  ...{ keepAliveTimeout: "75s", maxRequests: 10, maxConnections: 100, headTimeout: "30s", bodyTimeout: "60s" },
  ...{ minRate: "1k", http2: true, http2Memory: "256m", clientClose: "probe", maxHeadSize: "64k" },
  ...{ connectTimeout: "5s", responseTimeout: "60s", poolIdleTimeout: "60s", poolMaxAge: "1h", poolSize: 10 },
  ...{ tunnelTimeout: "1h", sendProxyProtocol: "v2", tolerate: ["bare-lf"], originHost: "keep" },
  ...{ trusted: ["10.0.0.0/8"], forwarded: true, rewritePath: { "/api": "/" }, setRequestFields: "X-Env: test" },
  ...{ setResponseFields: { "X-A": "b" }, hookTimeout: "5s", via: "proxy-1", drainTimeout: "30s", drainDelay: "1s" },
  ...{ reusePort: true, admin: true, adminReadTokenFile: "./read", adminShowQueries: true, accessLog: "-" },
  ...{ logFormat: "json", trace: "./trace.json", logConnections: true },
  ...{
    host: "127.0.0.1",
    port: 8080,
    rateLimit: { requests: 9, per: "1s", burst: 20, by: { field: "X-K" } },
    requestBuffers: "16m",
    answerFields: { "X-Frame-Options": "DENY" },
    adminTokenFile: "./token",
  },
};
const to = "http://a";
const listeners = [
  { name: "web", http: "127.0.0.1:8080", redirect: "https", proxyProtocol: "10.0.0.0/8" },
  { http: 8081, redirect: { to: "https", port: 8443 }, proxyProtocol: ["::1"] },
  { https: "[::1]:8443", tls: "self-signed" },
];
const endpoint = {
  url: "http://a",
  weight: 2,
  backup: true,
  maxConnections: 10,
  poolMaxAge: "1h",
  proxyProtocol: "v2",
};
const actions: readonly Readonly<Record<string, unknown>>[] = [
  { match: { host: "a.example", path: "/api/*", method: "GET", fields: { "X-A": "1", "X-B": true } }, to },
  { match: { host: ["*.a.example"], path: ["/a", "/b/:id"], method: ["GET", "PUT"] }, to },
  { match: { path: "/old/*" }, redirect: { to: "/new/*", status: 301, fields: { "X-A": "b" } } },
  { redirect: "https://example.com/" },
  { respond: { status: 200, fields: { "X-A": "b", "X-N": 1 }, body: "hello" } },
  { refuse: true },
];

/** Together they say every key; each says few, so that others do not say no instead. */
export const rightFiles: readonly Readonly<Record<string, unknown>>[] = [
  ...Object.entries(top).map(([key, value]) => ({ to, [key]: value })),
  ...listeners.map((one) => ({ to, listeners: [one] })),
  ...Object.entries(groups).map(([key, value]) => ({ groups: { g: { to, [key]: value } }, routes: [{ to: "g" }] })),
  { groups: { g: { to: [endpoint, "http://b"] } }, routes: [{ to: "g" }] },
  { groups: { g: { to: "https://a", tls: { serverName: "app.internal" } } }, routes: [{ to: "g" }] },
  ...actions.map((one) => ({ routes: [one] })),
  ...Object.entries(onTheWay).map(([key, value]) => ({ routes: [{ match: { path: "/api/*" }, to, [key]: value }] })),
];

/** Other things to write in any place. */
export const values: readonly unknown[] = [
  ...[null, true, false, -1, 0, 1, 1.5, 99, 100, 199, 200, 600, 1_001, 65_535, 65_536, 1e6 + 1, 1e7 + 1, 1e12, 2 ** 31],
  ...[
    "",
    " ",
    "a",
    "5",
    "0",
    "-1",
    "5s",
    "1.5s",
    "1ms",
    "25d",
    "600h",
    "1h ",
    "9999h",
    "16k",
    "1k",
    "1m",
    "1g",
    "999g",
  ],
  ...[
    "0%",
    "50%",
    "101%",
    "100%",
    "1.5%",
    "200",
    "200-399",
    "399-200",
    "199",
    "100-200",
    "99999",
    "70000",
    "0.0.0.0:80",
  ],
  ...["127.0.0.1:8080", "*:80", ":80", "a b:80", "[::1]:80", "[::g]:80", "http://a:80", "https://a:80", "ftp://a:80"],
  ...["http://a", "http://a/b", "http://u:p@a", "http://a:0", "http://a:70000", "https://a", "a", "a:3000", "unix:/a"],
  ...["unix:a", "HTTP://a", "http://a/", "http://300", "10.0.0.0/8", "10.0.0.0/33", "10.0.0.256", "::1/129", "::1"],
  ...[
    "a.b/8",
    "10.0.0.0/8,::1",
    "/",
    "/a",
    "/a/",
    "//a",
    "/a//b",
    "/a/../b",
    "/a?b",
    "/a#b",
    "/a b",
    "/ä",
    "/a/*",
    "/a*b",
  ],
  ...["/:", "/:id", "/a/:id/*", "/*", "a/b", "*.example.com", "*", "a.*.b", "a.example:80", "[::1]", "ä.example"],
  ...[
    "GET",
    "get",
    "G T",
    "X-A",
    "X A",
    "X-A: b",
    "X-A:b",
    "X-A:",
    ":b",
    "Host: a",
    "Content-Length: 1",
    "/a=/b",
    "/a=b",
    "a=/b",
  ],
  ...[
    "keep",
    "origin",
    "none",
    "off",
    "-",
    "v1",
    "v3",
    "client",
    "route",
    "hash",
    "field",
    "required",
    "https",
    "http",
  ],
  ...[
    "self-signed",
    "bare-lf",
    "bare-lf,control-characters",
    "bare",
    "probe",
    "json",
    "ipv4",
    "both",
    "round-robin",
    "random",
  ],
  [],
  {},
  [[]],
  [{}],
  [""],
  [1],
  [null],
  ["a"],
  ["a", "a"],
  ["http://a", "http://a"],
  ["http://a", "http://b"],
  [{ url: "http://a" }],
  [{ url: "http://a", weight: 0 }],
  ["127.0.0.1:80", "127.0.0.1:80"],
  ["GET", "GET"],
  ["/a", "/b"],
  { a: "b" },
  { a: 1 },
  { a: null },
  { a: [] },
  { a: {} },
  { "": "a" },
  { "a b": "a" },
  { "/a": "/b" },
  { "/a": "b" },
  { "*": "*" },
  { Host: "a" },
  { "Content-Length": "1" },
  { "X-A": "a\nb" },
  { to: "http://a" },
  { path: "/a" },
  { url: "http://a" },
  { hash: "client" },
  { hash: {} },
  { hash: { field: "a", cookie: "b" } },
  { field: "X-A" },
  { field: "X A" },
  { cookie: "a b" },
  { cookie: "a" },
  { requests: 1 },
  { max: 1 },
  { http: 80 },
  { https: 443 },
];

export type Path = readonly (string | number)[];
export interface Mutant {
  /** What was written, and where. */
  readonly text: string;
  readonly value: unknown;
}

/** Each place of a file with each of these values, without it, and with a key that is not known. */
export function* mutantsOf(file: unknown): Generator<Mutant> {
  for (const path of placesIn(file, [])) {
    const place = path.join(".");
    for (const value of values) yield { text: `${place} = ${JSON.stringify(value)}`, value: withAt(file, path, value) };
    yield { text: `no ${place}`, value: withAt(file, path, undefined) };
    const there = path.reduce<unknown>((at, key) => (at as Record<string, unknown>)[key as string], file);
    if (typeof there === "object" && there !== null && !Array.isArray(there))
      yield { text: `${place}.unknown`, value: withAt(file, [...path, "unknown"], 1) };
  }
}

/** Every place of a file. */
export function* placesIn(value: unknown, path: Path): Generator<Path> {
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const [key, one] of Object.entries(value))
    yield* placesIn(one, [...path, Array.isArray(value) ? Number(key) : key]);
}

function withAt(value: unknown, [key, ...rest]: Path, put: unknown): unknown {
  if (key === undefined) return put;
  if (Array.isArray(value)) {
    if (rest.length === 0 && put === undefined) return value.toSpliced(Number(key), 1);
    return value.with(Number(key), withAt(value[Number(key)], rest, put));
  }
  const all = value as Record<string, unknown>;
  if (rest.length > 0 || put !== undefined) return { ...all, [key]: withAt(all[key], rest, put) };
  const { [key]: _, ...others } = all;
  return others;
}
