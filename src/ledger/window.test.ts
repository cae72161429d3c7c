/** What can be seen of the connections of a gateway that runs: how long idle ones have, and which limit ends them. */
import { describe, expect, it } from "vitest";
import { SmallWorld } from "../../test/kit/small-world.ts";
import { EventHub } from "./events.ts";
import { Ledger } from "./ledger.ts";
import { type ConnectionView, windowOf } from "./window.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const answer = (field = "") => `HTTP/1.1 200 OK\r\n${field}Content-Length: 2\r\n\r\nok`;

/** A gateway that has carried one exchange, and what is seen of both its connections. */
function seen(settings: ConstructorParameters<typeof SmallWorld>[0], field?: string) {
  const world = new SmallWorld(settings, answer(field));
  const { clock } = world.gateway.context;
  const ledger = new Ledger(clock);
  ledger.watch(world.gateway);
  const window = windowOf(ledger, new EventHub(clock));
  const client = world.connect();
  const look = () => [...window.connections()] as [ConnectionView, ConnectionView?];
  const ask = () => {
    client.socket.write(GET);
    world.pass(20);
  };
  return { world, client, look, ask };
}

const settings = { keepAliveTimeout_ms: 5_000, headTimeout_ms: 3_000, poolIdleTimeout_ms: 4_000 };

describe("an idle connection is seen with the time that it has left, and the limit that ends it then", () => {
  it("a client's: of the keep-alive timeout", () => {
    const { look, ask, world } = seen(settings);
    ask();
    const [first] = look();
    world.pass(1_000);
    const [second] = look();
    expect(first).toMatchObject({ hop: "downstream", state: "idle", idleLimit: "idle-timeout" });
    expect((first.idle_ms ?? 0) + (first.idleLeft_ms ?? 0)).toBeGreaterThanOrEqual(5_000);
    expect((first.idleLeft_ms ?? 0) - (second.idleLeft_ms ?? 0)).toBe(1_000);
  });

  it("a client's before its first request: of the time for its head", () => {
    const { look, world } = seen(settings);
    world.pass(20);
    expect(look()[0]).toMatchObject({ state: "idle", idleLimit: "head-timeout" });
    expect(look()[0].idleLeft_ms).toBeLessThanOrEqual(3_000);
  });

  it.each([
    ["of the pool's own limit", undefined, "idle-timeout", 4_000],
    [
      "of what the origin said, less a margin",
      "Connection: keep-alive\r\nKeep-Alive: timeout=2\r\n",
      "hint-expired",
      2_000,
    ],
  ] as const)("an origin's: %s", (_what, field, idleLimit, atMost_ms) => {
    const { look, ask } = seen(settings, field);
    ask();
    const [, upstream] = look();
    expect(upstream).toMatchObject({ hop: "upstream", state: "idle", idleLimit });
    expect(upstream?.idleLeft_ms).toBeGreaterThan(0);
    expect(upstream?.idleLeft_ms).toBeLessThanOrEqual(atMost_ms);
  });

  it("and closes then, for that", () => {
    const { look, ask, world } = seen(settings);
    ask();
    const [, upstream] = look();
    world.pass((upstream?.idleLeft_ms ?? 0) + 100);
    expect(world.observer.upstream[0]?.connection.closeReason).toBe(upstream?.idleLimit);
  });
});

it("one that carries an exchange has no such time", () => {
  const world = new SmallWorld(settings, undefined);
  const { clock } = world.gateway.context;
  const ledger = new Ledger(clock);
  ledger.watch(world.gateway);
  const client = world.connect();
  client.socket.write(GET);
  world.pass(20);
  const views = [...windowOf(ledger, new EventHub(clock)).connections()];
  expect(views.map(({ state }) => state)).toStrictEqual(["active", "active"]);
  for (const view of views) expect(Object.keys(view)).not.toContain("idleLeft_ms");
});
