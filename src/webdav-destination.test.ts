/** COPY and MOVE through a gateway: their `Destination` names the client's site, and reaches the origin by the name that it knows. */
import { createServer, type IncomingHttpHeaders } from "node:http";
import { request as overTls } from "node:https";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type GatewayConfig, type HopwiseProxy } from "./index.ts";

const origin = createServer((request, response) => {
  response.end(`${request.url} ${request.headers.destination ?? "-"}`);
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

async function begin(config: GatewayConfig, scheme: "http" | "https" = "http"): Promise<number> {
  const listener = scheme === "http" ? { http: "127.0.0.1:0" } : { https: "127.0.0.1:0", tls: "self-signed" as const };
  proxy = createGateway({ listeners: [listener], ...config });
  return (await proxy.listen()).port;
}

function send(port: number, method: string, headers: IncomingHttpHeaders, path = "/a"): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", method, path, rejectUnauthorized: false, agent: false, headers };
    overTls(options, (response) => text(response).then(resolve, reject))
      .once("error", reject)
      .end();
  });
}

it.each([
  ["COPY", "https://site.test/b%20c?d", "http://site.test/b%20c?d"],
  ["MOVE", "HTTPS://SITE.test:443", "http://site.test/"],
  ["MOVE", "/b", "/b"],
  // Another server.
  ["MOVE", "https://other.test/b", "https://other.test/b"],
  ["MOVE", "https://site.test:444/b", "https://site.test:444/b"],
  // Other methods may mean something else by it.
  ["PUT", "https://site.test/b", "https://site.test/b"],
])("over TLS, to an origin over http: %s, %s: %s", async (method, destination, told) => {
  const port = await begin({ routes: [{ to: url, localDestination: true }] }, "https");
  expect(await send(port, method, { host: "site.test", destination })).toBe(`/a ${told}`);
});

async function sendPlainly(port: number, path: string, fields: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`MOVE ${path} HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n${fields}\r\n`);
  return (await text(socket)).split("\r\n\r\n")[1] ?? "";
}

const LOCAL: GatewayConfig = { routes: [{ to: "app", localDestination: true }] };
const moved = (more = {}): GatewayConfig => ({
  routes: [{ match: { path: "/dav/*" }, to: "app", stripPrefix: "/dav", addPrefix: "/v", ...more }],
});

it.each<[what: string, config: GatewayConfig, path: string, fields: string, told: string]>([
  ["as it came", {}, "/a", "Destination: https://site.test/b\r\n", "/a https://site.test/b"],
  [
    "another Host",
    { ...LOCAL, originHost: "app.test" },
    "/a",
    "Destination: http://site.test/b\r\n",
    "/a http://app.test/b",
  ],
  [
    "behind a neighbour that ends TLS",
    { ...LOCAL, trusted: ["127.0.0.1"] },
    "/a",
    "X-Forwarded-Host: www.test\r\nX-Forwarded-Proto: https\r\nDestination: https://www.test/b\r\n",
    "/a http://site.test/b",
  ],
  ["the route's path", moved(), "/dav/a", "Destination: https://site.test/dav/b\r\n", "/v/a https://site.test/v/b"],
  [
    "the route's path, and the origin",
    moved({ localDestination: true }),
    "/dav/a",
    "Destination: https://site.test/dav/b\r\n",
    "/v/a http://site.test/v/b",
  ],
  [
    "a place that is not the route's",
    moved({ localDestination: true }),
    "/dav/a",
    "Destination: http://site.test/davs/b\r\n",
    "/v/a http://site.test/davs/b",
  ],
  [
    "a place that could be another route's",
    moved(),
    "/dav/a",
    "Destination: http://site.test/dav/../b\r\n",
    "/v/a http://site.test/dav/../b",
  ],
  [
    "a path that somebody else has changed",
    { ...LOCAL, rewritePath: { "/dav": "/v" } },
    "/dav/a",
    "Destination: https://site.test/dav/b\r\n",
    "/v/a https://site.test/dav/b",
  ],
  [
    "two of them",
    LOCAL,
    "/a",
    "Destination: https://site.test/b\r\nDestination: https://site.test/c\r\n",
    "/a https://site.test/b, https://site.test/c",
  ],
  [
    "one that the route says",
    { routes: [{ to: "app", localDestination: true, setRequestFields: { Destination: "https://site.test/x" } }] },
    "/a",
    "Destination: https://site.test/b\r\n",
    "/a https://site.test/x",
  ],
])("%s", async (_what, config, path, fields, told) => {
  const port = await begin({ groups: { app: { to: [url] } }, routes: [{ to: "app" }], ...config });
  expect(await sendPlainly(port, path, fields)).toBe(told);
});
