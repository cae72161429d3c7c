/** A gateway with routes, on real sockets: where requests go, as what, and what is answered without an origin. */
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type ExchangeEntry, type GatewayConfig, HopwiseError, type HopwiseProxy } from "./index.ts";

/** Says who it is and what it was asked; `/go` leads to `/there`. */
function origin(name: string): Server {
  return createServer((request, response) => {
    if (request.url?.endsWith("/go")) response.setHeader("Location", `${request.url.slice(0, -3)}/there`);
    response.setHeader("X-Asked", `${name} ${request.method} ${request.url} ${request.headers["x-team"] ?? "-"}`);
    response.end();
  });
}

const servers = { a: origin("a"), b: origin("b") };
let urls: Record<keyof typeof servers, string>;
let proxy: HopwiseProxy;
let port = 0;
let exchanges: ExchangeEntry[] = [];

beforeAll(async () => {
  urls = { a: await listening(servers.a), b: await listening(servers.b) };
});
afterAll(() => {
  for (const server of Object.values(servers)) server.close();
});
afterEach(() => proxy.close({ graceMs: 0 }));

async function begin(config: GatewayConfig): Promise<void> {
  proxy = createGateway({ listeners: [{ http: "127.0.0.1:0" }], ...config });
  exchanges = [];
  proxy.on("exchange", (entry) => exchanges.push(entry));
  ({ port } = await proxy.listen());
}

async function answer(request: string, fields = "", host = "site.test"): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${request} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields}\r\n`);
  return await text(socket);
}

/** Status, what the origin was asked, where it leads, and the body. */
function told(response: string): string {
  const [head = "", body = ""] = response.split("\r\n\r\n");
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(head) ?? [];
  const asked = /^X-Asked: (.*)$/im.exec(head)?.[1];
  const place = /^Location: (.*)$/im.exec(head)?.[1];
  const first = body.split("\n")[0] ?? "";
  return [status, asked, place, asked === undefined ? first.trim() : undefined].filter((part) => part).join(" | ");
}

describe("routes", () => {
  const rows: readonly (readonly [request: string, told: string, host?: string])[] = [
    ["GET /", "200 | b GET / -"],
    ["GET /api/users?x=%20", "200 | a GET /users?x=%20 core"],
    ["GET /api", "200 | a GET / core"],
    ["GET /api/go", "200 | a GET /go core | /api/there"],
    ["GET /%61pi/users", "200 | a GET /users core"],
    ["GET /v/go", "200 | b GET /v2/v/go - | /v/there"],
    ["POST /only-get", "200 | b POST /only-get -"],
    ["GET /only-get", "200 | only"],
    ["HEAD /hello", "200"],
    ["GET /hello?x", "200 | hello"],
    ["GET /old/a%20b/c?d=e", "308 | /new/a%20b/c?d=e"],
    ["GET /old", "308 | /new"],
    ["GET /out?d", "307 | https://other.test/?from=here"],
    ["GET /secret", "403 | 403 Forbidden: route-refused"],
    ["GET /", "200 | a GET / -", "a.tenants.test"],
    ["GET http://a.tenants.test/x", "200 | a GET /x -"],
    ["GET /a/../secret", "400 | 400 Bad Request: path-ambiguous"],
    ["GET //secret", "400 | 400 Bad Request: path-ambiguous"],
    ["GET /%2e%2e/secret", "400 | 400 Bad Request: path-ambiguous"],
    ["GET /secret%2f", "400 | 400 Bad Request: path-ambiguous"],
    ["GET /%2Fsecret", "400 | 400 Bad Request: path-ambiguous"],
    ["GET //host/secret", "400 | 400 Bad Request: path-ambiguous"],
    ["GET /api%2fusers", "400 | 400 Bad Request: path-ambiguous"],
    ["GET /x%2f..%2fsecret", "400 | 400 Bad Request: path-ambiguous"],
    // Wherever each reading leads to the same route.
    ["PUT /@scope%2fname", "200 | b PUT /@scope%2fname -"],
    ["GET /api/queues/%2F/jobs?x=%2f", "200 | a GET /queues/%2F/jobs?x=%2f core"],
    ["GET /old/a%2Fb", "308 | /new/a%2Fb"],
    ["GET /x//y", "200 | b GET /x//y -"],
    ["GET //host/y", "200 | b GET //host/y -"],
    // Two slashes do not become the beginning of a path, where they could be a host's.
    ["GET /api//host.test", "400 | 400 Bad Request: path-ambiguous"],
    ["GET /old//host.test", "400 | 400 Bad Request: path-ambiguous"],
  ];
  for (const [request, expected, host] of rows) {
    it(`${request} ${host ?? ""}: ${expected}`, async () => {
      await begin({
        groups: { a: { to: urls.a }, b: { to: [urls.b] } },
        routes: [
          { match: { path: "/api/*" }, to: "a", stripPrefix: "/api", setRequestFields: { "X-Team": "core" } },
          { match: { path: "/v/*" }, to: "b", addPrefix: "/v2" },
          { match: { path: "/only-get", method: "GET" }, respond: { body: "only\n" } },
          { match: { path: "/hello" }, respond: { status: 200, body: "hello\n" } },
          { match: { path: "/old/*" }, redirect: "/new/*" },
          { match: { path: "/out" }, redirect: { to: "https://other.test/?from=here", status: 307 } },
          { match: { path: "/secret" }, refuse: true },
          { match: { host: "*.tenants.test" }, to: urls.a },
          { to: "b" },
        ],
      });
      const absolute = request.includes("://") ? "a.tenants.test" : undefined;
      expect(told(await answer(request, "", absolute ?? host))).toBe(expected);
    });
  }

  it("redirect however long the target is, as long as the head may be", async () => {
    const redirect = { to: "https://site.test/new/*", status: 307, fields: { "X-Why": "moved" } } as const;
    await begin({ groups: { a: { to: urls.a } }, routes: [{ match: { path: "/old/*" }, redirect }, { to: "a" }] });
    const rest = `${"x".repeat(60_000)}?y`;
    const said = await answer(`GET /old/${rest}`);
    expect(said).toMatch(/^HTTP\/1\.1 307 [\s\S]*\r\nX-Why: moved\r\n/);
    expect(said).toContain(`\r\nLocation: https://site.test/new/${rest}\r\n`);
  });

  it("say why in log and events", async () => {
    await begin({
      groups: { a: { to: urls.a } },
      routes: [
        { match: { path: "/hello" }, respond: { body: "x" } },
        { match: { path: "/old" }, redirect: "/new" },
        { match: { path: "/api/*" }, to: "a" },
      ],
    });
    for (const path of ["/hello", "/old", "/other", "/api/x"]) await answer(`GET ${path}`);
    expect(exchanges.map(({ status, outcome, reason }) => [status, outcome, reason])).toStrictEqual([
      [200, "answered", "route-answered"],
      [308, "answered", "route-redirected"],
      [404, "answered", "no-route"],
      [200, "completed", undefined],
    ]);
  });

  it("of hosts alone leave paths to origins", async () => {
    await begin({ routes: [{ match: { host: "site.test" }, to: urls.a }] });
    expect(told(await answer("GET /a/../b//c%2f"))).toBe("200 | a GET /a/../b//c%2f -");
    expect(told(await answer("GET /", "", "other.test"))).toBe("404 | 404 Not Found: no-route");
  });

  it("keep a body, and what an origin of two is asked for is shared", async () => {
    await begin({ groups: { both: { to: [urls.a, urls.b] } }, routes: [{ to: "both", stripPrefix: undefined }] });
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push(told(await answer("POST /x", "Content-Length: 0\r\n")));
    expect([...new Set(answers)].sort()).toStrictEqual(["200 | a POST /x -", "200 | b POST /x -"]);
  });
});

it("a configuration that cannot be is told as a whole", () => {
  const make = () =>
    createGateway({ listeners: [{}], routes: [{ to: "nowhere" }, { match: { path: "x" }, refuse: true }] });
  expect(make).toThrow(HopwiseError);
  expect(make).toThrow(
    [
      "listeners[0]: write either http: HOST:PORT or https: HOST:PORT",
      'routes[0].to: there is no group "nowhere"; there are: none',
      'routes[1].match: "x" is no path: write one like /login, /users/:id or /api/*',
    ].join("\n"),
  );
  proxy = createGateway({ to: "http://127.0.0.1:1", listen: 0 });
});

describe("a field that the origin does not get decides no route", () => {
  const only = (name: string) => ({
    routes: [{ match: { fields: { [name]: "vip" } }, to: urls.a }, { to: urls.b }],
  });
  const rows: readonly (readonly [what: string, name: string, fields: string, origin: "a" | "b"])[] = [
    ["it gets it", "X-Team", "X-Team: vip\r\n", "a"],
    ["a stranger speaks of itself in it", "X-Real-IP", "X-Real-IP: vip\r\n", "b"],
    ["a stranger spells it so that it may be taken for that", "X_Real_IP", "X_Real_IP: vip\r\n", "b"],
    ["Connection nominates it", "X-Team", "X-Team: vip\r\nConnection: x-team\r\n", "b"],
    ["Connection nominates another one", "X-Team", "X-Team: vip\r\nConnection: x-other\r\n", "a"],
    ["it is of this hop, and hopwise says it anew", "Upgrade", "Upgrade: vip\r\nConnection: upgrade\r\n", "a"],
  ];
  it.each(rows)("%s: %s", async (_what, name, fields, expected) => {
    await begin(only(name));
    expect(told(await answer("GET /", fields))).toContain(`200 | ${expected} GET /`);
  });

  it("what a trusted neighbour says of its clients does", async () => {
    await begin({ ...only("X-Real-IP"), trusted: ["127.0.0.1"] });
    expect(told(await answer("GET /", "X-Real-IP: vip\r\n"))).toContain("200 | a GET /");
  });
});
