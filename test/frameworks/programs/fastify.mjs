/** Fastify 5: in a route that hijacks the reply, with bodies left to the handler. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import fastify from "fastify";
import { createHandler } from "../../../dist/index.js";
import { ask, check, done, listening } from "./kit.mjs";

const origin = createServer(async (request, response) => {
  let body = "";
  for await (const piece of request) body += piece;
  response.setHeader("X-Origin", "yes").end(`${request.method} ${request.url} ${body}`);
});
const handler = createHandler({ to: await listening(origin) });

const app = fastify();
app.get("/own", async () => "own");
app.register(async (scope) => {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser("*", (_request, _payload, isDone) => isDone(null));
  scope.all("/api/*", (request, reply) => {
    reply.hijack();
    handler(request.raw, reply.raw);
  });
});
app.all("/parsed", (request, reply) => {
  reply.hijack();
  request.raw.body = request.body;
  handler(request.raw, reply.raw);
});
app.all("/lost", (request, reply) => {
  reply.hijack();
  handler(request.raw, reply.raw);
});
const url = await app.listen({ port: 0, host: "127.0.0.1" });

await check("a route of its own is its own", async () => assert.equal((await ask(`${url}/own`)).text, "own"));

await check("a request goes on, and its response comes back", async () => {
  const { status, fields, text } = await ask(`${url}/api/a?b`, { method: "PUT" }, "hello");
  assert.deepEqual([status, fields["x-origin"], text], [200, "yes", "PUT /api/a?b hello"]);
});

const POST = { method: "POST", headers: { "Content-Type": "application/json" } };
await check("a body that Fastify has parsed is written again, if it is handed over", async () => {
  assert.equal((await ask(`${url}/parsed`, POST, '{"a": 1}')).text, 'POST /parsed {"a":1}');
});

await check("and refused at once, if it is not", async () => {
  assert.match((await ask(`${url}/lost`, POST, '{"a": 1}')).text, /body-consumed/);
});

await check("injected requests work as well", async () => {
  const { statusCode, body } = await app.inject({ method: "POST", url: "/api/x", payload: "hello" });
  assert.deepEqual([statusCode, body], [200, "POST /api/x hello"]);
});

done();
