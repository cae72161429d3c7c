/** That authentication binds connections is told wherever connections are: in exchanges, closes, refusals, stats and metrics. */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import { answered } from "../test/interop/support/answered.ts";
import {
  type ConnectionEntry,
  createForwardProxy,
  createProxy,
  type ExchangeEntry,
  type HopwiseProxy,
} from "./index.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** As such origins do: a connection is somebody's once a request on it said who. */
async function startOrigin(): Promise<string> {
  const users = new WeakMap<object, string>();
  const server = createServer((incoming: IncomingMessage, response) => {
    const { authorization } = incoming.headers;
    if (authorization !== undefined) users.set(incoming.socket, authorization.replace("NTLM ", ""));
    response.end(users.get(incoming.socket) ?? "stranger");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** One client's connection, which asks `path` of `origin` through the proxy. */
function clientOf(proxy: { readonly host: string; readonly port: number }, path: string, host: string) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  cleanups.push(() => agent.destroy());
  const get = async (headers: Record<string, string> = {}) => {
    const { port } = proxy;
    const response = await answered(request({ agent, port, path, headers: { host, ...headers } }).end());
    let body = "";
    for await (const piece of response) body += piece;
    return body;
  };
  return { get, close: () => agent.destroy() };
}

async function told(proxy: HopwiseProxy, origin: string, path: string): Promise<void> {
  const exchanges: ExchangeEntry[] = [];
  const closes: ConnectionEntry[] = [];
  const refusals: string[] = [];
  proxy.on("exchange", (entry) => exchanges.push(entry));
  proxy.on("connection-close", (entry) => closes.push(entry));
  proxy.on("reuse-refused", ({ id, reason }) => refusals.push(`${id} ${reason}`));
  const listening = await proxy.listen();
  const { host } = new URL(origin);
  const alice = clientOf(listening, path, host);
  const stranger = clientOf(listening, path, host);

  expect(await alice.get({ authorization: "NTLM alice" })).toBe("alice");
  await vi.waitUntil(() => proxy.stats().endpoints[0]?.connections.bound === 1);
  expect(proxy.stats().endpoints[0]?.connections).toEqual({ idle: 0, bound: 1, inUse: 0, dialing: 0 });
  expect(await stranger.get()).toBe("stranger");
  expect(await alice.get()).toBe("alice");
  await vi.waitUntil(() => exchanges.length === 3);
  const upstream = (id: number, more: object) => ({ ...{ id, exchange: 1, reused: false, endpoint: origin }, ...more });
  expect(exchanges.map((exchange) => exchange.upstream)).toEqual([
    upstream(2, { opened: "pool-empty", bound: true }),
    upstream(4, { opened: "none-fit" }),
    upstream(2, { opened: "pool-empty", bound: true, exchange: 2, reused: true }),
  ]);
  expect(refusals).toEqual(["2 bound-to-another"]);

  alice.close();
  await vi.waitUntil(() => closes.length === 2);
  expect(closes.find(({ hop }) => hop === "upstream")).toMatchObject({ id: 2, closed: "binding-ended", boundTo: 1 });
  expect(closes.find(({ hop }) => hop === "downstream")).not.toHaveProperty("boundTo");
  expect(proxy.stats().endpoints[0]?.connections).toEqual({ idle: 1, bound: 0, inUse: 0, dialing: 0 });
}

it("of a gateway", async () => {
  const origin = await startOrigin();
  const proxy = createProxy({ to: origin, port: 0 });
  cleanups.push(() => proxy.close({ graceMs: 0 }));
  await told(proxy, origin, "/");
});

it("of a forward proxy", async () => {
  const origin = await startOrigin();
  const proxy = createForwardProxy({ port: 0, allowPrivate: true });
  cleanups.push(() => proxy.close({ graceMs: 0 }));
  await told(proxy, origin, `${origin}/`);
});
