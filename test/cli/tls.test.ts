/** `hopwise proxy --tls-cert --tls-key`: several listeners, certificates by name, and what is wrong with files. */
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { afterAll, describe, expect, it, vi } from "vitest";
import { authority, CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { hopwise, origin, proxy, run } from "./running.ts";

const folder = new CertificateFolder();
afterAll(() => folder.remove());
const site = folder.write("site", certificateFor(["site.test"]));
const other = folder.write("other", certificateFor(["*.other.test"]));
const flagsOf = ({ cert, key }: { cert: string; key: string }) => ["--tls-cert", cert, "--tls-key", key];

const isBun = "bun" in process.versions || process.env.TESTS_RUNTIME?.includes("bun") === true;

it.runIf(isBun)("Bun (of others this is skipped) says that it cannot serve clients over TLS", async () => {
  const { code, err } = await run("proxy", "--to", "http://127.0.0.1:9", "--listen", "0", ...flagsOf(site));
  expect([code, err]).toEqual([
    2,
    expect.stringMatching(/--listen: this runtime cannot serve clients over TLS: use Node/),
  ]);
});

interface Ready {
  readonly type: "listening";
  readonly url: string;
  readonly listeners: readonly { readonly url: string; readonly port: number }[];
}

async function shakeHands(url: string, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const port = Number(new URL(url).port);
  const client = connect({ port, host: "127.0.0.1", servername: "site.test", ca: authority.cert, ...options });
  const secured = once(client, "secureConnect");
  client.on("error", () => undefined);
  await secured;
  return client;
}

async function ask(client: TLSSocket): Promise<string> {
  client.write("GET / HTTP/1.1\r\nHost: site.test\r\nConnection: close\r\n\r\n");
  return await text(client);
}

describe.skipIf(isBun).each([[[]], [["--workers", "2"]]])("with %j (not on Bun)", (workers) => {
  it("one listener speaks TLS, another does not, and both lead to the origin", async () => {
    const { url: to } = await origin((request, response) => response.end(String(request.headers["x-forwarded-proto"])));
    const listens = ["--listen", "0", "--listen", "https://127.0.0.1:0"];
    const running = hopwise("proxy", "--json", "--no-admin", "--to", to, ...listens, ...flagsOf(site), ...workers);
    const { url, listeners } = await running.json<Ready>("listening");
    expect(listeners.map((it) => it.url)).toEqual([
      expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/),
    ]);
    expect(url).toBe(listeners[1]?.url);
    expect(await (await fetch(listeners[0]?.url ?? "")).text()).toBe("http");
    expect(await ask(await shakeHands(listeners[1]?.url ?? ""))).toMatch(/\r\nhttps$/);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
  });

  it("a ticket that one connection was given is good on the next ones, wherever they lead", async () => {
    const { url: to } = await origin((_request, response) => response.end("hello"));
    const { url } = await proxy("--to", to, ...flagsOf(site), ...workers);
    expect(url).toMatch(/^https:/);
    const first = await shakeHands(url);
    const [[session]] = await Promise.all([once(first, "session"), ask(first)]);
    for (let i = 0; i < 6; i++) {
      const client = await shakeHands(url, { session });
      expect(client.isSessionReused()).toBe(true);
      expect(await ask(client)).toMatch(/\r\nhello$/);
    }
  });
});

describe.skipIf(isBun).each([[[]], [["--workers", "2"]]])(
  "certificates that change, with %j (not on Bun)",
  (workers) => {
    it("are read again by themselves, and at SIGHUP; a bad one is kept out, and said once", async () => {
      const { url: to } = await origin((_request, response) => response.end("hello"));
      const mine = folder.write("changing", certificateFor(["site.test"]));
      const running = hopwise("proxy", "--no-admin", "--to", to, "--listen", "0", ...flagsOf(mine), ...workers);
      const [, url = ""] = /(https:\S+)/.exec(await running.err(/^hopwise/)) ?? [];
      const before = await shakeHands(url);
      const first = before.getPeerCertificate().fingerprint256;

      folder.write("changing", certificateFor(["site.test"]));
      await running.err(/the certificate .*changing\.pem was read again: it is good until \d{4}-/);
      const serves = async () => {
        const client = await shakeHands(url);
        const { fingerprint256 } = client.getPeerCertificate();
        client.destroy();
        return fingerprint256;
      };
      // Each worker looks by itself.
      const all = async () => {
        for (let i = 0; i < 4; i++) expect(await serves()).not.toBe(first);
      };
      await vi.waitFor(all, { timeout: 10_000, interval: 50 });

      writeFileSync(mine.key, "half a fi");
      running.child.kill("SIGHUP");
      await running.err(/SIGHUP: the certificates anew/);
      await running.err(/changing\.pem stays as it was: .*changing\.key holds no private key that can be read/);
      expect(running.errLines.join("\n")).not.toContain("half a fi");
      expect(await serves()).not.toBe(first);
      expect(await ask(before)).toMatch(/\r\nhello$/);
    });
  },
);

it.skipIf(isBun)(
  "clients are shown the certificate for the name that they ask for, otherwise the first (not on Bun)",
  async () => {
    const { url: to } = await origin((_request, response) => response.end("hello"));
    const { url } = await proxy("--to", to, ...flagsOf(site), ...flagsOf(other));
    const shownTo = async (servername: string) => {
      const client = await shakeHands(url, { servername, rejectUnauthorized: false });
      const name = client.getPeerCertificate().subject?.CN;
      client.destroy();
      return name;
    };
    expect(await shownTo("site.test")).toBe("site.test");
    expect(await shownTo("a.other.test")).toBe("*.other.test");
    expect(await shownTo("a.b.other.test")).toBe("site.test");
    expect(await shownTo("unknown.test")).toBe("site.test");
    expect(await shownTo("")).toBe("site.test");
  },
);

it.skipIf(isBun)(
  "--tls self-signed makes a certificate for this machine, and says what it is good for (not on Bun)",
  async () => {
    const { url: to } = await origin((_request, response) => response.end("hello"));
    const { url, running } = await proxy("--to", to, "--tls", "self-signed");
    await running.err(/warning: the certificate was made now, for development: clients do not trust it/);
    const first = await shakeHands(url, { rejectUnauthorized: false });
    const { raw, subjectaltname } = first.getPeerCertificate();
    expect(subjectaltname).toContain("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    const ca = `-----BEGIN CERTIFICATE-----\n${raw.toString("base64")}\n-----END CERTIFICATE-----\n`;
    expect(await ask(await shakeHands(url, { ca, servername: "localhost" }))).toMatch(/\r\nhello$/);
    first.destroy();
  },
);

describe("what is wrong with certificates is said before anything starts", () => {
  const expired = folder.write("expired", certificateFor(["old.test"], { days: -3 }));
  const future = folder.write("future", certificateFor(["new.test"], { from: 2 }));
  const twin = folder.write("twin", certificateFor(["twin.test", "site.test"]));
  const noise = folder.at("noise.pem");
  writeFileSync(noise, "no certificate at all\n");
  const locked = folder.at("locked.key");
  writeFileSync(locked, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n");
  const pair = (cert: string, key: string) => ["--tls-cert", cert, "--tls-key", key];

  it.each([
    [
      "a file that is not there",
      pair(folder.at("none.pem"), site.key),
      /--tls-cert: .*none\.pem cannot be read \(does not exist\)/,
    ],
    ["a key that is not there", pair(site.cert, folder.at("none.key")), /--tls-key: .*none\.key cannot be read/],
    ["no certificate", pair(noise, site.key), /--tls-cert: .*noise\.pem holds no certificate that can be read/],
    ["no key", pair(site.cert, noise), /--tls-key: .*noise\.pem holds no private key that can be read/],
    ["a key with a passphrase", pair(site.cert, locked), /--tls-key: .*locked\.key is encrypted: write one without/],
    ["another's key", pair(site.cert, other.key), /--tls-key: .*other\.key is not the key of .*site\.pem/],
    ["an expired certificate", flagsOf(expired), /--tls-cert: .*expired\.pem has expired on \d{4}-\d\d-\d\d: renew it/],
    ["a certificate of tomorrow", flagsOf(future), /--tls-cert: .*future\.pem is not valid before \d{4}-/],
    [
      "two for one name",
      [...flagsOf(site), ...flagsOf(twin)],
      /--tls-cert: .*site\.pem and .*twin\.pem are both for site\.test/,
    ],
    [
      "a key too few",
      ["--tls-cert", site.cert],
      /--tls-key: there are 1 certificate and 0 keys: write a --tls-key for each/,
    ],
    [
      "no certificate for https",
      ["--listen", "https://127.0.0.1:0"],
      /--listen: https:\/\/127\.0\.0\.1:0 needs a certificate: write --tls-cert/,
    ],
    [
      "no https for certificates",
      ["--listen", "http://127.0.0.1:0", ...flagsOf(site)],
      /--tls-cert: nothing listens for https: write --listen https:/,
    ],
    [
      "files beside a certificate of its own",
      ["--tls", "self-signed", ...flagsOf(site)],
      /--tls: there are files of certificates, too/,
    ],
    ["an unknown word for it", ["--tls", "on"], /--tls: "on" is not self-signed/],
    [
      "a place twice",
      ["--listen", "8443", "--listen", "https://127.0.0.1:8443", ...flagsOf(site)],
      /--listen: 127\.0\.0\.1:8443 is given twice: write it once/,
    ],
  ])("%s", async (_what, flags, says) => {
    const { code, out, err } = await run("proxy", "--to", "http://127.0.0.1:9", ...flags);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(says);
    expect(err.split("\n").length).toBe(1);
  });
});
