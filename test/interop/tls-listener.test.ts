/** Other people's TLS in front of hopwise: curl and openssl s_client. */
import { writeFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { authority, authorityNamed, certificateFor } from "../kit/certificates.ts";
import { TlsStage } from "../kit/tls-stage.ts";
import { has, needing, run } from "./support/programs.ts";

const clients = authorityNamed("clients");

describe.skipIf(!has("openssl") || !has("curl") || "bun" in process.versions)(
  `a proxy over TLS${needing("openssl", "curl")}`,
  () => {
    const stage = new TlsStage();
    let ca: string;
    let alice: { cert: string; key: string };

    beforeAll(async () => {
      const pairs = ["localhost", "*.site.test", "members.test"].map((name, index) =>
        stage.folder.write(`site${index}`, certificateFor([name])),
      );
      ca = stage.folder.at("ca.pem");
      writeFileSync(ca, authority.cert);
      writeFileSync(stage.folder.at("clients.pem"), clients.cert);
      alice = stage.folder.write("alice", certificateFor(["alice"], { issuer: clients }));
      await stage.begin({
        tlsCert: pairs.map(({ cert }) => cert),
        tlsKey: pairs.map(({ key }) => key),
        clientCa: ["none", "none", stage.folder.at("clients.pem")],
      });
    });
    afterAll(() => stage.end());

    const curl = async (host: string, ...args: readonly string[]) => {
      const at = ["--resolve", `${host}:${stage.port}:127.0.0.1`, "--cacert", ca, "--noproxy", "*", "-sS"];
      return await run("curl", [...at, ...args, `https://${host}:${stage.port}/`]);
    };
    const openssl = async (...args: readonly string[]) => {
      const { stdout, stderr } = await run("openssl", ["s_client", "-connect", `127.0.0.1:${stage.port}`, ...args], {
        input: Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      });
      return stdout.toString() + stderr;
    };
    /** Why the connection closes that `act` makes, once those of before are gone. */
    const closeOf = async (act: () => Promise<unknown>) => {
      const gone = () => stage.proxy?.stats().connections.downstream.open === 0;
      await vi.waitUntil(gone);
      await setImmediate();
      const { length } = stage.closes;
      await act();
      return (await stage.closed(length + 1))[length];
    };

    it.each(["localhost", "a.site.test"])("curl trusts the certificate that it is shown for %s", async (host) => {
      const { code, stdout } = await curl(host, "-d", "x".repeat(100_000));
      expect(code).toBe(0);
      expect(stdout.toString()).toContain("X-Forwarded-Proto: https\r\n");
    });

    it("curl does not trust one of an authority that it does not know, nor one that is for another name", async () => {
      const other = stage.folder.at("clients.pem");
      const untrusted = async () => expect((await curl("localhost", "--cacert", other)).code).toBe(60);
      expect(await closeOf(untrusted)).toBe("handshake-refused");
      expect((await curl("unknown.test")).code).toBe(60);
    });

    it("curl shows its certificate where it is asked for one, and is refused without", async () => {
      const shown = await curl("members.test", "--cert", alice.cert, "--key", alice.key);
      expect(shown.stdout.toString()).toMatch(/^Client-Cert: :[A-Za-z0-9+/]+=*:\r$/m);
      const reason = await closeOf(async () => expect((await curl("members.test")).code).not.toBe(0));
      expect(reason).toBe("handshake-certificate-missing");
    });

    it.each(["-tls1_2", "-tls1_3"])("openssl shakes hands with %s", async (version) => {
      const told = await openssl(
        version,
        "-servername",
        "localhost",
        "-CAfile",
        ca,
        "-verify_return_error",
        "-ign_eof",
      );
      expect(told).toContain("Verify return code: 0 (ok)");
      expect(told).toContain("HTTP/1.1 200 OK");
    });

    it.each<[string, string[], string]>([
      ["TLS 1.1", ["-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0"], "handshake-version"],
      ["ciphers without a key exchange of their own", ["-tls1_2", "-cipher", "AES128-GCM-SHA256"], "handshake-cipher"],
      ["signatures that are not used", ["-sigalgs", "RSA-PSS+SHA256"], "handshake-cipher"],
      ["another protocol alone", ["-alpn", "imap"], "handshake-protocol"],
      ["no trust", ["-verify_return_error", "-CAfile", "clients.pem"], "handshake-refused"],
    ])("openssl with %s is refused, and it is said why", async (_what, args, reason) => {
      const flags = args.map((arg) => (arg === "clients.pem" ? stage.folder.at(arg) : arg));
      expect(await closeOf(() => openssl(...flags))).toBe(reason);
    });

    it.each(["-tls1_2", "-tls1_3"])("openssl resumes its session with %s", async (version) => {
      const session = stage.folder.at(`session${version}`);
      const flags = [version, "-servername", "localhost", "-CAfile", ca, "-ign_eof"];
      await openssl(...flags, "-sess_out", session);
      expect(await openssl(...flags, "-sess_in", session)).toMatch(/^Reused, TLSv1\.[23]/m);
    });

    it("openssl gets no session of one name resumed under another that asks for certificates", async () => {
      const session = stage.folder.at("session");
      await openssl("-servername", "localhost", "-ign_eof", "-sess_out", session);
      const flags = ["-sess_in", session, "-ign_eof"];
      const reason = await closeOf(() => openssl(...flags, "-servername", "members.test"));
      expect(reason).toBe("handshake-certificate-missing");
    });

    it("openssl is refused a renegotiation", async () => {
      const { length } = stage.exchanges;
      const told = await run("openssl", ["s_client", "-connect", `127.0.0.1:${stage.port}`, "-tls1_2"], {
        input: Buffer.from("R\n"),
      });
      expect(told.stdout.toString() + told.stderr).toMatch(/no renegotiation/);
      expect(stage.exchanges.length).toBe(length);
    });
  },
);
