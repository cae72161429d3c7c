/** Durations without a unit: a warning where seconds were probably meant. */
import { expect, it } from "vitest";
import { bareTimes } from "./bare-times.ts";
import { readGatewayConfig } from "./gateway-config.ts";

const group = { to: "http://127.0.0.1:3000", slowStart: 30 };
const FILE = {
  headTimeout: 10,
  keepAliveTimeout: 75,
  poolMaxAge: "30",
  bodyTimeout: 100,
  drainDelay: 0,
  groups: { app: group, time: { to: "http://127.0.0.1:3001" } },
  routes: [
    { to: "app", responseTimeout: 5, rateLimit: { requests: 5, per: 60, burst: 5 } },
    { match: { path: "/x", fields: { per: "5" } }, to: "time", setRequestFields: { timeout: "5" } },
  ],
};

it("is said of each that is a number below 100, at its place, and of nothing else", () => {
  expect(bareTimes(FILE)).toStrictEqual([
    "headTimeout: 10 without a unit is 10 milliseconds: write 10s if seconds are meant, else 10ms",
    "keepAliveTimeout: 75 without a unit is 75 milliseconds: write 75s if seconds are meant, else 75ms",
    "groups.app.slowStart: 30 without a unit is 30 milliseconds: write 30s if seconds are meant, else 30ms",
    "routes[0].responseTimeout: 5 without a unit is 5 milliseconds: write 5s if seconds are meant, else 5ms",
    "routes[0].rateLimit.per: 60 without a unit is 60 milliseconds: write 60s if seconds are meant, else 60ms",
  ]);
});

it("is among the warnings of a file", () => {
  const { config } = readGatewayConfig({ headTimeout: 10, routes: [{ to: "http://127.0.0.1:3000" }] }, "/", 10_000);
  expect(config?.warnings).toStrictEqual([expect.stringMatching(/^headTimeout: 10 without a unit/)]);
});
