/** @fastify/http-proxy, with undici's pool. `node fastify.mjs ORIGIN_PORT PORT` */
import httpProxy from "@fastify/http-proxy";
import fastify from "fastify";

const [origin, port] = process.argv.slice(2).map(Number);
const app = fastify({ logger: false, keepAliveTimeout: 3_600_000, bodyLimit: 16 * 1024 * 1024 });
app.register(httpProxy, {
  upstream: `http://127.0.0.1:${origin}`,
  undici: { connections: 256, pipelining: 1, keepAliveTimeout: 3_600_000 },
  replyOptions: {
    rewriteRequestHeaders: (request, headers) => ({
      ...headers,
      "x-forwarded-for": request.ip,
      "x-forwarded-proto": "http",
      "x-forwarded-host": request.headers.host,
      via: "1.1 proxy",
    }),
  },
});
await app.listen({ host: "127.0.0.1", port, backlog: 4096 });
