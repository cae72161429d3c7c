/** What the dashboard knows after events and snapshots, in whatever order, with gaps, and across restarts. */
import { describe, expect, it } from "vitest";
import type { ExchangeEntry } from "../../src/ledger/entries.ts";
import type { ProxyStats } from "../../src/ledger/stats.ts";
import type { ConnectionView } from "../../src/ledger/window.ts";
import { type Connection, createModel, type Model, type ProxyEvent, type Told } from "./model.ts";
import { SyntheticProxy } from "./synthetic.fixture.ts";

const T0 = Date.UTC(2026, 10, 30, 10, 0, 0);
const time = (at_ms: number) => new Date(T0 + at_ms).toISOString();
const ENDPOINT = "http://127.0.0.1:3000";

const openDown = (at_ms: number, id = 1): ProxyEvent => ({
  ...{
    type: "connection-open",
    time: time(at_ms),
    id,
    opened: "accepted",
    hop: "downstream",
    client: "192.0.2.1:4000",
  },
});
const openUp = (at_ms: number, id = 2): ProxyEvent => ({
  ...{ type: "connection-open", time: time(at_ms), id, opened: "pool-empty", hop: "upstream", endpoint: ENDPOINT },
});
const begin = (at_ms: number, id = 1, on = { id: 1, exchange: 1 }): ProxyEvent => ({
  ...{ type: "exchange-begin", time: time(at_ms), id, client: "192.0.2.1", method: "GET", target: "/" },
  ...{ version: "1.1", downstream: on },
});
const carrier = { id: 2, exchange: 1, endpoint: ENDPOINT, reused: false };
const phase = (at_ms: number, phase: "connecting" | "sent" | "first-byte", after_ms: number): ProxyEvent => ({
  ...{ type: "exchange-phase", time: time(at_ms), id: 1, phase, after_ms },
  ...(phase === "connecting" ? {} : { upstream: carrier }),
});
const end = (some: Partial<ExchangeEntry> = {}): ExchangeEntry => ({
  ...{ type: "exchange", time: time(10), id: 1, client: "192.0.2.1", method: "GET", target: "/", version: "1.1" },
  ...{ status: 200, outcome: "completed", duration_ms: 20, connect_ms: 5, sent_ms: 6, firstByte_ms: 10, wait_ms: 16 },
  ...{ requestBytes: 0, responseBytes: 2, retries: 0, downstream: { id: 1, exchange: 1 } },
  ...{ upstream: { ...carrier, opened: "pool-empty" }, ...some },
});
const closeUp = (at_ms: number): ProxyEvent => ({
  ...{ type: "connection", time: time(at_ms), id: 2, opened: "pool-empty", hop: "upstream", endpoint: ENDPOINT },
  ...{ closed: "hint-expired", ended: "own-fin", exchanges: 1, age_ms: at_ms - 15 },
});
const all = [
  openDown(0),
  begin(10),
  phase(11, "connecting", 1),
  openUp(15),
  phase(16, "sent", 6),
  phase(26, "first-byte", 16),
  end(),
  closeUp(4_030),
];

/** A model on a machine whose clock is an hour ahead of the proxy's. */
function modelAt(here: { ms: number } = { ms: T0 + 3_600_000 }): Model {
  return createModel(() => here.ms);
}

function known(model: Model, key: string): Connection {
  const connection = model.connections.get(key);
  if (connection === undefined) throw new Error(`no connection ${key}`);
  return connection;
}

const view = (some: Partial<ConnectionView> = {}): ConnectionView => ({
  ...{ id: 1, hop: "downstream", state: "idle", client: "192.0.2.1:4000", secure: false, opened: "accepted" },
  ...{ age_ms: 10_000, idle_ms: 1_000, idleLeft_ms: 4_000, idleLimit: "idle-timeout", exchanges: 1, ...some },
});
const snapshotOf = (...connections: ConnectionView[]) => ({ connections: { connections, more: false } });

describe("what is known after events", () => {
  it("in order: an exchange on both hops, linked, with its phases; then idle, then closed with reason and sign", () => {
    const model = modelAt();
    for (const event of all) model.apply(event);
    const [client, origin] = [known(model, "1"), known(model, "2")];
    const exchange = model.exchanges.get("1");
    expect(client.exchanges).toStrictEqual([exchange]);
    expect(origin.exchanges).toStrictEqual([exchange]);
    expect(exchange?.downstream).toStrictEqual({ connection: client, exchange: 1 });
    expect(exchange?.upstream).toStrictEqual({ connection: origin, exchange: 1 });
    expect(exchange?.phases.map(({ phase, at_ms }) => [phase, at_ms - T0])).toStrictEqual([
      ["connecting", 11],
      ["sent", 16],
      ["first-byte", 26],
    ]);
    expect(exchange).toMatchObject({ beganAt_ms: T0 + 10, endedAt_ms: T0 + 30, status: 200, outcome: "completed" });
    expect(client).toMatchObject({ hop: "downstream", peer: "192.0.2.1:4000", opened: "accepted", state: "idle" });
    expect(client).toMatchObject({ idleSince_ms: T0 + 30, exchangeCount: 1, closedAt_ms: undefined });
    expect(origin).toMatchObject({ hop: "upstream", peer: ENDPOINT, opened: "pool-empty", openedAt_ms: T0 + 15 });
    expect(origin).toMatchObject({
      state: "closed",
      closedAt_ms: T0 + 4_030,
      closed: "hint-expired",
      ended: "own-fin",
    });
  });

  it("in the middle of an exchange: both connections are active", () => {
    const model = modelAt();
    for (const event of all.slice(0, 6)) model.apply(event);
    expect(["1", "2"].map((key) => known(model, key).state)).toStrictEqual(["active", "active"]);
    expect(model.exchanges.get("1")?.endedAt_ms).toBeUndefined();
  });

  it("only of its end: the exchange, its connections, and where its time went", () => {
    const model = modelAt();
    model.apply(end());
    const exchange = model.exchanges.get("1");
    expect(exchange?.phases.map(({ phase, at_ms }) => [phase, at_ms - T0])).toStrictEqual([
      ["connecting", 11],
      ["sent", 16],
      ["first-byte", 26],
    ]);
    expect(known(model, "1")).toMatchObject({ hop: "downstream", peer: "192.0.2.1", exchangeCount: 1 });
    expect(known(model, "2")).toMatchObject({ hop: "upstream", peer: ENDPOINT, opened: "pool-empty", state: "idle" });
  });

  it("in any other order: the same in the end", () => {
    const expected = modelAt();
    for (const event of all) expected.apply(event);
    const figures = (model: Model) =>
      ["1", "2"].map((key) => {
        const { exchanges, refusals, isOpeningGuessed, openedAt_ms, idleSince_ms, ...rest } = known(model, key);
        return { ...rest, exchanges: exchanges.map(({ id, endedAt_ms, outcome }) => [id, endedAt_ms, outcome]) };
      });
    for (let shift = 1; shift < all.length; shift++) {
      const model = modelAt();
      for (const event of [...all.slice(shift), ...all.slice(0, shift)]) model.apply(event);
      expect(figures(model)).toStrictEqual(figures(expected));
    }
  });

  it("told twice: the same", () => {
    const model = modelAt();
    for (const event of [...all, ...all]) model.apply(event);
    expect(known(model, "2").exchanges).toHaveLength(1);
    expect(model.lanes("upstream")).toHaveLength(1);
    expect(known(model, "2").closedAt_ms).toBe(T0 + 4_030);
  });

  it("a connection that carries its next exchange already is not idle when the one before is told to have ended", () => {
    const model = modelAt();
    for (const event of all.slice(0, 6)) model.apply(event);
    model.apply(begin(27, 2, { id: 9, exchange: 1 }));
    model.apply({
      ...{ type: "exchange-phase", time: time(28), id: 2, phase: "sent", after_ms: 1 },
      upstream: { ...carrier, exchange: 2, reused: true },
    });
    model.apply(end());
    expect(known(model, "2")).toMatchObject({ state: "active", exchangeCount: 2, idleSince_ms: undefined });
    expect(known(model, "2").exchanges.map(({ id }) => id)).toStrictEqual([1, 2]);
  });

  it("a connection that carries several exchanges at once (HTTP/2) idles when the last of them has ended", () => {
    const model = modelAt();
    const version = "2.0";
    for (const number of [1, 2, 3])
      model.apply({ ...begin(10 + number, number, { id: 1, exchange: number }), version } as ProxyEvent);
    expect(known(model, "1").isMultiplexed).toBe(true);
    const endOf = (number: number) =>
      end({ id: number, version, duration_ms: 90, downstream: { id: 1, exchange: number } });
    model.apply(endOf(3));
    expect(known(model, "1").state).toBe("active");
    model.apply(endOf(1));
    model.snapshot(snapshotOf(view({ state: "active", idle_ms: undefined, exchanges: 3 } as never)), T0 + 3_700_000);
    expect(model.exchanges.get("2")?.endedAt_ms).toBeUndefined();
    expect(known(model, "1")).toMatchObject({ state: "active", isMultiplexed: true });
    model.apply(endOf(2));
    expect(known(model, "1")).toMatchObject({ state: "idle", idleSince_ms: T0 + 12 + 90 });
  });

  it("a request that was sent again is on the lost connection, too, for as long as it was there", () => {
    const model = modelAt();
    const lost = [{ ...carrier, id: 7, exchange: 4, reused: true, after_ms: 3, closes: "peer-closed" as const }];
    model.apply(begin(10));
    model.apply({ type: "exchange-phase", time: time(16), id: 1, phase: "retrying", after_ms: 6 });
    model.apply(end({ retries: 1, lost }));
    const [loss] = model.exchanges.get("1")?.losses ?? [];
    expect(loss).toMatchObject({ exchange: 4, sentAt_ms: T0 + 13, lostAt_ms: T0 + 16 });
    expect(loss?.connection).toBe(known(model, "7"));
    expect(known(model, "7")).toMatchObject({ state: "closing", closes: "peer-closed", exchangeCount: 4 });
  });

  it("refusals of an idle connection stay with it, the latest twenty", () => {
    const model = modelAt();
    for (let i = 0; i < 25; i++) {
      model.apply({
        ...{ type: "reuse-refused", time: time(i), id: 2, endpoint: ENDPOINT, reason: "not-well-inside", idle_ms: i },
      });
    }
    expect(known(model, "2").refusals).toHaveLength(20);
    expect(known(model, "2").refusals.at(-1)).toStrictEqual({ at_ms: T0 + 24, reason: "not-well-inside", idle_ms: 24 });
  });

  it("a tunnel is one on both hops", () => {
    const model = modelAt();
    model.apply({ ...begin(10), method: "CONNECT" } as ProxyEvent);
    model.apply(phase(16, "sent", 6));
    expect(["1", "2"].map((key) => known(model, key).state)).toStrictEqual(["tunnel", "tunnel"]);
  });

  it("of a kind that is not known yet: that it was told, and nothing breaks", () => {
    const model = modelAt();
    model.receive({ type: "weather", data: JSON.stringify({ type: "weather", time: time(5), sky: "blue" }) });
    model.receive({ type: "exchange", data: "{" });
    model.receive({ type: "exchange", data: "null" });
    expect(model.notices.map(({ event }) => event.type)).toStrictEqual(["weather"]);
  });

  it("the drain begins and ends; other news stay, the latest 200", () => {
    const model = modelAt();
    model.apply({ type: "drain", time: time(0), state: "began" });
    expect(model.isDraining).toBe(true);
    for (let i = 0; i < 300; i++) model.apply({ type: "lifetime", time: time(i), endpoint: ENDPOINT, learned_ms: i });
    expect(model.notices).toHaveLength(200);
  });

  it("of several workers, whose numbers repeat: each its own", () => {
    const model = modelAt();
    for (const worker of [1, 2]) model.apply({ ...openDown(0), worker } as Told<ProxyEvent>);
    expect([...model.connections.keys()]).toStrictEqual(["1.1", "2.1"]);
  });
});

describe("a snapshot", () => {
  it("tells of connections that were there before, with the time that idle ones have left", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    expect(model.needsSnapshot).toBe(true);
    model.snapshot(snapshotOf(view()), T0);
    expect(model.needsSnapshot).toBe(false);
    expect(known(model, "1")).toMatchObject({
      ...{ openedAt_ms: T0 - 10_000, opened: "accepted", state: "idle", idleSince_ms: T0 - 1_000, exchangeCount: 1 },
      ...{ idleUntil_ms: T0 + 4_000, idleLimit: "idle-timeout" },
    });
  });

  it("so that the next time it idles the time left is known from the beginning, of others like it, too", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    model.snapshot(snapshotOf(view()), T0);
    model.apply(begin(10, 1, { id: 1, exchange: 2 }));
    model.apply(end({ downstream: { id: 1, exchange: 2 } }));
    expect(known(model, "1").idleUntil_ms).toBe(T0 + 30 + 5_000);
    model.apply(end({ id: 2, time: time(40), downstream: { id: 5, exchange: 1 } }));
    expect(known(model, "5").idleUntil_ms).toBe(T0 + 60 + 5_000);
  });

  it("ends what is not in it, unless it opened since it was asked for", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    model.apply(openDown(0, 1));
    here.ms = T0 + 5_000;
    model.apply(openDown(5_000, 3));
    model.snapshot(snapshotOf(), T0 + 5_000);
    expect(known(model, "1")).toMatchObject({ state: "closed", closedAt_ms: T0 + 5_000, closed: undefined });
    expect(known(model, "3").closedAt_ms).toBeUndefined();
    // Its end is told after all.
    model.apply({ ...closeUp(5_100), id: 1 } as ProxyEvent);
    expect(known(model, "1")).toMatchObject({ closed: "hint-expired", closedAt_ms: T0 + 5_100 });
  });

  it("that is cut at a limit ends nothing", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    model.apply(openDown(0, 1));
    here.ms = T0 + 5_000;
    model.snapshot({ connections: { connections: [], more: true } }, here.ms);
    expect(known(model, "1").closedAt_ms).toBeUndefined();
  });

  it("ends exchanges whose end was missed: of a connection that idles, and all but the latest of one at work", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    model.apply(begin(0, 1, { id: 1, exchange: 1 }));
    model.apply(begin(10, 2, { id: 4, exchange: 1 }));
    model.apply(begin(20, 3, { id: 4, exchange: 2 }));
    here.ms = T0 + 60_000;
    model.snapshot(
      snapshotOf(view(), view({ id: 4, state: "active", idle_ms: undefined, exchanges: 2 } as never)),
      here.ms,
    );
    const endOf = (key: string) => model.exchanges.get(key)?.endedAt_ms;
    expect(endOf("1")).toBeGreaterThan(T0);
    expect(endOf("2")).toBeGreaterThan(T0);
    expect(endOf("3")).toBeUndefined();
    expect(model.exchanges.get("1")?.outcome).toBeUndefined();
  });

  it("never takes back what events have said since it was asked for", () => {
    const here = { ms: T0 + 1_000 };
    const model = modelAt(here);
    model.apply(begin(1_000, 9, { id: 1, exchange: 2 }));
    model.snapshot(snapshotOf(view()), T0 + 1_000);
    expect(known(model, "1")).toMatchObject({ state: "active", exchangeCount: 2 });
    expect(model.exchanges.get("9")?.endedAt_ms).toBeUndefined();
  });

  it("of exchanges that ended tells of their connections, and keeps those that failed", () => {
    const model = modelAt({ ms: T0 });
    const failed = end({ id: 5, status: 502, outcome: "answered", reason: "upstream-closed" });
    model.snapshot({ exchanges: { exchanges: [failed, end()], more: false } }, T0);
    expect(model.failures.map(({ id }) => id)).toStrictEqual([5]);
    expect(known(model, "2").exchanges.map(({ id }) => id)).toStrictEqual([1, 5]);
  });
});

describe("gaps, restarts, clocks", () => {
  it("missed events are counted and ask for a snapshot", () => {
    const model = modelAt({ ms: T0 });
    model.snapshot(snapshotOf(), T0);
    model.receive({ type: "missed", data: '{"missed":41}' });
    model.apply({ type: "missed", missed: 1 });
    expect(model).toMatchObject({ missed: 42, missedAt_ms: T0, needsSnapshot: true });
  });

  it("events that were left out on purpose are counted, and are no gap", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    model.snapshot(snapshotOf(), T0);
    model.apply({ type: "missed", missed: 5_000, oneIn: 16 });
    expect(model).toMatchObject({ missed: 5_000, needsSnapshot: false, oneIn: 16 });
    here.ms += 5_000;
    expect(model.oneIn).toBe(1);
  });

  it("another run in the ids of events is another proxy: what was open is gone, and numbers begin anew", () => {
    const model = modelAt({ ms: T0 });
    model.apply(openDown(0, 1), "aaa-1");
    model.apply(openDown(1, 1), "bbb-1");
    const lanes = model.lanes("downstream");
    expect(lanes.map(({ id, closedAt_ms }) => [id, closedAt_ms])).toStrictEqual([
      [1, T0],
      [1, undefined],
    ]);
    expect(new Set(lanes.map(({ key }) => key)).size).toBe(2);
    expect(model.needsSnapshot).toBe(true);
  });

  it("so is a proxy that has run for less long than before, and both signs of it are one restart", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    const stats = (uptime_ms: number) =>
      ({ startedAt: new Date(here.ms - uptime_ms).toISOString(), uptime_ms, isDraining: false }) as ProxyStats;
    model.apply(openDown(0), "aaa-1");
    model.snapshot({ stats: stats(9_000) }, T0);
    here.ms += 1_000;
    model.snapshot({ stats: stats(10_001) }, here.ms);
    expect(known(model, "1").closedAt_ms).toBeUndefined();
    here.ms += 1_000;
    model.snapshot({ stats: stats(400) }, here.ms);
    expect(known(model, "1").closedAt_ms).toBeDefined();
    model.apply(openDown(2_000), "bbb-1");
    model.apply(openDown(2_000, 2), "bbb-2");
    expect([...model.connections.values()].map(({ closedAt_ms }) => closedAt_ms === undefined)).toStrictEqual([
      ...[false, true, true],
    ]);
  });

  it("the proxy's clock is told by what arrives quickest", () => {
    const here = { ms: T0 + 3_600_500 };
    const model = modelAt(here);
    model.apply(openDown(0, 1));
    here.ms = T0 + 3_600_510;
    model.apply(openDown(400, 3));
    // It took 110 ms at most: the clock is an hour behind.
    expect(model.now() - T0).toBe(400);
    here.ms += 1_000;
    expect(model.now() - T0).toBe(1_400);
  });

  it("forgets what is older than two minutes, but for failures and their connections; held, it forgets nothing", () => {
    const here = { ms: T0 };
    const model = modelAt(here);
    for (const event of all) model.apply(event);
    model.apply(
      end({
        id: 7,
        status: 502,
        outcome: "answered",
        reason: "upstream-closed",
        downstream: { id: 1, exchange: 2 },
        upstream: { ...carrier, id: 8, opened: "pool-empty" },
      }),
    );
    model.apply({ ...closeUp(5_000), id: 8 } as ProxyEvent);
    model.hold(true);
    here.ms = T0 + 600_000;
    model.apply(openDown(600_000, 20));
    expect(model.exchanges.has("1")).toBe(true);
    model.hold(false);
    here.ms += 2_000;
    model.apply(openDown(602_000, 21));
    expect([...model.exchanges.keys()]).toStrictEqual(["7"]);
    expect([...model.connections.keys()]).toStrictEqual(["1", "8", "20", "21"]);
    expect(known(model, "1").exchanges.map(({ id }) => id)).toStrictEqual([7]);
  });
});

describe("a busy proxy", () => {
  it("is known exactly after minutes of events, within bounds", () => {
    const proxy = new SyntheticProxy({ seed: 3, clients: 40, exchangesPerSecond: 40, failuresPercent: 5 });
    const model = createModel(() => proxy.now_ms);
    for (let step = 0; step < 150; step++) model.events(proxy.pass(1_000));
    expect(model.exchanges.size).toBeLessThanOrEqual(40 * 125 + 200);
    expect(model.failures).toHaveLength(200);
    const open = [...model.connections.values()].filter(({ closedAt_ms }) => closedAt_ms === undefined);
    const views = proxy.snapshot().connections?.connections ?? [];
    const states = (all: readonly { id: number; state: string }[]) =>
      all.map(({ id, state }) => `${id} ${state}`).toSorted();
    expect(states(open)).toStrictEqual(states(views));
    const listed = new Set([...model.connections.values()].flatMap(({ exchanges }) => exchanges));
    expect(listed.size).toBe(model.exchanges.size);
  });

  it("of which nine of ten events are missed is right again after a snapshot", () => {
    const proxy = new SyntheticProxy({ seed: 4, clients: 40, exchangesPerSecond: 60 });
    const model = createModel(() => proxy.now_ms);
    for (let step = 0; step < 200; step++) {
      for (const [index, event] of proxy.pass(100).entries()) if (index % 10 === 0) model.apply(event);
    }
    proxy.pass(1_000);
    model.snapshot(proxy.snapshot(), proxy.now_ms);
    const open = [...model.connections.values()].filter(({ closedAt_ms }) => closedAt_ms === undefined);
    const views = proxy.snapshot().connections?.connections ?? [];
    const idsOf = (all: readonly { readonly id: number }[]) => all.map(({ id }) => id).toSorted();
    expect(idsOf(open)).toStrictEqual(idsOf(views));
  });
});
