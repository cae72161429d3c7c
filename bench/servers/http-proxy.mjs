/** http-proxy with a keep-alive agent. `node http-proxy.mjs ORIGIN_PORT PORT` */
import { Agent, createServer } from "node:http";
import httpProxy from "http-proxy";
import { listenAsAll } from "./listen.mjs";

const [origin, port] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxFreeSockets: 256 });
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${origin}`,
  agent,
  xfwd: true,
  headers: { via: "1.1 proxy" },
});
proxy.on("error", (_error, _request, response) => response.destroy?.());
listenAsAll(
  createServer((request, response) => proxy.web(request, response)),
  port,
);
