/**
 * hopwise as a middleware of Express 5: everything under /api goes to an origin, without that path; uploads stream.
 *
 *   npm install express hopwise && node examples/express.js
 */
import { once } from "node:events";
import { createServer } from "node:http";
import express from "express";
import { createHandler } from "hopwise";

const origin = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  response.end(`${request.method} ${request.url} ${body}\n`);
});
origin.listen(0, "127.0.0.1");
await once(origin, "listening");

// With errors: "next" an origin that cannot be reached comes to the application's own error page.
const handler = createHandler({ to: `http://127.0.0.1:${origin.address().port}`, errors: "next" });

const app = express();
// Before body parsers: what they read, the origin would have to be told again.
app.use("/api", handler);
app.use(express.json());
app.post("/own", (request, response) => response.send(`own: ${request.body.name}\n`));
app.use((error, _request, response, _next) => response.status(error.status ?? 500).send(`sorry: ${error.code}\n`));

const server = app.listen(0, "127.0.0.1");
// Express does not route upgrades. The path is whole there, and yours to shorten.
server.on("upgrade", (request, socket, head) => {
  request.url = request.url.replace(/^\/api/, "");
  handler.upgrade(request, socket, head);
});
await once(server, "listening");

const url = `http://127.0.0.1:${server.address().port}`;
const post = { method: "POST", headers: { "Content-Type": "application/json" }, body: '{"name": "hopwise"}' };
for (const path of ["/api/users", "/own"]) process.stdout.write(await (await fetch(url + path, post)).text());
origin.close();
origin.closeAllConnections();
process.stdout.write(await (await fetch(`${url}/api/users`)).text());

server.close();
server.closeAllConnections();
await handler.close({ graceMs: 5_000 });
