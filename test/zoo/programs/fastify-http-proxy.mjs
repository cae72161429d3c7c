/** @fastify/http-proxy as its readme starts it; it reuses connections to the origin by default. */
import proxy from "@fastify/http-proxy";
import fastify from "fastify";

const [, , port, origin] = process.argv;
const server = fastify();
await server.register(proxy, { upstream: origin });
await server.listen({ port: Number(port), host: "127.0.0.1" });
