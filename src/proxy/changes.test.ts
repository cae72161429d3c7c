/** What a reload says has changed, to people who have changed a file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { readGatewayConfig } from "../config/gateway-config.ts";
import { gatewaySchema } from "../config/gateway-schema.ts";
import { balancersIn } from "../config/proxy-protocol-options.ts";
import { routeSchema } from "../config/route-schema.ts";
import { formatPasswordHash, hashPassword } from "../forward/password-hash.ts";
import { changesBetween } from "./changes.ts";

function configOf(groups: string) {
  const { config, problems } = readGatewayConfig(
    parse(`listeners: [{ http: 127.0.0.1:0 }]\nadmin: false\nvia: hop\ngroups: ${groups}\nroutes: [{ to: app }]\n`),
    "/etc/hopwise",
    10_000,
  );
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

const BEFORE = "{ to: [http://a.test, http://b.test] }";

it.each([
  ["{ to: [http://a.test, http://c.test] }", "+http://c.test -http://b.test"],
  ["{ to: [http://b.test, http://a.test] }", "the order of its endpoints"],
  ["{ to: [http://a.test, { url: http://b.test, weight: 2 }] }", "weights"],
  ["{ to: [http://a.test, { url: http://b.test, weight: 2, backup: true }] }", "weights, backups"],
  ["{ to: [http://a.test, { url: http://b.test, maxConnections: 2 }] }", "limits of endpoints"],
  ["{ to: [http://a.test, { url: http://b.test, poolMaxAge: 1m }] }", "limits of endpoints"],
  ["{ to: [http://a.test, { url: http://b.test, proxyProtocol: v1 }] }", "PROXY protocol"],
  ["{ to: [http://a.test, http://b.test], proxyProtocol: v2 }", "PROXY protocol"],
  ["{ to: [http://a.test, http://b.test], balance: round-robin }", "how it is balanced"],
  ["{ to: [http://a.test, http://b.test], sticky: true }", "how clients stick"],
  ["{ to: [http://a.test, http://b.test], resolve: true }", "how names are looked up"],
  ["{ to: [http://a.test, http://b.test], health: { path: / } }", "health checks"],
  ["{ to: [http://a.test, http://b.test], ejection: {} }", "ejection"],
  ["{ to: [http://a.test, http://b.test], slowStart: 5s }", "slowStart"],
  ["{ to: [http://a.test, http://b.test], retryBudget: 50% }", "retryBudget"],
  ["{ to: [http://a.test, http://b.test], retryTimeouts: true }", "retryTimeouts"],
  [
    "{ to: [http://a.test, http://b.test, http://c.test], balance: two-choices, health: { path: / } }",
    "+http://c.test, how it is balanced, health checks",
  ],
])("%s: %s", (after, told) => {
  const [before, now] = [configOf(`{ app: ${BEFORE} }`), configOf(`{ app: ${after} }`)];
  expect(changesBetween(before, now)).toStrictEqual([`group app: ${told}`]);
  expect(changesBetween(now, now)).toStrictEqual([]);
});

it("how endpoints are reached over TLS", () => {
  const [before, now] = [
    configOf("{ app: { to: https://a.test } }"),
    configOf("{ app: { to: https://a.test, tls: { serverName: b.test } } }"),
  ];
  expect(changesBetween(before, now)).toStrictEqual(["group app: TLS"]);
});

it("a listener from whose balancers a header is expected from now on", () => {
  const config = configOf(`{ app: ${BEFORE} }`);
  const [listener] = config.listeners;
  const after = { ...config, listeners: [{ ...listener, balancers: balancersIn(["10.0.0.0/8"]) }] } as const;
  expect(changesBetween(config, after as typeof config)).toStrictEqual(["PROXY protocol of http://127.0.0.1:0"]);
  expect(changesBetween(after as typeof config, after as typeof config)).toStrictEqual([]);
});

const inFile = (options: object, folder = "/etc/hopwise") => {
  const base = { via: "hop", groups: { app: { to: ["http://a.test"] } }, routes: [{ to: "app" }] };
  const { config, problems } = readGatewayConfig({ ...base, ...options }, folder, 10_000);
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
};

describe("of the top of a file", () => {
  /** A value of each option that is not so by default. */
  const others: Readonly<Record<string, unknown>> = {
    ...{
      keepAliveTimeout: "1m",
      maxRequests: 5,
      maxConnections: 5,
      headTimeout: "1s",
      bodyTimeout: "1s",
      minRate: "1k",
    },
    ...{ http2: false, http2Memory: "2m", clientClose: "finish", maxHeadSize: "16k", connectTimeout: "1s" },
    ...{ responseTimeout: "1s", poolIdleTimeout: "1s", poolMaxAge: "1s", poolSize: 5, tunnelTimeout: "1s" },
    ...{
      tolerate: "bare-lf",
      originHost: "origin",
      trusted: "10.0.0.0/8",
      forwarded: true,
      rewritePath: { "/a": "/b" },
    },
    ...{ setRequestFields: { X: "1" }, setResponseFields: { X: "1" }, via: "other", hookTimeout: "1s" },
    ...{ drainTimeout: "1s", drainDelay: "1s", admin: true, adminReadTokenFile: "./token", adminShowQueries: true },
    ...{ accessLog: "./log", logFormat: "common", trace: "./trace", logConnections: true, reusePort: true },
    ...{ adminTokenFile: "./own-token", rateLimit: { requests: 1 }, requestBuffers: "1m", answerFields: { X: "1" } },
  };

  it.each(Object.entries(others))("%s", (name, value) => {
    expect(changesBetween(inFile({}), inFile({ [name]: value }))).toStrictEqual([name]);
    expect(changesBetween(inFile({ [name]: value }), inFile({ [name]: value }))).toStrictEqual([]);
  });

  it("errorPages: what they say, and nothing where that is as it was", () => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-changes-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const read = () => inFile({ errorPages: { 502: "./page.html" } }, folder);
    writeFileSync(join(folder, "page.html"), "one");
    const [before, same] = [read(), read()];
    expect(changesBetween(before, same)).toStrictEqual([]);
    writeFileSync(join(folder, "page.html"), "two");
    expect(changesBetween(before, read())).toStrictEqual(["errorPages"]);
  });

  it("nothing is left out", () => {
    const elsewhere = [
      "errorPages",
      "groups",
      "routes",
      "to",
      "listeners",
      "listen",
      "host",
      "port",
      "redirect",
      "redirectPort",
    ];
    const ofListeners = ["tls", "tlsCert", "tlsKey", "clientCa", "clientCert", "proxyProtocol", "sendProxyProtocol"];
    const all = [...Object.keys(others), ...elsewhere, ...ofListeners];
    expect(Object.keys(gatewaySchema.shape).filter((name) => !all.includes(name))).toStrictEqual([]);
  });

  it("what is so by default, written or not, is the same", () => {
    expect(changesBetween(inFile({}), inFile({ headTimeout: "30s", http2: true }))).toStrictEqual([]);
  });

  it("where a listener sends its clients", () => {
    const [before, after] = ["https", { to: "https", port: 8443 }].map((redirect) =>
      inFile({ listeners: [{ http: 8080, redirect }, { http: 8081 }] }),
    );
    if (before === undefined || after === undefined) throw new Error("there are two");
    expect(changesBetween(before, after)).toStrictEqual(["redirect of http://127.0.0.1:8080"]);
  });
});

describe("of routes", () => {
  const others: Readonly<Record<string, unknown>> = {
    ...{ name: "b", match: { path: ["/x", "/y"] }, stripPrefix: "/x", addPrefix: "/z", setRequestFields: { X: "2" } },
    ...{ setResponseFields: { X: "2" }, allow: "10.0.0.0/8", deny: "10.0.0.0/8", rateLimit: { requests: 1 } },
    ...{ maxBody: "1k", concurrency: { max: 1 }, bufferRequest: "1k", connectTimeout: "1s", responseTimeout: "1s" },
    ...{ bodyTimeout: "1s", tunnelTimeout: "1s", cookieDomain: { "a.test": "b.test" }, localDestination: true },
  };
  const actions = ["to", "redirect", "respond", "refuse"];
  const withRoute = (route: object, folder?: string) =>
    inFile({ routes: [{ match: { path: "/x" }, to: "app", ...route }, { to: "app" }] }, folder);

  it.each(Object.entries(others))("%s", (name, value) => {
    expect(changesBetween(withRoute({}), withRoute({ [name]: value }))).toStrictEqual(["routes: 2, changed"]);
    expect(changesBetween(withRoute({ [name]: value }), withRoute({ [name]: value }))).toStrictEqual([]);
  });

  it("what they do", () => {
    const all = [{ redirect: "/a" }, { redirect: "/b" }, { respond: { body: "a" } }, { respond: { body: "b" } }];
    const configs = all.map((action) => inFile({ routes: [{ match: { path: "/x" }, ...action }, { to: "app" }] }));
    for (const [index, one] of configs.entries()) {
      const told = configs.map((other) => changesBetween(one, other));
      const expected = configs.map((_, other) => (other === index ? [] : ["routes: 2, changed"]));
      expect(told).toStrictEqual(expected);
    }
  });

  it("who may log in: the file that they name, and nothing where that is as it was", async () => {
    const folder = mkdtempSync(join(tmpdir(), "hopwise-changes-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const hash = formatPasswordHash(await hashPassword("correct horse"));
    writeFileSync(join(folder, "users"), `ann:${hash}\n`);
    const read = () => withRoute({ users: "./users" }, folder);
    const [before, same] = [read(), read()];
    expect(changesBetween(before, same)).toStrictEqual([]);
    writeFileSync(join(folder, "users"), `ann:${hash}\nbob:${hash}\n`);
    expect(changesBetween(before, read())).toStrictEqual(["routes: 2, changed"]);
  });

  it("nothing is left out", () => {
    const all = [...Object.keys(others), ...actions, "users"];
    expect(Object.keys(routeSchema.shape).filter((name) => !all.includes(name))).toStrictEqual([]);
  });
});
