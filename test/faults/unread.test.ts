/**
 * A client that asks and asks, one request for each finished exchange, and reads nothing (law 6: everything is bounded).
 */
import { expect, test } from "vitest";
import { DATE, GET, head } from "../conformance/case.ts";
import { type SmallClient, SmallWorld } from "../kit/small-world.ts";

const BODY = "x".repeat(8_000);
const ANSWER = `${head("HTTP/1.1 200 OK", DATE, `Content-Length: ${BODY.length}`)}${BODY}`;
const REQUESTS = 200;

/** Asks once for each exchange that is over, whether it is answered or not. */
function askWithoutReading(world: SmallWorld, client: SmallClient): void {
  client.socket.pause();
  for (let i = 0; i < REQUESTS; i++) {
    client.socket.write(GET);
    world.pass(20);
  }
}

function requestsAsked({ asked }: SmallWorld): number {
  return asked.split("\r\n\r\n").length - 1;
}

test("it is served no further while it does not take its responses, and is reset when it took nothing in time", () => {
  const world = new SmallWorld({ bodyTimeout_ms: 60_000 }, ANSWER);
  const client = world.connect();
  askWithoutReading(world, client);
  expect(requestsAsked(world)).toBeLessThan(20);
  world.pass(50_000);
  expect(world.clientCloses).toEqual([undefined]);
  world.pass(15_000);
  expect(world.clientCloses).toEqual(["write-timeout"]);
});

test("what it asked for meanwhile is answered in order once it reads on", () => {
  const world = new SmallWorld({}, ANSWER);
  const client = world.connect();
  askWithoutReading(world, client);
  client.socket.resume();
  world.pass(5_000);
  expect(client.received).toBe(ANSWER.repeat(REQUESTS));
  expect(requestsAsked(world)).toBe(REQUESTS);
  expect(world.clientCloses).toEqual([undefined]);
});

test("what it asked for meanwhile is bounded, too", () => {
  const world = new SmallWorld({}, ANSWER);
  const client = world.connect();
  askWithoutReading(world, client);
  let written = 0;
  // The window between the systems is all that is taken beyond what the proxy keeps.
  for (; (client.socket as { unsentBytes: number }).unsentBytes === 0 && written < 1_000_000; written += 4_096) {
    client.socket.write("x".repeat(4_096));
    world.pass(5);
  }
  expect(written).toBeLessThan(256 * 1_024);
});

test("it gives way to a newcomer as any idle connection does", () => {
  const world = new SmallWorld({ maxConnections: 1, bodyTimeout_ms: 60_000 }, ANSWER);
  askWithoutReading(world, world.connect());
  const newcomer = world.connect();
  newcomer.socket.write(GET);
  world.pass(100);
  expect(newcomer.received).toContain("200 OK");
  world.pass(61_000);
  expect(world.clientCloses[0]).toBe("evicted");
});

test("a drain waits for it no longer than for what it is to take", async () => {
  const world = new SmallWorld({ bodyTimeout_ms: 10_000 }, ANSWER);
  askWithoutReading(world, world.connect());
  world.gateway.beginDrain();
  let report: unknown;
  void world.gateway.drain(60_000).then((it) => {
    report = it;
  });
  world.pass(20_000);
  await Promise.resolve();
  expect(world.clientCloses).toEqual(["drained"]);
  expect(report).toEqual({ cut: 0 });
});

test("in a tunnel, whoever takes what is there slowly keeps the tunnel, and whoever takes nothing loses it", () => {
  const upgrade = head("GET / HTTP/1.1", "Host: a", "Connection: Upgrade", "Upgrade: x");
  const content = "x".repeat(60_000);
  const switched = head("HTTP/1.1 101 x", "Connection: Upgrade", "Upgrade: x");
  const world = new SmallWorld({ tunnelTimeout_ms: 1_000 }, switched + content);
  const client = world.connect();
  client.socket.pause();
  client.socket.write(upgrade);
  for (let i = 0; i < 3; i++) {
    world.pass(900);
    // As much as the systems hold.
    client.socket.resume();
    world.pass(1);
    client.socket.pause();
  }
  expect([client.received, world.clientCloses]).toEqual([switched + content, [undefined]]);

  client.socket.write("again");
  world.pass(2_500);
  expect(world.clientCloses).toEqual(["tunnel-timeout"]);
});
