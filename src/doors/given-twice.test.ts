/** A handler that a program has subscribed twice: the origin is asked once, and the response is whole. */
import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { DoorStage, says, withoutDate } from "../../test/kit/door-stage.ts";
import { createHandler, type HopwiseHandler } from "../index.ts";

const twice: readonly (readonly [string, (handler: HopwiseHandler) => Server])[] = [
  [
    "createServer(handler) and attach",
    (handler) => {
      const server = createServer(handler);
      handler.attach(server);
      return server;
    },
  ],
  [
    "attached twice",
    (handler) => {
      const server = createServer();
      handler.attach(server).attach(server);
      return server;
    },
  ],
  [
    "attached to the server of an app that uses it",
    (handler) => {
      const server = createServer((request, response) => handler(request, response));
      handler.attach(server);
      return server;
    },
  ],
  [
    "attached, and subscribed to both events by hand",
    (handler) => {
      const server = createServer();
      handler.attach(server);
      server.on("request", handler);
      server.on("upgrade", handler.upgrade);
      return server;
    },
  ],
];

let stage: DoorStage;
afterEach(() => stage.close());

describe.each(twice)("%s", (_what, outside) => {
  it("forwards a request once", async () => {
    stage = await DoorStage.open(
      (socket, asked) => {
        if (asked.endsWith("hello")) socket.write("HTTP/1.1 201 Created\r\nDate: today\r\nContent-Length: 2\r\n\r\nok");
      },
      {},
      outside,
    );
    await stage.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", "ok");
    await stage.ended();
    expect(stage.origins.map(({ received }) => received.match(/^POST /gm)?.length)).toStrictEqual([1]);
    expect(stage.exchanges).toStrictEqual([{ outcome: "completed", status: 201 }]);
  });

  it("leaves a response whole that comes in pieces", async () => {
    stage = await DoorStage.open(
      says("HTTP/1.1 200 OK\r\nDate: today\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n"),
      {},
      outside,
    );
    const client = stage.client("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    await client.until("one");
    for (const { socket } of stage.origins) socket.write("3\r\ntwo\r\n0\r\n\r\n");
    expect(withoutDate(await client.until("0\r\n\r\n"))).toBe(
      "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n",
    );
  });

  it("asks for an upgrade once", async () => {
    stage = await DoorStage.open(
      (socket, asked) => {
        if (asked.endsWith("\r\n\r\n"))
          socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        else socket.write(`(${asked.split("\r\n\r\n")[1]})`);
      },
      {},
      outside,
    );
    const client = stage.client("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
    await client.until("\r\n\r\n");
    expect(await client.send("hello").until("(hello)")).toBe(
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n(hello)",
    );
    expect(stage.origins).toHaveLength(1);
  });
});

it("two handlers on one server: the first forwards", async () => {
  stage = await DoorStage.open(says("HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 2\r\n\r\nok"), {}, (handler) => {
    const server = createServer(handler);
    const other = createHandler({ to: "http://127.0.0.1:9" });
    server.on("request", other);
    server.on("close", () => void other.close({ graceMs: 0 }));
    return server;
  });
  expect(await stage.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "ok")).toContain(
    "HTTP/1.1 200 OK\r\n",
  );
});

it("hands errors on to another handler, which forwards the same request", async () => {
  const failing = createHandler({ to: "http://127.0.0.1:9", errors: "next" });
  stage = await DoorStage.open(says("HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 2\r\n\r\nok"), {}, (handler) =>
    createServer((request, response) => failing(request, response, () => handler(request, response))),
  );
  expect(await stage.ask("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "ok")).toContain(
    "HTTP/1.1 200 OK\r\n",
  );
  await failing.close({ graceMs: 0 });
});
