/** A response that only its end completes, and that stays incomplete: the client gets what there is, then RST. */
import { expect, it } from "vitest";
import { SmallWorld, WINDOW_BYTES } from "../../test/kit/small-world.ts";

/** More than the systems hold for the client, so that some waits in the proxy. */
const BODY = "x".repeat(2 * WINDOW_BYTES + 10_000);

it("reaches a client that reads late, all of it, before the RST", () => {
  const world = new SmallWorld({ bodyTimeout_ms: 60_000 }, (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffff\r\n${BODY}`);
    // By then what was written has arrived.
    world.schedule.after(1_000, () => socket.reset());
  });
  const client = world.connect();
  client.socket.pause();
  client.socket.write("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
  world.pass(5_000);
  expect([client.received.length, client.ended]).toStrictEqual([0, undefined]);
  client.socket.resume();
  world.pass(5_000);
  expect(client.received.split("\r\n\r\n")[1]?.length).toBe(BODY.length);
  expect(client.ended).toBe("RST");
  expect(world.clientCloses).toStrictEqual(["upstream-failed"]);
});
