/**
 * Proxies as commands: how each is started in front of an origin, and what version it is.
 *
 * Their configurations are the shortest that forward with persistent connections on both hops; they stand in targets/.
 */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Directory } from "../interop/support/directory.ts";
import { canConnect, freePort } from "../interop/support/listening.ts";
import { pathOf, stopChild } from "../interop/support/programs.ts";
import { until } from "../interop/support/waiting.ts";

/** A command whose words may contain `{port}`, `{origin}`, `{origin-port}`, `{config}` and `{directory}`. */
export interface Target {
  readonly name: string;
  readonly command: readonly string[];
  /** The template of its configuration, in which the same words are replaced. */
  readonly configuration?: string;
  readonly version: string;
}

/** A proxy that is not there, and how it could be. */
export interface Absent {
  readonly name: string;
  readonly absent: string;
}

/** @param here the directory of this file's source @param cli hopwise's own command line */
export function builtInTargets(here: string, cli: string, hopwiseVersion: string): (Target | Absent)[] {
  const hopwise: Target = {
    name: "hopwise",
    command: [
      process.execPath,
      cli,
      "proxy",
      "--quiet",
      "--no-admin",
      "--listen",
      "127.0.0.1:{port}",
      "--to",
      "{origin}",
    ],
    version: hopwiseVersion,
  };
  return [
    hopwise,
    program(here, "nginx", ["-p", "{directory}", "-c", "{config}", "-e", "stderr"], "nginx.conf", /nginx\/(\S+)/),
    program(here, "haproxy", ["-db", "-q", "-f", "{config}"], "haproxy.cfg", /version (\S+)/),
    library(here, "http-proxy-3", "http-proxy-3.mjs"),
    library(here, "httpxy", "httpxy.mjs"),
    library(here, "@fastify/http-proxy", "fastify-http-proxy.mjs"),
  ];
}

function program(here: string, name: string, args: string[], configuration: string, pattern: RegExp): Target | Absent {
  const path = pathOf(name);
  if (path === undefined) return { name, absent: "not installed" };
  const told = execFileSync("sh", ["-c", `"$0" -v 2>&1`, path], { encoding: "utf8" });
  return {
    name,
    command: [path, ...args],
    configuration: readFileSync(join(here, "targets", configuration), "utf8"),
    version: pattern.exec(told)?.[1] ?? "unknown",
  };
}

function library(here: string, name: string, adapter: string): Target | Absent {
  const manifest = join(here, "node_modules", name, "package.json");
  if (!existsSync(manifest)) return { name, absent: "not installed: npm ci --prefix test/peers" };
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string };
  return { name, command: [process.execPath, join(here, "targets", adapter), "{origin}", "{port}"], version };
}

export interface Running {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts `target` in front of the origin on `originPort`, and waits until it listens. */
export async function start(target: Target, originPort: number): Promise<Running> {
  const directory = new Directory();
  const port = await freePort();
  const words: Record<string, string> = {
    "{port}": String(port),
    "{origin}": `http://127.0.0.1:${originPort}`,
    "{origin-port}": String(originPort),
    "{directory}": directory.path,
  };
  const filled = (text: string) =>
    Object.entries(words).reduce((done, [word, value]) => done.replaceAll(word, value), text);
  if (target.configuration !== undefined) {
    words["{config}"] = directory.write("configuration", filled(target.configuration));
  }
  const [command = "", ...args] = target.command.map(filled);
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  let hasFailed = false;
  child.on("error", (error) => {
    hasFailed = true;
    said += error.message;
  });
  child.stderr.on("data", (octets: Buffer) => {
    said += octets.toString();
  });
  const stop = async () => {
    if (!hasFailed) await stopChild(child, "SIGTERM");
    directory.remove();
  };
  try {
    await until(`${target.name} listens`, () => {
      if (hasFailed || child.exitCode !== null) throw new Error(`it ended with ${child.exitCode ?? "an error"}`);
      return canConnect(port);
    });
  } catch (error) {
    await stop();
    throw new Error(`${target.name} did not start: ${(error as Error).message}\n${said}`);
  }
  return { port, stop };
}
