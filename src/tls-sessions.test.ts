/** Sessions of clients, and certificates that change under them: nothing is lost, and nothing is taken for something else. */
import { once } from "node:events";
import type { ConnectionOptions } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { certificateFor } from "../test/kit/certificates.ts";
import { TlsStage } from "../test/kit/tls-stage.ts";

const HOUR_MS = 3_600_000;
const versions = ["TLSv1.2", "TLSv1.3"] as const;

let stage: TlsStage;
beforeEach(() => {
  stage = new TlsStage();
});
afterEach(async () => {
  vi.useRealTimers();
  await stage.end();
});

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

async function isResumed(session: Buffer, options: ConnectionOptions = {}): Promise<boolean> {
  const client = await stage.connect({ session, ...options });
  const isReused = client.isSessionReused();
  expect(await stage.ask(client)).toMatch(/^HTTP\/1\.1 200 /);
  return isReused;
}

describe.each(versions)("over %s", (version) => {
  const only = { minVersion: version, maxVersion: version };

  it("a session is resumed, and counted", async () => {
    await stage.begin();
    const session = await newSession(only);
    expect(await isResumed(session, only)).toBe(true);
    expect(stage.proxy?.stats().tls?.handshakes).toEqual({ full: 1, resumed: 1 });
  });

  it("and also behind a change of keys, but not behind the next one", async () => {
    await stage.begin();
    const now = Date.now();
    const session = await newSession(only);
    vi.useFakeTimers({ toFake: ["Date"], now: now + 4 * HOUR_MS });
    expect(await isResumed(session, only)).toBe(true);
    vi.setSystemTime(now + 8 * HOUR_MS);
    expect(await isResumed(session, only)).toBe(false);
  });

  it("and behind a renewed certificate, which new handshakes get, while an open connection goes on", async () => {
    await stage.begin();
    const open = await stage.connect(only);
    const session = await newSession(only);
    const before = open.getPeerCertificate().fingerprint256;
    stage.folder.write("site", certificateFor(["localhost", "127.0.0.1"]));
    stage.proxy?.reloadCertificates();
    const newcomer = await stage.connect(only);
    expect(newcomer.getPeerCertificate().fingerprint256).not.toBe(before);
    newcomer.destroy();
    expect(await isResumed(session, only)).toBe(true);
    expect(await stage.ask(open)).toMatch(/^HTTP\/1\.1 200 /);
    expect(stage.proxy?.stats().tls?.reloads).toEqual({ renewed: 1, kept: 0 });
  });

  it("but not under a name that has another certificate", async () => {
    const pairs = ["localhost", "other.test"].map((name) => stage.folder.write(name, certificateFor([name])));
    await stage.begin({ tlsCert: pairs.map(({ cert }) => cert), tlsKey: pairs.map(({ key }) => key) });
    const session = await newSession(only);
    const other = { ...only, servername: "other.test" };
    expect(await isResumed(session, other)).toBe(false);
  });
});

it("a client that asks for a new handshake on an open connection is refused one (RFC 9325 section 3.4)", async () => {
  await stage.begin();
  const client = await stage.connect({ maxVersion: "TLSv1.2" });
  client.on("error", () => {});
  const refused = new Promise<Error | null>((resolve) => {
    client.renegotiate({}, resolve);
    client.once("close", () => resolve(new Error("closed")));
  });
  expect(await refused).toBeInstanceOf(Error);
});

it("when a certificate ends is in the figures", async () => {
  await stage.begin();
  expect(stage.proxy?.stats().tls?.certificates).toEqual([
    {
      certificate: stage.folder.at("site.pem"),
      names: ["localhost", "127.0.0.1"],
      expires: expect.stringMatching(/^\d{4}-.*Z$/),
    },
  ]);
});
