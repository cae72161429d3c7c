/** http-proxy-middleware with a keep-alive agent. `node http-proxy-middleware.mjs ORIGIN_PORT PORT` */
import { Agent, createServer } from "node:http";
import { createProxyMiddleware } from "http-proxy-middleware";
import { listenAsAll } from "./listen.mjs";

const [origin, port] = process.argv.slice(2).map(Number);
const middleware = createProxyMiddleware({
  target: `http://127.0.0.1:${origin}`,
  agent: new Agent({ keepAlive: true, maxFreeSockets: 256 }),
  xfwd: true,
});
listenAsAll(
  createServer((request, response) => middleware(request, response, () => response.writeHead(404).end())),
  port,
);
