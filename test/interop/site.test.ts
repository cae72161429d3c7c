/**
 * One file for a whole site (examples/site/hopwise.config.yaml), and other people's programs that pass through it: curl, openssl,
 * wrk, Chromium, WebSocket, an event stream; on this runtime and on other versions of Node.
 *
 * The file is the example as it stands; only its addresses and the folder of its certificates are replaced. Deliberately absent: what
 * each part of it does in detail, see the tests of routes, groups and TLS.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { request } from "node:https";
import { connect } from "node:tls";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { quiet } from "../browser/quiet.ts";
import { authority, certificateFor } from "../kit/certificates.ts";
import { type Runtime, runtimes } from "../runtimes/runtimes.ts";
import { type CurlResult, curl as curlAt } from "./support/curl.ts";
import { Directory } from "./support/directory.ts";
import { type Hopwise, runHopwise } from "./support/hopwise.ts";
import { has, needing, pathOf, run } from "./support/programs.ts";
import { randomOctets } from "./support/random.ts";
import { SiteEndpoint, type Told } from "./support/site-endpoint.ts";
import { rewritten } from "./support/site-file.ts";
import { until } from "./support/waiting.ts";
import { wrk } from "./support/wrk.ts";

const EXAMPLE = "examples/site/hopwise.config.yaml";
const WWW = "www.example.com";
const SHOP = "shop.example.com";
const MIB = 1_048_576;

/** By their addresses in the example. */
const ADDRESSES = {
  "http://10.0.0.11:3000": "api-1",
  "http://10.0.0.12:3000": "api-2",
  "http://10.0.0.13:3000": "api-canary",
  "http://10.0.0.21:4000": "live",
  "http://10.0.0.31:3000": "shop",
  "http://10.0.0.41:8080": "pages-1",
  "http://10.0.0.42:8080": "pages-2",
  "http://127.0.0.1:8888": "certbot",
} as const;
const API = ["api-1", "api-2", "api-canary"];

/** It asks the API, opens a WebSocket, reads an event, and shows what came of each in its title. */
const PAGE = `<!doctype html><title></title><link rel="icon" href="data:,"><script type="module">
  const asked = fetch("/api/page").then((response) => response.json()).then(({ target }) => target);
  const echoed = new Promise((resolve, reject) => {
    const socket = new WebSocket("wss://" + location.host + "/ws");
    socket.onopen = () => socket.send("echo");
    socket.onmessage = ({ data }) => resolve(data);
    socket.onerror = () => reject(new Error("no WebSocket"));
  });
  const told = new Promise((resolve) => { new EventSource("/api/events").onmessage = ({ data }) => resolve(data); });
  document.title = (await Promise.all([asked, echoed, told]).catch((error) => [error])).join(" ");
</script>`;

const own: Runtime = { name: "this runtime", path: process.env.TESTS_RUNTIME ?? process.execPath };
const others = runtimes.filter(({ name }) => /^Node 2[2-9]$/.test(name));

for (const { name, path } of [own, ...others]) {
  // Bun serves no client over TLS. Not installed: npm ci --prefix test/runtimes.
  const absent = path === undefined ? " (skipped: not installed)" : /bun/.test(path) ? " (skipped: Bun)" : "";
  const title = `one file for a site, on ${name}${absent}${needing("openssl")}`;
  describe.skipIf(absent !== "" || !has("openssl"))(title, () => site(path ?? ""));
}

function site(path: string): void {
  const directory = new Directory();
  const ca = directory.write("ca.pem", authority.cert);
  const endpoints = new Map<string, SiteEndpoint>();
  let hopwise: Hopwise;
  let port: number;

  beforeAll(async () => {
    for (const name of Object.values(ADDRESSES)) {
      endpoints.set(name, await SiteEndpoint.start(name, name.startsWith("pages") ? PAGE : ""));
    }
    const urls = Object.entries(ADDRESSES).map(([address, name]) => [address, endpoint(name).url]);
    for (const host of [WWW, SHOP]) certify(host);
    const text = rewritten(EXAMPLE, {
      ...Object.fromEntries(urls),
      "http: 0.0.0.0:80": "http: 127.0.0.1:0",
      "https: 0.0.0.0:443": "https: 127.0.0.1:0",
      "admin: 127.0.0.1:9901": "admin: 0",
      "/etc/letsencrypt": directory.path,
      "/var/log/hopwise": directory.path,
    });
    hopwise = await runHopwise(directory.write("hopwise.config.yaml", text), path);
    port = hopwise.listeners[1]?.port ?? 0;
  });

  afterAll(async () => {
    const exit = await hopwise?.stop();
    for (const one of endpoints.values()) one.stop();
    directory.remove();
    expect(exit).toMatchObject({ code: 0, stderr: "" });
  });

  function endpoint(name: string): SiteEndpoint {
    const found = endpoints.get(name);
    if (found === undefined) throw new Error(`no endpoint ${name}`);
    return found;
  }

  /** A certificate where certbot puts it: the folder that is named has links into another one, which are replaced. */
  function certify(host: string, version = 1): void {
    const { cert, key } = certificateFor([host]);
    directory.write(`archive/${host}/fullchain${version}.pem`, cert);
    directory.write(`archive/${host}/privkey${version}.pem`, key);
    mkdirSync(directory.at(`live/${host}`), { recursive: true });
    for (const file of ["fullchain", "privkey"]) {
      const link = directory.at(`live/${host}/${file}.pem`);
      rmSync(link, { force: true });
      symlinkSync(`../../archive/${host}/${file}${version}.pem`, link);
    }
  }

  async function openSocket(): Promise<WebSocket> {
    const options = { ca: authority.cert, servername: WWW, headers: { Host: WWW } };
    const socket = new WebSocket(`wss://127.0.0.1:${port}/ws`, options).on("error", () => undefined);
    await eventOf(socket, "open");
    return socket;
  }

  /** Of the certificate that is shown now. */
  async function serial(): Promise<string> {
    const client = connect({ host: "127.0.0.1", port, servername: WWW, ca: authority.cert });
    const secured = once(client, "secureConnect");
    client.on("error", () => undefined);
    await secured;
    const { serialNumber } = client.getPeerCertificate();
    client.destroy();
    return serialNumber;
  }

  /** curl, for which the hosts' usual ports lead here. */
  async function curl(...args: readonly string[]): Promise<CurlResult> {
    const places = [`:80:127.0.0.1:${hopwise.listeners[0]?.port}`, `:443:127.0.0.1:${port}`];
    return await curlAt(["--cacert", ca, ...places.flatMap((place) => ["--connect-to", place]), ...args]);
  }

  /** What an endpoint was asked. */
  async function told(...args: readonly string[]): Promise<Told> {
    const { code, stdout, messages } = await curl("--fail", ...args);
    expect([code, messages.trim()]).toStrictEqual([0, ""]);
    return JSON.parse(stdout.toString()) as Told;
  }

  /** Asks the API so often. @returns how often each of its endpoints was asked */
  async function askApi(count: number, ...flags: readonly string[]): Promise<number[]> {
    const before = API.map((name) => endpoint(name).asked);
    await curl(...Array.from({ length: count }, (_, index) => `https://${WWW}/api/${index}`), ...flags);
    return API.map((name, index) => endpoint(name).asked - (before[index] ?? 0));
  }

  /** Over a connection of its own, whose certificate is checked. @returns what the handshake came to, and the answer */
  async function handshake(...flags: readonly string[]): Promise<string> {
    const args = ["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", ca, "-ign_eof", ...flags];
    const input = Buffer.from(`GET /x HTTP/1.1\r\nHost: ${WWW}\r\nConnection: close\r\n\r\n`);
    const { stdout, stderr } = await run("openssl", args, { input });
    return stdout.toString() + stderr;
  }

  describe.skipIf(!has("curl"))(`curl${needing("curl")}`, () => {
    it("is sent from http to https, port 443, and gets there with its method and body", async () => {
      const sent = await curl("--include", `http://${WWW}/orders?n=1`);
      expect(sent.stdout.toString()).toContain("HTTP/1.1 308 ");
      expect(sent.stdout.toString()).toContain(`\r\nLocation: https://${WWW}/orders?n=1\r\n`);
      const arrived = await told("--location", "--data", "a=b", `http://${WWW}/orders?n=1`);
      expect(arrived).toMatchObject({ method: "POST", target: "/orders?n=1", host: WWW, proto: "https", bytes: 3 });
    });

    it.each([
      "1.1",
      "2",
    ])("reaches each host's own endpoints over HTTP/%s, with a certificate that it trusts", async (version) => {
      const www = await curl(`--http${version}`, `https://${WWW}/about`);
      expect(www.transfers[0]).toMatchObject({ response_code: 200, http_version: version });
      expect((JSON.parse(www.stdout.toString()) as Told).endpoint).toMatch(/^pages-[12]$/);
      expect(await told(`https://${SHOP}/about`)).toMatchObject({ endpoint: "shop", host: SHOP, proto: "https" });
    });

    it("does not trust what it is shown for a host that the site does not have", async () => {
      expect((await curl("https://other.example.com/")).code).toBe(60);
    });

    it("reaches the API without its prefix; on the shop's host, which says more than a path, it does not", async () => {
      const { endpoint: name, target } = await told(`https://${WWW}/api/orders?n=1`);
      expect([API.includes(name), target]).toStrictEqual([true, "/orders?n=1"]);
      expect(await told(`https://${SHOP}/api/orders`)).toMatchObject({ endpoint: "shop", target: "/api/orders" });
    });

    it.each([WWW, SHOP])("is led to certbot for %s, as those who issue certificates are", async (host) => {
      const arrived = await told("--location", `http://${host}/.well-known/acme-challenge/token`);
      expect(arrived).toMatchObject({ endpoint: "certbot", target: "/.well-known/acme-challenge/token", host });
    });

    it("uses one connection for several requests", async () => {
      const urls = ["/", "/api/x", "/about"].map((target) => `https://${WWW}${target}`);
      const { transfers } = await curl(...urls);
      expect(transfers.map(({ num_connects }) => num_connects)).toStrictEqual([1, 0, 0]);
    });

    it.each([
      ["with a length", []],
      ["in chunks", ["--header", "Transfer-Encoding: chunked"]],
    ])("uploads 5 MiB %s", async (_way, flags) => {
      const body = randomOctets(5 * MIB);
      const file = directory.write("upload", body);
      const arrived = await told(...flags, "--data-binary", `@${file}`, `https://${WWW}/api/upload`);
      expect(arrived).toMatchObject({ method: "POST", bytes: body.length, sha256: sha256(body) });
    });

    it("gets 400 for a path that could mean another route", async () => {
      const { transfers } = await curl("--path-as-is", `https://${WWW}/about/../api/orders`);
      expect(transfers[0]?.response_code).toBe(400);
    });

    it("reaches all three endpoints of the API", async () => {
      const asked = await askApi(60, "--parallel");
      expect(asked.reduce((sum, count) => sum + count)).toBe(60);
      expect(asked.filter((count) => count === 0)).toStrictEqual([]);
    });

    it("gives the canary its part of the API's requests", async () => {
      const asked = await askApi(100);
      expect(asked.reduce((sum, count) => sum + count)).toBe(100);
      // 45, 45 and 10, but that a request may come while the end of the one before is still on its way.
      const off = asked.map((count, index) => Math.abs(count - ([45, 45, 10][index] ?? 0)));
      expect(Math.max(...off)).toBeLessThanOrEqual(3);
    });

    it("leaves out an endpoint of the API that says it is not well, until it is", async () => {
      endpoint("api-1").isHealthy = false;
      await until("it is left out", async () => (await askApi(20))[0] === 0);
      endpoint("api-1").isHealthy = true;
      await until("it is back", async () => (await askApi(20))[0] !== 0);
      expect(API.map((name) => endpoint(name).checked > 0)).toStrictEqual([true, true, true]);
    });

    it("is told to wait when it tries to log in again and again", async () => {
      const urls = Array.from({ length: 8 }, () => `https://${WWW}/login`);
      const { transfers, stdout } = await curl("--include", "--data", "password=guess", ...urls);
      const statuses = transfers.map(({ response_code }) => response_code);
      expect([statuses[0], statuses.includes(429)]).toStrictEqual([200, true]);
      expect(stdout.toString()).toMatch(/^Retry-After: \d+\r$/im);
      expect(await told(`https://${WWW}/login`)).toMatchObject({ method: "GET", target: "/login" });
    });
  });

  describe("openssl s_client", () => {
    it.each([
      ["its name", ["-servername", SHOP], SHOP],
      ["the other name", ["-servername", WWW], WWW],
      ["no name", ["-noservername"], WWW],
    ])("asks with %s and is shown the certificate for it", async (_what, flags, host) => {
      const said = await handshake(...flags, "-verify_hostname", host);
      expect(said).toMatch(new RegExp(`subject=CN = ${host}$`, "m"));
      expect(said).toContain("Verification: OK");
    });

    it.each([
      ["-tls1_2", "TLSv1.2"],
      ["-tls1_3", "TLSv1.3"],
    ])("speaks %s, is answered, and resumes its session", async (flag, version) => {
      const session = directory.at(`session${flag}`);
      const first = await handshake(flag, "-servername", WWW, "-sess_out", session);
      expect(first).toMatch(new RegExp(`^New, ${version.replace(".", "\\.")}`, "m"));
      expect(first).toContain("HTTP/1.1 200 OK");
      const second = await handshake(flag, "-servername", WWW, "-sess_in", session);
      expect(second).toMatch(new RegExp(`^Reused, ${version.replace(".", "\\.")}`, "m"));
      expect(second).toContain("HTTP/1.1 200 OK");
    });

    it("is refused TLS 1.1", async () => {
      const said = await handshake("-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0", "-servername", WWW);
      expect(said).toContain("alert protocol version");
    });
  });

  it("certbot renews: new handshakes get the new certificate, and a WebSocket that was open before goes on", async () => {
    const socket = await openSocket();
    const before = await serial();
    certify(WWW, 2);
    await until("the new certificate is shown", async () => (await serial()) !== before);
    expect(await handshake("-servername", WWW)).toContain("Verification: OK");
    const answer = eventOf(socket, "message");
    socket.send("still here");
    expect(String((await answer)[0])).toBe("still here");
    socket.close();
    await eventOf(socket, "close");
  });

  it.skipIf(!has("wrk"))(`wrk over TLS: no error${needing("wrk")}`, async () => {
    const args = ["-t", "1", "-c", "4", "-d", "2s", "--timeout", "20s", "-H", `Host: ${WWW}`];
    const report = await wrk([...args, `https://127.0.0.1:${port}/api/load`]);
    expect(report).toMatchObject({ errors: { connect: 0, read: 0, write: 0, timeout: 0 }, non2xx: 0 });
    // More than one on each connection.
    expect(report.requests).toBeGreaterThan(4);
  });

  it("ws: a message each way through /ws, over TLS", async () => {
    const socket = await openSocket();
    for (const message of [Buffer.from("echo"), randomOctets(MIB)]) {
      const answer = eventOf(socket, "message");
      socket.send(message);
      expect(message.equals((await answer)[0] as Buffer)).toBe(true);
    }
    const closed = eventOf(socket, "close");
    socket.close(4_000, "done");
    expect((await closed)[0]).toBe(4_000);
    expect(endpoint("live").asked).toBeGreaterThan(0);
  });

  it("an event stream: each event is there before the next one is sent", async () => {
    let text = "";
    const asking = request(
      { host: "127.0.0.1", port, path: "/api/events", servername: WWW, headers: { Host: WWW }, ca: authority.cert },
      (response) => {
        response.on("data", (data: Buffer) => {
          text += data;
        });
        response.on("error", () => {});
      },
    );
    asking.on("error", () => {});
    asking.end();
    const readers = () => API.map(endpoint).filter((one) => one.readers > 0);
    await until("an endpoint of the API is read from", () => readers().length === 1);
    for (const word of ["one", "two", "three"]) {
      readers()[0]?.tell(word);
      await until(`the event ${word} is there`, () => text.endsWith(`data: ${word}\n\n`));
    }
    asking.destroy();
    await until("the endpoint is told that the reader has gone", () => {
      readers()[0]?.tell("is anyone there?");
      return readers().length === 0;
    });
  });

  describe.skipIf(!has("chromium"))(`Chromium${needing("chromium")}`, () => {
    let browser: Browser;
    beforeAll(async () => {
      const rules = `MAP *:80 127.0.0.1:${hopwise.listeners[0]?.port}, MAP *:443 127.0.0.1:${port}`;
      browser = await chromium.launch({
        executablePath: pathOf("chromium") ?? "",
        args: [
          "--no-sandbox",
          "--disable-gpu",
          "--ignore-certificate-errors",
          `--host-resolver-rules=${rules}`,
          ...quiet,
        ],
      });
    });
    afterAll(() => browser?.close());

    it("is sent to https, shows the page, asks the API, speaks WebSocket and reads events", async () => {
      const page = await browser.newPage();
      await page.goto(`http://${WWW}/`);
      expect(page.url()).toBe(`https://${WWW}/`);
      const reading = () => API.map(endpoint).filter((one) => one.readers > 0);
      await until("the page reads events", () => reading().length === 1);
      reading()[0]?.tell("event");
      await page.waitForFunction("document.title !== ''");
      expect(await page.title()).toBe("/page echo event");
      await page.close();
    });
  });
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** The arguments of the next event of this name; an error rejects. */
function eventOf(socket: WebSocket, name: "open" | "message" | "close"): Promise<unknown[]> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once(name, (...args: unknown[]) => {
      socket.removeListener("error", reject);
      resolve(args);
    });
  });
}
