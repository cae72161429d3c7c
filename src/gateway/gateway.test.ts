/** A drain ends at its deadline, whoever does not take what it is sent; on a simulated network. */
import { expect, it } from "vitest";
import { SmallWorld, WINDOW_BYTES } from "../../test/kit/small-world.ts";

const UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const SWITCHING = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n";
const GRACE_MS = 1_000;

it("an origin that does not take the rest of a tunnel whose client is gone", async () => {
  const world = new SmallWorld({}, (socket) => {
    socket.write(SWITCHING);
    socket.pause();
  });
  const { socket } = world.connect();
  socket.write(UPGRADE);
  world.pass(100);
  // More than the way to the origin takes, and little enough for the proxy to read on, to the FIN behind it.
  socket.write("x".repeat(WINDOW_BYTES + 1_000));
  socket.end();
  world.origins[0]?.end();
  world.pass(100);
  // The client has said and heard everything; the origin has not.
  expect(world.clientCloses).toStrictEqual(["tunnel-ended"]);
  expect(world.originCloses).toStrictEqual([undefined]);

  world.gateway.beginDrain();
  let cut: number | undefined;
  void world.gateway.drain(GRACE_MS).then((report) => {
    cut = report.cut;
  });
  world.pass(GRACE_MS + 10);
  await Promise.resolve();
  // What it did not take is lost.
  expect(cut).toBe(1);
  expect(world.originCloses).toStrictEqual(["tunnel-ended"]);
});

it("a tunnel may be silent for longer than a body", () => {
  const world = new SmallWorld({ bodyTimeout_ms: 1_000, tunnelTimeout_ms: 5_000 }, SWITCHING);
  const { socket } = world.connect();
  socket.write(UPGRADE);
  world.pass(10);
  // What both have taken until now counts as a sign of life otherwise.
  const [endpoint] = world.gateway.routing.endpoints;
  for (const connection of [...world.gateway.clients.connections, ...(endpoint?.connections ?? [])]) {
    connection.socket.tookSome();
  }
  world.pass(4_900);
  expect([world.clientCloses, world.originCloses]).toStrictEqual([[undefined], [undefined]]);
  world.pass(200);
  expect([world.clientCloses, world.originCloses]).toStrictEqual([["tunnel-timeout"], ["tunnel-timeout"]]);
});
