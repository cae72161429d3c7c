/** WebSocket with `ws`, and socket.io with both of its transports, behind `attach`. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { Server } from "socket.io";
import { io } from "socket.io-client";
import { WebSocket, WebSocketServer } from "ws";
import { createHandler } from "../../../dist/index.js";
import { check, done, listening } from "./kit.mjs";

const origin = createServer();
const sockets = new WebSocketServer({ noServer: true });
new Server(origin).on("connection", (socket) => {
  socket.on("say", (text, answer) => answer(`${text}, by ${socket.conn.transport.name}`));
});
origin.on("upgrade", (request, socket, head) => {
  if (request.url !== "/echo") return;
  sockets.handleUpgrade(request, socket, head, (one) =>
    one.on("message", (data, isBinary) => one.send(data, { binary: isBinary })),
  );
});
const handler = createHandler({ to: await listening(origin) });
const server = createServer();
handler.attach(server);
const url = await listening(server);

await check("ws: messages of any size, and a close with its code", async () => {
  const socket = new WebSocket(`${url.replace("http", "ws")}/echo`, { perMessageDeflate: true });
  await once(socket, "open");
  for (const size of [0, 1, 125, 126, 65_536, 2_000_000]) {
    const message = Buffer.alloc(size, "abc");
    socket.send(message);
    const [data] = await once(socket, "message");
    assert.ok(message.equals(data));
  }
  socket.close(4_001, "done");
  assert.equal((await once(socket, "close"))[0], 4_001);
});

const ways = [["websocket"], ["polling"], ["polling", "websocket"]];
// Bun's own client and server never get from the one to the other, with nothing between them.
if (process.versions.bun !== undefined) ways.pop();
for (const transports of ways) {
  await check(`socket.io: ${transports.join(", then ")}`, async () => {
    const socket = io(url, { transports, forceNew: true });
    await once(socket, "connect");
    // It may have come to that already.
    if (socket.io.engine.transport.name !== transports.at(-1)) await once(socket.io.engine, "upgrade");
    assert.equal(await socket.emitWithAck("say", "hello"), `hello, by ${transports.at(-1)}`);
    socket.close();
  });
}

await check("what was a tunnel is over", async () => {
  const { cut } = await handler.close({ graceMs: 5_000 });
  assert.equal(cut, 0);
});

done();
