/**
 * hopwise beside Vite 8 in middleware mode: /api goes to a backend, everything else, and hot reloading, stays Vite's.
 *
 *   npm install vite hopwise && node examples/vite.js
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { createHandler } from "hopwise";
import { createServer as createVite } from "vite";

const backend = createServer((request, response) => response.end(`the backend was asked for ${request.url}\n`));
backend.listen(0, "127.0.0.1");
await once(backend, "listening");

// The backend knows its paths with /api, so they are kept.
const handler = createHandler({ to: `http://127.0.0.1:${backend.address().port}`, mountPath: "keep" });

const server = createServer((request, response) => vite.middlewares(request, response));
const vite = await createVite({
  configFile: false,
  logLevel: "silent",
  server: { middlewareMode: true, hmr: { server }, watch: null },
  // Middleware that is added here comes before Vite's own.
  plugins: [{ name: "backend", configureServer: ({ middlewares }) => void middlewares.use("/api", handler) }],
});
// Vite's own sockets say so; the others are the backend's.
server.on("upgrade", (request, socket, head) => {
  if (!request.headers["sec-websocket-protocol"]?.startsWith("vite-")) handler.upgrade(request, socket, head);
});
server.listen(0, "127.0.0.1");
await once(server, "listening");

const url = `http://127.0.0.1:${server.address().port}`;
process.stdout.write(await (await fetch(`${url}/api/users`)).text());
console.log(`Vite answers /@vite/client with ${(await fetch(`${url}/@vite/client`)).status}`);

await vite.close();
server.close();
server.closeAllConnections();
await handler.close({ graceMs: 5_000 });
backend.close();
