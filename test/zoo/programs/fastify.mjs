/** Fastify, as its readme starts it. `node fastify.mjs PORT` */
import fastify from "fastify";

const server = fastify();
server.get("/", async () => "hello\n");
await server.listen({ port: Number(process.argv[2]), host: "127.0.0.1" });
