/** Knowledge that is data can be judged as data: nothing is said twice, without a unit, or without saying how it is known. */
import { describe, expect, it } from "vitest";
import { RTT_MS } from "../chain/judge.ts";
import { pairsOf } from "../chain/pairs.ts";
import { lookUp } from "../chain/read-chain.ts";
import { remediesFor } from "../chain/remedies.ts";
import { editionsOf, nearestProduct, otherProduct, productNamed, products, settingText } from "./all.ts";
import { concerns, waysOfKnowing } from "./product.ts";
import { recognise } from "./recognise.ts";
import { isAtLeastVersion } from "./version.ts";

const names = [...products, otherProduct].flatMap(({ name, aliases = [] }) => [name, ...aliases]);

it("names and other names are unique, and written in lowercase", () => {
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  expect(names.filter((name) => name !== name.toLowerCase() || /[,:@=\s]/.test(name))).toEqual([]);
});

it("every figure says how it is known, and when", () => {
  const sides = products.flatMap(({ editions }) => editions.flatMap(({ clients, origins }) => [clients, origins]));
  const known = sides.filter((side) => side !== undefined);
  expect(known.length).toBeGreaterThan(products.length);
  for (const { known: ways, date } of known) {
    expect(ways.length).toBeGreaterThan(0);
    expect(ways.filter((way) => !(way in waysOfKnowing))).toEqual([]);
    expect(date).toMatch(/^20\d\d-\d\d$/);
  }
});

it("what was measured says of which version, unless it closes after each response", () => {
  for (const { editions } of products) {
    for (const side of editions.flatMap(({ clients, origins }) => [clients, origins])) {
      if (side?.known.includes("measured") && side.idle_ms !== "no-reuse") expect(side.of).toMatch(/\d/);
    }
  }
});

it("editions are in the order of their versions", () => {
  for (const { name, editions } of products) {
    expect(editions[0]?.since, name).toBeUndefined();
    const later = editions.slice(1).map(({ since = "" }) => since);
    later.reduce((before, since) => {
      expect(isAtLeastVersion(since, before), name).toBe(true);
      return since;
    }, "0");
  }
});

describe("settings", () => {
  const settings = products.flatMap(({ name, settings: own }) => own.map((setting) => ({ product: name, setting })));

  it("have a unit, and are written with it", () => {
    for (const { product, setting } of settings) {
      const place = { ms: /\{(?:ms|s)\}/, s: /\{s\}/, min: /\{min\}/, count: /\{count\}/, switch: /^[^{}]*$/ }[
        setting.unit
      ];
      // Where braces belong to the syntax they stand around more than a unit.
      expect(setting.write.replace(/\{(?!ms\}|s\}|min\}|count\})|(?<!\{(?:ms|s|min|count))\}/g, ""), product).toMatch(
        place,
      );
    }
  });

  it("say where they are written, with no place left for an amount", () => {
    expect(settings.filter(({ setting: { where } }) => /[{}]/.test(where))).toEqual([]);
  });

  it("have names of their own within a product, none of which is a general one", () => {
    for (const { name, settings: own } of products) {
      const all = own.map((setting) => setting.name.toLowerCase());
      expect(new Set(all).size, name).toBe(all.length);
      if (name !== "caddy")
        expect(
          all.filter((it) => ["idle", "pool"].includes(it)),
          name,
        ).toEqual([]);
    }
  });

  it("are written with an amount", () => {
    const written = (product: string, setting: string, amount: number) => {
      const found = productNamed(product)?.settings.find(({ name }) => name === setting);
      return found && settingText(found, amount);
    };
    expect(written("nginx", "keepalive_timeout", 75_000)).toBe("keepalive_timeout 75s;");
    expect(written("nginx", "keepalive_requests", 1_000)).toBe("keepalive_requests 1000;");
    expect(written("node", "keepAliveTimeout", 65_000)).toBe("server.keepAliveTimeout = 65000;");
    expect(written("haproxy", "timeout http-keep-alive", 65_000)).toBe("timeout http-keep-alive 65s");
    expect(written("azure-lb", "idleTimeoutInMinutes", 600_000)).toBe("idleTimeoutInMinutes: 10");
    expect(written("envoy", "idle_timeout", 65_000)).toBe("common_http_protocol_options: { idle_timeout: 65s }");
  });
});

it("every product that can lose a pair has a remedy on its side, or says why there is none", () => {
  for (const product of products) {
    for (const [side, chain] of [
      ["clients", [{ product: "other", settings: [["pool", "10h"]] }, { product: product.name }]],
      ["origins", [{ product: product.name }, { product: "other", settings: [["idle", "3s"]] }]],
    ] as const) {
      const [pair] = pairsOf(lookUp(chain));
      if (pair === undefined || !["inverted", "too-close"].includes(pair.judgement.verdict)) continue;
      const fix = remediesFor(pair).find((it) => it.product === product.name);
      expect(fix, `${product.name} ${side}`).toBeDefined();
      const isSettable = product.settings.some((setting) => concerns(setting, side) && setting.sets === "idle");
      const isWritten = fix?.setting !== undefined || /takes no more than/.test(fix?.text ?? "");
      expect(isWritten || product.fixed?.[side] !== undefined, `${product.name} ${side}: ${fix?.text}`).toBe(true);
      if (!isSettable) expect(product.fixed?.[side], `${product.name} ${side}`).toBeDefined();
    }
  }
  expect(RTT_MS).toBeGreaterThan(0);
});

describe("the edition of a version", () => {
  it.each([
    ["node", "20.19.1", 5_000],
    ["node", "26", 5_000],
    ["node", "27.0.0", 65_000],
    ["puma", "6.4", 20_000],
    ["puma", "7", 65_000],
    ["aiohttp", "3.8.4", 75_000],
    ["aiohttp", "3.11", 3_630_000],
  ])("%s %s keeps idle connections for %i ms", (name, version, idle_ms) => {
    const product = productNamed(name);
    expect(product && editionsOf(product, version).map(({ clients }) => clients?.idle_ms)).toEqual([idle_ms]);
  });

  it.each([
    ["1.22.1", "no-reuse"],
    ["1.29.6", "no-reuse"],
    ["1.29.7", 60_000],
    ["1.30", 60_000],
    ["2", 60_000],
  ])("nginx %s keeps origins' connections for %s", (version, idle) => {
    const product = productNamed("nginx");
    expect(product && editionsOf(product, version).map(({ origins }) => origins?.idle_ms)).toEqual([idle]);
  });

  it("without a version each may be meant", () => {
    const product = productNamed("nginx");
    expect(product && editionsOf(product, undefined)).toHaveLength(2);
  });
});

it("a mistyped name has a nearest one", () => {
  expect([nearestProduct("ngnix"), nearestProduct("gunicron"), nearestProduct("zzzzzz")]).toEqual([
    "nginx",
    "gunicorn",
    undefined,
  ]);
});

describe("recognising a product", () => {
  it.each([
    ["nginx/1.22.1", undefined, "nginx", "1.22.1"],
    ["nginx", undefined, "nginx", undefined],
    ["openresty/1.21.4.1", undefined, "nginx", "1.21.4.1"],
    ["Apache/2.4.57 (Debian) OpenSSL/3.0.11", undefined, "apache", "2.4.57"],
    ["Apache-Coyote/1.1", undefined, "tomcat", "1.1"],
    ["Jetty(12.0.1)", undefined, "jetty", "12.0.1"],
    ["awselb/2.0", undefined, "alb", "2.0"],
    ["cloudflare", undefined, "cloudflare", undefined],
    ["gunicorn/21.2.0", undefined, "gunicorn", "21.2.0"],
    ["Python/3.11 aiohttp/3.9.1", undefined, "aiohttp", "3.9.1"],
    ["SimpleHTTP/0.6 Python/3.11.2", undefined, "python-http", "0.6"],
    ["Microsoft-IIS/10.0", undefined, "iis", "10.0"],
    ["istio-envoy", undefined, "envoy", undefined],
    [undefined, "1.1 varnish (Varnish/7.1)", "varnish", "7.1"],
    [undefined, "1.1 google", "google", undefined],
    [undefined, "1.1 abc.cloudfront.net (CloudFront)", "cloudfront", undefined],
    [undefined, "1.1 far (squid/5.7), 1.1 near (Varnish/7.1)", "varnish", "7.1"],
    ["something/1", "1.1 hopwise", "hopwise", undefined],
  ])("Server: %s, Via: %s is %s %s", (server, via, name, version) => {
    const found = recognise(server, via);
    expect([found?.product.name, found?.version]).toEqual([name, version]);
  });

  it.each([
    [undefined],
    [""],
    ["Server"],
    ["(nginx)"],
    ["////"],
    ["a".repeat(10_000)],
  ])("Server: %s is nobody's", (server) => {
    expect(recognise(server)).toBeUndefined();
  });
});
