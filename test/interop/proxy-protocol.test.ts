/** The PROXY protocol as HAProxy, nginx and curl speak it: in front of hopwise, and behind it. */
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { connect as connectTls } from "node:tls";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { createGateway, type HopwiseProxy } from "../../src/index.ts";
import { authority, certificateFor } from "../kit/certificates.ts";
import { TlsStage } from "../kit/tls-stage.ts";
import { curl } from "./support/curl.ts";
import { Directory } from "./support/directory.ts";
import { freePort, untilListening } from "./support/listening.ts";
import { has, needing, pathOf, stopChild } from "./support/programs.ts";

const CLIENT = "127.0.0.2";
const GET = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

const until = (holds: () => boolean) => vi.waitUntil(holds, { timeout: 30_000 });

/** A client whose address is not the balancers'. */
function clientOf(port: number): Socket {
  return connect({ port, host: "127.0.0.1", localAddress: CLIENT }).on("error", () => {});
}

async function ask(socket: Socket): Promise<string> {
  socket.write(GET);
  return await text(socket);
}

interface Running {
  stop(): Promise<void>;
}

/** @param ports where it will listen, all of them */
async function start(program: string, args: readonly string[], ports: readonly number[]): Promise<Running> {
  const child = spawn(pathOf(program) ?? program, args, { stdio: "ignore" });
  for (const port of ports) await untilListening(child, port);
  return { stop: () => stopChild(child, "SIGTERM") };
}

async function startHaproxy(directory: Directory, sections: string, ports: readonly number[]): Promise<Running> {
  const file = directory.write(
    "haproxy.cfg",
    `defaults\n  mode tcp\n  timeout connect 10s\n  timeout client 30s\n  timeout server 30s\n${sections}\n`,
  );
  return await start("haproxy", ["-db", "-f", file], ports);
}

async function startNginx(directory: Directory, sections: string, ports: readonly number[]): Promise<Running> {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (name) => `${name}_temp_path ${directory.at(name)};`,
  );
  const loads = existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};\n` : "";
  const file = directory.write(
    "nginx.conf",
    `${loads}daemon off;\nmaster_process off;\npid ${directory.at("nginx.pid")};\nerror_log stderr crit;\nevents {}\n` +
      sections.replace("http {", `http {\naccess_log off;\n${temporary.join("\n")}`),
  );
  return await start("nginx", ["-p", directory.path, "-c", file, "-e", "stderr"], ports);
}

describe.skipIf(!has("haproxy") || "bun" in process.versions)(`behind HAProxy${needing("haproxy")}`, () => {
  const [plain, secured] = [new TlsStage(), new TlsStage()];
  const directory = new Directory();
  let haproxy: Running;
  let ports: Record<"v1" | "v2" | "ssl" | "passed", number>;

  beforeAll(async () => {
    const proxyProtocol = "127.0.0.1";
    await plain.begin({ tlsCert: undefined, tlsKey: undefined, proxyProtocol });
    await secured.begin({ proxyProtocol });
    ports = { v1: await freePort(), v2: await freePort(), ssl: await freePort(), passed: await freePort() };
    const { cert, key } = certificateFor(["localhost"]);
    const pem = directory.write("site.pem", `${cert}${key}`);
    const listen = (name: string, bind: string, port: number, options: string) =>
      `listen ${name}\n  bind 127.0.0.1:${bind}\n  server hopwise 127.0.0.1:${port} ${options}`;
    const sections = [
      listen("v1", String(ports.v1), plain.port, "send-proxy"),
      listen("v2", String(ports.v2), plain.port, "send-proxy-v2 check inter 50ms check-send-proxy"),
      listen("ssl", `${ports.ssl} ssl crt ${pem}`, plain.port, "send-proxy-v2-ssl proxy-v2-options crc32c,unique-id"),
      listen("passed", String(ports.passed), secured.port, "send-proxy-v2"),
    ];
    haproxy = await startHaproxy(directory, sections.join("\n"), Object.values(ports));
  });
  afterAll(async () => {
    await haproxy?.stop();
    await Promise.all([plain.end(), secured.end()]);
    directory.remove();
  });

  it.each(["v1", "v2"] as const)("%s names the client", async (version) => {
    expect(await ask(clientOf(ports[version]))).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
  });

  it("with what it says of the client's TLS, and a checksum", async () => {
    const client = connectTls({ socket: clientOf(ports.ssl), servername: "localhost", ca: authority.cert });
    expect(await ask(client)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
  });

  it("in front of TLS that it passes through", async () => {
    const client = connectTls({ socket: clientOf(ports.passed), servername: "localhost", ca: authority.cert });
    expect(await ask(client)).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
  });

  it("its health checks are in order", async () => {
    const checksOf = () =>
      plain.closes.filter((entry) => entry.hop === "downstream" && entry.client.startsWith("127.0.0.1:"));
    await until(() => checksOf().length >= 3);
    const checks = checksOf();
    expect(checks.filter(({ closed }) => closed !== "peer-closed-idle" && closed !== "peer-reset")).toStrictEqual([]);
  });
});

describe.skipIf(!has("curl") || "bun" in process.versions)(`in front of curl${needing("curl")}`, () => {
  const stage = new TlsStage();
  beforeAll(() => stage.begin({ proxyProtocol: "127.0.0.1" }));
  afterAll(() => stage.end());

  it.each(["--http1.1", "--http2"])("%s", async (version) => {
    const ca = stage.folder.at("ca.pem");
    writeFileSync(ca, authority.cert);
    const url = `https://localhost:${stage.port}/`;
    const to = ["--resolve", `localhost:${stage.port}:127.0.0.1`, "--cacert", ca, version, url];
    const { transfers, stdout } = await curl(["--haproxy-protocol", ...to]);
    expect(transfers).toMatchObject([{ response_code: 200 }]);
    expect(stdout.toString()).toContain("X-Forwarded-For: 127.0.0.1\r\n");
    const refused = () => stage.closes.filter(({ closed }) => closed === "proxy-header-missing").length;
    const before = refused();
    expect((await curl(to)).code).not.toBe(0);
    await until(() => refused() === before + 1);
  });
});

describe.skipIf(!existsSync(STREAM_MODULE))("behind nginx's stream module", () => {
  const stage = new TlsStage();
  const directory = new Directory();
  let nginx: Running;
  let port: number;
  beforeAll(async () => {
    await stage.begin({ tlsCert: undefined, tlsKey: undefined, proxyProtocol: "127.0.0.1" });
    port = await freePort();
    const server = `server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${stage.port}; proxy_protocol on; }`;
    nginx = await startNginx(directory, `stream { ${server} }`, [port]);
  });
  afterAll(async () => {
    await nginx?.stop();
    await stage.end();
    directory.remove();
  });

  it("it names the client", async () => {
    expect(await ask(clientOf(port))).toContain(`X-Forwarded-For: ${CLIENT}\r\n`);
  });
});

describe.each(["haproxy", "nginx"])("in front of %s", (program) => {
  const directory = new Directory();
  let behind: Running | undefined;
  let proxy: HopwiseProxy | undefined;
  afterAll(async () => {
    await proxy?.close({ graceMs: 0 });
    await behind?.stop();
    directory.remove();
  });

  it.skipIf(!has(program))(`it is told the client, in both versions${needing(program)}`, async () => {
    const port = await freePort();
    if (program === "haproxy") {
      const answers = 'http-request return status 200 content-type text/plain lf-string "%[src] %[src_port]"';
      behind = await startHaproxy(
        directory,
        `frontend f\n  mode http\n  bind 127.0.0.1:${port} accept-proxy\n  ${answers}`,
        [port],
      );
    } else {
      const server = `server { listen 127.0.0.1:${port} proxy_protocol; return 200 "$proxy_protocol_addr $proxy_protocol_port"; }`;
      behind = await startNginx(directory, `http { ${server} }`, [port]);
    }
    const to = `http://127.0.0.1:${port}`;
    proxy = createGateway({
      listeners: [{ http: "127.0.0.1:0" }],
      groups: {
        one: { to, proxyProtocol: "v1", health: { path: "/" } },
        two: { to: [{ url: to, proxyProtocol: "v2" }], health: { path: "/" } },
      },
      routes: [{ match: { path: "/v1" }, to: "one" }, { to: "two" }],
    });
    const { port: own } = await proxy.listen();
    for (const path of ["/v1", "/v2"]) {
      const client = clientOf(own);
      client.write(GET.replace(" / ", ` ${path} `));
      const answer = await text(client);
      expect(answer).toContain(`${CLIENT} ${client.localPort ?? ""}`);
    }
    await until(() => proxy?.stats().endpoints.every(({ check }) => (check?.results.passed ?? 0) > 0) === true);
  });
});
