import { describe, expect, it } from "vitest";
import { readGatewayConfig } from "./gateway-config.ts";
import { readProxyOptions } from "./options.ts";
import { type SharedLimits, shareOf, shareOfFile } from "./shares.ts";

const to = "http://127.0.0.1:3000";
/** Each worker's limits, of `workers` that may have 20,000 file descriptors each. */
function shares(limits: SharedLimits, workers: number, limit = 20_000) {
  const options = { to, ...limits };
  const { maxConnections, poolSize } = shareOf(options, readProxyOptions(options, limit), workers);
  return { maxConnections, poolSize };
}

describe("limits that are for the whole are divided among workers", () => {
  it.each<[SharedLimits, number, { maxConnections: number; poolSize: number }]>([
    [{}, 2, { maxConnections: 5_000, poolSize: 512 }],
    [{ maxConnections: "1000", poolSize: 64 }, 4, { maxConnections: 250, poolSize: 16 }],
    [{ maxConnections: 7, poolSize: 7 }, 2, { maxConnections: 3, poolSize: 3 }],
    [{ maxConnections: 1, poolSize: 1 }, 8, { maxConnections: 1, poolSize: 1 }],
  ])("%j by %i", (limits, workers, expected) => {
    expect(shares(limits, workers)).toEqual(expected);
  });

  it("file descriptors are not divided: each process has its own", () => {
    expect(shares({}, 4, 1_024).maxConnections).toBe(480);
    const options = { to, maxConnections: 4_000 };
    const share = shareOf(options, readProxyOptions(options, 1_024), 4);
    const { gateway, warnings } = readProxyOptions(share, 1_024);
    expect(gateway.maxConnections).toBe(480);
    expect(warnings).toEqual([expect.stringMatching(/^1000 client connections may need 2064 file descriptors/)]);
  });

  it("all workers have one name, so that each knows a request that comes round", () => {
    const whole = readProxyOptions({ to });
    expect(readProxyOptions(shareOf({ to, poolSize: 8 }, whole, 2)).gateway.viaName).toBe(whole.gateway.viaName);
  });

  it("no worker says Via where the whole says none", () => {
    const options = { to, via: "off", poolSize: 8 };
    expect(readProxyOptions(shareOf(options, readProxyOptions(options), 2)).gateway.sendsVia).toBe(false);
  });
});

it("of a file also endpoints' connections and routes' requests are divided, and rates are not", () => {
  const file = {
    groups: { app: { to: [to, { url: "http://127.0.0.1:3001", maxConnections: 7 }] }, one: { to } },
    routes: [
      { match: { path: "/a" }, to: "app", concurrency: { max: 9 } },
      { match: { path: "/b" }, to: "app", concurrency: { max: "8", line: 5, wait: "2s" }, rateLimit: { requests: 10 } },
      { match: { path: "/c" }, to: "one", concurrency: { max: 1, line: 0 } },
    ],
    poolSize: 10,
  };
  const { config } = readGatewayConfig(file, "/", 20_000);
  if (config === undefined) throw new Error("this file is good");
  const share = shareOfFile(file, config, 2);
  expect(share).toMatchObject({
    groups: { app: { to: [to, { url: "http://127.0.0.1:3001", maxConnections: 3 }] }, one: { to } },
    routes: [
      { concurrency: { max: 4 } },
      { concurrency: { max: 4, line: 2, wait: "2s" }, rateLimit: { requests: 10 } },
      { concurrency: { max: 1, line: 0 } },
    ],
    ...{ poolSize: 5, admin: false },
  });
  expect(readGatewayConfig(share, "/", 20_000).problems).toBeUndefined();
});
