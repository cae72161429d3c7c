/** The options of the PROXY protocol: how they are written, for flags and in a file. */
import { expect, it } from "vitest";
import { readForwardOptions } from "./forward-options.ts";
import { readGatewayConfig } from "./gateway-config.ts";
import { readProxyOptions } from "./options.ts";
import type { ProxyOptions } from "./public-options.ts";

const to = "http://127.0.0.1:3000";
const read = (options: Partial<ProxyOptions>) => readProxyOptions({ to, ...options }, 10_000);
const networksOf = (options: Partial<ProxyOptions>) =>
  read(options).listeners.map(({ balancers }) => balancers?.networks);

it.each<[written: string | readonly string[], networks: readonly string[]]>([
  ["10.0.0.0/8", ["10.0.0.0/8"]],
  ["10.0.0.0/8, ::1", ["10.0.0.0/8", "::1"]],
  [
    ["10.0.0.0/8", "192.0.2.1,192.0.2.2"],
    ["10.0.0.0/8", "192.0.2.1", "192.0.2.2"],
  ],
])("%j names these balancers, for each listener", (written, networks) => {
  expect(networksOf({ proxyProtocol: written, listen: [8080, 8081], redirect: 8082 })).toStrictEqual([
    networks,
    networks,
    networks,
  ]);
});

it("IPv4 is known again where it comes over IPv6, and a Unix socket is nobody's", () => {
  const [{ balancers } = {}] = read({ proxyProtocol: "10.0.0.0/8" }).listeners;
  const addresses = ["10.1.2.3", "::ffff:10.1.2.3", "11.0.0.1", "::1", ""];
  expect(addresses.map((address) => balancers?.has(address))).toStrictEqual([true, true, false, false, false]);
});

it("nobody is one where nothing is said", () => {
  expect(networksOf({})).toStrictEqual([undefined]);
});

it.each([
  ["", /is not an address or a range/],
  ["10.0.0.0/33", /"10\.0\.0\.0\/33" is not an address or a range: write one like/],
  ["balancer.internal", /"balancer\.internal" is not an address/],
  [[], /it is empty: write addresses or ranges/],
])("%j is refused with what to write", (proxyProtocol, problem) => {
  expect(() => read({ proxyProtocol })).toThrow(problem);
});

it("a forward proxy has balancers, too, and sends no header", () => {
  const { listeners } = readForwardOptions({ proxyProtocol: "10.0.0.0/8" }, 10_000);
  expect(listeners[0].balancers?.networks).toStrictEqual(["10.0.0.0/8"]);
  expect(() => readForwardOptions({ sendProxyProtocol: "v1" } as object, 10_000)).toThrow(/there is no such option/);
});

it("each origin is sent the header", () => {
  const { origins } = read({ to: [to, "unix:/run/app.sock"], sendProxyProtocol: "v2" }).gateway;
  expect(origins.map(({ proxyHeader }) => proxyHeader)).toStrictEqual(["v2", "v2"]);
  expect(() => read({ sendProxyProtocol: "v3" as "v2" })).toThrow('"v3" is not one of v1, v2');
});

function problemsOf(value: object): readonly string[] | undefined {
  const { problems } = readGatewayConfig(value, "/etc/hopwise", 10_000);
  return problems?.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

it("in a file each listener has balancers of its own, and each group or endpoint its version", () => {
  const { config } = readGatewayConfig(
    {
      listeners: [{ http: 8080, proxyProtocol: "10.0.0.0/8" }, { http: 8081 }],
      groups: { app: { to: [to, { url: "http://127.0.0.1:3001", proxyProtocol: "v1" }], proxyProtocol: "v2" } },
      routes: [{ to: "app" }],
    },
    "/etc/hopwise",
    10_000,
  );
  expect(config?.listeners.map(({ balancers }) => balancers?.networks)).toStrictEqual([["10.0.0.0/8"], undefined]);
  const endpoints = config?.gateway.routes?.groups[0]?.endpoints ?? [];
  expect(endpoints.map(({ origin }) => origin.proxyHeader)).toStrictEqual(["v2", "v1"]);
});

it("what a file says in the wrong place is told with the right one", () => {
  const listeners = [{ http: 8080 }];
  expect(problemsOf({ listeners, routes: [{ to }], sendProxyProtocol: "v1" })).toStrictEqual([
    "sendProxyProtocol: there are routes: write proxyProtocol in a group instead, which says it of its endpoints",
  ]);
  expect(problemsOf({ listeners, to, proxyProtocol: "10.0.0.0/8" })).toHaveLength(1);
  expect(problemsOf({ listeners: [{ http: 8080, proxyProtocol: "x" }], to })).toHaveLength(1);
});
