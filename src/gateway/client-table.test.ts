/** Who gives way when all places are taken, and who never does; on a simulated network. */

import { afterEach, describe, expect, it } from "vitest";
import { type Doing, type Group, Pressure } from "../../test/kit/pressure.ts";
import { method } from "../../test/simulation/mutants.ts";
import { Ranking } from "../connection/fair-share.ts";
import type { ProxyContext } from "../exchange/context.ts";
import { ClientLimits } from "./client-limits.ts";
import { ClientTable } from "./client-table.ts";

const PLACES = 16;
/** A limited number of clients' connections, or of connections to the origin. */
const resources = {
  "clients' connections": { maxConnections: PLACES, poolSize: 64 },
  "connections to the origin": { maxConnections: 64, poolSize: PLACES },
};
const NEWCOMER = "192.0.2.3";
const SERVED = ["200", "200", "200", "200"];

/** Slow or silent, each a client of its own. */
const honest: readonly Group[] = [
  { from: "192.0.2.9", count: 1, doing: "event-stream" },
  { from: "192.0.2.10", count: 1, doing: "tunnel" },
  { from: "192.0.2.11", count: 1, doing: "uploads", bytesPerSecond: 2_048 },
];
const UNTOUCHED = { "192.0.2.9": 1, "192.0.2.10": 1, "192.0.2.11": 1 };

/** Honest clients and others take all places; then four newcomers come. */
function trial(settings: (typeof resources)[keyof typeof resources], others: readonly Group[], seconds: number) {
  const pressure = new Pressure(settings);
  for (const group of [...honest, ...others]) pressure.take(group);
  pressure.pass(seconds);
  const served = SERVED.map(() => pressure.newcomer(NEWCOMER));
  return { served, left: pressure.left };
}

/** Each a client of its own. */
function each(count: number, doing: Doing, bytesPerSecond: number): Group[] {
  return Array.from({ length: count }, (_, i) => ({ from: `192.0.2.${100 + i}`, count: 1, doing, bytesPerSecond }));
}

describe.each(Object.entries(resources))("when %s are taken", (_what, settings) => {
  it.each(["uploads", "event-stream", "tunnel", "waits"] as const)("the client that %s most gives way", (doing) => {
    const others = [{ from: "192.0.2.2", count: PLACES - 3, doing }];
    const { served, left } = trial(settings, others, 2);
    expect(served).toEqual(SERVED);
    expect(left).toMatchObject(UNTOUCHED);
  });

  it("clients that are slower than honest ones give way, though each has one place", () => {
    const { served, left } = trial(settings, each(PLACES - 3, "uploads", 10), 24);
    expect(served).toEqual(SERVED);
    expect(left).toMatchObject(UNTOUCHED);
  });

  it("honest ones do not: the newcomer is told to come back", () => {
    const { served, left } = trial(settings, each(PLACES - 3, "waits", 0), 24);
    expect(served).not.toContain("200");
    expect(Object.values(left)).toEqual(Array.from({ length: PLACES }, () => 1));
  });
});

describe("without descriptors fewer connections are allowed", () => {
  const NONE_MORE = 60_000;

  it("and as many as before once the want is over", () => {
    const settings = { maxConnections: 1_000, keepAliveTimeout_ms: NONE_MORE };
    const table = new ClientTable({ settings } as ProxyContext, () => {});
    table.open = 200;
    table.shrink(0);
    table.open = 184;
    expect(table.isFull).toBe(true);
    const grownAt = [999, 1_000, 2_000, 60_000].map((now) => {
      table.makeRoom(now);
      return table.isFull;
    });
    expect(grownAt).toStrictEqual([true, false, false, false]);
    table.open = 999;
    expect(table.isFull).toBe(false);
    table.open = 1_000;
    expect(table.isFull).toBe(true);
  });
});

describe("these specifications notice a proxy that", () => {
  let mend = () => {};
  afterEach(() => mend());

  it("ignores how slow a client is", () => {
    mend = method(ClientLimits.prototype, "isSlowerThan", () => false);
    const { served } = trial(resources["clients' connections"], each(PLACES - 3, "uploads", 10), 24);
    expect(served).not.toContain("200");
  });

  it("evicts an honest stream", () => {
    mend = method(Ranking.prototype, "mostHeldBut", (self) =>
      (self.holders as Map<string, { yielding: unknown[] }>).get("192.0.2.9"),
    );
    const others = [{ from: "192.0.2.2", count: PLACES - 3, doing: "waits" }] as const;
    expect(trial(resources["clients' connections"], others, 2).left).not.toMatchObject(UNTOUCHED);
  });
});
