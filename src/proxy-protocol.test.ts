/** The PROXY protocol on real sockets: whom a header names, who is refused, and what origins are sent. */
import { once } from "node:events";
import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { authority, certificateFor } from "../test/kit/certificates.ts";
import { ProxiedOrigin } from "../test/kit/proxied-origin.ts";
import { TlsStage } from "../test/kit/tls-stage.ts";
import { createGateway, type HopwiseProxy, type ProxyOptions } from "./index.ts";
import type { Address, GiveUp, Socket as PortSocket } from "./net/ports.ts";
import { dialer } from "./net/runtime.ts";

const CLIENT = "192.0.2.7";
const V1 = `PROXY TCP4 ${CLIENT} 198.51.100.1 4444 443\r\n`;
const SIGNATURE = "\r\n\r\n\0\r\nQUIT\n";
const V2 = `${SIGNATURE}\x21\x11\0\x0c\xc0\0\x02\x07\xc6\x33\x64\x01\x11\x5c\x01\xbb`;
const LOCAL = `${SIGNATURE}\x20\0\0\0`;
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

const plain = { tlsCert: undefined, tlsKey: undefined } satisfies Partial<ProxyOptions>;
const fromBalancers = { proxyProtocol: "127.0.0.0/8" } satisfies Partial<ProxyOptions>;

const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 30_000 });

let stage: TlsStage;
afterEach(() => stage.end());

async function begin(options: Partial<ProxyOptions>): Promise<void> {
  stage = new TlsStage();
  await stage.begin({ headTimeout: "60s", ...options });
}

async function open(): Promise<Socket> {
  const client = connect({ port: stage.port, host: "127.0.0.1", allowHalfOpen: true });
  client.on("error", () => {});
  await once(client, "connect");
  return client;
}

/** Sends these bytes and FIN, and returns what is answered. */
async function say(bytes: string): Promise<string> {
  const client = await open();
  client.end(bytes, "latin1");
  return await text(client);
}

/** The same, without FIN. */
async function ask(bytes: string): Promise<string> {
  const client = await open();
  client.write(bytes, "latin1");
  const answer = await text(client);
  client.end();
  return answer;
}

const secure = (raw: Socket, options: object = {}) =>
  connectTls({ socket: raw, servername: "localhost", ca: authority.cert, ...options });

describe("a client in the clear is the one that a balancer's header names", () => {
  it.each([
    ["version 1", V1],
    ["version 2", V2],
  ])("%s", async (_name, header) => {
    await begin({ ...plain, ...fromBalancers, trusted: "127.0.0.1" });
    const opened: unknown[] = [];
    stage.proxy?.on("connection-open", (entry) => void (entry.hop === "downstream" && opened.push(entry.client)));
    const answer = await ask(
      `${header}GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n`,
    );
    expect(answer).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
    // The balancer is trusted, and the client is not.
    expect(answer).not.toContain("6.6.6.6");
    await stage.closed(1);
    expect(opened).toStrictEqual([`${CLIENT}:4444`]);
    expect(stage.exchanges).toMatchObject([{ client: CLIENT, status: 200 }]);
  });

  it("its fields are believed where it is trusted itself", async () => {
    await begin({ ...plain, ...fromBalancers, trusted: CLIENT });
    expect(
      await ask(`${V1}GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n`),
    ).toContain(`X-Forwarded-For: 6.6.6.6, ${CLIENT}\r\n`);
  });

  it("however the bytes are cut", async () => {
    await begin({ ...plain, ...fromBalancers });
    for (const cut of [1, 15, 16, 27, 28, 40]) {
      const client = await open();
      client.setNoDelay(true);
      const sent = V2 + GET;
      await new Promise((resolve) => client.write(sent.slice(0, cut), "latin1", resolve));
      await turn();
      client.write(sent.slice(cut), "latin1");
      expect(await text(client)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
      client.end();
    }
  });

  it("a header that names nobody leaves the balancer's address", async () => {
    await begin({ ...plain, ...fromBalancers });
    for (const header of ["PROXY UNKNOWN\r\n", LOCAL])
      expect(await ask(header + GET)).toContain("X-Forwarded-For: 127.0.0.1\r\n");
  });

  it("whom a header does not name is not believed either", async () => {
    await begin({ ...plain, ...fromBalancers, trusted: "127.0.0.1" });
    const forged = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n";
    const unspecified = "\r\n\r\n\0\r\nQUIT\n\x21\x00\0\0";
    for (const header of ["PROXY UNKNOWN\r\n", unspecified])
      expect(await ask(header + forged)).toContain("X-Forwarded-For: 127.0.0.1\r\n");
    // The balancer itself.
    expect(await ask(LOCAL + forged)).toContain("X-Forwarded-For: 6.6.6.6, 127.0.0.1\r\n");
  });

  it("what is denied to the client is denied to it, whoever passes it on", async () => {
    await begin({ ...plain, ...fromBalancers });
    const gateway = createGateway({
      listeners: [{ http: "127.0.0.1:0", proxyProtocol: ["127.0.0.1"] }],
      routes: [{ deny: ["192.0.2.0/24"], respond: { status: 204 } }],
    });
    const { port } = await gateway.listen();
    const via = (header: string) => {
      const client = connect({ port, host: "127.0.0.1" });
      client.on("error", () => {}).write(header + GET, "latin1");
      return text(client);
    };
    expect(await via(V1)).toMatch(/^HTTP\/1\.1 403 /);
    expect(await via("PROXY TCP4 192.0.3.7 198.51.100.1 4444 443\r\n")).toMatch(/^HTTP\/1\.1 204 /);
    await gateway.close({ graceMs: 0 });
  });

  it("HTTP/2 with prior knowledge", async () => {
    await begin({ ...plain, ...fromBalancers });
    const raw = await open();
    raw.write(V1);
    expect(await overHttp2(raw, `http://127.0.0.1:${stage.port}`)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
  });
});

async function overHttp2(socket: Socket, url: string): Promise<string> {
  const session = connectHttp2(url, { createConnection: () => socket });
  session.on("error", () => {});
  const request = session.request({ ":path": "/" });
  const answer = await text(request);
  session.close();
  return answer;
}

describe("what a balancer sends in place of it", () => {
  it.each([
    ["a request", GET, "proxy-header-missing"],
    ["half a header", "PROXY TCP4 192.0.2.7 ", "proxy-header-missing"],
    ["a malformed one", "PROXY TCP4 192.0.2 1 2 3\r\n", "proxy-header-malformed"],
    ["one too long", `${SIGNATURE}\x21\x11\xff\xff`, "proxy-header-malformed"],
  ])("%s is refused by its name, and the connection closes", async (_name, bytes, reason) => {
    await begin({ ...plain, ...fromBalancers });
    expect(await say(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 400 .*${reason}`, "s"));
    expect(await stage.closed(1)).toStrictEqual([reason]);
    expect(stage.exchanges).toMatchObject([{ client: "127.0.0.1", reason, status: 400 }]);
    expect(stage.proxy?.stats().connections.downstream.closed).toMatchObject({ [reason]: 1 });
  });

  it("nothing in time", async () => {
    await begin({ ...plain, ...fromBalancers, headTimeout: "100ms" });
    expect(await ask("PROXY ")).toBe("");
    expect(await stage.closed(1)).toStrictEqual(["proxy-header-timeout"]);
  });

  it.each([
    ["nothing", ""],
    ["that it only looks whether somebody is there", LOCAL],
    ["the same in version 1", "PROXY UNKNOWN\r\n"],
  ])("%s, and leaves: that is in order", async (_name, bytes) => {
    await begin({ ...plain, ...fromBalancers });
    expect(await say(bytes)).toBe("");
    expect(await stage.closed(1)).toStrictEqual(["peer-closed-idle"]);
    expect(stage.exchanges).toStrictEqual([]);
  });
});

describe("a header from a stranger is refused and named", () => {
  const elsewhere = { proxyProtocol: "192.0.2.0/24,2001:db8::/32" } satisfies Partial<ProxyOptions>;
  it.each([
    ["in the clear", { ...plain, ...elsewhere }],
    ["where TLS is spoken", elsewhere],
    ["where none is expected", plain],
  ])("%s", async (_name, options) => {
    await begin(options);
    for (const header of [V1, V2]) {
      const answer = await say(header + GET);
      expect(answer).toMatch(/^HTTP\/1\.1 400 .*proxy-protocol-unexpected.*--proxy-protocol/s);
    }
    await stage.closed(2);
    const refused = { client: "127.0.0.1", reason: "proxy-protocol-unexpected" };
    expect(stage.exchanges).toMatchObject([refused, refused]);
  });
});

describe.skipIf("bun" in process.versions)("over TLS the header comes in front", () => {
  it.each([
    ["version 1", V1],
    ["version 2", V2],
  ])("%s", async (_name, header) => {
    await begin(fromBalancers);
    const raw = await open();
    raw.write(header, "latin1");
    const client = secure(raw);
    expect(await stage.ask(client)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
    await stage.closed(1);
    expect(stage.exchanges).toMatchObject([{ client: CLIENT, status: 200 }]);
  });

  it("cut in the middle of the header, and with the first message in one piece", async () => {
    await begin(fromBalancers);
    const raw = await open();
    raw.setNoDelay(true).write(V2.slice(0, 20), "latin1");
    raw.cork();
    raw.write(V2.slice(20), "latin1");
    const client = secure(raw);
    setImmediate(() => raw.uncork());
    expect(await stage.ask(client)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
  });

  it("HTTP/2 behind it", async () => {
    await begin(fromBalancers);
    const raw = await open();
    raw.write(V2, "latin1");
    const client = secure(raw, { ALPNProtocols: ["h2"] });
    expect(await overHttp2(client, `https://localhost:${stage.port}`)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
  });

  it.each([
    ["a handshake without one", "\x16\x03\x01", "proxy-header-missing"],
    ["a request", GET, "proxy-header-missing"],
    ["half a header", V2.slice(0, 20), "proxy-header-missing"],
    ["a malformed one", "PROXY TCP9\r\n", "proxy-header-malformed"],
    ["a client that leaves behind its header", V1, "handshake-closed"],
    ["a balancer that only looks whether somebody is there", LOCAL, "peer-closed-idle"],
    ["nothing", "", "peer-closed-idle"],
  ])("%s: the connection closes without a word", async (_name, bytes, reason) => {
    await begin(fromBalancers);
    expect(await say(bytes)).toBe("");
    expect(await stage.closed(1)).toStrictEqual([reason]);
    expect(stage.exchanges).toStrictEqual([]);
  });

  it("nothing in time", async () => {
    await begin({ ...fromBalancers, headTimeout: "100ms" });
    await say("").catch(() => "");
    const client = await open();
    await once(client.resume(), "end");
    client.end();
    expect(await stage.closed(2)).toContain("proxy-header-timeout");
  });
});

describe("what origins are sent", () => {
  let origin: ProxiedOrigin;
  afterEach(() => origin.close());

  async function beginWith(version: "v1" | "v2", options: Partial<ProxyOptions> = {}): Promise<void> {
    origin = new ProxiedOrigin();
    await begin({ ...plain, ...fromBalancers, to: await origin.listen(), sendProxyProtocol: version, ...options });
  }
  const from = (address: string) => `PROXY TCP4 ${address} 198.51.100.1 4444 443\r\n`;
  /** A client that keeps its connection. */
  async function client(address: string): Promise<{ ask(path: string): Promise<void>; leave(): void }> {
    const socket = await open();
    socket.write(from(address));
    return {
      async ask(path) {
        socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`);
        let answer = "";
        while (!answer.endsWith("\r\n\r\n") || !answer.includes(`GET ${path} `))
          answer += (await once(socket, "data")).toString();
      },
      leave: () => void socket.end(),
    };
  }

  // Bun does not say where a client has connected to.
  it.skipIf("bun" in process.versions).each([
    ["v1", `PROXY TCP4 ${CLIENT} 127.0.0.1 4444 PORT\r\n`],
    ["v2", "0d0a0d0a000d0a515549540a2111000cc00002077f000001115cPORT"],
  ] as const)("%s, byte by byte", async (version, expected) => {
    await beginWith(version);
    expect(await ask(V1 + GET)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
    const { port } = stage;
    const said = version === "v1" ? String(port) : port.toString(16).padStart(4, "0");
    expect(origin.headers).toStrictEqual([expected.replace("PORT", said)]);
  });

  it("a connection that names a client carries that client's requests, and nobody else's", async () => {
    await beginWith("v1");
    const [one, other] = [await client("192.0.2.1"), await client("192.0.2.2")];
    await one.ask("/a");
    await other.ask("/b");
    await one.ask("/c");
    await other.ask("/d");
    expect(origin.headers.map((header) => header.split(" ")[2])).toStrictEqual(["192.0.2.1", "192.0.2.2"]);
    expect(origin.targets).toStrictEqual([
      ["/a", "/c"],
      ["/b", "/d"],
    ]);
    one.leave();
    await until(() => origin.open === 1);
    // The same address on another connection is another client.
    const again = await client("192.0.2.1");
    await again.ask("/e");
    expect(origin.targets.at(2)).toStrictEqual(["/e"]);
    again.leave();
    other.leave();
    await until(() => origin.open === 0);
  });

  it.skipIf("bun" in process.versions)(
    "requests of HTTP/2 that come at once get connections of their own, which name the same client",
    async () => {
      await beginWith("v1");
      const raw = await open();
      raw.write(V1);
      const session = connectHttp2(`http://127.0.0.1:${stage.port}`, { createConnection: () => raw });
      session.on("error", () => {});
      const get = (path: string) => text(session.request({ ":path": path }));
      await Promise.all(["/1", "/2", "/3"].map(get));
      await get("/4");
      const said = `PROXY TCP4 ${CLIENT} 127.0.0.1 4444 ${stage.port}\r\n`;
      expect(new Set(origin.headers)).toStrictEqual(new Set([said]));
      expect(origin.targets.flat().toSorted()).toStrictEqual(["/1", "/2", "/3", "/4"]);
      expect(origin.headers.length).toBeLessThan(4);
      session.close();
      await until(() => origin.open === 0);
    },
  );

  it("health checks name nobody", async () => {
    for (const [version, expected] of [
      ["v1", "PROXY UNKNOWN\r\n"],
      ["v2", "0d0a0d0a000d0a515549540a20000000"],
    ] as const) {
      origin = new ProxiedOrigin();
      const app = { to: await origin.listen(), health: { path: "/healthz" }, proxyProtocol: version };
      const gateway: HopwiseProxy = createGateway({
        listeners: [{ http: "127.0.0.1:0" }],
        groups: { app },
        routes: [{ to: "app" }],
      });
      await gateway.listen();
      await until(() => gateway.stats().endpoints[0]?.check?.results.passed !== undefined);
      await gateway.close({ graceMs: 0 });
      expect([origin.headers[0], origin.targets[0]]).toStrictEqual([expected, ["/healthz"]]);
      origin.close();
    }
    await begin(plain);
  });

  it.skipIf("bun" in process.versions)("in front of TLS", async () => {
    await begin(plain);
    const { port } = await securedOrigin();
    const socket = await new Promise<PortSocket>((onConnected, onFailed) =>
      dialer.dial(addressAt(port), { onConnected, onFailed }),
    );
    socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await until(() => origin.targets[0]?.length === 1);
    expect(origin.headers).toStrictEqual([V1]);
    expect(socket.isSecure).toBe(true);
    socket.reset();
    await until(() => origin.open === 0);
  });

  it.skipIf("bun" in process.versions)("in front of TLS: faults and giving up", async () => {
    await begin(plain);
    const { port } = await securedOrigin();
    const told = (address: Address) =>
      new Promise((resolve) => dialer.dial(address, { onConnected: () => resolve("connected"), onFailed: resolve }));
    expect(await told({ ...addressAt(port), tls: { serverName: "localhost", rejectUnauthorized: true } })).toMatch(
      /SELF_SIGNED|UNABLE_TO/,
    );
    const unheard = vi.fn();
    let giveUp: GiveUp = () => undefined;
    const isReached = new Promise<void>((onReached) => {
      giveUp = dialer.dial(addressAt(port), { onReached, onConnected: unheard, onFailed: unheard });
    });
    dialer.dial(addressAt(port), { onConnected: unheard, onFailed: unheard })();
    await isReached;
    giveUp();
    await until(() => origin.open === 0);
    origin.close();
    expect(await told(addressAt(port))).toBe("ECONNREFUSED");
    expect(unheard).not.toHaveBeenCalled();
  });

  function addressAt(port: number) {
    const tls = { serverName: "localhost", ca: authority.cert, rejectUnauthorized: true };
    return { kind: "tcp", host: "127.0.0.1", port, tls, preamble: V1 } as const;
  }

  async function securedOrigin(): Promise<{ readonly port: number }> {
    origin = new ProxiedOrigin(certificateFor(["localhost"]));
    return { port: Number(new URL(await origin.listen()).port) };
  }
});
