/**
 * Who lives in the zoo: servers and proxies, each with the shortest configuration that does it, and the defaults of its makers.
 *
 * Configurations and programs stand beside this file. One that is not installed is named as absent, with what would install it.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathOf } from "../interop/support/programs.ts";
import type { Form } from "./starting.ts";

export interface Resident {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly from: string;
  readonly product?: string;
  /** Whose defaults the product's knowledge may take from here. */
  readonly server?: Form;
  readonly proxy?: Form;
}

export interface Absent {
  readonly name: string;
  readonly title: string;
  readonly why: string;
}

/** Debian's packages, by the programs in them. */
export const debianPackages = {
  nginx: "nginx",
  apache2: "apache2",
  haproxy: "haproxy",
  lighttpd: "lighttpd",
  caddy: "caddy",
  varnishd: "varnish",
  squid: "squid",
} as const;
type Program = keyof typeof debianPackages;

const FILES = "one static file, and no setting that changes a default";
const PROXY = "the shortest configuration that forwards";
const KEPT = "a keep-alive agent, which is not the default";

/** @param here the directory of this file's source @param cli hopwise's own command line */
export function residents(here: string, cli: string, hopwiseVersion: string): (Resident | Absent)[] {
  const configuration = (name: string) => readFileSync(join(here, "configurations", name), "utf8");
  const program = (name: string) => join(here, "programs", name);
  const from = debianName();

  const debian = (
    name: Program,
    pattern: RegExp,
    args: readonly string[],
    forms: Readonly<Record<"server" | "proxy", readonly [config: string, setup: string] | undefined>>,
    more: {
      readonly drain?: NodeJS.Signals;
      readonly product?: string;
      readonly name?: string;
      readonly title?: string;
    },
  ): Resident | Absent => {
    const path = pathOf(name);
    const title = more.title ?? more.name ?? name;
    if (path === undefined) return { name: more.name ?? name, title, why: `apt-get install ${debianPackages[name]}` };
    const form = (of: readonly [string, string] | undefined): Form | undefined =>
      of && {
        command: [path, ...args],
        ...(of[0] === "" ? {} : { configuration: configuration(of[0]) }),
        setup: of[1],
        ...(more.drain === undefined ? {} : { drain: more.drain }),
      };
    const [server, proxy] = [form(forms.server), form(forms.proxy)];
    return {
      name: more.name ?? name,
      title,
      version: versionOf(path, pattern),
      from,
      ...(more.product === undefined ? {} : { product: more.product }),
      ...(server === undefined ? {} : { server }),
      ...(proxy === undefined ? {} : { proxy }),
    };
  };

  const npm = (
    name: string,
    file: string,
    as: "server" | "proxy",
    setup: string,
    product?: string,
  ): Resident | Absent => {
    const manifest = join(here, "node_modules", name, "package.json");
    if (!existsSync(manifest)) return { name, title: name, why: "npm ci --prefix test/zoo" };
    const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
    const form = { command: [process.execPath, program(file), "{port}", "{origin}"], setup, drain: "SIGTERM" } as const;
    return { name, title: name, version, from: "npm", ...(product === undefined ? {} : { product }), [as]: form };
  };

  const nginxArgs = ["-p", "{directory}", "-c", "{config}", "-e", "stderr"];
  const hopwise: Form = {
    command: [process.execPath, cli, "proxy", "--quiet", "--no-admin"].concat([
      ...["--listen", "127.0.0.1:{port}", "--to", "{origin}"],
    ]),
    setup: "no option but where to listen and where to send",
    drain: "SIGTERM",
  };
  return [
    ...nodes(here, program("node-http.mjs")),
    npm("fastify", "fastify.mjs", "server", "one route, and no option", "fastify"),
    debian(
      "nginx",
      /nginx\/(\S+)/,
      nginxArgs,
      { server: ["nginx-files.conf", FILES], proxy: ["nginx-default.conf", "`proxy_pass` alone"] },
      { drain: "SIGQUIT", product: "nginx" },
    ),
    debian(
      "nginx",
      /nginx\/(\S+)/,
      nginxArgs,
      {
        server: undefined,
        proxy: ["nginx-keepalive.conf", '`keepalive 16`, `proxy_http_version 1.1`, `Connection ""`'],
      },
      { drain: "SIGQUIT", name: "nginx-keepalive", title: "nginx with keepalive" },
    ),
    debian(
      "apache2",
      /Apache\/(\S+)/,
      ["-f", "{config}", "-DFOREGROUND"],
      { server: ["apache-files.conf", FILES], proxy: ["apache-proxy.conf", PROXY] },
      { drain: "SIGWINCH", product: "apache", title: "Apache httpd" },
    ),
    debian(
      "lighttpd",
      /lighttpd\/(\S+)/,
      ["-D", "-f", "{config}"],
      { server: ["lighttpd-files.conf", FILES], proxy: ["lighttpd-proxy.conf", PROXY] },
      { drain: "SIGINT", product: "lighttpd" },
    ),
    debian(
      "caddy",
      /v?(\d+\.\d\S*)/,
      ["run", "--config", "{config}", "--adapter", "caddyfile"],
      { server: ["caddy-files.conf", FILES], proxy: ["caddy-proxy.conf", PROXY] },
      { drain: "SIGTERM", product: "caddy", title: "Caddy" },
    ),
    debian(
      "haproxy",
      /version (\S+)/,
      ["-db", "-q", "-f", "{config}"],
      {
        server: ["haproxy.cfg", "`timeout client 30s`, since it has no default, in front of an origin"],
        proxy: ["haproxy.cfg", "`timeout client 30s` and `timeout server 30s`, since they have no default"],
      },
      { drain: "SIGUSR1", title: "HAProxy" },
    ),
    debian(
      "varnishd",
      /varnish-(\d[\d.]*)/,
      [
        "-F",
        "-j",
        "none",
        "-a",
        "127.0.0.1:{port}",
        "-b",
        "127.0.0.1:{origin-port}",
        "-n",
        "{directory}/varnish",
      ].concat([...["-s", "malloc,32m"]]),
      { server: ["", "one origin, and no setting"], proxy: ["", "one origin, and no setting"] },
      { drain: "SIGTERM", product: "varnish", name: "varnish", title: "Varnish" },
    ),
    debian(
      "squid",
      /Version (\S+)/,
      ["-N", "-f", "{config}"],
      { server: ["squid.conf", "one origin, as a gateway"], proxy: ["squid.conf", "one origin, as a gateway"] },
      { drain: "SIGTERM", product: "squid", title: "Squid" },
    ),
    {
      name: "node-relay",
      title: "node:http by hand",
      version: process.versions.node,
      from: "Node",
      proxy: {
        command: [process.execPath, program("node-relay.mjs"), "{port}", "{origin}"],
        setup: "a server, a request with a keep-alive agent, headers copied: a dozen lines",
        drain: "SIGTERM",
      },
    },
    npm("http-proxy-3", "http-proxy-3.mjs", "proxy", KEPT),
    npm("httpxy", "httpxy.mjs", "proxy", KEPT),
    npm("@fastify/http-proxy", "fastify-http-proxy.mjs", "proxy", "no option but where to send"),
    npm("http-proxy-middleware", "http-proxy-middleware.mjs", "proxy", KEPT),
    {
      name: "hopwise",
      title: "hopwise",
      version: hopwiseVersion,
      from: "this project",
      product: "hopwise",
      server: { ...hopwise, setup: `${hopwise.setup}, in front of an origin` },
      proxy: hopwise,
    },
  ];
}

/** The version that runs, and those that test/runtimes brings. */
function nodes(here: string, program: string): (Resident | Absent)[] {
  const own = process.versions.node;
  const others = [20, 22, 24, 26].filter((major) => major !== Number(own.split(".")[0]));
  const setup = 'createServer with `response.end("hello")`';
  const node = (path: string, version: string): Resident => ({
    name: `node-${version.split(".")[0]}`,
    title: "Node http",
    version,
    from: "Node",
    product: "node",
    server: { command: [path, program, "{port}"], setup },
  });
  return [
    node(process.execPath, own),
    ...others.map((major): Resident | Absent => {
      const path = join(here, `../runtimes/node_modules/node-${major}-${process.platform}-${process.arch}/bin/node`);
      const version = existsSync(path) ? versionOf(path, /v(\S+)/, "--version") : "unknown";
      if (version !== "unknown") return node(path, version);
      return { name: `node-${major}`, title: `Node ${major}`, why: "npm ci --prefix test/runtimes" };
    }),
  ].toSorted((one, other) => (one.name < other.name ? -1 : 1));
}

function versionOf(path: string, pattern: RegExp, flag?: string): string {
  const asked = flag ?? (path.endsWith("caddy") ? "version" : path.endsWith("varnishd") ? "-V" : "-v");
  try {
    const told = execFileSync("sh", ["-c", `"$0" ${asked} 2>&1`, path], { encoding: "utf8", timeout: 20_000 });
    return pattern.exec(told)?.[1] ?? "unknown";
  } catch {
    return "unknown";
  }
}

function debianName(): string {
  try {
    const told = readFileSync("/etc/os-release", "utf8");
    const [, name = "Linux"] = /^NAME="?([^"\n ]*)/m.exec(told) ?? [];
    const [, version = ""] = /^VERSION_ID="?([^"\n]*)/m.exec(told) ?? [];
    return `${name} ${version}`.trim();
  } catch {
    return "the system";
  }
}
