/** A fault of hopwise's own ends the exchange it shows in, and no other: nothing hangs, nothing leaks, nobody gets foreign bytes. */
import { afterEach, describe, expect, it, vi } from "vitest";
import { withRoutes } from "../../test/kit/routes-settings.ts";
import { SmallWorld } from "../../test/kit/small-world.ts";
import { Life } from "../connection/life.ts";
import { HopMessages } from "../connection/message-states.ts";
import { Exchange } from "../exchange/exchange.ts";
import { RequestRelay } from "../exchange/request-relay.ts";
import { Tunnel } from "../exchange/tunnel.ts";
import { Http1ClientSide } from "../http1/http1-client-side.ts";
import { Http1OriginSide } from "../http1/http1-origin-side.ts";
import { ResponseReader } from "../http1/response-reader.ts";
import { Outbox } from "../net/outbox.ts";
import type { Socket } from "../net/ports.ts";
import { Endpoint } from "../pool/endpoint.ts";
import { PooledConnection } from "../pool/pooled-connection.ts";
import { RouteFinder } from "../routes/route-finder.ts";
import { RequestHead } from "../wire/request-head.ts";
import { DownstreamConnection } from "./downstream.ts";

afterEach(() => vi.restoreAllMocks());

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const GOOD = "GET /good HTTP/1.1\r\nHost: a\r\n\r\n";
const BAD = "POST /bad HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";

type Methods = Record<string, (...values: unknown[]) => unknown>;

/** Throws at the `turn`th call of a method from now on, once. */
function failsAt(turn: number, prototype: object, name: string): void {
  const methods = prototype as Methods;
  const original = methods[name];
  if (original === undefined) throw new Error(`there is no ${name}`);
  let calls = 0;
  vi.spyOn(methods, name).mockImplementation(function (this: unknown, ...values) {
    if (++calls === turn) throw new RangeError(`a fault in ${name}`);
    return original.apply(this, values);
  });
}

const answering = (socket: Socket, asked: string) => {
  // What is bad is never answered by itself: it must be seen to end.
  if (asked.includes("/good") || asked.includes("hello")) socket.write(OK);
};

/** Where it shows: in the events of either connection, between them, and in the pool. */
const places: readonly (readonly [string, { readonly name: string; readonly prototype: object }])[] = [
  ["read", RequestHead],
  ["beginExchange", Life],
  ["endExchange", Life],
  ["requestWhole", HopMessages],
  ["final", HopMessages],
  ["responseWhole", HopMessages],
  ["next", HopMessages],
  ["readHead", DownstreamConnection],
  ["advance", DownstreamConnection],
  ["flush", Outbox],
  ["addText", Outbox],
  ["read", RequestRelay],
  ["stream", RequestRelay],
  ["acquire", Exchange],
  ["onReady", Exchange],
  ["onFinal", Exchange],
  ["onComplete", Exchange],
  ["final", Http1ClientSide],
  ["end", Http1ClientSide],
  ["begin", Http1OriginSide],
  ["end", Http1OriginSide],
  ["read", ResponseReader],
  ["noteAlive", PooledConnection],
  ["release", PooledConnection],
  ["findReusable", Endpoint],
  ["onReleased", Endpoint],
  ["noteFinal", Endpoint],
];

describe.each([1, 2, 3])("a fault at call %i of", (turn) => {
  it.each(
    places.map(([name, owner]) => [`${owner.name}, ${name}`, name, owner] as const),
  )("%s", (_where, name, owner) => {
    const world = new SmallWorld({}, answering);
    const clients = [world.connect(), world.connect(), world.connect()];
    failsAt(turn, owner.prototype, name);
    for (const client of clients) client.socket.write(BAD);
    world.pass(1_000);
    for (const client of clients) if (client.ended === undefined) client.socket.write(GOOD);
    world.pass(10_000);

    const faults = world.observer.internalErrors.length;
    expect(faults).toBeGreaterThan(0);
    const hurt = clients.filter(({ received, ended }) => ended !== undefined || received.split("200 OK").length !== 3);
    expect(hurt.length).toBeLessThanOrEqual(faults);
    for (const { received, ended } of hurt) {
      expect(ended).toBeDefined();
      expect(received).toMatch(/^(?:HTTP\/1.1 (?:200 OK|500 Internal Server Error)\r\n[\s\S]*)?$/);
    }

    vi.restoreAllMocks();
    const later = world.connect();
    later.socket.write(GOOD);
    world.pass(1_000);
    expect(later.received).toMatch(/^HTTP\/1.1 200 OK\r\n(?:.|\r\n)*\r\n\r\nok$/);
    for (const { socket } of [...clients, later]) socket.end();
    world.pass(200_000);
    const { clients: table, routing, context } = world.gateway;
    expect({
      open: table.connections.size,
      inUse: routing.endpoints[0]?.inUse,
      waiting: routing.waiting,
    }).toStrictEqual({
      open: 0,
      inUse: 0,
      waiting: 0,
    });
    expect(context.deadlines.size).toBe(0);
    expect(new Set(world.observer.exchanges)).toStrictEqual(new Set(world.observer.begun));
  });
});

it("what routes are asked with fails, and the client is told, and its record has an end", () => {
  const world = new SmallWorld(withRoutes([{ to: "app" }]), answering);
  const client = world.connect();
  failsAt(1, RouteFinder.prototype, "find");
  client.socket.write(GOOD);
  world.pass(10_000);
  expect(world.observer.internalErrors).toStrictEqual([new RangeError("a fault in find")]);
  expect(client.received).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/);
  expect(world.observer.exchanges).toMatchObject([{ status: 500, reason: "internal-error", outcome: "answered" }]);
  expect(world.clientCloses).toStrictEqual(["internal-error"]);
});

it("it is told, by its text, and the connections close for it", () => {
  const world = new SmallWorld({}, answering);
  const client = world.connect();
  failsAt(1, ResponseReader.prototype, "read");
  client.socket.write(BAD);
  world.pass(10_000);
  expect(world.observer.internalErrors).toStrictEqual([new RangeError("a fault in read")]);
  expect(client.received).toMatch(/^HTTP\/1.1 500 Internal Server Error\r\n/);
  expect(world.clientCloses).toStrictEqual(["internal-error"]);
  expect(world.originCloses).toStrictEqual(["internal-error"]);
});

it("a tunnel ends with RST on both sides", () => {
  const world = new SmallWorld({}, (socket, asked) => {
    if (asked.startsWith("GET")) {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    }
  });
  const client = world.connect();
  client.socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  world.pass(1_000);
  failsAt(1, Tunnel.prototype, "touch");
  client.socket.write("hello");
  world.pass(1_000);
  expect(world.observer.internalErrors).toHaveLength(1);
  expect(client.ended).toBe("RST");
  expect(world.originEnds).toStrictEqual(["RST"]);
});
