/** Proxies on real sockets seen from both sides: hopwise as it is used, over TLS and as a forward proxy, and three lines of Node's. */
import { Agent, createServer, request as httpRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { selfSigned } from "../../src/config/self-signed.ts";
import { examineThrough, type ThroughOptions } from "../../src/doctor/through/examine-through.ts";
import { createForwardProxy, createProxy } from "../../src/index.ts";
import { nodeClock } from "../../src/net/node-clock.ts";
import type { Listener } from "../../src/net/ports.ts";
import { dialer, listen } from "../../src/net/runtime.ts";
import { TicketKeys } from "../../src/net/tls/ticket-keys.ts";
import { TlsServing } from "../../src/net/tls/tls-serving.ts";
import { findingOf } from "./virtual-network.ts";

const cleanings: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanings.splice(0)) await clean();
});

/** A port that was free a moment ago: the proxy is told where the doctor will listen. */
async function freePort(): Promise<number> {
  const { address, close }: Listener = await listen({ host: "127.0.0.1", port: 0, onSocket() {}, onFault() {} });
  await close();
  return address.port;
}

/** What a dumb proxy never does is not waited for as long as by default. */
const examined = (proxy: string, options: Partial<ThroughOptions>, settle_ms?: number) =>
  examineThrough(
    proxy,
    { origin: { host: "127.0.0.1", port: 0 }, ...options },
    { ports: { dialer, listen, clock: nodeClock }, ...(settle_ms === undefined ? {} : { pace: { settle_ms } }) },
  );

const notPassed = (report: Awaited<ReturnType<typeof examined>>) =>
  report.findings
    .filter(({ verdict }) => verdict !== "pass")
    .map(({ id, verdict, measured }) => `${id} ${verdict} ${measured}`);

describe("hopwise", () => {
  it("passes", async () => {
    const port = await freePort();
    const proxy = createProxy({ to: `http://127.0.0.1:${port}`, port: 0 });
    cleanings.push(() => proxy.close());
    const { url } = await proxy.listen();
    const report = await examined(url, { origin: { host: "127.0.0.1", port }, isIntrusive: true });
    expect(notPassed(report)).toEqual([]);
    expect(report.grade).toBe("A");
  });

  it("passes over TLS", async () => {
    const port = await freePort();
    const proxy = createProxy({ to: `http://127.0.0.1:${port}`, tls: "self-signed", listen: "https://127.0.0.1:0" });
    cleanings.push(() => proxy.close());
    const { url } = await proxy.listen();
    expect(url).toMatch(/^https:/);
    const report = await examined(url, { origin: { host: "127.0.0.1", port }, takesAnyCertificate: true });
    expect(notPassed(report)).toEqual([]);
  });

  it("passes as a forward proxy, but for what a gateway does alone", async () => {
    const port = await freePort();
    const proxy = createForwardProxy({ port: 0, allowPrivate: true, httpPorts: String(port) });
    cleanings.push(() => proxy.close());
    const { url } = await proxy.listen();
    const report = await examined(url, { origin: { host: "127.0.0.1", port }, isForward: true });
    expect(report.findings.filter(({ verdict }) => verdict === "fail")).toEqual([]);
  });
});

/** The doctor's certificate is made for the occasion. */
const trusting = { rejectUnauthorized: false };

describe("three lines of node:http", () => {
  const threeLines = async (port: number, scheme: "http" | "https" = "http") => {
    const isSecure = scheme === "https";
    const agent = isSecure ? new SecureAgent({ keepAlive: true }) : new Agent({ keepAlive: true });
    const ask = isSecure ? secureRequest : httpRequest;
    const server = createServer(({ method, url: path, headers }, response) => {
      const outgoing = ask({ host: "127.0.0.1", port, agent, method, path, headers, ...trusting }, (incoming) => {
        response.writeHead(incoming.statusCode ?? 502, incoming.headers);
        incoming.pipe(response);
      });
      outgoing.on("error", () => response.destroy());
      outgoing.end();
    });
    const sockets = new Set<Socket>();
    server.on("connection", (socket: Socket) => sockets.add(socket));
    cleanings.push(() => {
      server.close();
      agent.destroy();
      for (const socket of sockets) socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  };

  it("are the dumb proxy of the 1990s: an HTTP/1.0 client hangs", async () => {
    const port = await freePort();
    const options = { origin: { host: "127.0.0.1", port }, only: ["HW901", "HW902", "HW905", "HW926"] };
    const report = await examined(await threeLines(port), options, 300);
    expect(findingOf(report, "HW905")).toMatchObject({
      verdict: "fail",
      cap: { grade: "F", because: "a client hangs" },
    });
    expect(findingOf(report, "HW926")).toMatchObject({ verdict: "fail", cap: { grade: "F" } });
    expect(report.findings.map(({ verdict }) => verdict)).toEqual(["fail", "fail", "fail", "fail"]);
    expect(report.grade).toBe("F");
  });

  it("are seen from both sides when they speak TLS to the origin, too", async () => {
    const port = await freePort();
    const tls = new TlsServing([selfSigned(["127.0.0.1"], Date.now())], new TicketKeys());
    const options = { origin: { host: "127.0.0.1", port, tls }, only: ["HW905", "HW910", "HW916"] };
    const report = await examined(await threeLines(port, "https"), options, 300);
    expect(report.target).toMatch(/ to https:/);
    expect(report.findings.map(({ id, verdict }) => [id, verdict])).toEqual([
      ["HW905", "fail"],
      ["HW910", "pass"],
      ["HW916", "pass"],
    ]);
  });
});

it("a place that is taken is said", async () => {
  const taken = await listen({ host: "127.0.0.1", port: 0, onSocket() {}, onFault() {} });
  cleanings.push(() => taken.close());
  const failed = examined("http://127.0.0.1:1/", { origin: { host: "127.0.0.1", port: taken.address.port } });
  await expect(failed).rejects.toThrow(/something listens there already: stop the real origin/);
});

it("a proxy that is not there is said", async () => {
  const port = await freePort();
  await expect(examined(`http://127.0.0.1:${port}/`, {})).rejects.toThrow(
    /the proxy \S+ cannot be reached: nothing listens there \(ECONNREFUSED\)$/,
  );
});
