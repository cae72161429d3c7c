/**
 * The drain's deadline, state by state: who waits is told that nothing comes, what has begun is visibly broken off, and all
 * of it has been told (and so logged) before the drain is over.
 */
import { describe, expect, it } from "vitest";
import { DATE, GET, head } from "../conformance/case.ts";
import type { SmallClient } from "../kit/small-world.ts";
import { SmallWorld } from "../kit/small-world.ts";

const OK = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 2")}ok`;
const UPGRADE = head("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: x");
const SWITCHING = head("HTTP/1.1 101 x", "Connection: Upgrade", "Upgrade: x");
const BEGUN = `${head("HTTP/1.1 200 OK", DATE, "Content-Length: 10")}begun`;

/** What a client sees whose connection is in some state at the deadline, and what the drain tells. */
async function drained(answer: string | undefined, act: (client: SmallClient, world: SmallWorld) => void) {
  const world = new SmallWorld({}, answer);
  const client = world.connect();
  act(client, world);
  world.pass(20);
  world.gateway.beginDrain();
  // Shorter than the moment for which idle clients are still heard.
  const report = world.gateway.drain(100);
  world.pass(99);
  const endedBefore = client.ended;
  world.pass(3_000);
  const { cut } = await report;
  const [exchange] = world.observer.exchanges;
  const { received, ended } = client;
  const [, status = ""] = /^HTTP\/1.1 (\d+)/.exec(received) ?? [];
  return { endedBefore, ended, received, status, cut, closes: world.clientCloses, reason: exchange?.reason };
}

/** The client closes, too, when it sees FIN. */
function polite(client: SmallClient): SmallClient {
  const { handler } = client.socket;
  client.socket.handler = {
    ...handler,
    onEnd: () => {
      handler.onEnd();
      client.socket.end();
    },
  };
  return client;
}

describe("at the drain's deadline", () => {
  it("half a head is answered 503 and closed in order; nothing was cut", async () => {
    const seen = await drained(OK, (client) => polite(client).socket.write("GET / HT"));
    expect(seen).toMatchObject({
      endedBefore: undefined,
      ended: "FIN",
      status: "503",
      cut: 0,
      reason: "drain-deadline",
    });
    expect(seen.received).toContain("Connection: close\r\n");
    expect(seen.closes).toEqual(["drain-deadline"]);
  });

  it("a request without a response is answered 503 and closed in order, and counts as cut", async () => {
    const seen = await drained(undefined, (client) => polite(client).socket.write(GET));
    expect(seen).toMatchObject({
      endedBefore: undefined,
      ended: "FIN",
      status: "503",
      cut: 1,
      reason: "drain-deadline",
    });
    expect(seen.closes).toEqual(["drain-deadline"]);
  });

  it("a response that has begun is broken off with RST, and counts as cut", async () => {
    const seen = await drained(BEGUN, (client) => polite(client).socket.write(GET));
    expect(seen).toMatchObject({ endedBefore: undefined, ended: "RST", received: BEGUN, cut: 1 });
    expect(seen.closes).toEqual(["drain-deadline"]);
  });

  it("an idle connection is closed in order", async () => {
    const seen = await drained(OK, (client) => polite(client).socket.write(GET));
    expect(seen).toMatchObject({ endedBefore: undefined, ended: "FIN", received: OK, cut: 0 });
  });

  it("a client that does not close its side holds the drain for a moment only, and is told closed before the end", async () => {
    const seen = await drained(undefined, (client) => client.socket.write(GET));
    expect(seen).toMatchObject({ status: "503", cut: 1 });
    expect(seen.closes).toEqual(["drain-deadline"]);
  });

  it("a response that its client has not taken loses its rest, though its exchange is over: it counts as cut", async () => {
    const long = 45_000;
    const seen = await drained(
      head("HTTP/1.1 200 OK", DATE, `Content-Length: ${long}`) + "x".repeat(long),
      (client) => {
        client.socket.pause();
        client.socket.write(GET);
      },
    );
    expect(seen).toMatchObject({ cut: 1, reason: undefined });
    expect(seen.closes).toEqual(["drain-deadline"]);
  });

  it("a client that reads nothing holds it no longer", async () => {
    const seen = await drained(undefined, (client) => {
      client.socket.pause();
      client.socket.write(GET);
    });
    expect(seen.closes).toEqual(["drain-deadline"]);
  });
});

it("who ends now cuts tunnels with RST on both sides: nobody takes what came so far for everything", () => {
  const world = new SmallWorld({}, SWITCHING);
  const client = world.connect();
  client.socket.write(UPGRADE);
  world.pass(20);
  world.gateway.cut();
  // The process may end with this event: nothing is left to be done later.
  const upstream = world.gateway.routing.endpoints.flatMap(({ connections }) => [...connections]);
  expect(upstream.map(({ life }) => life.state)).toEqual(["closing"]);
  world.pass(20);
  expect([client.ended, world.originEnds]).toEqual(["RST", ["RST"]]);
});

it("a tunnel that the deadline ends says so on both hops: neither its client nor another has ended it", async () => {
  const world = new SmallWorld({}, SWITCHING);
  const client = world.connect();
  client.socket.write(UPGRADE);
  world.pass(20);
  world.gateway.beginDrain();
  const report = world.gateway.drain(100);
  world.pass(3_000);
  expect((await report).cut).toBe(1);
  expect([world.clientCloses, world.originCloses]).toEqual([["drain-deadline"], ["drain-deadline"]]);
  expect([client.ended, world.originEnds]).toEqual(["RST", ["RST"]]);
});

it("a drain is over only when every connection that was cut has told so", async () => {
  const world = new SmallWorld({}, BEGUN);
  world.connect().socket.write(GET);
  world.pass(20);
  world.gateway.beginDrain();
  let closesAtTheEnd: unknown;
  void world.gateway.drain(100).then(() => {
    closesAtTheEnd = world.clientCloses;
  });
  // Step by step, so that what is promised is seen at the moment it is kept.
  for (let i = 0; i < 3_000 && closesAtTheEnd === undefined; i++) {
    world.pass(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(closesAtTheEnd).toEqual(["drain-deadline"]);
});

it("an idle client that does not close behind our FIN holds a drain for a second, not for the usual silence", async () => {
  const world = new SmallWorld({}, OK);
  world.connect().socket.write(GET);
  world.pass(20);
  world.gateway.beginDrain();
  let report: unknown;
  void world.gateway.drain(60_000).then((it) => {
    report = it;
  });
  world.pass(1_800);
  await Promise.resolve();
  expect(report).toEqual({ cut: 0 });
});

it("a head that never arrived whole took from its first octet on", () => {
  const world = new SmallWorld({ headTimeout_ms: 5_000 }, OK);
  const client = world.connect();
  world.pass(2_000);
  client.socket.write("GET / HT");
  world.pass(5_200);
  const [{ reason, arrivedAt_ms, doneAt_ms } = { reason: "", arrivedAt_ms: 0, doneAt_ms: 0 }] =
    world.observer.exchanges;
  expect(reason).toBe("head-timeout");
  expect(doneAt_ms - arrivedAt_ms).toBeGreaterThanOrEqual(5_000);
});
