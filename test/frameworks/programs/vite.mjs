/** Vite 8 in middleware mode, inside Connect: its own files and its HMR socket stay its own, the rest goes to the origin. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import connect from "connect";
import { createServer as createVite } from "vite";
import { WebSocket, WebSocketServer } from "ws";
import { createHandler } from "../../../dist/index.js";
import { ask, check, done, listening } from "./kit.mjs";

const root = mkdtempSync(join(tmpdir(), "hopwise-vite-"));
writeFileSync(join(root, "main.js"), "document.title = 'one';\n");
writeFileSync(join(root, "index.html"), '<script type="module" src="/main.js"></script>');

const origin = createServer((request, response) => response.end(`origin has ${request.url}`));
const sockets = new WebSocketServer({ server: origin });
sockets.on("connection", (one) => one.send("from the origin"));
const handler = createHandler({ to: await listening(origin) });

const app = connect();
const server = createServer(app);
const vite = await createVite({
  root,
  logLevel: "silent",
  server: { middlewareMode: true, hmr: { server }, watch: null },
});
app.use("/api", handler);
app.use(vite.middlewares);
// Vite takes what is for its own protocol, and leaves the rest.
server.on("upgrade", (request, socket, head) => {
  if (!request.headers["sec-websocket-protocol"]?.startsWith("vite-")) handler.upgrade(request, socket, head);
});
const url = await listening(server);

await check("the page and its modules are Vite's", async () => {
  assert.match((await ask(`${url}/`)).text, /@vite\/client/);
  assert.match((await ask(`${url}/main.js`)).text, /document\.title/);
});

await check("what is mounted is the origin's", async () => {
  assert.equal((await ask(`${url}/api/x`)).text, "origin has /x");
});

await check("HMR's socket is Vite's", async () => {
  const page = (await ask(`${url}/@vite/client`)).text;
  const token = /wsToken = "([^"]+)"/.exec(page)?.[1] ?? "";
  const socket = new WebSocket(`${url.replace("http", "ws")}/?token=${token}`, "vite-hmr");
  assert.match(String((await once(socket, "message"))[0]), /"type":"connected"/);
  socket.terminate();
});

await check("other sockets are the origin's", async () => {
  const socket = new WebSocket(`${url.replace("http", "ws")}/live`);
  assert.equal(String((await once(socket, "message"))[0]), "from the origin");
  socket.close();
  await once(socket, "close");
});

rmSync(root, { recursive: true });
done();
