/** What each signal does to `hopwise`: none ends it by itself, and a second request to end does so at once. */
import { spawn, spawnSync } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { get as httpGet } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import { formatPasswordHash, hashPassword } from "../../src/forward/password-hash.ts";
import type { ProxyStats } from "../../src/index.ts";
import { answered } from "../interop/support/answered.ts";
import { freePort } from "../interop/support/listening.ts";
import { hopwise, origin, type Running } from "./running.ts";

const SOON = { timeout: 15_000, interval: 20 };
const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const directories: string[] = [];
afterEach(() => {
  for (const path of directories.splice(0)) rmSync(path, { recursive: true });
});
const directory = () => {
  const path = mkdtempSync(join(tmpdir(), "hopwise-signals-"));
  directories.push(path);
  return path;
};

/** An origin that answers when it is told to. */
async function patient() {
  const events = new EventEmitter();
  const { url } = await origin((request, response) => {
    if (request.url === "/wait") {
      events.once("answer", () => response.end("at last"));
      events.emit("asked");
    } else {
      response.end("hello");
    }
  });
  return { url, isAsked: () => once(events, "asked"), answer: () => events.emit("answer") };
}

/** One request on its own connection. */
async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await answered(httpGet(url, { agent: false }));
  let text = "";
  for await (const piece of response) text += piece;
  return { status: response.statusCode ?? 0, text };
}

/** Starts it for people, who are told on the standard error what each signal did. */
async function started(...args: readonly string[]): Promise<{ running: Running; url: string; pids: number[] }> {
  const running = hopwise(...args, "--listen", "0", "--admin", "0");
  const url = /(http:\S+)/.exec(await running.err(/^hopwise \S+: http/))?.[1] ?? "";
  const admin = /(http:\S+):/.exec(await running.err(/^admin on/))?.[1] ?? "";
  const { workers } = (await (await fetch(`${admin}/stats`)).json()) as ProxyStats;
  return { running, url, pids: [running.child.pid ?? 0, ...(workers?.processes.map(({ pid }) => pid) ?? [])] };
}

const ways = [
  { way: "one process", args: [] },
  { way: "two workers, each of which gets the signal, too", args: ["--workers", "2"] },
];

describe.each(ways)("$way", ({ args }) => {
  it("SIGHUP, SIGUSR1 and SIGUSR2 cut nothing, open no inspector, and say what they did", async () => {
    const { url: to, isAsked, answer } = await patient();
    const { running, url, pids } = await started("proxy", "--to", to, ...args);
    const response = get(`${url}/wait`);
    await isAsked();
    for (const signal of ["SIGHUP", "SIGUSR1", "SIGUSR2"] as const) {
      for (const pid of pids) process.kill(pid, signal);
      await running.err(new RegExp(`^${signal}\\b.*; SIGTERM drains$`));
    }
    answer();
    expect(await response).toEqual({ status: 200, text: "at last" });
    expect(await get(url)).toEqual({ status: 200, text: "hello" });
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(running.errLines.join("\n")).not.toMatch(/Debugger|inspector|lost/);
  });

  it("SIGHUP and SIGUSR1 open the access log anew", async () => {
    const file = join(directory(), "access.log");
    const { url: to } = await patient();
    const { running, url } = await started("proxy", "--to", to, "--access-log", file, ...args);
    const targets = (name: string) =>
      readFileSync(name, "utf8")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line).target);
    for (const signal of ["SIGHUP", "SIGUSR1"] as const) {
      await get(`${url}/before-${signal}`);
      await vi.waitFor(() => expect(targets(file)).toEqual([`/before-${signal}`]), SOON);
      renameSync(file, `${file}.${signal}`);
      running.child.kill(signal);
      await running.err(new RegExp(`^${signal}: the access log anew$`));
      await vi.waitFor(() => expect(targets(file)).toEqual([]), SOON);
    }
    await get(`${url}/after`);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    expect(targets(`${file}.SIGHUP`)).toEqual(["/before-SIGHUP"]);
    expect(targets(`${file}.SIGUSR1`)).toEqual(["/before-SIGUSR1"]);
    expect(targets(file)).toEqual(["/after"]);
  });

  it("SIGQUIT drains as SIGTERM does, and a second one ends at once: 1", async () => {
    const { url: to, isAsked } = await patient();
    const { running, url, pids } = await started("proxy", "--to", to, ...args);
    get(`${url}/wait`).catch(() => {});
    await isAsked();
    for (const pid of pids) process.kill(pid, "SIGQUIT");
    expect(await running.err(/^draining/)).toContain("1 exchange");
    running.child.kill("SIGQUIT");
    expect(await running.ended).toBe(1);
  });

  it("SIGHUP in a drain does not end it", async () => {
    const { url: to, isAsked, answer } = await patient();
    const { running, url } = await started("proxy", "--to", to, ...args);
    const response = get(`${url}/wait`);
    await isAsked();
    running.child.kill("SIGTERM");
    await running.err(/^draining/);
    running.child.kill("SIGHUP");
    await running.err(/^SIGHUP/);
    answer();
    expect(await response).toEqual({ status: 200, text: "at last" });
    expect(await running.ended).toBe(0);
  });
});

it("SIGHUP reads a forward proxy's users again, and says so", async () => {
  const file = join(directory(), "users");
  writeFileSync(file, `alice:${formatPasswordHash(await hashPassword("secret"))}\n`);
  const { running } = await started("forward", "--users", file);
  running.child.kill("SIGHUP");
  await running.err(/^SIGHUP: the users anew$/);
  writeFileSync(file, "nonsense\n");
  running.child.kill("SIGHUP");
  await running.err(/^the users stay as they were: .* line 1 /);
  running.child.kill("SIGTERM");
  expect(await running.ended).toBe(0);
});

const hasScript = spawnSync("script", ["--version"]).status === 0;
describe.skipIf(!hasScript)(`a terminal that is closed${hasScript ? "" : " (needs script of util-linux)"}`, () => {
  it.each(ways)("is a drain, with an access log, too: $way", async ({ args }) => {
    const { url: to, isAsked, answer } = await patient();
    const [path, port] = [directory(), await freePort()];
    const words = [main, "proxy", "--to", to, "--listen", String(port), "--no-admin", ...args];
    const command = `echo $$ > ${path}/pid; exec ${process.execPath} ${words.join(" ")} --access-log ${path}/log`;
    const terminal = spawn("script", ["-qfc", command, "/dev/null"], { stdio: ["pipe", "ignore", "ignore"] });
    await vi.waitFor(() => get(`http://127.0.0.1:${port}/`), SOON);
    const pid = Number(readFileSync(`${path}/pid`, "utf8"));
    try {
      const response = get(`http://127.0.0.1:${port}/wait`);
      await isAsked();
      terminal.kill("SIGKILL");
      await once(terminal, "exit");
      await vi.waitFor(() => expect(get(`http://127.0.0.1:${port}/`)).rejects.toThrow("ECONNREFUSED"), SOON);
      answer();
      expect(await response).toEqual({ status: 200, text: "at last" });
      await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"), SOON);
    } finally {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
    }
  });
});
