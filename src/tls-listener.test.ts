/** Clients that come over TLS: they are served as any other, and each handshake that fails says why. */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { TlsStage } from "../test/kit/tls-stage.ts";

let stage: TlsStage;
beforeEach(() => {
  stage = new TlsStage();
});
afterEach(() => stage.end());

async function raw(): Promise<Socket> {
  const client = connect(stage.port, "127.0.0.1");
  client.on("error", () => {});
  await once(client, "connect");
  return client;
}

/** A connection whose client writes each byte by itself, and waits until it was read. */
function drippingOver(transport: Socket): Duplex {
  const drip = new Duplex({
    read() {},
    write(octets: Buffer, _encoding, done) {
      const send = (at: number) => {
        if (at === octets.length) return done();
        transport.write(octets.subarray(at, at + 1), () => setImmediate(send, at + 1));
      };
      send(0);
    },
  });
  transport.on("data", (octets) => drip.push(octets)).on("end", () => drip.push(null));
  return drip;
}

/** A connection whose client waits with everything behind its first message. @returns it, and how to let the rest go */
function waitingOver(transport: Socket): { readonly duplex: Duplex; readonly waits: Promise<void>; letGo(): void } {
  let state: "first" | "waits" | "open" = "first";
  let send = () => {};
  let noteWait = () => {};
  const waits = new Promise<void>((resolve) => {
    noteWait = resolve;
  });
  const duplex = new Duplex({
    read() {},
    write(octets: Buffer, _encoding, done) {
      send = () => transport.write(octets, () => done());
      if (state === "waits") return noteWait();
      if (state === "first") state = "waits";
      send();
    },
  });
  transport.on("data", (octets) => duplex.push(octets)).on("end", () => duplex.push(null));
  return {
    duplex,
    waits,
    letGo: () => {
      state = "open";
      send();
    },
  };
}

describe("a client over TLS", () => {
  it("is served, and its origin is told that it came over https", async () => {
    await stage.begin({ forwarded: true, listen: "https://127.0.0.1:0" });
    const answer = await stage.ask(await stage.connect());
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain("X-Forwarded-Proto: https\r\n");
    expect(answer).toContain('Forwarded: for=127.0.0.1;proto=https;host="localhost"\r\n');
    expect(await stage.closed(1)).toEqual(["close-received"]);
  });

  it("may ask for an https resource in absolute-form (RFC 9110 section 7.4)", async () => {
    await stage.begin();
    const client = await stage.connect();
    client.write("GET https://localhost/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    expect(await text(client)).toMatch(/^HTTP\/1\.1 200 OK\r\n.*GET \/a HTTP\/1\.1\r\n/s);
  });

  it.each([
    "TLSv1.2",
    "TLSv1.3",
  ] as const)("goes on with its handshake when certificates are replaced in the middle of it: %s", async (version) => {
    await stage.begin();
    const { duplex, waits, letGo } = waitingOver(await raw());
    const client = stage.open({ socket: duplex, minVersion: version, maxVersion: version });
    const isSecure = once(client, "secureConnect");
    await waits;
    stage.proxy?.reloadCertificates();
    letGo();
    await isSecure;
    expect(await stage.ask(client)).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("may speak %s", async (version) => {
    await stage.begin();
    const client = await stage.connect({ minVersion: version, maxVersion: version, ALPNProtocols: ["h2", "http/1.1"] });
    expect([client.getProtocol(), client.alpnProtocol]).toEqual([version, "h2"]);
    expect(await stage.ask(client)).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("keeps its connection, and is told by an alert that it closes", async () => {
    await stage.begin({ keepAliveTimeout: 100 });
    const client = await stage.connect();
    client.write("GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(client, "data");
    client.write("GET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await once(client, "data");
    client.resume();
    await once(client, "end");
    client.end();
    expect(await stage.closed(1)).toEqual(["idle-timeout"]);
    expect(stage.closes).toMatchObject([{ exchanges: 2 }]);
  });

  it("may be cut anywhere in its first message, and comes byte by byte", async () => {
    await stage.begin();
    const client = stage.open({ socket: drippingOver((await raw()).setNoDelay()) });
    await once(client, "secureConnect");
    expect(await stage.ask(client)).toMatch(/^HTTP\/1\.1 200 /);
  });
});

describe("a handshake that fails says why", () => {
  it.each([
    ["handshake-version", { maxVersion: "TLSv1.1", minVersion: "TLSv1", ciphers: "DEFAULT:@SECLEVEL=0" }],
    ["handshake-cipher", { maxVersion: "TLSv1.2", ciphers: "AES128-SHA" }],
    ["handshake-protocol", { ALPNProtocols: ["imap"] }],
  ] as const)("%s", async (reason, options) => {
    await stage.begin();
    const client = stage.open({
      ...options,
      ALPNProtocols: [...("ALPNProtocols" in options ? options.ALPNProtocols : [])],
    });
    await once(client, "error");
    client.destroy();
    expect(await stage.closed(1)).toEqual([reason]);
    expect(stage.exchanges).toEqual([]);
  });

  it("handshake-refused: the client does not trust the certificate, and sends an alert", async () => {
    await stage.begin();
    const transport = await raw();
    const client = stage.open({ socket: drippingOver(transport), maxVersion: "TLSv1.2" });
    client.on("error", () => {});
    await once(transport, "data");
    transport.write("\x15\x03\x03\x00\x02\x02\x30", "latin1");
    expect(await stage.closed(1)).toEqual(["handshake-refused"]);
  });

  it("handshake-closed: the client goes in the middle of its first message, or before it", async () => {
    await stage.begin();
    (await raw()).end("\x16\x03\x01\x02\x00", "latin1");
    (await raw()).end();
    expect(await stage.closed(2)).toEqual(["handshake-closed", "handshake-closed"]);
  });

  it("handshake-not-tls: what is neither TLS nor text is not answered", async () => {
    await stage.begin();
    const client = await raw();
    client.write("\x80\x2e\x01\x00\x02", "latin1");
    expect(await text(client)).toBe("");
    expect(await stage.closed(1)).toEqual(["handshake-not-tls"]);
  });

  it("handshake-malformed: noise that begins as TLS does", async () => {
    await stage.begin();
    const client = await raw();
    client.end(`\x16\x03\x01\x00\x20\x01\x00\x00\x1c${"x".repeat(28)}`, "latin1");
    expect(await text(client)).toMatch(/^\x15\x03/);
    expect(await stage.closed(1)).toEqual(["handshake-malformed"]);
  });

  it("handshake-malformed: a first message that goes on and on", async () => {
    await stage.begin();
    const client = await raw();
    const record = `\x16\x03\x01\x3f\xff${"\x01\xff\xff\xff"}${"x".repeat(0x3fff - 4)}`;
    client.write(record.repeat(3), "latin1");
    expect(await text(client).catch(() => "")).toBe("");
    expect(await stage.closed(1)).toEqual(["handshake-malformed"]);
  });

  it("handshake-timeout: --head-timeout is for the handshake, too, however slowly it goes on", async () => {
    await stage.begin({ headTimeout: 200 });
    const client = await raw();
    client.write("\x16\x03", "latin1");
    client.resume();
    await once(client, "close");
    expect(await stage.closed(1)).toEqual(["handshake-timeout"]);
  });

  it("head-timeout: behind the handshake it is the head that is waited for", async () => {
    await stage.begin({ headTimeout: 300 });
    const client = await stage.connect();
    client.resume();
    await once(client, "end");
    client.end();
    expect(await stage.closed(1)).toEqual(["head-timeout"]);
  });
});

it("a client that shakes no hands has a place like any other, and gives it up when places are short", async () => {
  await stage.begin({ maxConnections: 1 });
  const slow = await raw();
  slow.write("\x16\x03\x01\x02\x00", "latin1");
  slow.resume();
  const gone = once(slow, "close");
  while (stage.proxy?.stats().connections.downstream.open !== 1) await new Promise((resolve) => setImmediate(resolve));
  expect(await stage.ask(await stage.connect())).toMatch(/^HTTP\/1\.1 200 /);
  await gone;
  expect((await stage.closed(2)).toSorted()).toEqual(["close-received", "evicted"]);
});

it("hundreds of handshakes that never end turn nobody away who means it, and cost nothing in the end", async () => {
  await stage.begin({ maxConnections: 20, headTimeout: 1_000 });
  const noise = await Promise.all(Array.from({ length: 300 }, raw));
  for (const [index, client] of noise.entries()) {
    client.resume();
    if (index % 3 > 0) client.write(index % 3 === 1 ? "\x16\x03\x01\x02\x00\x01\x00\x01\xfc" : "\x16", "latin1");
  }
  for (let i = 0; i < 5; i++) expect(await stage.ask(await stage.connect())).toMatch(/^HTTP\/1\.1 200 /);
  const reasons = await stage.closed(305);
  expect(reasons.filter((reason) => reason === "close-received").length).toBe(5);
  const noises = new Set(reasons.filter((reason) => reason !== "close-received"));
  expect(["evicted", "handshake-timeout", "overloaded"]).toEqual(expect.arrayContaining([...noises]));
  expect(stage.proxy?.stats().connections.downstream.open).toBe(0);
});

it("plain HTTP on the port for TLS gets a 400 that says so", async () => {
  await stage.begin();
  const client = await raw();
  client.write("GET /secret HTTP/1.1\r\nHost: localhost\r\n\r\n");
  const answer = await text(client);
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
  expect(answer).toContain("This port speaks TLS and got plain HTTP");
  await stage.closed(1);
  expect(stage.exchanges).toMatchObject([{ status: 400, reason: "http-on-tls-port", method: "GET" }]);
  expect(stage.exchanges[0]).not.toHaveProperty("upstream");
});
