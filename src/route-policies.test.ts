/** What routes ask and change, on real sockets, as a program configures them: users, cookies, references, and tunnels that count. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { formatPasswordHash, hashPassword } from "./forward/password-hash.ts";
import { createGateway, type ExchangeEntry, type GatewayConfig, type HopwiseProxy } from "./index.ts";

/** Answers as the fields of a request say, and says in `X-Asked` what it heard. */
const server: Server = createServer({ maxHeaderSize: 65_536 }, (request, response) => {
  const { url, headers } = request;
  response.setHeader("X-Asked", `${url} ${headers.authorization ?? "-"}`);
  const place = headers["x-place"];
  if (typeof place === "string") response.setHeader("Location", place);
  const cookies = headers["x-cookies"];
  if (typeof cookies === "string") response.setHeader("Set-Cookie", cookies.split(" | "));
  request.resume().on("end", () => response.end());
});
server.on("upgrade", (_request, socket: Socket) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  socket.resume();
  socket.on("end", () => socket.end());
});

let url = "";
let folder = "";
let proxy: HopwiseProxy;
let port = 0;
let exchanges: ExchangeEntry[] = [];

beforeAll(async () => {
  url = await listening(server);
  folder = mkdtempSync(join(tmpdir(), "hopwise-"));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
afterEach(() => proxy.close({ graceMs: 0 }));

async function begin(config: GatewayConfig): Promise<void> {
  proxy = createGateway({ listeners: [{ http: "127.0.0.1:0" }], ...config });
  exchanges = [];
  proxy.on("exchange", (entry) => exchanges.push(entry));
  ({ port } = await proxy.listen());
}

async function answer(path: string, ...fields: string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const lines = [`GET ${path} HTTP/1.1`, "Host: site.test", "Connection: close", ...fields];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  return await text(socket);
}

const statusOf = (response: string) => Number(response.slice(9, 12));
const fieldsOf = (response: string, name: string) =>
  [...response.matchAll(new RegExp(`^${name}: (.*)\r$`, "gim"))].map(([, value]) => value);
const basic = (credentials: string) => `Authorization: Basic ${Buffer.from(credentials).toString("base64")}`;

async function writeUsers(file: string, name: string, password: string): Promise<void> {
  writeFileSync(file, `${name}:${formatPasswordHash(await hashPassword(password))}\n`);
}

it("users are those of a file, which is read again; what they say is the gateway's alone", async () => {
  const file = join(folder, "users");
  await writeUsers(file, "alice", "one");
  await begin({
    routes: [
      { match: { path: "/in/*" }, to: url, users: { file, realm: "office" } },
      { match: { path: "/kept" }, to: url, users: { file, keepAuthorization: true } },
      { to: url },
    ],
  });
  const without = await answer("/in/x");
  expect(statusOf(without)).toBe(401);
  expect(fieldsOf(without, "WWW-Authenticate")).toStrictEqual(['Basic realm="office", charset="UTF-8"']);
  expect(statusOf(await answer("/in/x", basic("alice:two")))).toBe(401);
  expect(fieldsOf(await answer("/in/x", basic("alice:one")), "X-Asked")).toStrictEqual(["/in/x -"]);
  // What is known of a user in one route is known in the others.
  expect(fieldsOf(await answer("/kept", basic("alice:one")), "X-Asked")).toStrictEqual([
    `/kept ${basic("alice:one").slice("Authorization: ".length)}`,
  ]);
  expect(fieldsOf(await answer("/", basic("x:y")), "X-Asked")).toStrictEqual([`/ ${basic("x:y").slice(15)}`]);
  expect(exchanges.map(({ status, reason, user }) => [status, reason, user])).toStrictEqual([
    [401, "authentication-required", undefined],
    [401, "authentication-required", undefined],
    [200, undefined, "alice"],
    [200, undefined, "alice"],
    [200, undefined, undefined],
  ]);

  await writeUsers(file, "bob", "three");
  proxy.reloadUsers();
  expect(statusOf(await answer("/in/x", basic("alice:one")))).toBe(401);
  expect(statusOf(await answer("/in/x", basic("bob:three")))).toBe(200);
  writeFileSync(file, "bob:not a hash\n");
  expect(() => proxy.reloadUsers()).toThrow(/no scrypt hash/);
  expect(statusOf(await answer("/in/x", basic("bob:three")))).toBe(200);
});

it("a hook of the application hears who it is, and no password", async () => {
  const file = join(folder, "users-of-hook");
  await writeUsers(file, "alice", "one");
  await begin({ routes: [{ to: url, users: file, setRequestFields: { "X-Place": "/x" } }] });
  expect(fieldsOf(await answer("/", basic("alice:one")), "Location")).toStrictEqual(["/x"]);
});

it("cookies and references get back what was taken from the path", async () => {
  await begin({
    routes: [
      { match: { path: "/api/*" }, to: url, stripPrefix: "/api", cookieDomain: { "app.internal": "site.test" } },
      { to: url, cookieDomain: { "*": null } },
    ],
  });
  const cookies = "X-Cookies: a=1; Path=/ | b=2; Path=/x; Domain=app.internal | c=3";
  expect(fieldsOf(await answer("/api/x", cookies), "Set-Cookie")).toStrictEqual([
    "a=1; Path=/api",
    "b=2; Path=/api/x; Domain=site.test",
    "c=3",
  ]);
  expect(fieldsOf(await answer("/x", cookies), "Set-Cookie")).toStrictEqual(["a=1; Path=/", "b=2; Path=/x", "c=3"]);
  const places = ["/login", `${url}/login?x`, "http://site.test/login", "http://other.test/login"];
  const told = [];
  for (const place of places) told.push(...fieldsOf(await answer("/api/x", `X-Place: ${place}`), "Location"));
  expect(told).toStrictEqual(["/api/login", "/api/login?x", "http://site.test/api/login", "http://other.test/login"]);
});

it("as many cookies as an origin's head holds", async () => {
  await begin({ routes: [{ match: { path: "/api/*" }, to: url, stripPrefix: "/api" }] });
  const cookies = Array.from({ length: 90 }, (_, index) => `c${index}=${"x".repeat(250)}; Path=/`);
  const told = fieldsOf(await answer("/api/x", `X-Cookies: ${cookies.join(" | ")}`), "Set-Cookie");
  expect(told.length).toBe(cookies.length);
  expect(told.every((cookie, index) => cookie === `${cookies[index]}api`)).toBe(true);
});

it("a path as long as a head holds", async () => {
  await begin({ routes: [{ match: { path: "/api/*" }, to: url, stripPrefix: "/api" }] });
  const path = `/${"x".repeat(40_000)}`;
  expect(fieldsOf(await answer(`/api${path}`), "X-Asked")).toStrictEqual([`${path} -`]);
});

it("a tunnel holds its place for as long as it lasts", async () => {
  await begin({ routes: [{ to: url, concurrency: { max: 1, line: 0 } }] });
  const socket = connect(port, "127.0.0.1");
  socket.write("GET /ws HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  const [head] = (await once(socket, "data")) as [Buffer];
  expect(statusOf(head.toString())).toBe(101);
  expect(statusOf(await answer("/"))).toBe(503);
  expect(exchanges.map(({ reason }) => reason)).toStrictEqual(["route-line-full"]);
  const isOver = new Promise((resolve) => proxy.on("exchange", resolve));
  socket.end();
  socket.resume();
  await isOver;
  expect(statusOf(await answer("/"))).toBe(200);
});

it.each([
  ["of nothing", ""],
  ["of a few bytes", "body"],
])("over HTTP/2 a body %s, without a length, that ends while its request waits for a place is whole", async (_what, body) => {
  await begin({ routes: [{ to: url, concurrency: { max: 1 } }] });
  const tunnel = connect(port, "127.0.0.1");
  tunnel.write("GET /ws HTTP/1.1\r\nHost: site.test\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  await once(tunnel, "data");
  const client = connectHttp2(`http://127.0.0.1:${port}`);
  const stream = client.request({ ":method": "PUT", ":path": "/put" }).resume();
  // What is answered says that what was sent before has come.
  const hasCome = () => once(client.request({ ":path": "/", ":method": "TRACE", "max-forwards": "0" }), "response");
  await hasCome();
  stream.end(body);
  await once(stream, "finish");
  await hasCome();
  const response = once(stream, "response");
  tunnel.end().resume();
  expect((await response)[0]).toMatchObject({ ":status": 200, "x-asked": "/put -" });
  client.close();
});

it("a limit by a field goes by the client where the field has several lines: one that no origin takes makes no new key", async () => {
  await begin({
    routes: [{ to: url, rateLimit: { requests: 2, per: "1h", by: { field: "X-Key" } } }],
  });
  const statuses = async (...all: readonly (readonly string[])[]) => {
    const told: number[] = [];
    for (const fields of all) told.push(statusOf(await answer("/", ...fields)));
    return told;
  };
  const real = "X-Key: real";
  expect(await statuses([real], [real], [real])).toStrictEqual([200, 200, 429]);
  expect(await statuses([real, "X-Key: 1"], [real, "X-Key: 2"], [real, "X-Key: 3"], ["X-Key: 4", real])).toStrictEqual([
    ...[200, 200, 429, 429],
  ]);
  expect(await statuses([], ["X-Key: other"])).toStrictEqual([429, 200]);
});

it.each([
  ["that Connection nominates", "X-Key", (key: number) => [`X-Key: ${key}`, "Connection: X-Key"]],
  ["in which a stranger speaks of itself", "X-Real-IP", (key: number) => [`X-Real-IP: 192.0.2.${key}`]],
])("a limit by a field goes by the client where the origin does not get it: one %s makes no key", async (_what, field, lines) => {
  await begin({ routes: [{ to: url, rateLimit: { requests: 2, per: "1h", by: { field } } }] });
  const told: number[] = [];
  for (const key of [1, 2, 3]) told.push(statusOf(await answer("/", ...lines(key))));
  expect(told).toStrictEqual([200, 200, 429]);
});

it("a limit by a field in which a trusted neighbour speaks of its clients goes by it", async () => {
  await begin({
    ...{ trusted: ["127.0.0.1"] },
    routes: [{ to: url, rateLimit: { requests: 1, per: "1h", by: { field: "X-Real-IP" } } }],
  });
  const told: number[] = [];
  for (const key of [1, 2, 1]) told.push(statusOf(await answer("/", `X-Real-IP: 192.0.2.${key}`)));
  expect(told).toStrictEqual([200, 200, 429]);
});
