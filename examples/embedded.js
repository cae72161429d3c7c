/**
 * hopwise inside your own program: an origin and a gateway in front of it, and why each connection lived and died.
 *
 *   node examples/embedded.js
 */
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import { createProxy } from "hopwise";

const origin = createServer((request, response) => response.end(`you asked for ${request.url}\n`));
origin.listen(0, "127.0.0.1");
await once(origin, "listening");

const proxy = createProxy({ to: `http://127.0.0.1:${origin.address().port}`, listen: 0, admin: false });
proxy.on("exchange", ({ method, target, status, reason, downstream, upstream }) => {
  console.log(`${method} ${target} -> ${status}: exchange ${downstream.exchange} on connection ${downstream.id},`);
  // What hopwise answers by itself, because the origin cannot be reached for instance, has no upstream.
  if (upstream === undefined) console.log(`  answered by hopwise: ${reason}`);
  else console.log(`  exchange ${upstream.exchange} on connection ${upstream.id} to the origin`);
});
proxy.on("connection-close", ({ hop, id, exchanges, closed }) => {
  console.log(`connection ${id} (${hop}) closed after ${exchanges} exchanges: ${closed}`);
});
const { url } = await proxy.listen();

const agent = new Agent({ keepAlive: true });
for (const path of ["/one", "/two", "/three"]) {
  const [response] = await once(get(url + path, { agent }), "response");
  for await (const piece of response) process.stdout.write(piece);
}
agent.destroy();

await proxy.close({ graceMs: 5_000 });
origin.close();
