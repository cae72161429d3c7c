/** Vite 8 in middleware mode beside hopwise's handler, for a browser. `node hot-page.mjs FOLDER`; says where it listens. */
import { createServer } from "node:http";
import connect from "connect";
import { createServer as createVite } from "vite";
import { WebSocketServer } from "ws";
import { createHandler } from "../../dist/index.js";
import { listening } from "./programs/kit.mjs";

const backend = createServer((request, response) => response.end(`backend: ${request.url}`));
new WebSocketServer({ server: backend }).on("connection", (socket) => socket.send("backend: live"));
const handler = createHandler({ to: await listening(backend) });

const app = connect();
const server = createServer(app);
const vite = await createVite({
  root: process.argv[2],
  configFile: false,
  logLevel: "error",
  server: { middlewareMode: true, hmr: { server } },
});
app.use("/api", handler);
app.use(vite.middlewares);
server.on("upgrade", (request, socket, head) => {
  if (!request.headers["sec-websocket-protocol"]?.startsWith("vite-")) handler.upgrade(request, socket, head);
});
console.log(await listening(server));
