import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { answered } from "../test/interop/support/answered.ts";
import {
  type ConnectionEntry,
  createForwardProxy,
  createProxy,
  type ExchangeEntry,
  type ForwardOptions,
  HopwiseError,
  type HopwiseProxy,
  type ProxyOptions,
} from "./index.ts";

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function startOrigin(onRequest?: Parameters<typeof createServer>[1]): Promise<{ server: Server; url: string }> {
  const server = createServer(
    onRequest ?? ((incoming, response) => incoming.resume().on("end", () => response.end("hi"))),
  );
  await once(server.listen(0, "127.0.0.1"), "listening");
  cleanups.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function proxyTo(to: string, options: Partial<ProxyOptions> = {}): HopwiseProxy {
  const proxy = createProxy({ to, port: 0, ...options });
  cleanups.push(() => proxy.close({ graceMs: 0 }));
  return proxy;
}

/** Sends requests one after the other on one connection. */
async function get(url: string, paths: readonly string[], method = "GET"): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const statuses: number[] = [];
  for (const path of paths) {
    const response = await answered(request(new URL(path, url), { agent, method }).end());
    statuses.push(response.statusCode ?? 0);
    await once(response.resume(), "end");
  }
  agent.destroy();
  return statuses;
}

describe("a proxy", () => {
  it("forwards, and keeps one connection to the origin", async () => {
    const origin = await startOrigin();
    const proxy = proxyTo(origin.url);
    const { url, host, port, admin } = await proxy.listen();
    expect([url, host, admin]).toEqual([`http://127.0.0.1:${port}`, "127.0.0.1", undefined]);
    expect(await get(url, ["/a", "/b", "/c"])).toEqual([200, 200, 200]);
    expect(proxy.stats()).toMatchObject({
      isDraining: false,
      reuse: { reused: 2, ratio: 0.6667 },
      exchanges: { total: 3, outcomes: { completed: 3 }, statuses: { "2xx": 3 } },
      connections: { upstream: { opened: { "pool-empty": 1 }, states: { idle: 1 } } },
      endpoints: [{ endpoint: origin.url, state: "available", version: "1.1" }],
    });
  });

  it("tells what happens, with both connections' ids and reasons, in order", async () => {
    const origin = await startOrigin();
    const proxy = proxyTo(origin.url);
    const told: string[] = [];
    const exchanges: ExchangeEntry[] = [];
    const closes: ConnectionEntry[] = [];
    proxy.on("connection-open", (event) => told.push(`${event.hop} ${event.id} opened: ${event.opened}`));
    proxy.on("reuse", (event) => told.push(`${event.id} reused for exchange ${event.exchange}`));
    proxy.on("exchange", (event) => exchanges.push(event));
    proxy.on("connection-close", (event) => closes.push(event));
    const { url } = await proxy.listen();
    await get(url, ["/a", "/b"]);
    await vi.waitFor(() => expect(closes).toHaveLength(1));
    await proxy.close({ graceMs: 1_000 });
    expect(told).toEqual(["downstream 1 opened: accepted", "upstream 2 opened: pool-empty", "2 reused for exchange 2"]);
    expect(exchanges).toMatchObject([
      {
        method: "GET",
        target: "/a",
        status: 200,
        downstream: { id: 1, exchange: 1 },
        upstream: { id: 2, reused: false },
      },
      { target: "/b", downstream: { id: 1, exchange: 2 }, upstream: { id: 2, exchange: 2, reused: true } },
    ]);
    expect(closes).toMatchObject([
      { hop: "downstream", id: 1, closed: "peer-closed-idle", exchanges: 2 },
      { hop: "upstream", id: 2, closed: "drained", exchanges: 2, endpoint: origin.url },
    ]);
  });

  it("tells how far an exchange is, to those who want to know", async () => {
    const origin = await startOrigin();
    const proxy = proxyTo(origin.url);
    const told: string[] = [];
    proxy.on("exchange-begin", ({ id, method, target }) => told.push(`${id}: ${method} ${target}`));
    proxy.on("exchange-phase", ({ id, phase }) => told.push(`${id}: ${phase}`));
    const { url } = await proxy.listen();
    const ended = new Promise<ExchangeEntry>((resolve) => proxy.once("exchange", resolve));
    await get(url, ["/a"]);
    const entry = await ended;
    await get(url, ["/b"]);
    await vi.waitFor(() => expect(told).toHaveLength(7));
    expect(told.slice(0, 4)).toEqual(["1: GET /a", "1: connecting", "1: sent", "1: first-byte"]);
    expect(told.slice(4)).toEqual(["2: GET /b", "2: sent", "2: first-byte"]);
    const { sent_ms = -1, firstByte_ms = -1, wait_ms = -1, duration_ms, connect_ms = -1 } = entry;
    expect(entry).toMatchObject({ id: 1, host: url.replace("http://", "") });
    expect(sent_ms + firstByte_ms).toBeCloseTo(wait_ms, 2);
    expect(connect_ms).toBeLessThanOrEqual(sent_ms);
    expect(wait_ms).toBeLessThanOrEqual(duration_ms);
  });

  it("tells when connections begin to idle, on both hops, behind each exchange", async () => {
    const origin = await startOrigin();
    const proxy = proxyTo(origin.url);
    const told: string[] = [];
    proxy.on("exchange", ({ id }) => told.push(`exchange ${id}`));
    proxy.on("connection-idle", ({ hop, id, exchanges }) => told.push(`${hop} ${id} idles after ${exchanges}`));
    const { url } = await proxy.listen();
    await get(url, ["/a", "/b"]);
    await vi.waitFor(() => expect(told).toHaveLength(6));
    const behind = (exchanges: number) => [
      ...[`downstream 1 idles after ${exchanges}`, `exchange ${exchanges}`, `upstream 2 idles after ${exchanges}`],
    ];
    expect(told.slice(0, 3).toSorted()).toEqual(behind(1));
    expect(told.slice(3).toSorted()).toEqual(behind(2));
  });

  it("does not tell that a connection idles which closes behind its exchange", async () => {
    const origin = await startOrigin((_incoming, response) => response.setHeader("Connection", "close").end());
    const proxy = proxyTo(origin.url, { maxRequests: 1 });
    const told: string[] = [];
    proxy.on("connection-idle", ({ hop }) => told.push(hop));
    proxy.on("connection-close", ({ hop, closed }) => told.push(`${hop} ${closed}`));
    const { url } = await proxy.listen();
    await get(url, ["/"]);
    await vi.waitFor(() => expect(told.toSorted()).toEqual(["downstream max-requests", "upstream close-received"]));
  });

  it("says after which exchange a connection closes, and why", async () => {
    const origin = await startOrigin((_incoming, response) => response.setHeader("Connection", "close").end());
    const proxy = proxyTo(origin.url, { maxRequests: 1 });
    const { url } = await proxy.listen();
    const told = new Promise<ExchangeEntry>((resolve) => proxy.once("exchange", resolve));
    await get(url, ["/"]);
    expect(await told).toMatchObject({
      downstream: { closes: "max-requests" },
      upstream: { closes: "close-received" },
    });
  });

  it("says why it answered itself", async () => {
    const { server, url: to } = await startOrigin();
    server.close();
    const proxy = proxyTo(to);
    const { url } = await proxy.listen();
    const told = new Promise<ExchangeEntry>((resolve) => proxy.once("exchange", resolve));
    expect(await get(url, ["/"])).toEqual([502]);
    expect(await told).toMatchObject({ outcome: "answered", reason: "connect-failed", fault: "ECONNREFUSED" });
    expect((await told).endpoint).toBe(to);
    expect((await told).upstream).toBeUndefined();
    expect(proxy.stats()).toMatchObject({
      exchanges: { answers: { "connect-failed": 1 } },
      endpoints: [{ state: "avoided", failures: 1 }],
    });
  });

  it("calls nobody who has left", async () => {
    const origin = await startOrigin();
    const proxy = proxyTo(origin.url);
    const left: unknown[] = [];
    const listener = (event: ExchangeEntry) => left.push(event);
    const told = new Promise((resolve) =>
      proxy.on("exchange", listener).off("exchange", listener).once("exchange", resolve),
    );
    const { url } = await proxy.listen();
    await get(url, ["/"]);
    await told;
    expect(left).toEqual([]);
  });

  it("writes an access log, complete when it is closed, with connections if wanted", async () => {
    const directory = mkdtempSync(join(tmpdir(), "hopwise-"));
    cleanups.push(() => rmSync(directory, { recursive: true }));
    const origin = await startOrigin();
    const accessLog = join(directory, "access.log");
    const proxy = proxyTo(origin.url, { accessLog, logConnections: true });
    const { url } = await proxy.listen();
    await get(url, ["/a"], "DELETE");
    await vi.waitFor(() => expect(proxy.stats().connections.downstream.open).toBe(0));
    await proxy.close();
    const lines = readFileSync(accessLog, "utf8").trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { type: "exchange", method: "DELETE", target: "/a", downstream: { id: 1 }, upstream: { id: 2 } },
      { type: "connection", hop: "downstream", id: 1, opened: "accepted", closed: "peer-closed-idle" },
      { type: "connection", hop: "upstream", id: 2, opened: "pool-empty", closed: "drained" },
    ]);
  });

  it("serves its figures if wanted, until it is closed", async () => {
    const origin = await startOrigin();
    const proxy = proxyTo(origin.url, { admin: "127.0.0.1:0" });
    const { admin } = await proxy.listen();
    expect((await fetch(`${admin?.url}/readyz`)).status).toBe(200);
    await proxy.close();
    await expect(fetch(`${admin?.url}/readyz`)).rejects.toThrow();
  });
});

describe("closing", () => {
  /** A proxy with one exchange in progress; `answer` lets the origin answer it. */
  async function busy(options: Partial<ProxyOptions> = {}) {
    let answer = () => {};
    const origin = await startOrigin((_incoming, response) => {
      answer = () => response.end("late");
    });
    const proxy = proxyTo(origin.url, options);
    const { url, port, admin } = await proxy.listen();
    const response = once(
      request(url, { agent: false })
        .on("error", () => {})
        .end(),
      "response",
    );
    response.catch(() => {});
    await once(origin.server, "request");
    return { proxy, port, admin, response, answer: () => answer() };
  }

  it("lets what is in flight finish, says so, and takes nothing new", async () => {
    const { proxy, port, admin, response, answer } = await busy({ admin: "127.0.0.1:0" });
    const closed = proxy.close({ graceMs: 10_000 });
    expect(proxy.stats().isDraining).toBe(true);
    expect((await fetch(`${admin?.url}/readyz`)).status).toBe(503);
    answer();
    const [{ statusCode, headers }] = await response;
    expect([statusCode, headers.connection]).toEqual([200, "close"]);
    expect(await closed).toEqual({ cut: 0 });
    const [fault] = await once(connect(port, "127.0.0.1"), "error");
    expect(fault.code).toBe("ECONNREFUSED");
  });

  it("cuts at the deadline, and says how much", async () => {
    const { proxy } = await busy();
    expect(await proxy.close({ graceMs: 50 })).toEqual({ cut: 1 });
    expect(proxy.stats().cut).toBe(1);
  });

  it("waits for as long as it takes, where it is told to", async () => {
    const { proxy, response, answer } = await busy();
    const closed = proxy.close({ graceMs: Number.POSITIVE_INFINITY });
    await expect(proxy.close({ graceMs: Number.NaN })).rejects.toMatchObject({ code: "option-invalid" });
    await vi.waitFor(() => expect(proxy.listen()).rejects.toMatchObject({ code: "already-closed" }));
    // Nobody is cut meanwhile: idle clients have been sent away half a second after the listener closed.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    answer();
    const [{ statusCode }] = await response;
    expect([statusCode, await closed]).toEqual([200, { cut: 0 }]);
  });

  it.each([
    ["while everybody is still served", 60_000],
    ["while what is in flight finishes", 0],
  ])("is over when everybody is cut %s, and counts them", async (_when, drainDelay) => {
    const { proxy, port, response } = await busy({ drainDelay });
    const closed = proxy.close({ graceMs: 60_000 });
    if (drainDelay === 0) {
      const refused = () => once(connect(port, "127.0.0.1"), "connect");
      await vi.waitFor(() => expect(refused()).rejects.toThrow("ECONNREFUSED"), { timeout: 20_000 });
    }
    proxy.cut();
    // No response had begun, so it can still be told that there will be none.
    expect((await response)[0].statusCode).toBe(503);
    expect(await closed).toEqual({ cut: 1 });
    expect(proxy.stats().cut).toBe(1);
  });

  it("twice is closing once", async () => {
    const proxy = proxyTo((await startOrigin()).url);
    await proxy.listen();
    const closed = proxy.close();
    expect(proxy.close({ graceMs: 5 })).toBe(closed);
    expect(await closed).toEqual({ cut: 0 });
  });

  it("happens by itself at the end of a block", async () => {
    const origin = await startOrigin();
    let port = 0;
    {
      await using proxy = createProxy({ to: origin.url, port: 0 });
      ({ port } = await proxy.listen());
    }
    const [fault] = await once(connect(port, "127.0.0.1"), "error");
    expect(fault.code).toBe("ECONNREFUSED");
  });

  it("a proxy that never listened is nothing special", async () => {
    expect(await proxyTo("http://127.0.0.1:9").close()).toEqual({ cut: 0 });
  });
});

describe("errors have a code, and say what to do", () => {
  it("a wrong option", () => {
    expect(() => createProxy({ to: "localhost:3000" })).toThrow(HopwiseError);
    expect(() => createProxy({ to: "localhost:3000" })).toThrow("write http://localhost:3000");
  });

  it("a taken port", async () => {
    const { url } = await startOrigin();
    const proxy = createProxy({ to: "http://127.0.0.1:9", listen: new URL(url).host });
    await expect(proxy.listen()).rejects.toMatchObject({ code: "address-in-use", option: "listen" });
  });

  it("an address that this machine does not have", async () => {
    const proxy = proxyTo("http://127.0.0.1:9", { listen: "192.0.2.1:0" });
    await expect(proxy.listen()).rejects.toMatchObject({ code: "address-unavailable" });
  });

  it("an access log that cannot be written", async () => {
    const proxy = proxyTo("http://127.0.0.1:9", { accessLog: "/nonexistent/access.log" });
    await expect(proxy.listen()).rejects.toMatchObject({ code: "access-log-unwritable" });
  });

  it("an admin port that was asked for and is taken: nothing is left open", async () => {
    const { url } = await startOrigin();
    const proxy = proxyTo("http://127.0.0.1:9", { admin: new URL(url).host });
    await expect(proxy.listen()).rejects.toMatchObject({ code: "address-in-use", option: "admin" });
  });

  it("leaves a proxy free to listen again, once nothing is in the way any more", async () => {
    const { url } = await startOrigin();
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as AddressInfo;
    const accessLog = join(mkdtempSync(join(tmpdir(), "hopwise-")), "access.log");
    cleanups.push(() => rmSync(join(accessLog, ".."), { recursive: true }));
    const proxy = proxyTo(url, { port, accessLog });
    await expect(proxy.listen()).rejects.toMatchObject({ code: "address-in-use" });
    taken.close();
    await once(taken, "close");
    const listening = await proxy.listen();
    expect(await (await fetch(listening.url)).text()).not.toBe("");
    await proxy.close();
    expect(readFileSync(accessLog, "utf8").trim().split("\n")).toHaveLength(1);
  });

  it("an address that a proxy of the same process has is taken as any other is", async () => {
    const { port } = await proxyTo("http://127.0.0.1:9").listen();
    const again = proxyTo("http://127.0.0.1:9", { port });
    await expect(again.listen()).rejects.toMatchObject({ code: "address-in-use", option: "listen" });
    await expect(again.listen()).rejects.toThrow(`127.0.0.1:${port} is taken, by another process or by this one`);
  });

  it("a descriptor that is no socket", async () => {
    await expect(proxyTo("http://127.0.0.1:9").listen({ fd: 0 })).rejects.toMatchObject({ code: "listen-failed" });
  });

  it("listening twice, or too late", async () => {
    const proxy = proxyTo("http://127.0.0.1:9");
    await proxy.listen();
    await expect(proxy.listen()).rejects.toMatchObject({ code: "already-listening" });
    await proxy.close();
    await expect(proxy.listen()).rejects.toMatchObject({ code: "already-closed" });
  });
});

describe("a forward proxy", () => {
  function forward(options: ForwardOptions = {}): HopwiseProxy {
    const proxy = createForwardProxy({ port: 0, allowPrivate: true, ...options });
    cleanups.push(() => proxy.close({ graceMs: 0 }));
    return proxy;
  }

  /** What a proxy answers to octets on a fresh connection, until it closes or `isEnough`. */
  async function answerTo(url: string, octets: string, isEnough: (answer: string) => boolean): Promise<string> {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.write(octets);
    let answer = "";
    for await (const piece of socket.setEncoding("latin1")) {
      answer += piece;
      if (isEnough(answer)) break;
    }
    socket.destroy();
    return answer;
  }

  it("takes clients where their targets say, one pool for each origin", async () => {
    const [one, other] = await Promise.all([startOrigin(), startOrigin()]);
    const proxy = forward();
    const { url } = await proxy.listen();
    for (const origin of [one, other, one]) {
      const asked = `GET ${origin.url}/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      expect(await answerTo(url, asked, () => false)).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nVia: 1\.1 [\s\S]*hi$/);
    }
    expect(proxy.stats()).toMatchObject({
      connections: { upstream: { opened: { "pool-empty": 2 } } },
      reuse: { reused: 1 },
    });
    const endpoints = proxy.stats().endpoints.map(({ endpoint }) => endpoint);
    expect(endpoints.sort()).toEqual([one.url, other.url].sort());
  });

  it("tells of tunnels: connections of both hops, octets, and why they ended", async () => {
    const origin = await startOrigin();
    const { host } = new URL(origin.url);
    const proxy = forward({ connectPorts: "1-65535" });
    const exchanges: ExchangeEntry[] = [];
    proxy.on("exchange", (event) => exchanges.push(event));
    const { url } = await proxy.listen();
    const inside = `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const asked = `CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n${inside}`;
    const answer = await answerTo(url, asked, () => false);
    expect(answer).toMatch(/^HTTP\/1\.1 200 Connection Established\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
    await vi.waitUntil(() => exchanges.length > 0);
    expect(exchanges).toMatchObject([
      {
        method: "CONNECT",
        target: host,
        outcome: "tunnel",
        status: 200,
        requestBytes: inside.length,
        responseBytes: answer.length - "HTTP/1.1 200 Connection Established\r\n\r\n".length,
        downstream: { id: 1, closes: "tunnel-ended" },
        upstream: { id: 2, endpoint: host, opened: "tunnel", closes: "tunnel-ended" },
      },
    ]);
  });

  it("counts tunnels in a drain, and cuts them at its end", async () => {
    const origin = await startOrigin();
    const { host } = new URL(origin.url);
    const proxy = forward({ connectPorts: "1-65535" });
    const { url } = await proxy.listen();
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await once(socket, "data");
    expect(proxy.stats()).toMatchObject({
      exchanges: { inProgress: 1 },
      connections: { downstream: { states: { tunnel: 1 } }, upstream: { states: { tunnel: 1 } } },
    });
    expect(await proxy.close({ graceMs: 50 })).toEqual({ cut: 1 });
  });

  it("does not reach what is not public, nor itself, however it is asked", async () => {
    const origin = await startOrigin();
    const proxy = forward({ allowPrivate: false });
    const { url, port } = await proxy.listen();
    const isWhole = (answer: string) => answer.includes("\n\n") || /\n[A-Z].*\.\n$/.test(answer);
    const { port: originPort } = new URL(origin.url);
    for (const name of ["127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:7f00:1]", "0.0.0.0"]) {
      const asked = `GET http://${name}:${originPort}/ HTTP/1.1\r\nHost: x\r\n\r\n`;
      expect([name, await answerTo(url, asked, isWhole)]).toEqual([
        name,
        expect.stringMatching(/^HTTP\/1\.1 403 [\s\S]*address-not-public/),
      ]);
    }
    for (const name of ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"]) {
      const asked = `GET http://${name}:${port}/ HTTP/1.1\r\nHost: x\r\n\r\n`;
      expect([name, await answerTo(url, asked, isWhole)]).toEqual([
        name,
        expect.stringMatching(/^HTTP\/1\.1 508 [\s\S]*loop-detected/),
      ]);
    }
    expect(proxy.stats().connections.upstream.open).toBe(0);
  });
});
