/**
 * Hooks: who asks is looked up before the origin is asked, requests without a name are answered here, and errors get a page.
 *
 *   node examples/hooks.js
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createProxy } from "hopwise";

const origin = createServer((request, response) => {
  if (request.url === "/broken") return request.socket.destroy();
  response.setHeader("X-Powered-By", "an origin");
  response.end(`the origin was asked for ${request.url} by ${request.headers["x-user"]}\n`);
});
origin.listen(0, "127.0.0.1");
await once(origin, "listening");

const users = new Map([["Bearer 1", "Ada"]]);
async function userOf(credentials) {
  await sleep(10);
  return users.get(credentials);
}

const proxy = createProxy({
  to: `http://127.0.0.1:${origin.address().port}`,
  listen: 0,
  rewritePath: { "/api": "/" },
  async onRequest(request) {
    const user = await userOf(request.fields.get("authorization"));
    if (user === undefined) return { status: 401, fields: { "WWW-Authenticate": "Bearer" }, body: "who are you?\n" };
    request.fields.set("X-User", user);
    request.fields.delete("Authorization");
  },
  onResponse(response) {
    response.fields.delete("X-Powered-By");
  },
  onError({ status, reason }) {
    return { status, body: `sorry: ${reason}\n` };
  },
});
const { url } = await proxy.listen();

for (const [path, authorization] of [
  ["/api/users", undefined],
  ["/api/users", "Bearer 1"],
  ["/broken", "Bearer 1"],
]) {
  const response = await fetch(url + path, { headers: authorization === undefined ? {} : { authorization } });
  process.stdout.write(`${response.status} ${response.headers.get("x-powered-by")} ${await response.text()}`);
}

await proxy.close();
origin.close();
