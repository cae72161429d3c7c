/** What a whole gateway tells of its connections and of tunnels: records, from the opening to the end, and how that end began. */
import { describe, expect, it } from "vitest";
import { SmallWorld } from "../../test/kit/small-world.ts";
import { phaseTimes } from "../exchange/exchange-record.ts";
import type { Socket } from "../net/ports.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** A gateway that has carried one exchange on each hop. */
function used(settings: ConstructorParameters<typeof SmallWorld>[0] = {}) {
  const world = new SmallWorld(settings, OK);
  const client = world.connect();
  client.socket.write(GET);
  world.pass(20);
  expect(client.received).toContain("200");
  const [downstream] = world.observer.downstream;
  const [upstream] = world.observer.upstream;
  if (downstream === undefined || upstream === undefined) throw new Error("both hops have a connection");
  return { world, client, downstream: downstream.connection, upstream: upstream.connection };
}

describe("the record of a connection", () => {
  it("says which it is, where it leads, and how it is", () => {
    const { downstream, upstream, client, world } = used();
    expect(downstream).toMatchObject({
      ...{ id: 1, hop: "downstream", peer: expect.stringMatching(/^[0-9.]+$/), isSecure: false },
      ...{
        peerPort: client.socket.localPort,
        opened: "accepted",
        openedAt_ms: expect.any(Number),
      },
      ...{ state: "idle", exchanges: 1 },
    });
    expect(JSON.parse(JSON.stringify(downstream))).toStrictEqual({ ...downstream });
    const [endpoint] = world.gateway.routing.endpoints;
    expect(upstream).toMatchObject({ id: 2, hop: "upstream", opened: "pool-empty", state: "idle", exchanges: 1 });
    expect(upstream.endpoint).toStrictEqual({ name: endpoint?.origin.name, isNamedByClients: false });
  });

  it("says since when it is idle, and how long it had been before its latest exchange", () => {
    const { downstream, upstream, client, world } = used();
    const idleSince = [downstream.idleSince_ms, upstream.idleSince_ms];
    world.pass(1_000);
    client.socket.write(GET);
    world.pass(20);
    expect([downstream.exchanges, upstream.exchanges]).toStrictEqual([2, 2]);
    expect(upstream.idled_ms).toBeGreaterThanOrEqual(1_000);
    for (const [index, { idleSince_ms }] of [downstream, upstream].entries()) {
      expect(idleSince_ms).toBeGreaterThan((idleSince[index] as number) + 1_000);
    }
  });

  it.each<[string, Parameters<typeof used>[0], (it: ReturnType<typeof used>) => void, string, string]>([
    ["the client's FIN", {}, ({ client }) => client.socket.end(), "peer-closed-idle", "peer-fin"],
    ["the client's RST", {}, ({ client }) => client.socket.reset(), "peer-reset", "peer-reset"],
    ["our FIN", { keepAliveTimeout_ms: 1_000 }, () => undefined, "idle-timeout", "own-fin"],
  ])("of a client says how its end began: with %s", (_what, settings, act, closeReason, ending) => {
    const it = used(settings);
    act(it);
    it.world.pass(90_000);
    expect(it.downstream).toMatchObject({ state: "closed", closeReason, ending });
  });

  it("of a client that takes nothing of its response: with our RST", () => {
    const body = "x".repeat(200_000);
    const world = new SmallWorld(
      { bodyTimeout_ms: 1_000 },
      `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const client = world.connect();
    client.socket.pause();
    client.socket.write(GET);
    world.pass(5_000);
    const ends = [...world.observer.downstream, ...world.observer.upstream].map(({ connection }) => connection);
    expect(ends.map(({ closeReason, ending }) => [closeReason, ending])).toStrictEqual([
      ["write-timeout", "own-reset"],
      ["client-gone", "own-fin"],
    ]);
  });

  it.each<[string, Parameters<typeof used>[0], (origin: Socket) => void, string, string]>([
    ["the origin's FIN", {}, (origin) => origin.end(), "peer-closed-idle", "peer-fin"],
    ["the origin's RST", {}, (origin) => origin.reset(), "peer-reset", "peer-reset"],
    ["our FIN", { poolIdleTimeout_ms: 1_000 }, () => undefined, "idle-timeout", "own-fin"],
  ])("to an origin says how its end began: with %s", (_what, settings, act, closeReason, ending) => {
    const { world, upstream } = used(settings);
    act(world.origins[0] as Socket);
    world.pass(5_000);
    expect(upstream).toMatchObject({ state: "closed", closeReason, ending });
  });
});

describe("the record of a tunnel", () => {
  const times = (world: SmallWorld) => {
    const [record] = world.observer.exchanges;
    if (record === undefined) throw new Error("no exchange has ended");
    return { record, known: phaseTimes.filter((name) => record[name] !== undefined) };
  };

  it("behind CONNECT: sent is when it stood, and what passed is counted", () => {
    const any = () => true;
    const forward = { mayConnectTo: any, mayRequestFrom: any, authentication: undefined, originsMax: 8, idleMax: 8 };
    const world = new SmallWorld({ forward }, "hello");
    const [origin] = world.gateway.context.settings.origins;
    const client = world.connect();
    client.socket.write(`CONNECT ${origin?.authority} HTTP/1.1\r\nHost: ${origin?.authority}\r\n\r\n`);
    world.pass(20);
    client.socket.write("hi");
    world.pass(20);
    client.socket.end();
    world.pass(100);
    const { record, known } = times(world);
    expect(client.received).toMatch(/^HTTP\/1\.1 200 .*\r\n\r\nhello$/);
    expect(known).toStrictEqual(["arrivedAt_ms", "connectingAt_ms", "sentAt_ms", "doneAt_ms"]);
    expect(record).toMatchObject({ outcome: "tunnel", requestBodyBytes: 2, responseBodyBytes: 5, upstreamExchange: 1 });
    expect(record.doneAt_ms).toBeGreaterThan(record.sentAt_ms ?? Number.POSITIVE_INFINITY);
  });

  it("behind 101: the response that began it has a first byte", () => {
    const world = new SmallWorld(
      {},
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n",
    );
    const client = world.connect();
    client.socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    world.pass(50);
    client.socket.end();
    world.pass(100);
    const { record, known } = times(world);
    expect(record).toMatchObject({ outcome: "tunnel", status: 101 });
    expect(known).toStrictEqual(["arrivedAt_ms", "connectingAt_ms", "sentAt_ms", "firstByteAt_ms", "doneAt_ms"]);
  });
});
