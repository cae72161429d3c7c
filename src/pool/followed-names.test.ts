/** Groups whose names are looked up: each address is an endpoint of its own, and comes and goes as the name says. */
import { describe, expect, it } from "vitest";
import { PoolStage } from "../../test/fuzz/kit/pool-stage.ts";
import { health } from "../../test/kit/care-plans.ts";
import type { NameLookup } from "../connection/connection-record.ts";
import type { Found } from "../net/resolving.ts";
import type { EndpointPlan, Group } from "./group.ts";
import { parseOriginAddress } from "./origin-address.ts";
import { OriginPools } from "./origin-pools.ts";

const EVERY_MS = 30_000;

/** Endpoints as they are written. */
const written = (...urls: readonly string[]): EndpointPlan[] =>
  urls.map((url) => ({ origin: parseOriginAddress(url), weight: 1 }));

/** A name server that says what `leads` says, and pools that ask it. */
function staged(endpoints: readonly EndpointPlan[], more: Partial<Group> = {}) {
  const stage = new PoolStage();
  const leads: Record<string, Found> = {};
  const told: NameLookup[] = [];
  const pools = new OriginPools({
    ...stage.pool.options,
    observer: { ...stage.pool.options.observer, nameLookedUp: (_name, lookup) => told.push(lookup) },
    names: {
      find(name, _client, found) {
        found(leads[name] ?? "ENOTFOUND");
        return () => undefined;
      },
    },
  });
  const group: Group = { name: "app", endpoints, resolve: { interval_ms: EVERY_MS }, ...more };
  const begin = (said: Group = group) => {
    const pool = pools.update([said]).get("app");
    if (pool === undefined) throw new Error("it was named");
    pools.start();
    return pool;
  };
  const lookAgain = () => stage.clock.advance(EVERY_MS);
  const names = () => pools.endpoints.map(({ origin }) => origin.name);
  return { stage, leads, told, pools, group, begin, lookAgain, names };
}

describe("an address that a name leads to", () => {
  it("is an endpoint with what is said of the name, and what is sent there still names it", () => {
    const said = { ...written("https://app.test:8443")[0], weight: 3, maxConnections: 7 } as EndpointPlan;
    const { leads, begin } = staged([said]);
    leads["app.test"] = ["192.0.2.2", "192.0.2.1"];
    expect(begin().endpoints.map(({ plan }) => plan)).toStrictEqual(
      ["192.0.2.1", "192.0.2.2"].map((host) => ({
        ...said,
        origin: {
          address: {
            ...{ kind: "tcp", host, port: 8_443 },
            tls: { serverName: "app.test", rejectUnauthorized: true },
          },
          name: `https://${host}:8443`,
          authority: "app.test:8443",
        },
      })),
    );
  });

  it.each([
    ["http://app.test", "192.0.2.1", "http://192.0.2.1"],
    ["http://app.test:3000", "2001:db8::1", "http://[2001:db8::1]:3000"],
  ])("of %s is called as an endpoint that is written: %s", (url, address, name) => {
    const { leads, begin, names } = staged(written(url));
    leads["app.test"] = [address];
    begin();
    expect([names(), parseOriginAddress(name).name]).toStrictEqual([[name], name]);
  });

  it("comes, and goes as any endpoint does: its idle connections close, exchanges end", () => {
    const { stage, leads, begin, lookAgain, names } = staged(written("http://app.test"));
    leads["app.test"] = ["192.0.2.1"];
    const pool = begin();
    const busy = stage.prepare({});
    pool.acquire(busy);
    stage.dialer.connects();
    leads["app.test"] = ["192.0.2.2"];
    lookAgain();
    expect([pool.endpoints.map(({ origin }) => origin.name), names()]).toStrictEqual([
      ["http://192.0.2.2"],
      ["http://192.0.2.2", "http://192.0.2.1"],
    ]);
    stage.finish(busy);
    expect([names(), stage.told.at(-1)]).toStrictEqual([["http://192.0.2.2"], "#1 closed: endpoint-left"]);
  });

  it("that is missing for a while comes back with its lifetime, its health and its counts", () => {
    const { leads, begin, lookAgain } = staged(written("http://app.test"), { health });
    leads["app.test"] = ["192.0.2.1", "192.0.2.2"];
    const pool = begin();
    const [, second] = pool.endpoints;
    second?.lifetime.recordClose(2_000, 0);
    leads["app.test"] = ["192.0.2.1"];
    lookAgain();
    leads["app.test"] = ["192.0.2.1", "192.0.2.2"];
    lookAgain();
    expect([pool.endpoints[1], second?.lifetime.estimate_ms]).toStrictEqual([second, 2_000]);
  });

  it("is forgotten behind ten minutes", () => {
    const { stage, leads, begin, lookAgain } = staged(written("http://app.test"));
    leads["app.test"] = ["192.0.2.1", "192.0.2.2"];
    const pool = begin();
    const [, second] = pool.endpoints;
    leads["app.test"] = ["192.0.2.1"];
    lookAgain();
    stage.clock.advance(600_000);
    leads["app.test"] = ["192.0.2.1", "192.0.2.3"];
    lookAgain();
    leads["app.test"] = ["192.0.2.1", "192.0.2.2"];
    lookAgain();
    expect(pool.endpoints[1]?.origin.name).toBe("http://192.0.2.2");
    expect(pool.endpoints[1]).not.toBe(second);
  });

  it("and that is written as well is one endpoint, of which that counts: so one of several can be drained", () => {
    const drained = { ...written("http://192.0.2.2")[0], weight: 0 } as EndpointPlan;
    const { leads, begin, lookAgain } = staged([...written("http://app.test"), drained]);
    leads["app.test"] = ["192.0.2.1", "192.0.2.2"];
    const pool = begin();
    const weights = () => pool.endpoints.map(({ origin, plan }) => [origin.name, plan.weight]);
    expect(weights()).toStrictEqual([
      ["http://192.0.2.2", 0],
      ["http://192.0.2.1", 1],
    ]);
    // All that is left cannot be drained: somebody has to answer.
    leads["app.test"] = ["192.0.2.2"];
    lookAgain();
    expect(weights()).toStrictEqual([["http://192.0.2.2", 1]]);
  });

  it("and another name, too, is one endpoint", () => {
    const { leads, begin, names } = staged(written("http://one.test", "http://two.test"));
    leads["one.test"] = ["192.0.2.1"];
    leads["two.test"] = ["192.0.2.1", "192.0.2.2"];
    begin();
    expect(names()).toStrictEqual(["http://192.0.2.1", "http://192.0.2.2"]);
  });
});

describe("a name", () => {
  it("stands for itself until something is found, and goes on with what was found whatever fails later", () => {
    const { leads, begin, lookAgain, names, told } = staged(written("http://app.test", "http://192.0.2.9"));
    begin();
    expect(names().toSorted()).toStrictEqual(["http://192.0.2.9", "http://app.test"]);
    leads["app.test"] = ["192.0.2.1"];
    lookAgain();
    leads["app.test"] = "EAI_AGAIN";
    lookAgain();
    leads["app.test"] = [];
    lookAgain();
    expect(names()).toStrictEqual(["http://192.0.2.9", "http://192.0.2.1"]);
    expect(told.map(({ result }) => (result === "found" ? result : result.failure))).toStrictEqual([
      "not-found",
      "found",
      "no-answer",
      "not-found",
    ]);
  });

  it("keeps what it has found when the group is decided anew, and is followed no more when it is not named", () => {
    const { stage, leads, begin, group, names, told, pools } = staged(written("http://app.test"));
    leads["app.test"] = ["192.0.2.1"];
    const [first] = begin().endpoints;
    const pool = begin({ ...group, endpoints: written("http://app.test").map((it) => ({ ...it, weight: 5 })) });
    expect([pool.endpoints[0], first?.plan.weight]).toStrictEqual([first, 5]);
    begin({ ...group, endpoints: written("http://other.test") });
    pools.update([]);
    const before = told.length;
    stage.clock.advance(10 * EVERY_MS);
    expect([told.length - before, names()]).toStrictEqual([0, []]);
  });

  it("is one endpoint again when the group does not look names up any more", () => {
    const { stage, leads, begin, names, told, group } = staged(written("http://app.test"));
    leads["app.test"] = ["192.0.2.1"];
    begin();
    const { resolve: _resolve, ...plain } = group;
    begin(plain);
    const before = told.length;
    stage.clock.advance(10 * EVERY_MS);
    expect([names(), told.length - before]).toStrictEqual([["http://app.test"], 0]);
  });

  it("is not looked up during a drain, nor left behind", () => {
    const { stage, leads, begin, told, pools } = staged(written("http://app.test"));
    leads["app.test"] = ["192.0.2.1"];
    begin();
    let isEmpty = false;
    pools.drain(() => {
      isEmpty = true;
    });
    stage.clock.advance(10 * EVERY_MS);
    expect([isEmpty, told.length]).toStrictEqual([true, 1]);
  });
});

describe("a name that is one endpoint", () => {
  it("is followed by connections as they grow old, however busy they are", () => {
    let leads: readonly string[] = ["192.0.2.1"];
    const stage = new PoolStage({
      ...{ origins: ["http://app.test"], maxAge_ms: 60_000 },
      names: {
        find(_name, _client, found) {
          found(leads);
          return () => undefined;
        },
      },
    });
    stage.exchange();
    leads = ["192.0.2.2"];
    for (let passed_ms = 0; passed_ms < 66_000; passed_ms += 1_000) {
      stage.exchange();
      stage.pass(1_000);
    }
    expect(stage.dialer.dialed).toStrictEqual(["192.0.2.1:80", "192.0.2.2:80"]);
    expect(stage.told.filter((line) => line.includes("closed"))).toStrictEqual(["#1 closed: max-age"]);
  });
});
