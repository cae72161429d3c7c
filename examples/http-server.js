/**
 * hopwise inside your own server: its requests and its WebSocket upgrades go to an origin, what you answer yourself stays yours.
 *
 *   node examples/http-server.js
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { createHandler } from "hopwise";

const origin = createServer((request, response) => response.end(`the origin was asked for ${request.url}\n`));
origin.listen(0, "127.0.0.1");
await once(origin, "listening");

const handler = createHandler({ to: `http://127.0.0.1:${origin.address().port}` });
handler.on("exchange", ({ method, target, status, upstream }) => {
  console.log(`${method} ${target} -> ${status}, on connection ${upstream?.id} to the origin`);
});

const server = createServer((request, response) => {
  if (request.url === "/hello") return response.end("hello\n");
  handler(request, response);
});
// Upgrades are a server's second event. Where everything goes to the origin, handler.attach(server) takes both.
server.on("upgrade", handler.upgrade);
server.listen(0, "127.0.0.1");
await once(server, "listening");

const url = `http://127.0.0.1:${server.address().port}`;
for (const path of ["/hello", "/one", "/two"]) process.stdout.write(await (await fetch(url + path)).text());

server.close();
server.closeAllConnections();
await handler.close({ graceMs: 5_000 });
origin.close();
