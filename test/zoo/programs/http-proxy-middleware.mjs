/** http-proxy-middleware in a plain server, with a keep-alive agent so that connections to the origin are reused. */
import { Agent, createServer } from "node:http";
import { createProxyMiddleware } from "http-proxy-middleware";

const [, , port, origin] = process.argv;
const middleware = createProxyMiddleware({ target: origin, agent: new Agent({ keepAlive: true }) });
createServer((request, response) => middleware(request, response, () => response.writeHead(404).end())).listen(
  Number(port),
  "127.0.0.1",
);
