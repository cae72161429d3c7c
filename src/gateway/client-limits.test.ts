/** Slow bodies: when an origin is asked for them, and what a least rate ends; on a simulated network. */
import { expect, it } from "vitest";
import { SmallWorld } from "../../test/kit/small-world.ts";

const head = (bytes: number) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${bytes}\r\n\r\n`;

it("an origin is not asked for a body of which nothing has come, for 250 ms", () => {
  const world = new SmallWorld({}, undefined);
  world.connect().socket.write(head(5));
  world.pass(200);
  expect(world.asked).toBe("");
  world.pass(150);
  expect(world.asked).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
});

it("but at once when its first byte comes, or it is wholly there", () => {
  for (const begins of ["h", "hello"]) {
    const world = new SmallWorld({}, undefined);
    world.connect().socket.write(head(5) + begins);
    world.pass(20);
    expect(world.asked).toMatch(new RegExp(`\\r\\n\\r\\n${begins}$`));
  }
});

/** An upload that goes on with so many bytes, again and again, for two minutes. */
function upload(minRate: number, bytes: number, every_ms: number) {
  const world = new SmallWorld({ minRate }, undefined);
  const client = world.connect();
  client.socket.write(`${head(1_000_000)}x`);
  for (let passed_ms = 0; passed_ms < 120_000 && client.ended === undefined; passed_ms += every_ms) {
    world.pass(every_ms);
    client.socket.write("x".repeat(bytes));
  }
  return {
    status: /^HTTP\/1\.1 (\d+)/.exec(client.received)?.[1],
    close: world.observer.downstream[0]?.connection.closeReason,
  };
}

it.each([
  ["one byte a second", 1, 1_000],
  ["one byte in 20 s", 1, 20_000],
  ["half the rate", 512, 1_000],
])("a least rate ends an upload of %s", (_what, bytes, every_ms) => {
  expect(upload(1_024, bytes, every_ms)).toStrictEqual({ status: "408", close: "too-slow" });
});

it.each([
  ["twice the rate", 1_024, 2_048, 1_000],
  ["one byte a second, where there is no least rate", 0, 1, 1_000],
])("and leaves one of %s alone", (_what, minRate, bytes, every_ms) => {
  expect(upload(minRate, bytes, every_ms)).toStrictEqual({ status: undefined, close: undefined });
});

it("the origin's silence is not the client's slowness", () => {
  const world = new SmallWorld({ minRate: 1_024, responseTimeout_ms: 300_000 }, undefined);
  world.connect().socket.write(`${head(5)}hello`);
  world.pass(120_000);
  expect(world.clientCloses).toStrictEqual([undefined]);
});
