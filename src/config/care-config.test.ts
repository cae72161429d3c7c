/** How a group's endpoints are looked after, as a file says it. */
import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./gateway-config.ts";
import { pathText } from "./problems.ts";

const read = (care: object) =>
  readGatewayConfig(
    { groups: { app: { to: "http://127.0.0.1:3000", ...care } }, routes: [{ to: "app" }] },
    "/etc/hopwise",
  );

/** The group that a file makes, without its endpoints; or all that is wrong. */
function groupOf(care: object): unknown {
  const { config, problems = [] } = read(care);
  if (config === undefined) return problems.map(({ path, message }) => `${pathText(path)}: ${message}`);
  const [group] = config.gateway.routes?.groups ?? [];
  const {
    name: _name,
    endpoints: _endpoints,
    balance: _balance,
    sticky: _sticky,
    ...rest
  } = group ?? { name: "", endpoints: [] };
  return rest;
}

const retryBudget = { share: 0.2, perSecond: 10 };

it("nothing is checked or ejected unless the group says so; retries have a budget", () => {
  expect(groupOf({})).toStrictEqual({ retryBudget });
});

it("the smallest health check has sound defaults", () => {
  expect(groupOf({ health: { path: "/healthz", interval: "2s" } })).toStrictEqual({
    health: {
      path: "/healthz",
      host: undefined,
      interval_ms: 2_000,
      timeout_ms: 1_000,
      statuses: [[200, 399]],
      healthy: 2,
      unhealthy: 3,
    },
    retryBudget,
  });
  expect(groupOf({ health: { path: "/" } })).toMatchObject({ health: { interval_ms: 5_000, timeout_ms: 1_000 } });
  expect(groupOf({ health: { path: "/", interval: "500ms" } })).toMatchObject({ health: { timeout_ms: 500 } });
});

it("everything can be said", () => {
  const care = {
    health: {
      ...{ path: "/up?deep=1", host: "app.internal:8080", interval: "1m", timeout: "10s", healthy: 1, unhealthy: 5 },
      status: [200, "300-302", "418"],
    },
    ejection: { errors: "12.5%", requests: 100, window: "30s", time: "1m", most: "34%" },
    slowStart: "30s",
    retryBudget: "5%",
  };
  expect(groupOf(care)).toStrictEqual({
    health: {
      path: "/up?deep=1",
      host: "app.internal:8080",
      interval_ms: 60_000,
      timeout_ms: 10_000,
      statuses: [
        [200, 200],
        [300, 302],
        [418, 418],
      ],
      healthy: 1,
      unhealthy: 5,
    },
    ejection: { errors: 0.125, requests: 100, window_ms: 30_000, time_ms: 60_000, most: 0.34 },
    slowStart_ms: 30_000,
    retryBudget: { share: 0.05, perSecond: 10 },
  });
});

it("an ejection without words has its defaults; a budget of everything is none", () => {
  expect(groupOf({ ejection: {}, retryBudget: "100%" })).toStrictEqual({
    ejection: { errors: 0.5, requests: 20, window_ms: 10_000, time_ms: 30_000, most: 0.5 },
  });
});

describe("what is wrong is said, with what to write instead", () => {
  it.each<[string, object, readonly string[]]>([
    [
      "words that are not known",
      { health: { path: "/", intervall: "2s" }, ejection: { error: "5%" } },
      [
        'groups.app.health.intervall: "intervall" is not known here; did you mean interval?',
        'groups.app.ejection.error: "error" is not known here; did you mean errors?',
      ],
    ],
    ["a check of nothing", { health: {} }, ["groups.app.health.path: it is missing: write a path like /healthz"]],
    [
      "a path that is none",
      { health: { path: "healthz" } },
      ['groups.app.health.path: "healthz" is not a path: write one that begins with /, like /healthz'],
    ],
    [
      "a path that would end the line",
      { health: { path: "/ HTTP/1.1\r\nX: y" } },
      ['groups.app.health.path: "/ HTTP/1.1??X: y" is not a path: write one that begins with /, like /healthz'],
    ],
    [
      "a host that would end the line",
      { health: { path: "/", host: "a\r\nX: y" } },
      ['groups.app.health.host: "a??X: y" is not a valid Host: write HOST or HOST:PORT, like app.internal'],
    ],
    [
      "statuses that cannot be",
      { health: { path: "/", status: [200, "399-200", 99, 100] } },
      [
        'groups.app.health.status: "399-200" is not a status or a range: write a status, a range like 200-399, or a list of these',
      ],
    ],
    [
      "an interim status",
      { health: { path: "/", status: 100 } },
      ['groups.app.health.status: "100" is not a final status: write 200 or more'],
    ],
    [
      "a timeout beyond the interval",
      { health: { path: "/", interval: "2s", timeout: "3s" } },
      ["groups.app.health: its timeout of 3s is longer than its interval of 2s: write a shorter timeout"],
    ],
    [
      "intervals that are a load",
      { health: { path: "/", interval: "5ms" } },
      ['groups.app.health.interval: "5ms" is too short: write at least 100ms'],
    ],
    [
      "shares that are none",
      { ejection: { errors: "150%", most: "half" }, retryBudget: 20 },
      [
        'groups.app.ejection.errors: "150%" is not a percentage: write one from 0% to 100%',
        'groups.app.ejection.most: "half" is not a percentage: write one from 0% to 100%',
        "groups.app.retryBudget: a number is no value for it: write a percentage like 50%",
      ],
    ],
    [
      "thresholds of nothing",
      { health: { path: "/", healthy: 0 } },
      ["groups.app.health.healthy: 0 is too small: write a whole number from 1 to 100"],
    ],
  ])("%s", (_what, care, problems) => {
    expect(groupOf(care)).toStrictEqual(problems);
  });
});
