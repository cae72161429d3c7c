/** A gateway that looks after its endpoints, on real sockets: what is asked of them, what is told, and how it ends. */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { createGateway, type GroupOptions, type HealthEntry, type HopwiseProxy } from "./index.ts";

/** An endpoint whose checks are answered with a status that can be changed, and whose requests with 200. */
class Endpoint {
  status = 200;
  readonly asked: IncomingMessage[] = [];
  private readonly heard: (() => void)[] = [];
  /** Requests that are no checks. */
  served = 0;
  readonly server: Server = createServer((request, response) => {
    if (request.url !== "/healthz") this.served++;
    else {
      this.asked.push(request);
      for (const tell of this.heard.splice(0)) tell();
      response.statusCode = this.status;
    }
    response.end("ok");
  });

  /** Resolved once so many checks have come. */
  async isAsked(times: number): Promise<void> {
    while (this.asked.length < times) await new Promise<void>((resolve) => this.heard.push(resolve));
  }
}

const folder = mkdtempSync(join(tmpdir(), "hopwise-health-"));
let one: Endpoint;
let other: Endpoint;
let proxy: HopwiseProxy;
let port = 0;
let told: HealthEntry[];
let heard: (() => void)[];

beforeEach(() => {
  one = new Endpoint();
  other = new Endpoint();
});
afterEach(async () => {
  await proxy.close({ graceMs: 0 });
  for (const { server } of [one, other]) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function begin(to: readonly string[], care: Omit<GroupOptions, "to">): Promise<void> {
  proxy = createGateway({
    listeners: [{ http: "127.0.0.1:0" }],
    groups: { app: { to, ...care } },
    routes: [{ to: "app" }],
    drainDelay: 0,
  });
  told = [];
  heard = [];
  proxy.on("health", (entry) => {
    told.push(entry);
    for (const tell of heard.splice(0)) tell();
  });
  ({ port } = await proxy.listen());
}

/** Resolved once so many changes were told. */
async function changes(count: number): Promise<void> {
  while (told.length < count) await new Promise<void>((resolve) => heard.push(resolve));
}

async function get(): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write("GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n");
  return (await text(socket)).slice(9, 12);
}

const soon = { path: "/healthz", interval: "500ms", healthy: 1, unhealthy: 1 };

describe("health checks", () => {
  it("take an endpoint out and bring it back; both are told, with the reason", async () => {
    const urls = [await listening(one.server), await listening(other.server)];
    await begin(urls, { health: { ...soon, host: "app.internal" } });
    await changes(2);
    expect(told.map(({ state }) => state)).toStrictEqual(["healthy", "healthy"]);
    expect(one.asked[0]?.headers).toStrictEqual({
      host: "app.internal",
      "user-agent": "hopwise",
      connection: "close",
    });
    one.status = 503;
    await changes(3);
    expect(told[2]).toMatchObject({
      type: "health",
      endpoint: urls[0],
      state: "unhealthy",
      reason: "status",
      detail: "503",
    });
    for (let i = 0; i < 6; i++) expect(await get()).toBe("200");
    expect([one.served, other.served]).toStrictEqual([0, 6]);
    const [first, second] = proxy.stats().endpoints;
    expect([first, second]).toMatchObject([
      { state: "unhealthy", check: { state: "unhealthy", lastFailure: { reason: "status", detail: "503" } } },
      { state: "available", check: { state: "healthy" } },
    ]);
    expect(first?.check?.results.status).toBeGreaterThanOrEqual(1);
    expect(Date.parse(first?.since ?? "")).toBeGreaterThan(Date.now() - 60_000);
    one.status = 204;
    await changes(4);
    expect(told[3]).toStrictEqual({ type: "health", time: told[3]?.time, endpoint: urls[0], state: "healthy" });
    for (let i = 0; i < 6; i++) await get();
    expect(one.served).toBeGreaterThan(0);
  });

  it("reach a Unix socket, too", async () => {
    const path = join(folder, "app.sock");
    one.server.listen(path);
    await once(one.server, "listening");
    await begin([`unix:${path}`], { health: soon });
    await changes(1);
    expect([told[0]?.state, one.asked[0]?.headers.host]).toStrictEqual(["healthy", "localhost"]);
  });

  it("over TLS say what is wrong with it: the endpoint speaks in the clear", async () => {
    const url = await listening(one.server);
    await begin([url.replace("http:", "https:")], { health: soon });
    await changes(1);
    expect(told[0]).toMatchObject({ state: "unhealthy", reason: "tls-failed" });
    // It is the only one: what clients get is what comes of trying.
    expect(await get()).toBe("502");
  });

  it("find nobody where nothing listens, and silence where nothing is said", async () => {
    const silent = createTcpServer(() => undefined);
    const gone = await listening(one.server);
    one.server.close();
    await begin([gone, await listening(silent)], { health: soon });
    await changes(2);
    expect(told.map(({ reason }) => reason).sort()).toStrictEqual(["connect-failed", "timeout"]);
    silent.close();
  });

  it("begin when the proxy listens, and end with it", async () => {
    const [url, otherUrl] = [await listening(one.server), await listening(other.server)];
    const quiet = createGateway({ groups: { app: { to: url, health: soon } }, routes: [{ to: "app" }] });
    await begin([otherUrl], { health: soon });
    await other.isAsked(2);
    expect(one.asked).toHaveLength(0);
    await Promise.all([proxy.close({ graceMs: 0 }), quiet.close()]);
    const { length } = other.asked;
    await begin([url], { health: soon });
    await one.isAsked(2);
    expect(other.asked).toHaveLength(length);
  });
});

it("a group whose retries are spent answers that they are", async () => {
  // It takes requests and closes: each could be sent again, to the other endpoint, which does the same.
  const closing = [0, 1].map(() => createTcpServer((socket) => socket.once("data", () => socket.destroy())));
  const urls = await Promise.all(closing.map((server) => listening(server)));
  await begin(urls, { retryBudget: "0%" });
  // Ten a second are always free, for ten seconds.
  const socket = connect(port, "127.0.0.1");
  const asked = 120;
  socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n".repeat(asked - 1));
  socket.write("GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n");
  const answers = await text(socket);
  expect(answers.split("502 Bad Gateway: retry-budget-spent")).toHaveLength(21);
  const { exchanges } = proxy.stats();
  expect([exchanges.retries, exchanges.answers]).toStrictEqual([
    100,
    { "upstream-closed": 100, "retry-budget-spent": 20 },
  ]);
  for (const server of closing) server.close();
});
