/** What hurts although it can run, in files; and that nothing is said of what does not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { certificateFor } from "../../test/kit/certificates.ts";
import { readGatewayConfig } from "./gateway-config.ts";
import type { TlsConfig } from "./listeners.ts";
import { readProxyOptions } from "./options.ts";
import { warningsAboutAdmin, warningsAboutPlan, warningsAboutPorts } from "./warnings.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hopwise-warnings-"));
  const { cert, key } = certificateFor(["app.example.com", "*.shop.example.com"]);
  writeFileSync(join(folder, "site.pem"), cert);
  writeFileSync(join(folder, "site.key"), key);
});
afterAll(() => rmSync(folder, { recursive: true }));

function warnings(text: string): readonly string[] {
  const { config, problems } = readGatewayConfig(parse(text), folder, 100_000);
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config.warnings;
}

const routes = (text: string) => warnings(`listeners: [{ http: 127.0.0.1:8080 }]\nroutes:\n${text}`);
const ORIGIN = "http://127.0.0.1:9";

describe("nothing is said of", () => {
  it.each([
    ["the smallest file", `to: ${ORIGIN}`],
    [
      "limits that are what they are by default",
      `to: ${ORIGIN}\nheadTimeout: 30s\nkeepAliveTimeout: 75s\ntrusted: 10.0.0.0/8`,
    ],
    ["a short limit where the other one is the default", `to: ${ORIGIN}\nresponseTimeout: 3s\ndrainTimeout: 5s`],
    [
      "a site with certificates, redirect, groups and routes",
      `
       listeners:
         - { http: 127.0.0.1:8080, redirect: https }
         - { https: 127.0.0.1:8443, certificates: [{ cert: site.pem, key: site.key }] }
       groups: { app: { to: [${ORIGIN}, { url: "http://127.0.0.1:8", weight: 0 }] } }
       routes:
         - { match: { host: app.example.com, path: /old/* }, redirect: /new/* }
         - { match: { host: [a.shop.example.com, "*.shop.example.com"], method: [GET, PURGE, purge] }, to: app }
         - { match: { path: /old }, redirect: /old/there }
         - { match: { path: /away }, redirect: https://away.example.com/away }
       admin: 127.0.0.1:9901`,
    ],
  ])("%s", (_what, text) => {
    expect(warnings(text)).toStrictEqual([]);
  });
});

describe("limits of time that stand the wrong way round", () => {
  it.each([
    ["responseTimeout: 5m", /^a response may take 5m .* a drain only 30s .* slow ones are cut at each restart/],
    [
      "connectTimeout: 2m\nresponseTimeout: 20s",
      /^an origin that cannot be reached holds a request for 2m .* longer than/,
    ],
    ["trusted: 10.0.0.0/8\nkeepAliveTimeout: 20s", /is closed on after 20s .* fail there with 502; write 75s or more$/],
  ])("%s", (text, expected) => {
    expect(warnings(`to: ${ORIGIN}\n${text}`)).toStrictEqual([expect.stringMatching(expected)]);
    // As options of the library and of the command line, too.
    const options = parse(text) as Record<string, string>;
    expect(readProxyOptions({ to: ORIGIN, ...options }, 100_000).warnings).toStrictEqual([
      expect.stringMatching(expected),
    ]);
  });
});

describe("routes", () => {
  it.each([
    [
      `  - { match: { path: /a, method: get }, to: "${ORIGIN}" }`,
      "routes[0] takes no request with the method get, since clients write GET: write it so",
    ],
    [
      `  - { match: { path: /a, method: "GET /" }, to: "${ORIGIN}" }`,
      'routes[0] takes no request with the method "GET /", which none can have: write one like GET',
    ],
    [
      `  - { match: { path: /a, fields: { "X A": true } }, to: "${ORIGIN}" }`,
      'routes[0] takes no request: none has a field of the name "X A"',
    ],
    [
      `  - { match: { path: /a, fields: { X-A: " 1" } }, to: "${ORIGIN}" }`,
      "routes[0] takes no request: the value of a field begins and ends without spaces, and that of X-A here does not",
    ],
    [
      "  - { name: round, match: { path: /a/* }, redirect: /a/b }",
      "round redirects to /a/b, which it takes itself: clients go round until they give up; write another path",
    ],
    [
      "  - { match: { host: '*.a.test', path: /a/*, fields: { X-A: true, X-B: '1' } }, redirect: /a/b/* }",
      /^routes\[0\] redirects to \/a\/b\/, which it takes itself/,
    ],
  ])("%s", (text, expected) => {
    const told = routes(`${text}\n  - { match: { path: /b }, to: "${ORIGIN}" }`);
    expect(told).toStrictEqual([typeof expected === "string" ? expected : expect.stringMatching(expected)]);
  });

  it("a redirect into what another route takes is none of these", () => {
    expect(
      routes(`  - { match: { path: /a/* }, redirect: /a/b }\n  - { match: { path: /a/b }, to: "${ORIGIN}" }`),
    ).toEqual([]);
  });
});

describe("groups", () => {
  it.each([
    ["to: http://127.0.0.1:8", /^no route leads to the group spare: write \{ to: spare \}, or leave it out$/],
  ])("{ %s }", (text, expected) => {
    expect(warnings(`groups: { spare: { ${text} } }\nroutes:\n  - { to: "${ORIGIN}" }`)).toStrictEqual([
      expect.stringMatching(expected),
    ]);
  });
});

describe("listeners", () => {
  const https = "{ https: 127.0.0.1:8443, certificates: [{ cert: site.pem, key: site.key }] }";

  it("that all redirect leave nobody who serves", () => {
    expect(warnings(`listeners: [{ http: 127.0.0.1:8080, redirect: https }]\nto: ${ORIGIN}`)).toStrictEqual([
      expect.stringMatching(/^every listener sends its clients to https, and none serves them there/),
    ]);
  });

  it("without a certificate for a host that a route names", () => {
    const text = (listeners: string) =>
      `listeners: [${listeners}]\nroutes: [{ match: { host: [a.b.shop.example.com, app.example.com] }, to: "${ORIGIN}" }]`;
    expect(warnings(text(https))).toStrictEqual([
      expect.stringMatching(
        /^no certificate is for a\.b\.shop\.example\.com: clients that ask for it are shown another one/,
      ),
    ]);
    // It may be served in the clear.
    expect(warnings(text(`${https}, { http: 127.0.0.1:8080 }`))).toStrictEqual([]);
    expect(warnings(text("{ https: 127.0.0.1:8443, tls: self-signed }"))).toStrictEqual([
      expect.stringMatching(/^the certificate was made now/),
    ]);
  });

  it("in the clear, beside one that asks clients for certificates", () => {
    const certificate = { file: "in.pem", names: ["in.test"], clients: { ca: "", isRequired: true } };
    const tls = { files: [], marks: "", certificates: [certificate] } as unknown as TlsConfig;
    const told = (open: { readonly host: string; readonly redirectPort?: number }) =>
      warningsAboutPlan({
        listeners: [
          { host: "0.0.0.0", port: 443, tls },
          { port: 80, tls: undefined, ...open },
        ],
        ...{ routes: undefined, groups: [], withPasswords: [], trusted: [] },
      });
    expect(told({ host: "0.0.0.0" })).toStrictEqual([
      "clients show a certificate for in.test, and http://0.0.0.0:80 serves the same routes to anyone: redirect it to https, or leave it out",
    ]);
    expect(told({ host: "0.0.0.0", redirectPort: 443 })).toStrictEqual([]);
    expect(told({ host: "127.0.0.1" })).toStrictEqual([]);
  });

  it("in the clear, where a route asks for passwords, unless who is in front is known or on this machine", () => {
    const route = { name: "inside", match: {}, action: { kind: "refuse" } } as const;
    const told = (host: string, trusted: readonly string[] = []) =>
      warningsAboutPlan({
        ...{ listeners: [{ host, port: 80, tls: undefined }], routes: { groups: [], routes: [route] }, groups: [] },
        ...{ withPasswords: [route], trusted },
      });
    expect(told("0.0.0.0")).toStrictEqual([
      "inside asks for passwords, and http://0.0.0.0:80 carries them where anyone on the way can read them: serve it over https, or redirect there",
    ]);
    expect([...told("127.0.0.1"), ...told("0.0.0.0", ["10.0.0.0/8"])]).toStrictEqual([]);
  });
});

describe("the admin server", () => {
  it.each<readonly [host: string, interfaces: readonly string[], isTold: boolean]>([
    ["127.0.0.1", ["93.184.216.34"], false],
    ["10.0.0.7", [], false],
    // A pod's or a container's own address is private.
    ["0.0.0.0", ["127.0.0.1", "10.0.0.7", "fe80::1"], false],
    ["0.0.0.0", ["127.0.0.1", "93.184.216.34"], true],
    ["::", ["2600:1f18::1"], true],
    ["93.184.216.34", [], true],
  ])("on %s of a machine with %j: %j", (host, interfaces, isTold) => {
    const told = warningsAboutAdmin({ host, port: 9901 }, () => interfaces);
    expect(told).toStrictEqual(isTold ? [expect.stringMatching(/which is public .*: anyone sees every origin/)] : []);
  });
});

it("a port that this user may not open", () => {
  const places = [80, 443, 1_024, 0].map((port) => ({ host: "0.0.0.0", port }));
  expect(warningsAboutPorts(places, 1_024)).toStrictEqual([
    expect.stringMatching(
      /^this user may not listen on 0\.0\.0\.0:80: choose a port from 1024 on, or grant CAP_NET_BIND_SERVICE$/,
    ),
    expect.stringMatching(/0\.0\.0\.0:443/),
  ]);
  expect(warningsAboutPorts(places, 0)).toStrictEqual([]);
});
