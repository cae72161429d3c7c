/** A gateway that goes on with other settings: what is named still loses nothing, what is not named any more is finished. */
import { describe, expect, it } from "vitest";
import { SmallWorld } from "../../test/kit/small-world.ts";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import type { TokenBuckets } from "../exchange/token-buckets.ts";
import { parseOriginAddress } from "../pool/origin-address.ts";
import { DRAIN_IDLE_GRACE_MS } from "./client-table.ts";
import { Entrance } from "./entrance.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
/** Nobody listens there. */
const nowhere = parseOriginAddress("http://127.0.0.1:9");

const statusesIn = (text: string) => [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => Number(status));
const settingsOf = (world: SmallWorld) => world.gateway.context.settings;

describe("an endpoint that is named still", () => {
  it("keeps its connections and what is known of it", () => {
    const world = new SmallWorld({}, OK);
    const client = world.connect();
    client.socket.write(GET);
    world.pass(10);
    const [before] = world.gateway.routing.endpoints;
    world.gateway.reload({ ...settingsOf(world), origins: [nowhere, ...settingsOf(world).origins], maxRequests: 7 });
    client.socket.write(GET);
    world.pass(10);
    expect(world.gateway.routing.endpoints[1]).toBe(before);
    expect([statusesIn(client.received), world.observer.downstream.length]).toStrictEqual([[200, 200], 1]);
    expect(world.originCloses).toStrictEqual([undefined]);
  });
});

describe("an endpoint that is not named any more", () => {
  it("finishes what is in progress there, which nothing new joins", () => {
    const world = new SmallWorld({}, undefined);
    const client = world.connect();
    client.socket.write(GET);
    world.pass(10);
    world.gateway.reload({ ...settingsOf(world), origins: [nowhere] });
    world.pass(10);
    expect(world.originCloses).toStrictEqual([undefined]);
    world.origins[0]?.write(OK);
    world.pass(10);
    client.socket.write(GET);
    world.pass(10);
    expect([statusesIn(client.received), world.originCloses]).toStrictEqual([[200, 502], ["endpoint-left"]]);
  });

  it("keeps tunnels, which are seen, and can be cut", () => {
    const world = new SmallWorld(
      {},
      (socket, asked) => void socket.write(asked === UPGRADE || asked.includes("Upgrade") ? SWITCHING : asked),
    );
    const client = world.connect();
    client.socket.write(UPGRADE);
    world.pass(10);
    world.gateway.reload({ ...settingsOf(world), origins: [nowhere] });
    client.socket.write("ping");
    world.pass(10);
    expect([client.received.endsWith("ping"), world.originCloses]).toStrictEqual([true, [undefined]]);
    const { endpoints } = world.gateway.routing;
    expect(endpoints.map(({ inUse }) => inUse)).toStrictEqual([0, 1]);
    world.gateway.cutNow();
    world.pass(10);
    expect([client.ended, world.gateway.routing.endpoints.length]).toStrictEqual(["RST", 1]);
  });
});

describe("a group that is not named any more", () => {
  it("is waited for at a drain", async () => {
    const world = new SmallWorld({}, undefined);
    const client = world.connect();
    client.socket.write(GET);
    world.pass(10);
    const group = { name: "app", endpoints: [{ origin: nowhere, weight: 1 }] };
    const route = { name: "all", match: {}, action: { kind: "group", group: "app" } } as const;
    world.gateway.reload({ ...settingsOf(world), origins: [nowhere], routes: { groups: [group], routes: [route] } });
    expect(world.gateway.routing.endpoints).toHaveLength(2);
    world.origins[0]?.write(OK);
    world.pass(10);
    expect([statusesIn(client.received), world.gateway.routing.endpoints.length]).toStrictEqual([[200], 1]);
  });
});

describe("settings that cannot be", () => {
  it("change nothing", () => {
    const world = new SmallWorld({}, OK);
    const { context } = world.gateway;
    const { endpoints } = world.gateway.routing;
    const route = { name: "bad", match: { path: "no-slash" }, action: { kind: "refuse" } } as const;
    const settings = { ...settingsOf(world), origins: [nowhere], routes: { groups: [], routes: [route] } };
    expect(() => world.gateway.reload(settings)).toThrow("no-slash");
    expect([world.gateway.context, world.gateway.routing.endpoints]).toStrictEqual([context, endpoints]);
  });

  it("nor is anything new while it drains", () => {
    const world = new SmallWorld({}, OK);
    world.gateway.beginDrain();
    expect(() => world.gateway.reload(settingsOf(world))).toThrow("drains");
  });
});

describe("limits", () => {
  it("hold for clients that are there already", () => {
    const world = new SmallWorld({ keepAliveTimeout_ms: 60_000 }, OK);
    const client = world.connect();
    client.socket.write(GET);
    world.pass(10);
    const isTrusted = () => true;
    world.gateway.reload({ ...settingsOf(world), keepAliveTimeout_ms: 1_000, maxConnections: 1, isTrusted });
    expect([...world.gateway.clients.connections].map((it) => it.isTrusted)).toStrictEqual([true]);
    client.socket.write(GET);
    world.pass(1_200);
    client.socket.end();
    world.pass(10);
    expect([client.ended, world.clientCloses]).toStrictEqual(["FIN", ["idle-timeout"]]);
  });

  it("of connections are those of the new settings", () => {
    const world = new SmallWorld({ maxConnections: 1 }, OK);
    world.gateway.reload({ ...settingsOf(world), maxConnections: 2 });
    for (const client of [world.connect(), world.connect()]) client.socket.write(GET);
    world.pass(10);
    expect(world.clientCloses).toStrictEqual([undefined, undefined]);
  });
});

describe("a listener that is closed", () => {
  it("leaves its clients served, and tells them with the next response", () => {
    const world = new SmallWorld({}, OK);
    const other = world.connect();
    world.entrance = new Entrance();
    const client = world.connect();
    client.socket.write(GET);
    world.pass(10);
    world.gateway.closeEntrance(world.entrance);
    for (const { socket } of [client, other]) socket.write(GET);
    world.pass(100);
    expect([statusesIn(client.received), client.ended]).toStrictEqual([[200, 200], "FIN"]);
    client.socket.end();
    world.pass(10);
    expect(client.received.split("\r\n\r\n")[1]).toContain("Connection: close");
    expect([other.received.includes("Connection: close"), world.clientCloses]).toStrictEqual([
      false,
      [undefined, "listener-left"],
    ]);
  });

  it("gives those that idle a moment, and then closes them", () => {
    const world = new SmallWorld({}, OK);
    const other = world.connect();
    world.entrance = new Entrance();
    const idle = world.connect();
    idle.socket.write(GET);
    const silent = world.connect();
    world.pass(10);
    world.gateway.closeEntrance(world.entrance);
    world.pass(DRAIN_IDLE_GRACE_MS - 10);
    expect([idle.ended, silent.ended]).toStrictEqual([undefined, undefined]);
    world.pass(20);
    expect([idle.ended, silent.ended, other.ended]).toStrictEqual(["FIN", "FIN", undefined]);
  });
});

it("of limits and lines that are not named any more nothing stays that is not needed", () => {
  const world = new SmallWorld({}, OK);
  const { lines, rates } = world.gateway.context.workings;
  const buckets = rates as TokenBuckets;
  const record = {} as ExchangeRecord;
  lines.enter("old", { max: 1, line: 1, wait_ms: 1 }, { client: "a", record, later: () => {} });
  buckets.take({ name: "old", by: "client", interval_ms: 100, burst: 1, words: "" }, "a");
  const known = () => [lines.routeCount, buckets.limitCount];
  world.gateway.reload(settingsOf(world));
  expect(known()).toStrictEqual([1, 1]);
  lines.leave(record);
  world.pass(100);
  world.gateway.reload(settingsOf(world));
  expect(known()).toStrictEqual([0, 0]);
});
