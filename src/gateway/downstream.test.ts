/** Limits of a client's connection that only a certain order of events puts to the test, on a simulated network. */
import { expect, it } from "vitest";
import { http1Clients } from "../../test/kit/http1-clients.ts";
import { SmallWorld, WINDOW_BYTES } from "../../test/kit/small-world.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
/** More than the way to a client holds that reads nothing, and little enough to be read from the origin at once. */
const BODY = "x".repeat(WINDOW_BYTES - 100);
const OK = `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`;

it.each([
  ["a whole request", GET],
  ["the beginning of one", "GET / HT"],
])("a client that takes nothing of its responses is reset in time, although it goes on to ask: %s", (_what, more) => {
  const world = new SmallWorld({ bodyTimeout_ms: 60_000 }, OK);
  const { socket } = world.connect();
  socket.pause();
  const [connection] = http1Clients(world.gateway);
  while (connection?.isBlocked !== true) {
    socket.write(GET);
    world.pass(100);
  }
  // All that was asked for has been answered, and does not fit on the way.
  expect(new Set(world.observer.exchanges.map(({ outcome }) => outcome))).toStrictEqual(new Set(["completed"]));
  world.pass(10_000);
  socket.write(more);
  world.pass(40_000);
  expect(world.clientCloses).toStrictEqual([undefined]);
  world.pass(20_000);
  expect(world.clientCloses).toStrictEqual(["write-timeout"]);
});
