/** Fields with variables, on real sockets: what an origin gets of who asks, and how, whatever the client writes. */
import { createServer, request, type Server } from "node:http";
import { afterEach, beforeEach, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type GatewayConfig, type HopwiseProxy } from "./index.ts";

let origin: Server;
let url = "";
let proxy: HopwiseProxy | undefined;

beforeEach(async () => {
  origin = createServer((asked, response) => {
    const names = Object.keys(asked.headers).filter((name) => /^x-(?!forwarded)/.test(name));
    response.setHeader("X-Server", "origin").end(JSON.stringify(names.map((name) => [name, asked.headers[name]])));
  });
  url = await listening(origin);
});
afterEach(async () => {
  await proxy?.close();
  proxy = undefined;
  origin.closeAllConnections();
  origin.close();
});

interface Answer {
  readonly fields: NodeJS.Dict<string | string[]>;
  /** Those that the origin got, by name. */
  readonly got: Readonly<Record<string, string>>;
}

async function ask(config: GatewayConfig, path: string, headers: Record<string, string>): Promise<Answer> {
  proxy = createGateway({ listen: "127.0.0.1:0", groups: { app: { to: url } }, ...config });
  const { port } = await proxy.listen();
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, headers }, (response) => {
      let text = "";
      response.on("error", reject).setEncoding("latin1");
      response.on("data", (more: string) => {
        text += more;
      });
      response.on("end", () => resolve({ fields: response.headers, got: Object.fromEntries(JSON.parse(text)) }));
    });
    sent.on("error", reject).end();
  });
}

const all = {
  "X-Real-IP": "{client}",
  "X-Url": "{scheme}://{host}{uri}",
  "X-Asked": "{method}",
  "X-User": "user={user}",
};

it("of a route: the client's address, and what it asked for, before the route changes it; what is empty is left out", async () => {
  const routes = [{ match: { path: "/api/*" }, to: "app", stripPrefix: "/api", setRequestFields: all }];
  const lies = { Host: "a.test", "X-Real-IP": "6.6.6.6", "X-User": "root", "X-Forwarded-For": "6.6.6.6" };
  expect((await ask({ routes }, "/api/x?y=%20", lies)).got).toStrictEqual({
    "x-real-ip": "127.0.0.1",
    "x-url": "http://a.test/api/x?y=%20",
    "x-asked": "GET",
  });
});

it("at the top of the file: for all requests, and in responses", async () => {
  const config = { setRequestFields: { "X-Real-IP": "{client}" }, setResponseFields: { "X-Server": "{host}" } };
  const { got, fields } = await ask({ ...config, routes: [{ to: "app" }] }, "/", { Host: "a.test" });
  expect([got["x-real-ip"], fields["x-server"]]).toStrictEqual(["127.0.0.1", "a.test"]);
});

it("of a route's response: of the request that it answers", async () => {
  const routes = [{ to: "app", addPrefix: "/v1", setResponseFields: { "X-Server": "{uri}" } }];
  expect((await ask({ routes }, "/x", {})).fields["x-server"]).toBe("/x");
});

it.each([
  ["203.0.113.9", "203.0.113.9"],
  ["2001:db8::1", "2001:db8::1"],
  ["unknown", undefined],
])("behind a trusted neighbour that tells %s: %s", async (forwarded, address) => {
  const config = { trusted: "127.0.0.1", routes: [{ to: "app", setRequestFields: all }] };
  const { got } = await ask(config, "/x", {
    "X-Forwarded-For": forwarded,
    "X-Forwarded-Proto": "https",
    Host: "b.test",
  });
  expect([got["x-real-ip"], got["x-url"]]).toStrictEqual([address, "https://b.test/x"]);
});

it("a target as long as a head may be goes along whole", async () => {
  const path = `/${"a".repeat(20_000)}`;
  const routes = [{ to: "app", setRequestFields: { "X-Uri": "{uri}" } }];
  const server = createServer({ maxHeaderSize: 65_536 }, (asked, response) =>
    response.end(JSON.stringify([["length", String(asked.headers["x-uri"]).length]])),
  );
  const to = await listening(server);
  try {
    expect((await ask({ routes, groups: { app: { to } } }, path, {})).got).toStrictEqual({ length: 20_001 });
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
