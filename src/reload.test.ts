/** A proxy that is given other options: all of them or none, on real sockets; what is named still loses nothing. */

import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect, createServer as createTcpServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { listening } from "../test/interop/support/listening.ts";
import { authority, CertificateFolder, certificateFor } from "../test/kit/certificates.ts";
import {
  createForwardProxy,
  createGateway,
  createProxy,
  type GatewayConfig,
  type HopwiseProxy,
  type ReloadEntry,
} from "./index.ts";

const server: Server = createServer((request, response) => response.end(`for ${request.url}`));
const folder = mkdtempSync(join(tmpdir(), "hopwise-reload-"));
let to: string;
let proxy: HopwiseProxy;

beforeAll(async () => {
  to = await listening(server);
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});
afterEach(() => proxy.close({ graceMs: 0 }));

const answering = (body: string, more: GatewayConfig = {}): GatewayConfig => ({
  listeners: [{ http: "127.0.0.1:0" }],
  routes: [{ respond: { body } }],
  ...more,
});
const asked = async (url: string, path = "/") => await (await fetch(url + path)).text();

async function taken(): Promise<{ readonly place: string; close(): void }> {
  const other = createTcpServer();
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const address = other.address();
  return { place: `127.0.0.1:${typeof address === "object" ? address?.port : ""}`, close: () => other.close() };
}

async function clientOf(url: string): Promise<{ readonly socket: Socket; ask(): Promise<string> }> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await once(socket, "connect");
  const ask = async () => {
    socket.write("GET / HTTP/1.1\r\nHost: site.test\r\n\r\n");
    return String((await once(socket, "data"))[0]);
  };
  return { socket, ask };
}

describe("reload", () => {
  it("goes on with other routes, and tells what is otherwise", async () => {
    proxy = createGateway(answering("one"));
    const told: ReloadEntry[] = [];
    proxy.on("reload", (entry) => told.push(entry));
    const { url } = await proxy.listen();
    const client = await clientOf(url);
    expect(await client.ask()).toContain("one");
    const report = await proxy.reload(
      answering("two", { groups: { app: { to } }, routes: [{ to: "app" }], headTimeout: "9s" }),
    );
    expect(report).toMatchObject({
      version: 2,
      listeners: [{ url }],
      changes: [`group app: +${to}`, "routes: 1, changed", "headTimeout"],
    });
    expect([await client.ask(), await asked(url, "/x")]).toStrictEqual([expect.stringContaining("for /"), "for /x"]);
    const { config, connections } = proxy.stats();
    expect([config.version, config.reloads, connections.downstream.closed]).toStrictEqual([
      2,
      { applied: 1, refused: 0 },
      {},
    ]);
    await expect.poll(() => told).toMatchObject([{ type: "reload", outcome: "applied", version: 2 }]);
    client.socket.destroy();
  });

  it("of a proxy with one origin takes its options, and keeps the name of its own making", async () => {
    proxy = createProxy({ to: "http://127.0.0.1:9", port: 0 });
    const { url } = await proxy.listen();
    const { viaName } = proxy.gateway.context.settings;
    await proxy.reload({ to, port: 0, onResponse: ({ fields }) => fields.set("X-Hook", "new") });
    const response = await fetch(url);
    expect([response.headers.get("x-hook"), proxy.gateway.context.settings.viaName]).toStrictEqual(["new", viaName]);
    await response.text();
  });

  it("opens listeners and closes others, whose clients are served on", async () => {
    const [one, other] = [await taken(), await taken()];
    one.close();
    other.close();
    proxy = createGateway(answering("x", { listeners: [{ http: "127.0.0.1:0" }, { http: one.place }] }));
    const { listeners } = await proxy.listen();
    const [first, second] = [await clientOf(listeners[0]?.url ?? ""), await clientOf(listeners[1]?.url ?? "")];
    const report = await proxy.reload(answering("x", { listeners: [{ http: "127.0.0.1:0" }, { http: other.place }] }));
    expect(report.listeners.map(({ url }) => url)).toStrictEqual([listeners[0]?.url, `http://${other.place}`]);
    expect(report.changes).toStrictEqual([`listeners: +http://${other.place} -http://${one.place}`]);
    expect(await asked(`http://${other.place}`)).toBe("x");
    await expect.poll(() => fetch(`http://${one.place}`).catch(({ cause }) => cause.code)).toBe("ECONNREFUSED");
    expect([
      (await first.ask()).includes("Connection: close"),
      (await second.ask()).includes("Connection: close"),
    ]).toStrictEqual([false, true]);
    first.socket.destroy();
  });

  it("of what cannot be changes nothing, says all that is wrong, and can be tried again", async () => {
    proxy = createGateway(answering("one"));
    const { url } = await proxy.listen();
    const bad = { routes: [{ match: { path: "x" }, to: "none" }, { match: {} }] } as unknown as GatewayConfig;
    const failure = await proxy.reload(bad).catch((error) => error);
    expect([failure.code, failure.message.split("\n").length]).toStrictEqual(["option-invalid", 3]);
    const other = await taken();
    const [log, free] = [join(folder, "not-opened.log"), await taken()];
    free.close();
    const listeners = [{ http: "127.0.0.1:0" }, { http: free.place }, { http: other.place }];
    await expect(proxy.reload(answering("two", { listeners, accessLog: log }))).rejects.toMatchObject({
      code: "address-in-use",
    });
    other.close();
    expect([await asked(url), proxy.stats().config]).toMatchObject([
      "one",
      { version: 1, reloads: { applied: 0, refused: 2 } },
    ]);
    // What was opened on the way is closed again.
    await expect.poll(() => fetch(`http://${free.place}`).catch(({ cause }) => cause.code)).toBe("ECONNREFUSED");
    await proxy.reload(answering("two", { listeners: [{ http: "127.0.0.1:0" }, { http: free.place }] }));
    expect(await asked(`http://${free.place}`)).toBe("two");
  });

  it("comes after the one that is under way", async () => {
    proxy = createGateway(answering("one"));
    const { url } = await proxy.listen();
    const reports = await Promise.all(["two", "three", "four"].map((body) => proxy.reload(answering(body))));
    expect([reports.map(({ version }) => version), await asked(url)]).toStrictEqual([[2, 3, 4], "four"]);
  });

  it("is for proxies that listen, and are not forward proxies", async () => {
    proxy = createGateway(answering("one"));
    await expect(proxy.reload(answering("two"))).rejects.toMatchObject({ code: "not-listening" });
    await proxy.listen();
    await proxy.close();
    await expect(proxy.reload(answering("two"))).rejects.toMatchObject({ code: "already-closed" });
    proxy = createForwardProxy({ port: 0 });
    await proxy.listen();
    await expect(proxy.reload({ to })).rejects.toThrow("a forward proxy keeps its options");
  });

  it("moves the access log, and what it hears", async () => {
    const [first, second] = [join(folder, "first.log"), join(folder, "second.log")];
    proxy = createGateway(answering("x", { accessLog: first }));
    const { url } = await proxy.listen();
    await asked(url, "/1");
    await proxy.reload(answering("x", { accessLog: second, logConnections: true }));
    const client = await clientOf(url);
    await client.ask();
    client.socket.destroy();
    const typesIn = (file: string) =>
      [...readFileSync(file, "utf8").matchAll(/"type":"(\w+)"/g)].map(([, type]) => type);
    await expect.poll(() => typesIn(second)).toContain("connection");
    expect([typesIn(first), typesIn(second).includes("exchange")]).toStrictEqual([["exchange"], true]);
    await proxy.reload(answering("x"));
    await asked(url, "/3");
    expect(typesIn(second).filter((type) => type === "exchange")).toHaveLength(1);
  });

  it("moves the admin port, which shows the configuration without its secrets", async () => {
    const [old, next] = [await taken(), await taken()];
    old.close();
    next.close();
    proxy = createGateway(answering("x", { admin: old.place }));
    await proxy.listen();
    const secret = "hunter2-and-more";
    const setRequestFields = [`Authorization: ${secret}`];
    const routes = [
      { match: { fields: { "X-Key": secret } }, to: "app", setRequestFields },
      { respond: { body: secret } },
    ];
    await proxy.reload({ ...answering("x"), groups: { app: { to } }, routes, admin: next.place });
    const text = await asked(`http://${next.place}`, "/config");
    expect(JSON.parse(text)).toMatchObject({
      version: 2,
      config: { groups: { app: { to: [{ url: to, weight: 1 }] } } },
    });
    expect([text.includes("X-Key"), text.includes(secret)]).toStrictEqual([true, false]);
    await expect.poll(() => fetch(`http://${old.place}`).catch(({ cause }) => cause.code)).toBe("ECONNREFUSED");
    // Nobody has said how the options would be read again.
    const posted = await fetch(`http://${next.place}/reload`, { method: "POST" });
    expect(posted.status).toBe(404);
    await posted.text();
  });
});

describe("certificates", () => {
  const files = new CertificateFolder();
  afterAll(() => files.remove());

  it("are others for the next handshake; tickets stay good where the names are the same", async () => {
    const siteOf = (name: string) => ({
      ...answering(name),
      listeners: [{ https: "127.0.0.1:0", certificates: [files.write(name, certificateFor(["site.test"]))] }],
    });
    proxy = createGateway(siteOf("one"));
    const { port } = await proxy.listen();
    const handshake = async (session?: Buffer) => {
      const socket = connectTls({
        host: "127.0.0.1",
        port,
        servername: "site.test",
        ca: authority.cert,
        session,
        maxVersion: "TLSv1.2",
      });
      await once(socket, "secureConnect");
      const shown = {
        serial: socket.getPeerCertificate().serialNumber,
        isReused: socket.isSessionReused(),
        session: socket.getSession(),
      };
      // Its part of the handshake leaves.
      socket.end();
      await once(socket, "close");
      return shown;
    };
    const before = await handshake();
    await proxy.reload(siteOf("two"));
    const [fresh, resumed] = [await handshake(), await handshake(before.session)];
    expect([fresh.serial === before.serial, fresh.isReused, resumed.isReused]).toStrictEqual([false, false, true]);
    await expect.poll(() => proxy.stats().tls?.handshakes).toStrictEqual({ full: 2, resumed: 1 });
  });

  it("come to a place that was in the clear, where those who are there are told to come again", async () => {
    const other = await taken();
    other.close();
    const certificates = [files.write("late", certificateFor(["site.test"]))];
    proxy = createGateway(answering("x", { listeners: [{ http: other.place }] }));
    const { url } = await proxy.listen();
    const client = await clientOf(url);
    await proxy.reload(answering("x", { listeners: [{ https: other.place, certificates }] }));
    expect(await client.ask()).toContain("Connection: close");
    const socket = connectTls({
      host: "127.0.0.1",
      port: Number(new URL(url).port),
      servername: "site.test",
      ca: authority.cert,
    });
    await once(socket, "secureConnect");
    socket.destroy();
  });
});
