/**
 * An access log that cannot be written costs lines, and says so. It costs no request, no memory beyond a limit, and neither
 * the end of a drain nor that of a process that is told twice.
 */
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ProxyStats } from "../../src/index.ts";
import { isLong } from "../interop/support/long.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { origin, run } from "./running.ts";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const runtime = process.env.TESTS_RUNTIME ?? process.execPath;
/** Its line has 4 KiB. */
const LONG = `GET /${"a".repeat(4_090)} HTTP/1.1\r\nHost: a\r\n\r\n`;
/** Drains in no time, gives last lines 2 s, and a busy machine some more. */
const ENDS_MS_MAX = 5_000;

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

interface Started {
  readonly child: ChildProcess;
  readonly port: number;
  readonly admin: string;
  readonly pids: readonly number[];
  said(): string;
}

/** Starts it with a standard output that nobody reads. */
async function started(...args: readonly string[]): Promise<Started> {
  const { url } = await origin((request, response) => {
    if (request.url !== "/wait") response.end("hello");
  });
  const command = [main, "proxy", "--to", url, "--listen", "0", "--admin", "0", ...args];
  const child = spawn(runtime, command, { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  child.stderr?.on("data", (octets: Buffer) => {
    said += octets.toString();
  });
  cleanups.push(() => child.kill("SIGKILL"));
  await vi.waitFor(() => expect(said).toMatch(/admin on/), { timeout: 30_000 });
  const port = Number(/http:\/\/127\.0\.0\.1:(\d+) ->/.exec(said)?.[1]);
  const admin = /admin on (http:\S+):/.exec(said)?.[1] ?? "";
  const { workers } = (await (await fetch(`${admin}/stats`)).json()) as ProxyStats;
  const pids = [child.pid ?? 0, ...(workers?.processes.map(({ pid }) => pid) ?? [])];
  return { child, port, admin, pids, said: () => said };
}

async function served(port: number, requests: number): Promise<void> {
  const clients = await Promise.all(Array.from({ length: 4 }, () => RawClient.open(port)));
  for (let i = 0; i < requests / clients.length; i++) {
    for (const { status } of await Promise.all(clients.map((client) => client.exchange(LONG))))
      expect(status).toBe(200);
  }
  for (const client of clients) client.close();
}

async function ends({ child, pids, said }: Started, signal: NodeJS.Signals): Promise<number | null> {
  const since = performance.now();
  const exited = once(child, "exit") as Promise<[number | null]>;
  child.kill(signal);
  const late = new Promise<never>((_resolve, reject) => {
    setTimeout(() => reject(new Error(`it lives on: ${said()}`)), 4 * ENDS_MS_MAX).unref();
  });
  const [code] = await Promise.race([exited, late]);
  expect(performance.now() - since).toBeLessThan(ENDS_MS_MAX);
  await vi.waitFor(() => expect(pids.filter(isThere)).toEqual([]), { timeout: ENDS_MS_MAX });
  return code;
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A named pipe, and its reader, which reads nothing. */
function pipe(): { path: string; leave: () => void } {
  const directory = mkdtempSync(join(tmpdir(), "hopwise-pipe-"));
  const path = join(directory, "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  let hasLeft = false;
  const leave = () => {
    if (!hasLeft) closeSync(reader);
    hasLeft = true;
  };
  cleanups.push(() => {
    leave();
    rmSync(directory, { recursive: true });
  });
  return { path, leave };
}

const outputs: Record<string, () => { readonly log: string; readonly whenStarted?: (child: ChildProcess) => void }> = {
  "a full disk": () => ({ log: "/dev/full" }),
  "a named pipe that is not read": () => ({ log: pipe().path }),
  "a named pipe whose reader leaves": () => {
    const { path, leave } = pipe();
    return { log: path, whenStarted: leave };
  },
  "a standard output that is not read": () => ({ log: "-" }),
  "a standard output whose reader leaves": () => ({ log: "-", whenStarted: (child) => void child.stdout?.destroy() }),
};

/** Workers write alike wherever it goes. The short form takes what fails at once. */
const SHORT = ["a full disk"];

describe.each([
  { processes: "one process", args: [], names: Object.keys(outputs) },
  { processes: "two workers", args: ["--workers", "2"], names: isLong ? Object.keys(outputs) : SHORT },
])("$processes", ({ args, names }) => {
  it.each(
    names.filter((name) => name !== "a full disk" || existsSync("/dev/full")),
  )("%s: everybody is served, SIGTERM drains, and the lines that were lost are counted", async (name) => {
    const { log, whenStarted } = outputs[name]?.() ?? { log: "" };
    const proxy = await started("--access-log", log, ...args);
    whenStarted?.(proxy.child);
    await served(proxy.port, 200);
    expect(await ends(proxy, "SIGTERM")).toBe(0);
    expect(proxy.said()).toMatch(/\d+ lines? of the access log could not be written\ndrained in /);
  });

  it("a second SIGTERM ends at once, whatever the log does", async () => {
    const proxy = await started("--access-log", pipe().path, ...args);
    await served(proxy.port, 200);
    const client = await RawClient.open(proxy.port);
    cleanups.push(() => client.close());
    client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n");
    await vi.waitFor(async () => {
      const { exchanges } = (await (await fetch(`${proxy.admin}/stats`)).json()) as ProxyStats;
      expect(exchanges.inProgress).toBe(1);
    });
    proxy.child.kill("SIGTERM");
    await vi.waitFor(() => expect(proxy.said()).toMatch(/draining: 1 exchange/), { timeout: ENDS_MS_MAX });
    expect(await ends(proxy, "SIGTERM")).toBe(1);
  });

  it("what waits is bounded; lines beyond are counted as they are lost, and the first is told", async () => {
    const proxy = await started("--access-log", pipe().path, ...args);
    // More than the queues of two workers and of their one writer hold.
    await served(proxy.port, args.length === 0 ? 2_400 : 5_200);
    await vi.waitFor(
      async () => {
        const { accessLogDropped } = (await (await fetch(`${proxy.admin}/stats`)).json()) as ProxyStats;
        expect(accessLogDropped).toBeGreaterThan(0);
      },
      { timeout: ENDS_MS_MAX },
    );
    expect(await (await fetch(`${proxy.admin}/metrics`)).text()).toMatch(/^hopwise_access_log_dropped_total [1-9]/m);
    await vi.waitFor(() => expect(proxy.said()).toMatch(/^the access log loses lines: its output takes too few$/m));
    expect(await ends(proxy, "SIGTERM")).toBe(0);
  });
});

it("a named pipe gets its lines when a reader comes back", async () => {
  const { path, leave } = pipe();
  const proxy = await started("--access-log", path);
  leave();
  await served(proxy.port, 4);
  await vi.waitFor(() => expect(proxy.said()).toContain("the access log cannot be written (EPIPE)"), {
    timeout: 5_000,
  });
  const reader = spawn("cat", [path], { stdio: ["ignore", "pipe", "ignore"] });
  let read = "";
  reader.stdout.on("data", (octets: Buffer) => {
    read += octets.toString();
  });
  await vi.waitFor(
    () =>
      expect(
        read
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line).status),
      ).toHaveLength(4),
    {
      timeout: 5_000,
    },
  );
  await vi.waitFor(() => expect(proxy.said()).toContain("the access log is written again"));
  expect(await ends(proxy, "SIGTERM")).toBe(0);
});

it("a named pipe that nobody reads at the start is said to be one", async () => {
  const { path, leave } = pipe();
  leave();
  const { code, err } = await run("proxy", "--to", "http://127.0.0.1:1", "--access-log", path, "--listen", "0");
  expect([code, err]).toEqual([
    2,
    expect.stringContaining(`${path} cannot be opened for writing (no process reads it)`),
  ]);
});

it("a standard error that nobody reads holds nothing up", async () => {
  const { url } = await origin((_request, response) => response.end("hello"));
  const log = join(mkdtempSync(join(tmpdir(), "hopwise-")), "access.log");
  cleanups.push(() => rmSync(join(log, ".."), { recursive: true }));
  // A shell's pipe, which a reader holds open and does not read, is full before hopwise starts.
  const command = `exec 2>&9; head -c 60000 /dev/zero >&2; exec ${runtime} ${main} proxy --to ${url} --listen 0 --no-admin --access-log ${log} --json`;
  const full = pipe();
  const writer = openSync(full.path, constants.O_WRONLY | constants.O_NONBLOCK);
  const unused = Array.from({ length: 6 }, () => "ignore" as const);
  const stdio: StdioOptions = ["ignore", "pipe", "ignore", ...unused, writer];
  const child: ChildProcess = spawn("sh", ["-c", command], { stdio });
  closeSync(writer);
  cleanups.push(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout ?? child, "data")) as [Buffer];
  const { port } = JSON.parse(line.toString()) as { port: number };
  await served(port, 4);
  // Signals that are told of on the standard error, more than the pipe has room for.
  for (let i = 0; i < 50; i++) child.kill("SIGUSR1");
  await served(port, 4);
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
  expect(readFileSync(log, "utf8").trim().split("\n")).toHaveLength(8);
  expect(readdirSync(join(log, ".."))).toEqual(["access.log"]);
});
