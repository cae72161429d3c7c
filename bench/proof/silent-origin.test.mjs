import { connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { SilentOrigin } from "./silent-origin.mjs";

const running = [];
afterEach(() => {
  for (const it of running.splice(0)) it();
});

async function started(options) {
  const origin = new SilentOrigin(options);
  await origin.start();
  running.push(() => origin.stop());
  return origin;
}

/** A connection, and what has come on it; `ended` once the origin has closed. */
function client({ port }) {
  const socket = connect(port, "127.0.0.1");
  const seen = { text: "", hasEnded: false };
  let wake = () => {};
  socket.setEncoding("latin1");
  socket.on("data", (text) => {
    seen.text += text;
    wake();
  });
  socket.on("end", () => {
    seen.hasEnded = true;
    wake();
  });
  running.push(() => socket.destroy());
  const until = async (holds) => {
    while (!holds(seen)) {
      await new Promise((resolve) => {
        wake = resolve;
      });
    }
    return seen;
  };
  return { socket, until };
}

it("answers, says nothing of its timeout, and closes when it has passed", async () => {
  const origin = await started({ idle_ms: 50, distance_ms: 1 });
  const { socket, until } = client(origin);
  socket.write("GET /hello/1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /orders/2 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx");
  const { text } = await until(({ hasEnded }) => hasEnded);
  expect(text).toBe("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n".repeat(2));
  expect([...origin.executions]).toEqual([
    ["/hello/1", 1],
    ["/orders/2", 1],
  ]);
  expect([origin.connections, origin.idleCloses]).toEqual([1, 1]);
});

it("a request that crosses its FIN is lost, and not executed", async () => {
  // The response takes as long as the origin waits: what is sent on it arrives too late, and before the FIN has come.
  const origin = await started({ idle_ms: 100, distance_ms: 100 });
  const { socket, until } = client(origin);
  socket.write("GET /hello/1 HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(({ text }) => text.endsWith("ok\n"));
  socket.write("GET /hello/2 HTTP/1.1\r\nHost: a\r\n\r\n");
  const { text } = await until(({ hasEnded }) => hasEnded);
  expect(text).toBe("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
  expect([...origin.executions.keys()]).toEqual(["/hello/1"]);
});
