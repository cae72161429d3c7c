/**
 * The proxies that are compared, and how each is told to do the same work: persistent connections on both hops, the
 * forwarding fields X-Forwarded-For, -Proto and -Host, Via, no access log, one process or worker. `setups` of each are those
 * that it knows beside the plain one (setups.mjs).
 */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nginxConfiguration } from "./nginx.mjs";
import { freePort, isExecutable, listening, pathOf, spawnPinned, versionOf } from "./programs.mjs";
import { certificateIn, isTls, overHttp2, overTls, plain, tlsTerms } from "./setups.mjs";

/** What all others are compared with. */
export const REFERENCE = "nginx";

const NPM = "npm ci --prefix bench";
const PLACEHOLDER_BYTES_MAX = 1_000_000;
const require = createRequire(import.meta.url);
const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
/** Other runtimes are those that the tests run on: `npm ci --prefix test/runtimes`. */
const RUNTIMES_NPM = "npm ci --prefix test/runtimes";
const otherNode = (major) => runtimePath(`node-${major}-linux-${process.arch}/bin/node`);
/** Where npm puts Bun; its install script moves it, and leaves a placeholder where it has not run. */
const bun = [`@oven/bun-linux-${process.arch === "arm64" ? "aarch64" : process.arch}/bin/bun`, "bun/bin/bun.exe"]
  .map(runtimePath)
  .find((path) => existsSync(path) && statSync(path).size > PLACEHOLDER_BYTES_MAX);

function runtimePath(name) {
  return fileURLToPath(new URL(`../test/runtimes/node_modules/${name}`, import.meta.url));
}

/**
 * nginx. With `lines` its buffers are small enough for the processor's cache and large enough to save system calls: with
 * those that it has by itself large bodies cost three times as much, and being cheaper than that would prove nothing.
 */
const nginx = (name, lines) => ({
  name,
  kind: "native",
  ...program("nginx", ["-v"], /nginx\/(\S+)/),
  // Buffers are no question of TLS: once is enough.
  setups: name === REFERENCE ? [overTls.name, overHttp2.name] : [],
  command(directory, origin, port, setup) {
    const file = nginxConfiguration(directory, `${name}.conf`, {
      connections: 16_384,
      http: `
        upstream origin {
          server 127.0.0.1:${origin};
          keepalive 256;
          keepalive_requests 1000000000;
          keepalive_time 24h;
        }
        server {
          listen 127.0.0.1:${port} ${isTls(setup) ? "ssl" : ""}${setup === overHttp2 ? " http2" : ""} backlog=4096;
          ${isTls(setup) ? nginxTls(certificateIn(directory)) : ""}
          client_max_body_size 16m;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $remote_addr;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_set_header X-Forwarded-Host $http_host;
          proxy_set_header Via "1.1 nginx";
          # Bodies stream, as through the others, and never go to disk.
          proxy_request_buffering off;
          proxy_max_temp_file_size 0;
          ${lines}
          location / { proxy_pass http://origin; }
        }`,
    });
    return [pathOf("nginx"), "-p", directory, "-c", file, "-e", join(directory, `${name}.error`)];
  },
});

function nginxTls({ cert, key }) {
  return `ssl_certificate ${cert};
          ssl_certificate_key ${key};
          ssl_protocols ${tlsTerms.version};
          ssl_conf_command Ciphersuites ${tlsTerms.cipher};
          ssl_ecdh_curve ${tlsTerms.curve};`;
}

const haproxy = {
  name: "haproxy",
  kind: "native",
  ...program("haproxy", ["-v"], /version (\S+?)[- ]/),
  setups: [overTls.name, overHttp2.name],
  command(directory, origin, port, setup) {
    const isSecure = isTls(setup);
    const alpn = setup === overHttp2 ? " alpn h2" : "";
    const file = join(directory, "haproxy.cfg");
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 8000
  # Beyond these shares of descriptors it would close idle origin connections because of the idle clients'.
  tune.pool-low-fd-ratio 80
  tune.pool-high-fd-ratio 90
defaults
  mode http
  no log
  timeout connect 5s
  timeout client 1h
  timeout server 1h
  timeout http-keep-alive 1h
  option http-keep-alive
  option forwardfor
  http-reuse always
frontend clients
  bind 127.0.0.1:${port} backlog 4096${isSecure ? haproxyTls(certificateIn(directory)) + alpn : ""}
  http-request set-header X-Forwarded-Proto ${isSecure ? "https" : "http"}
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  http-request set-header Via "1.1 haproxy"
  default_backend origin
backend origin
  server origin 127.0.0.1:${origin} pool-max-conn 256
`,
    );
    return [pathOf("haproxy"), "-db", "-f", file];
  },
};

function haproxyTls({ both }) {
  const { version, cipher, curve } = tlsTerms;
  return ` ssl crt ${both} ssl-min-ver ${version} ciphersuites ${cipher} curves ${curve}`;
}

/** The runtime of that name, or at that path. @throws Error if it is absent */
export function runtimeOf(name) {
  const runtime = runtimes[name] ?? { program: name, version: () => name, missing: () => undefined };
  const missing = runtime.missing();
  if (missing !== undefined) throw new Error(`--runtime ${name}: not installed: ${missing}`);
  return runtime;
}

/** All of them that there are here. */
export function installedRuntimes() {
  return Object.values(runtimes).filter(({ missing }) => missing() === undefined);
}

/** Where a runtime is, its name with its version, and what to do where it is absent. */
const runtimes = {
  node: { program: process.execPath, version: () => `Node ${process.versions.node}`, missing: () => undefined },
  node22: nodeAt(otherNode(22)),
  node24: nodeAt(otherNode(24)),
  node26: nodeAt(otherNode(26)),
  bun: { program: bun, version: () => `Bun ${versionOf(bun, ["-v"], /(\S+)/)}`, missing: installed(bun) },
};

function nodeAt(program) {
  return { program, version: () => `Node ${versionOf(program, ["-v"], /v(\S+)/)}`, missing: installed(program) };
}

/** hopwise as `program` on `runtime`, which gets `flags`. */
export const hopwiseOf = (name, runtime, program, flags = []) => ({
  name,
  kind: "hopwise",
  setups: [overTls.name, overHttp2.name, "file"],
  command(directory, origin, port, setup, adminPort) {
    const command = [runtime, ...flags, program];
    if (setup.contentOf !== undefined) {
      const file = join(directory, `${name}-${setup.name}.json`);
      const fixed = { listeners: [{ http: `127.0.0.1:${port}` }], admin: false, keepAliveTimeout: "1h" };
      writeFileSync(file, JSON.stringify({ ...fixed, ...setup.contentOf(origin, { directory, adminPort }) }));
      return [...command, "run", "-c", file, "--quiet"];
    }
    const isSecure = isTls(setup);
    return [
      ...[...command, "proxy", "--to", `http://127.0.0.1:${origin}`],
      ...["--listen", `${isSecure ? "https://" : ""}127.0.0.1:${port}`],
      ...["--no-admin", "--quiet", "--keep-alive-timeout", "1h"],
      // What is agreed on is the load's first choice, and hopwise's, too.
      ...(isSecure ? tlsFlags(certificateIn(directory)) : []),
    ];
  },
});

const tlsFlags = ({ cert, key }) => ["--tls-cert", cert, "--tls-key", key];

/** The hopwise of this tree, as it was built last. */
const hopwise = (name, { program, version, missing }) => ({
  ...hopwiseOf(name, program, cli),
  version,
  missing: () => missing() ?? (existsSync(cli) ? undefined : "npm run build"),
});

/** A peer from npm: one small file in servers/, on the same Node as hopwise. */
const library = (name, packageName = name) => ({
  name,
  kind: "node-library",
  version: () => `${packageVersion(packageName)}, Node ${process.versions.node}`,
  missing: () => (packageName === undefined || packageVersion(packageName) !== undefined ? undefined : NPM),
  command: (_directory, origin, port) => server(name, origin, port),
});

/** What one writes oneself. */
const naive = {
  name: "naive",
  kind: "node-library",
  version: () => `Node ${process.versions.node}`,
  missing: () => undefined,
  command: (_directory, origin, port) => server("naive", origin, port),
};

/** hopwise's handler in a server of `node:http`: that server's cost, and hopwise's. */
const handler = {
  name: "handler",
  kind: "node-library",
  version: () => `Node ${process.versions.node}`,
  missing: () => (existsSync(cli) ? undefined : "npm run build"),
  command: (_directory, origin, port) => server("handler", origin, port),
};

/** The floor of the runtime: octets from socket to socket, no HTTP. */
const relay = {
  name: "relay",
  kind: "floor",
  version: () => `Node ${process.versions.node}`,
  missing: () => undefined,
  command: (_directory, origin, port) => server("relay", origin, port),
};

/** The same on Bun's own sockets. */
const relayOnBun = {
  ...relay,
  name: "relay-bun",
  version: runtimes.bun.version,
  missing: runtimes.bun.missing,
  command: (_directory, origin, port) => [bun, ...server("relay-bun", origin, port).slice(1)],
  wantsNaming: true,
};

export const peers = [
  nginx(REFERENCE, "proxy_buffers 8 16k; proxy_busy_buffers_size 32k;"),
  nginx("nginx-default", ""),
  haproxy,
  hopwise("hopwise", runtimes.node),
  hopwise("hopwise-node22", runtimes.node22),
  hopwise("hopwise-node24", runtimes.node24),
  hopwise("hopwise-node26", runtimes.node26),
  // On Bun no client is served over TLS.
  { ...hopwise("hopwise-bun", runtimes.bun), setups: ["file"] },
  relay,
  relayOnBun,
  handler,
  library("fastify", "@fastify/http-proxy"),
  library("httpxy"),
  library("http-proxy-3"),
  // What http-proxy-3 continues; unmaintained since 2020.
  { ...library("http-proxy"), wantsNaming: true },
  // What npm run proof is about; http-proxy and node:http beneath them are what costs.
  { ...library("http-proxy-middleware"), wantsNaming: true },
  { ...naive, wantsNaming: true },
];

/**
 * Starts a proxy in front of the origin, and waits until it listens.
 *
 * @param options for `spawn`, and `setup`: another one than the plain one
 */
export async function startPeer(peer, directory, originPort, { setup = plain, ...options } = {}) {
  const port = await freePort();
  const adminPort = await freePort();
  const [command, ...args] = peer.command(directory, originPort, port, setup, adminPort);
  const child = spawnPinned("proxy", command, args, {
    cwd: directory,
    env: { ...process.env, NODE_ENV: "production", NODE_OPTIONS: "" },
    ...options,
  });
  await listening(child, port);
  return { peer, child, port, adminPort };
}

function server(name, origin, port) {
  const script = fileURLToPath(new URL(`servers/${name}.mjs`, import.meta.url));
  return [process.execPath, script, String(origin), String(port)];
}

function program(name, args, pattern) {
  return {
    version: () => versionOf(pathOf(name), args, pattern),
    missing: () => (pathOf(name) === undefined ? `apt-get install ${name}` : undefined),
  };
}

function installed(path) {
  return () => (path !== undefined && isExecutable(path) ? undefined : RUNTIMES_NPM);
}

function packageVersion(name) {
  try {
    const directory = require.resolve.paths(name)?.find((path) => existsSync(join(path, name, "package.json")));
    return JSON.parse(readFileSync(join(directory, name, "package.json"), "utf8")).version;
  } catch {
    return undefined;
  }
}
