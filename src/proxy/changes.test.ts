/** What a reload says has changed of groups, to people who have changed a file. */
import { expect, it } from "vitest";
import { parse } from "yaml";
import { readGatewayConfig } from "../config/gateway-config.ts";
import { balancersIn } from "../config/proxy-protocol-options.ts";
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

it("a listener from whose balancers a header is expected from now on", () => {
  const config = configOf(`{ app: ${BEFORE} }`);
  const [listener] = config.listeners;
  const after = { ...config, listeners: [{ ...listener, balancers: balancersIn(["10.0.0.0/8"]) }] } as const;
  expect(changesBetween(config, after as typeof config)).toStrictEqual(["PROXY protocol of http://127.0.0.1:0"]);
  expect(changesBetween(after as typeof config, after as typeof config)).toStrictEqual([]);
});
