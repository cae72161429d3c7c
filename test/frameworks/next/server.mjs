/** A Next custom server with hopwise in front of it: /api goes to the origin, everything else is Next's. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import next from "next";
import { WebSocket, WebSocketServer } from "ws";
import { createHandler } from "../../../dist/index.js";
import { ask, check, done, listening } from "../programs/kit.mjs";

const UPLOAD_BYTES = 20 * 1_048_576;

const origin = createServer(async (request, response) => {
  let bytes = 0;
  for await (const piece of request) bytes += piece.length;
  response.setHeader("X-Origin", "yes").end(`${request.method} ${request.url} ${bytes}`);
});
const sockets = new WebSocketServer({ server: origin });
sockets.on("connection", (one, request) => one.send(`from the origin: ${request.url}`));

const handler = createHandler({ to: await listening(origin) });
const app = next({ dev: false, dir: fileURLToPath(new URL("./", import.meta.url)) });
await app.prepare();
const page = app.getRequestHandler();
const isOurs = ({ url }) => url.startsWith("/api/");
const server = createServer((request, response) => (isOurs(request) ? handler : page)(request, response));
server.on("upgrade", (request, socket, head) => {
  if (isOurs(request)) handler.upgrade(request, socket, head);
});
const url = await listening(server);

await check("the page is Next's", async () => {
  const { status, text } = await ask(`${url}/`);
  assert.equal(status, 200);
  assert.match(text, /<p>Next was asked with GET<\/p>/);
});

await check("/api is the origin's, with its whole path", async () => {
  const { status, fields, text } = await ask(`${url}/api/users?a=1`);
  assert.deepEqual([status, fields["x-origin"], text], [200, "yes", "GET /api/users?a=1 0"]);
});

await check("an upload passes as it is: Next has read nothing of it", async () => {
  const { text } = await ask(`${url}/api/files`, { method: "PUT" }, Buffer.alloc(UPLOAD_BYTES));
  assert.equal(text, `PUT /api/files ${UPLOAD_BYTES}`);
});

// With the first page Next has subscribed to upgrades of this server by itself.
await check("sockets under /api are the origin's, behind Next's own listener, too", async () => {
  assert.equal(server.listenerCount("upgrade"), 2);
  const socket = new WebSocket(`${url.replace("http", "ws")}/api/live`);
  assert.equal(String((await once(socket, "message"))[0]), "from the origin: /api/live");
  socket.close();
  await once(socket, "close");
});

await check("what is no page is Next's to say", async () => {
  const { status, fields } = await ask(`${url}/none`);
  assert.deepEqual([status, fields["x-origin"]], [404, undefined]);
});

done();
