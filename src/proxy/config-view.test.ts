/** What `/config` shows of a gateway: everything that was decided of groups and listeners, and no secret. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readGatewayConfig } from "../config/gateway-config.ts";
import { configView } from "./config-view.ts";

// biome-ignore lint/suspicious/noExplicitAny: any part of it is looked at here
type View = any;

function viewOf(value: object, hide?: (text: string) => string): View {
  const { config, problems } = readGatewayConfig(value, "/nowhere");
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return JSON.parse(JSON.stringify(configView(hide === undefined ? config : { ...config, hide })));
}

const routes = [{ to: "app" }];

it("all of a group: endpoints, balance, sticky cookie, look-ups, checks, ejection, slow start and retries", () => {
  const { groups } = viewOf({
    groups: {
      app: {
        to: [{ url: "http://app.internal:3000", weight: 3, maxConnections: 5, poolMaxAge: "1m" }],
        balance: { hash: { field: "X-Tenant" } },
        sticky: { cookie: "at" },
        resolve: { interval: "7s", family: "both" },
        health: { path: "/healthz", interval: "2s", status: [200, "300-399"], unhealthy: 4 },
        ejection: { errors: "30%", time: "9s" },
        slowStart: "20s",
        retryBudget: "10%",
        retryTimeouts: true,
      },
    },
    routes,
  });
  expect(groups.app).toStrictEqual({
    to: [{ url: "http://app.internal:3000", weight: 3, maxConnections: 5, poolMaxAge_ms: 60_000 }],
    balance: { hash: { field: "x-tenant" } },
    sticky: { cookie: "at" },
    resolve: { interval_ms: 7_000, family: "both" },
    health: {
      path: "/healthz",
      interval_ms: 2_000,
      timeout_ms: 1_000,
      statuses: [
        [200, 200],
        [300, 399],
      ],
      healthy: 2,
      unhealthy: 4,
    },
    ejection: { errors: 0.3, requests: 20, window_ms: 10_000, time_ms: 9_000, most: 0.5 },
    slowStart_ms: 20_000,
    retryBudget: { share: 0.1, perSecond: 10 },
    retryTimeouts: true,
  });
});

it("listeners with their names and redirects, and limits of all requests", () => {
  const view = viewOf({
    listeners: [
      { http: "127.0.0.1:8080", name: "web", redirect: { to: "https", port: 8443 } },
      { https: "127.0.0.1:8443", tls: "self-signed" },
    ],
    groups: { app: { to: "http://127.0.0.1:1" } },
    routes,
    rateLimit: { requests: 5, per: "1m" },
    requestBuffers: "64m",
    reusePort: false,
    tolerate: "bare-lf",
  });
  expect(view.listeners).toStrictEqual([
    { name: "web", http: "127.0.0.1:8080", redirectPort: 8443 },
    { https: "127.0.0.1:8443", certificates: [expect.objectContaining({ names: expect.any(Array) })] },
  ]);
  expect([view.rateLimit, view.reusePort, view.limits.requestBuffers]).toStrictEqual([
    "5 requests per 60s, burst 5, by client",
    false,
    64 * 1_048_576,
  ]);
});

it("names of fields that its own answers get, and where its pages are", () => {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-view-"));
  try {
    const page = join(folder, "lost.html");
    writeFileSync(page, "s3cret");
    const view = viewOf({
      ...{ groups: { app: { to: "http://127.0.0.1:1" } }, routes },
      ...{ answerFields: { "X-Frame-Options": "s3cret" }, errorPages: { "5xx": page } },
    });
    expect([view.answerFields, view.errorPages]).toStrictEqual([["X-Frame-Options"], { "5xx": page }]);
    expect(JSON.stringify(view)).not.toContain("s3cret");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("no query of a check, no value of a field, no body, and names in the place of what the environment gave", () => {
  const text = JSON.stringify(
    viewOf(
      {
        groups: {
          app: { to: "http://127.0.0.1:1", health: { path: "/healthz?key=s3cret" }, sticky: { cookie: "hunter2" } },
        },
        routes: [
          {
            match: { path: "/hooks/hunter2", fields: { "X-Key": "s3cret" } },
            to: "app",
            setRequestFields: { A: "s3cret" },
          },
          { match: { path: "/b" }, respond: { body: "s3cret" } },
          { to: "app" },
        ],
      },
      // biome-ignore lint/suspicious/noTemplateCurlyInString: that is how a file names its secrets
      (text) => text.replaceAll("hunter2", "${HOOK}"),
    ),
  );
  expect(text).not.toMatch(/s3cret|hunter2/);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the same
  expect(text).toContain("/hooks/${HOOK}");
});
