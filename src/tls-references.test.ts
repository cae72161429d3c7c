/** What an origin makes of the `Host` when it does not look at `X-Forwarded-Proto` leads clients back to the listener of TLS. */
import { createServer } from "node:http";
import { get } from "node:https";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type GatewayConfig, type HopwiseProxy } from "./index.ts";

/** As Apache does for a folder that is asked for without its slash. */
const origin = createServer((request, response) => {
  response.writeHead(301, { Location: `http://${request.headers.host}${request.url}/` }).end();
});
let url = "";
let proxy: HopwiseProxy;

beforeAll(async () => {
  url = await listening(origin);
});
afterAll(() => {
  origin.close();
});
afterEach(() => proxy.close({ graceMs: 0 }));

it.each<[route: NonNullable<GatewayConfig["routes"]>[number], host: string, location: string]>([
  [{ to: "app" }, "site.test:8443", "https://site.test:8443/a/b/"],
  [{ to: "app" }, "site.test", "http://site.test/a/b/"],
  [{ match: { path: "/a/*" }, to: "app", stripPrefix: "/a" }, "site.test:8443", "/a/b/"],
  [{ match: { path: "/a/*" }, to: "app", stripPrefix: "/a" }, "site.test", "http://site.test/a/b/"],
])("%j asked as %s: %s", async (route, host, location) => {
  proxy = createGateway({
    listeners: [{ https: "127.0.0.1:0", tls: "self-signed" }],
    groups: { app: { to: url } },
    routes: [route],
  });
  const { port } = await proxy.listen();
  const told = await new Promise((resolve, reject) => {
    const options = {
      port,
      host: "127.0.0.1",
      path: "/a/b",
      rejectUnauthorized: false,
      agent: false,
      headers: { host },
    };
    get(options, (response) => resolve(response.resume().headers.location)).once("error", reject);
  });
  expect(told).toBe(location);
});
