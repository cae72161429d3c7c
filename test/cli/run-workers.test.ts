/** `hopwise run` as several processes, on sockets that were handed over, and as the first process of a container. */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { type AddressInfo, createServer, type Server } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { formatPasswordHash, hashPassword } from "../../src/forward/password-hash.ts";
import type { ProxyStats } from "../../src/index.ts";
import { CertificateFolder, certificateFor } from "../kit/certificates.ts";
import { hopwise, hopwiseBehind, hopwiseOn, origin, type Running } from "./running.ts";

const folder = new CertificateFolder();
afterAll(() => folder.remove());
const site = folder.write("site", certificateFor(["site.test"]));

function file(name: string, text: string): string {
  const path = folder.at(name);
  writeFileSync(path, text);
  return path;
}

interface Ready {
  readonly type: "listening";
  readonly listeners: readonly { readonly url: string; readonly host: string; readonly port: number }[];
  readonly inherited: boolean;
  readonly admin: string;
  readonly workers?: number;
}

const ready = (running: Running) => running.json<Ready>("listening");

async function ended(running: Running): Promise<number | null> {
  running.child.kill("SIGTERM");
  return await running.ended;
}

/** Kills all workers, and waits for their successors. */
async function replaceAll(running: Running, admin: string): Promise<void> {
  const { workers } = (await (await fetch(`${admin}/stats`)).json()) as ProxyStats;
  for (const { pid } of workers?.processes ?? []) process.kill(pid, "SIGKILL");
  for (const lost of [1, 2]) await running.out(new RegExp(`"state":"running".*"instead":${lost}\\}`));
}

async function shakeHands(port: number, session?: Buffer): Promise<TLSSocket> {
  const options = { port, host: "127.0.0.1", rejectUnauthorized: false, servername: "localhost" };
  const client = connect({ ...options, ...(session === undefined ? {} : { session }) });
  const secured = once(client, "secureConnect");
  client.on("error", () => undefined);
  await secured;
  return client;
}

const isBun = "bun" in process.versions || process.env.TESTS_RUNTIME?.includes("bun") === true;
const unlessBun = isBun ? " (Bun serves no clients over TLS, and inherits no sockets)" : "";

describe(`--workers${unlessBun}`, () => {
  it("serves what the file says by several processes, whose figures are one's", async () => {
    const { url: to } = await origin((request, response) => response.end(`asked for ${request.url}`));
    const config = file(
      "workers.yaml",
      `listeners: [{ http: 127.0.0.1:0 }]
groups: { app: { to: ["${to}"] } }
routes:
  - { match: { path: /api/* }, to: app, stripPrefix: /api }
  - { match: { path: /hello }, respond: { body: "hello" } }
maxConnections: 100
admin: 0
`,
    );
    const running = hopwise("run", "-c", config, "--workers", "2", "--json");
    const { listeners, admin, workers } = await ready(running);
    expect(workers).toBe(2);
    const ask = async (path: string) => {
      const response = await fetch(`${listeners[0]?.url}${path}`, { headers: { connection: "close" } });
      return `${response.status} ${await response.text()}`;
    };
    const answers = await Promise.all(["/api/a", "/hello", "/none", "/api/b", "/hello", "/none"].map(ask));
    expect(answers.map((text) => text.slice(0, 20))).toEqual([
      ...["200 asked for /a", "200 hello", expect.stringMatching(/^404 /)],
      ...["200 asked for /b", "200 hello", expect.stringMatching(/^404 /)],
    ]);
    const stats = await (await fetch(`${admin}/stats`)).json();
    expect(stats).toMatchObject({ workers: { running: 2 }, exchanges: { total: 6 } });
    expect(await ended(running)).toBe(0);
  });

  it.skipIf(isBun)("shows one certificate of its own, and resumes sessions of any worker by any", async () => {
    const config = file(
      "self-signed.yaml",
      "listeners: [{ https: 127.0.0.1:0, tls: self-signed }]\nroutes: [{ respond: { body: hello } }]\n",
    );
    const running = hopwise("run", "-c", config, "--workers", "2", "--json");
    const { listeners } = await ready(running);
    const port = listeners[0]?.port ?? 0;
    const seen = new Set<string>();
    let session: Buffer | undefined;
    const resumed: boolean[] = [];
    for (let i = 0; i < 6; i++) {
      const client = await shakeHands(port, session);
      resumed.push(client.isSessionReused());
      if (session === undefined) {
        client.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        [session] = (await once(client, "session")) as [Buffer];
      }
      client.destroy();
      // One that resumes is shown none.
      const another = await shakeHands(port);
      seen.add(another.getPeerCertificate().fingerprint256);
      another.destroy();
    }
    expect([seen.size, resumed]).toEqual([1, [false, true, true, true, true, true]]);
    expect(await ended(running)).toBe(0);
  });

  it.skipIf(isBun)("a worker of hopwise proxy that was lost has a successor with the certificate in use", async () => {
    const pair = folder.write("replaced", certificateFor(["replaced.test"]));
    const args = ["--tls-cert", pair.cert, "--tls-key", pair.key, "--listen", "0", "--admin", "0", "--workers", "2"];
    const running = hopwise("proxy", "--to", "http://127.0.0.1:9", "--json", ...args);
    const { listeners, admin } = await ready(running);
    // Neither file can be used any more.
    for (const path of Object.values(pair)) writeFileSync(path, "nonsense");
    await replaceAll(running, admin);
    const client = await shakeHands(listeners[0]?.port ?? 0);
    expect(client.getPeerCertificate().subjectaltname).toBe("DNS:replaced.test");
    client.destroy();
    expect(await ended(running)).toBe(0);
  });

  it("a worker of hopwise forward that was lost has a successor with the users that are in force", async () => {
    const users = file("users", `alice:${formatPasswordHash(await hashPassword("wonder"))}\n`);
    const args = ["--users", users, "--allow-private", "--listen", "0", "--admin", "0", "--workers", "2"];
    const running = hopwise("forward", "--json", ...args);
    const { listeners, admin } = await ready(running);
    writeFileSync(users, "nonsense");
    await replaceAll(running, admin);
    const { url: to } = await origin((_, response) => response.end("hello"));
    const port = listeners[0]?.port ?? 0;
    const ask = (login: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { "Proxy-Authorization": `Basic ${Buffer.from(login).toString("base64")}` };
        const asked = request({ host: "127.0.0.1", port, path: `${to}/`, headers, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        asked.on("error", reject).end();
      });
    expect([await ask("alice:wonder"), await ask("alice:land")]).toStrictEqual([200, 407]);
    expect(await ended(running)).toBe(0);
  });

  it.skipIf(isBun)("hopwise proxy --tls self-signed does the same", async () => {
    const args = ["--tls", "self-signed", "--listen", "0", "--no-admin", "--json", "--workers", "2"];
    const running = hopwise("proxy", "--to", "http://127.0.0.1:9", ...args);
    const { listeners } = await ready(running);
    const seen = new Set<string>();
    for (let i = 0; i < 4; i++) {
      const client = await shakeHands(listeners[0]?.port ?? 0);
      seen.add(client.getPeerCertificate().fingerprint256);
      client.destroy();
    }
    expect(seen.size).toBe(1);
  });

  it("starts nothing where the file is wrong", async () => {
    const config = file("wrong.yaml", "routes: [{ to: app }]\nheadTimeout: 5\n");
    const running = hopwise("run", "-c", config, "--workers", "2");
    expect(await running.ended).toBe(2);
    expect(running.errLines.join("\n").replaceAll(config, "wrong.yaml")).toBe(
      'hopwise: wrong.yaml:1:12: routes[0].to: there is no group "app"; there are: none',
    );
  });
});

describe("both families of addresses at [::]", () => {
  it.each([[[]], [["--workers", "2"]]])("%j", async (workers) => {
    const config = file("dual.yaml", 'listeners: [{ http: "[::]:0" }]\nroutes: [{ respond: { body: hello } }]\n');
    const running = hopwise("run", "-c", config, "--json", ...workers);
    const { listeners } = await ready(running);
    for (const host of ["127.0.0.1", "[::1]"]) {
      const response = await fetch(`http://${host}:${listeners[0]?.port}/`);
      expect(await response.text()).toBe("hello");
    }
    expect(await ended(running)).toBe(0);
  });
});

describe("both families of addresses apart, at one port", () => {
  it.each([[[]], [["--workers", "2"]]])("%j", async (workers) => {
    const server = createServer().listen({ port: 0, host: "::" });
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const { url: to } = await origin((_request, response) => response.end("hello"));
    const places = ["--listen", `[::]:${port}`, "--listen", `0.0.0.0:${port}`];
    const running = hopwise("proxy", "--to", to, ...places, "--no-admin", "--json", ...workers);
    const { listeners } = await ready(running);
    expect(listeners.map(({ host }) => host)).toEqual(["::", "0.0.0.0"]);
    for (const host of ["127.0.0.1", "[::1]"]) {
      expect(await (await fetch(`http://${host}:${port}/`)).text()).toBe("hello");
    }
    expect(await ended(running)).toBe(0);
  });
});

describe.skipIf(isBun)(`sockets that were handed over${unlessBun}`, () => {
  const held: Server[] = [];
  afterEach(() => {
    for (const server of held.splice(0)) server.close();
  });

  async function socket(): Promise<{ readonly fd: number; readonly port: number }> {
    const server = createServer().listen({ port: 0, host: "127.0.0.1" });
    held.push(server);
    await once(server, "listening");
    const { fd } = (server as Server & { readonly _handle: { readonly fd: number } })._handle;
    return { fd, port: (server.address() as AddressInfo).port };
  }

  it.each([[[]], [["--workers", "2"]]])("find their listeners by name, whatever their order (%j)", async (workers) => {
    const config = file(
      "sockets.yaml",
      `listeners:
  - { name: secure, https: 127.0.0.1:1, certificates: [{ cert: ${site.cert}, key: ${site.key} }] }
  - { http: 127.0.0.1:0 }
  - { name: web, http: 127.0.0.1:2, redirect: { to: https, port: 8443 } }
routes: [{ respond: { body: hello } }]
`,
    );
    const [web, secure] = [await socket(), await socket()];
    const running = hopwiseOn([web.fd, secure.fd], "web:secure", "run", "-c", config, "--json", ...workers);
    // What this process holds would take connections, too.
    for (const server of held.splice(0)) server.close();
    const { listeners, inherited } = await ready(running);
    expect([inherited, listeners[0]?.port, listeners[2]?.port]).toEqual([true, secure.port, web.port]);
    const redirected = await fetch(`http://127.0.0.1:${web.port}/a`, { redirect: "manual" });
    expect([redirected.status, redirected.headers.get("location")]).toEqual([308, "https://127.0.0.1:8443/a"]);
    expect(await (await fetch(`${listeners[1]?.url}/`)).text()).toBe("hello");
    const client = await shakeHands(secure.port);
    expect(client.getPeerCertificate().subject.CN).toBe("site.test");
    client.destroy();
    expect(await ended(running)).toBe(0);
  });

  it("hopwise proxy takes as many as it has listeners, in order", async () => {
    const { url: to } = await origin((_request, response) => response.end("hello"));
    const [first, second] = [await socket(), await socket()];
    const args = ["proxy", "--to", to, "--listen", "1", "--listen", "2", "--no-admin", "--json"];
    const running = hopwiseOn([first.fd, second.fd], "a:b", ...args);
    for (const server of held.splice(0)) server.close();
    const { listeners } = await ready(running);
    expect(listeners.map(({ port }) => port)).toEqual([first.port, second.port]);
    for (const { url } of listeners) expect(await (await fetch(url)).text()).toBe("hello");
    expect(await ended(running)).toBe(0);
  });

  it("that belong to no listener are refused", async () => {
    const [first, second] = [await socket(), await socket()];
    const running = hopwiseOn([first.fd, second.fd], "a:b", "proxy", "--to", "http://127.0.0.1:9", "--listen", "1");
    expect(await running.ended).toBe(2);
    expect(running.errLines).toEqual([
      "hopwise: LISTEN_FDS is 2, and there are 1 listeners: hand over one socket for each, in their order",
    ]);
  });
});

/** A namespace of processes in which a command is the first, as in a container. */
const ALONE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
const canBeAlone = spawnSync(ALONE[0] ?? "", [...ALONE.slice(1), "true"]).status === 0;

describe.skipIf(!canBeAlone)("as the first process (skipped where unshare may not make a namespace)", () => {
  it.each([[[]], [["--workers", "2"]]])("drains at SIGTERM, and leaves nobody behind (%j)", async (workers) => {
    const config = file("alone.yaml", "listeners: [{ http: 127.0.0.1:0 }]\nroutes: [{ respond: { body: hello } }]\n");
    const running = hopwiseBehind(ALONE, "run", "-c", config, "--json", ...workers);
    const { listeners } = await ready(running);
    expect(await (await fetch(`${listeners[0]?.url}/`)).text()).toBe("hello");
    const { pid } = running.child;
    const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").map(Number);
    const children = readFileSync(`/proc/${first}/task/${first}/children`, "utf8").trim().split(" ").filter(Boolean);
    expect(children.length).toBe(workers.length === 0 ? 0 : 2);
    expect(readFileSync(`/proc/${first}/status`, "utf8")).toMatch(/^NSpid:\s+\d+\s+1$/m);
    process.kill(first ?? 0, "SIGTERM");
    expect(await running.ended).toBe(0);
  });

  it("ends although the system holds a thread of it, and no signal of its own can end it", async () => {
    // Nobody writes into it, so whoever opens it to read waits in the system.
    const pipe = folder.at("pipe");
    execFileSync("mkfifo", [pipe]);
    const leave = new URL("../../build/cli/leave.js", import.meta.url).href;
    const program = `import { readFile } from "node:fs"; import { leave } from "${leave}"; readFile("${pipe}", () => {}); leave(0);`;
    const [command = "", ...args] = ALONE;
    const child = spawn(command, [...args, process.execPath, "--input-type=module", "--eval", program], {
      stdio: "ignore",
    });
    const since = performance.now();
    await once(child, "exit");
    // It waits for the thread for a while.
    expect(performance.now() - since).toBeGreaterThan(1_900);
  });
});
