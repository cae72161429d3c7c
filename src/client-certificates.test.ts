/** Certificates of clients: origins are told of them (RFC 9440) and of no others, and no session or connection gets round them. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { authorityNamed, certificateFor, type Wanted } from "../test/kit/certificates.ts";
import { TlsStage } from "../test/kit/tls-stage.ts";
import { createGateway, type GatewayConfig, type ProxyOptions } from "./index.ts";

const [ours, theirs] = [authorityNamed("ours"), authorityNamed("theirs")];
const alice = certificateFor(["alice"], { issuer: ours });
const versions = ["TLSv1.2", "TLSv1.3"] as const;

let stage: TlsStage;
beforeEach(() => {
  stage = new TlsStage();
});
afterEach(async () => {
  vi.useRealTimers();
  await stage.end();
});

/** Certificates for these names; of some it is said whose certificates clients show there: `ours`, `theirs`, or `none`. */
async function begin(names: Readonly<Record<string, "ours" | "theirs" | "none">>, options: Partial<ProxyOptions> = {}) {
  writeFileSync(stage.folder.at("ours"), ours.cert);
  writeFileSync(stage.folder.at("theirs"), theirs.cert);
  const pairs = Object.keys(names).map((name) => stage.folder.write(name, certificateFor([name])));
  const clientCa = Object.values(names).map((ca) => (ca === "none" ? ca : stage.folder.at(ca)));
  const [tlsCert, tlsKey] = [pairs.map(({ cert }) => cert), pairs.map(({ key }) => key)];
  await stage.begin({ tlsCert, tlsKey, clientCa, ...options });
}

const field = (answer: string) => /^Client-Cert: (.*)\r$/m.exec(answer)?.[1];
const inBase64 = ({ cert }: { cert: string }) => cert.replace(/-----[^-]+-----|\n/g, "");

/** A client that is refused: over TLS 1.3 it hears of that behind its own end of the handshake. */
async function ends(options: ConnectionOptions): Promise<void> {
  const client = stage.open(options);
  client.on("error", () => {}).resume();
  await new Promise((resolve) => client.once("close", resolve));
}

/** A session that the proxy gave, on a connection that is over. */
async function newSession(options: ConnectionOptions): Promise<Buffer> {
  const client = stage.open(options);
  // TLS 1.2 gives it within the handshake, TLS 1.3 behind it.
  const given = once(client, "session");
  await once(client, "secureConnect");
  await stage.ask(client);
  const [session] = await given;
  return session;
}

describe.each(versions)("over %s", (version) => {
  const only = { minVersion: version, maxVersion: version };

  it("an origin is told of the certificate that its client has shown", async () => {
    await begin({ localhost: "ours" });
    const answer = await stage.ask(await stage.connect({ ...only, ...alice }));
    expect(field(answer)).toBe(`:${inBase64(alice)}:`);
  });

  it("a resumed session brings the certificate of its client, for as long as that is good", async () => {
    await begin({ localhost: "ours" });
    const session = await newSession({ ...only, ...alice });
    const again = await stage.connect({ ...only, ...alice, session });
    expect(again.isSessionReused()).toBe(true);
    expect(field(await stage.ask(again))).toBe(`:${inBase64(alice)}:`);
  });

  it.each<[string, ConnectionOptions, string]>([
    ["none", {}, "handshake-certificate-missing"],
    ["one of another authority", certificateFor(["mallory"], { issuer: theirs }), "handshake-certificate-invalid"],
    [
      "one that it has issued itself",
      certificateFor(["mallory"], { issuer: undefined } as Wanted),
      "handshake-certificate-invalid",
    ],
    ["one that has expired", certificateFor(["alice"], { issuer: ours, days: -1 }), "handshake-certificate-invalid"],
  ])("a client that shows %s is refused", async (_what, shown, reason) => {
    await begin({ localhost: "ours" });
    await ends({ ...only, ...shown });
    expect(await stage.closed(1)).toEqual([reason]);
    expect(stage.exchanges).toEqual([]);
  });

  it("where they are optional a client without one is served, and a bad one is refused all the same", async () => {
    await begin({ localhost: "ours" }, { clientCert: "optional" });
    expect(field(await stage.ask(await stage.connect(only)))).toBeUndefined();
    expect(field(await stage.ask(await stage.connect({ ...only, ...alice })))).toBe(`:${inBase64(alice)}:`);
    await ends({ ...only, ...certificateFor(["mallory"], { issuer: theirs }) });
    expect((await stage.closed(3)).at(-1)).toBe("handshake-certificate-invalid");
  });

  it.each([
    "ours",
    "none",
  ] as const)("a session of a name with %s is not good for a name with other authorities", async (first) => {
    await begin({ localhost: first, "other.test": "theirs" });
    const session = await newSession({ ...only, ...alice });
    await ends({ ...only, ...alice, session, servername: "other.test" });
    expect((await stage.closed(2)).at(-1)).toMatch(/^handshake-certificate-(?:invalid|missing)$/);
    expect(stage.exchanges.length).toBe(1);
  });

  it("nor where it asks for certificates only since the session was made", async () => {
    await begin({ localhost: "ours" });
    const session = await newSession({ ...only, ...alice });
    writeFileSync(stage.folder.at("ours"), theirs.cert);
    stage.proxy?.reloadCertificates();
    await ends({ ...only, ...alice, session });
    expect((await stage.closed(2)).at(-1)).toBe("handshake-certificate-invalid");
  });
});

describe("where other authorities count from now on, who came in before finishes what is under way, and comes in anew", () => {
  async function open(alpn: string): Promise<TLSSocket> {
    await begin({ localhost: "ours" });
    return await stage.connect({ ...alice, ALPNProtocols: [alpn] });
  }
  async function askedAgain(client: TLSSocket): Promise<string> {
    client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    return String((await once(client, "data"))[0]);
  }
  function reload(): void {
    writeFileSync(stage.folder.at("ours"), theirs.cert);
    stage.proxy?.reloadCertificates();
  }

  it("over HTTP/2", async () => {
    const socket = await open("h2");
    const session = connectHttp2("https://localhost", { createConnection: () => socket });
    session.on("error", () => {});
    const statusOf = async () =>
      (
        await once(
          session
            .request()
            .on("error", () => {})
            .resume(),
          "response",
        )
      )[0][":status"];
    expect(await statusOf()).toBe(200);
    const closed = once(session, "close");
    reload();
    await closed;
    expect(await stage.closed(1)).toEqual(["listener-left"]);
    await ends(alice);
    expect((await stage.closed(2)).at(-1)).toBe("handshake-certificate-invalid");
  });

  it("over HTTP/1", async () => {
    const client = await open("http/1.1");
    expect(await askedAgain(client)).toContain("Client-Cert: ");
    const ended = once(client, "end");
    reload();
    await ended;
    expect(await stage.closed(1)).toEqual(["listener-left"]);
  });

  it("by another configuration, too", async () => {
    await begin({ localhost: "ours" });
    const pair = stage.folder.write("site", certificateFor(["localhost"]));
    const config = (clientCa: string): GatewayConfig => ({
      listeners: [{ https: "127.0.0.1:0", certificates: [{ ...pair, clientCa: stage.folder.at(clientCa) }] }],
      routes: [{ respond: { status: 204 } }],
    });
    const gateway = createGateway(config("ours"));
    try {
      const { port } = await gateway.listen();
      const client = await stage.connect({ ...alice, port });
      expect(await askedAgain(client)).toMatch(/^HTTP\/1.1 204 /);
      const ended = once(client, "end");
      await gateway.reload(config("theirs"));
      await ended;
    } finally {
      await gateway.close({ graceMs: 0 });
    }
  });

  it("where the same count as before, nobody leaves", async () => {
    const client = await open("http/1.1");
    stage.proxy?.reloadCertificates();
    expect(await askedAgain(client)).toContain("Client-Cert: ");
    expect(await askedAgain(client)).toContain("Client-Cert: ");
    expect(stage.closes).toEqual([]);
  });
});

it("a session whose certificate has expired since is refused", async () => {
  const day = certificateFor(["alice"], { issuer: ours, days: 1 });
  await begin({ localhost: "ours" });
  const end_ms = Date.now() + 24 * 3_600_000;
  // Not longer before, since the keys of tickets are good for some hours.
  vi.useFakeTimers({ toFake: ["Date"], now: end_ms - 600_000 });
  const session = await newSession(day);
  vi.setSystemTime(end_ms + 600_000);
  await ends({ ...day, session });
  expect((await stage.closed(2)).at(-1)).toBe("handshake-certificate-invalid");
});

describe("what anybody writes in Client-Cert does not reach the origin", () => {
  const forged = ["Client-Cert: :Zm9yZ2Vk:", "Client-Cert-Chain: :Zm9yZ2Vk:", "Client_Cert: :Zm9yZ2Vk:"];

  it.each<[string, Partial<ProxyOptions>]>([
    ["a stranger", {}],
    ["a trusted neighbour", { trusted: "127.0.0.1" }],
  ])("of %s, who shows a certificate or none", async (_who, options) => {
    await begin({ localhost: "ours" }, { clientCert: "optional", ...options });
    const without = await stage.ask(await stage.connect(), ...forged);
    expect(without).not.toMatch(/Client[-_]Cert/i);
    const asked = await stage.ask(await stage.connect(alice), ...forged, "Connection: close, Client-Cert");
    expect(asked.match(/Client[-_]Cert.*/gi)).toEqual([`Client-Cert: :${inBase64(alice)}:`]);
  });

  it("of a stranger where nobody is asked for one", async () => {
    await stage.begin();
    expect(await stage.ask(await stage.connect(), ...forged)).not.toMatch(/Client[-_]Cert/i);
  });
});

describe("where certificates are asked for, a connection serves the name that its TLS was made for (421)", () => {
  const get = (host: string) => `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
  const asked = async (options: ConnectionOptions, request: string) => {
    const client = await stage.connect(options);
    client.end(request);
    let answer = "";
    for await (const octets of client) answer += octets;
    return answer.slice("HTTP/1.1 ".length, "HTTP/1.1 200".length);
  };

  it.each([
    ["localhost", "localhost", "200"],
    ["localhost", "LOCALHOST:8443", "200"],
    ["localhost", "localhost.", "200"],
    ["localhost", "open.test", "421"],
    ["localhost", "unknown.test", "421"],
    ["open.test", "open.test", "200"],
    ["open.test", "localhost", "421"],
    ["open.test", "%6cocalhost", "421"],
    ["", "localhost", "200"],
    ["", "open.test", "421"],
  ])("TLS for %j, Host %j: %s", async (servername, host, status) => {
    await begin({ localhost: "ours", "open.test": "none" });
    const options = { ...alice, servername, checkServerIdentity: () => undefined };
    expect(await asked(options, get(host))).toBe(status);
    if (status === "421") expect(stage.exchanges).toMatchObject([{ reason: "host-misdirected" }]);
  });

  it("and the host of an absolute-form is the one that counts", async () => {
    await begin({ localhost: "ours", "open.test": "none" });
    const request = "GET https://localhost/ HTTP/1.1\r\nHost: open.test\r\nConnection: close\r\n\r\n";
    expect(await asked({ servername: "open.test" }, request)).toBe("421");
  });

  it("a listener without certificates of clients does not serve a name for which another asks for them", async () => {
    writeFileSync(stage.folder.at("ours"), ours.cert);
    const [open, closed] = ["open.test", "closed.test"].map((name) => stage.folder.write(name, certificateFor([name])));
    if (open === undefined || closed === undefined) throw new Error("both were written");
    const gateway = createGateway({
      listeners: [
        { https: "127.0.0.1:0", certificates: [open] },
        { https: "127.0.0.1:0", certificates: [{ ...closed, clientCa: stage.folder.at("ours") }] },
      ],
      routes: [{ respond: { status: 204 } }],
    });
    const { listeners } = await gateway.listen();
    const at = async (index: number, options: ConnectionOptions, host: string) => {
      const { port = 0 } = listeners[index] ?? {};
      return await asked({ ...options, port, checkServerIdentity: () => undefined }, get(host));
    };
    try {
      expect(await at(0, { servername: "open.test" }, "open.test")).toBe("204");
      expect(await at(0, { servername: "open.test" }, "anything.test")).toBe("204");
      for (const servername of ["open.test", "closed.test"]) {
        expect(await at(0, { servername }, "closed.test")).toBe("421");
        expect(await at(0, { servername }, "CLOSED.test.")).toBe("421");
      }
      expect(await at(1, { ...alice, servername: "closed.test" }, "closed.test")).toBe("204");
      expect(await at(1, { ...alice, servername: "closed.test" }, "open.test")).toBe("421");
      await gateway.reload({
        listeners: [{ https: "127.0.0.1:0", certificates: [open] }],
        routes: [{ respond: { status: 204 } }],
      });
      expect(await at(0, { servername: "open.test" }, "closed.test")).toBe("204");
    } finally {
      await gateway.close({ graceMs: 0 });
    }
  });

  it("without certificates of clients any Host is served", async () => {
    await begin({ localhost: "none", "open.test": "none" });
    expect(await asked({ servername: "open.test" }, get("localhost"))).toBe("200");
  });
});
