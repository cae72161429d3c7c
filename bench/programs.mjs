/** Programs: which are installed, starting one on a core of its own, and ending it. */
import { execFileSync, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { connect, createServer } from "node:net";
import { availableParallelism } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** Where Debian keeps daemons; not on the path of an ordinary user. */
const SYSTEM_DIRECTORIES = ["/usr/sbin", "/sbin"];
const START_MS_MAX = 15_000;
const STOP_MS_MAX = 3_000;

/** The full path of a program; absent: undefined. */
export function pathOf(name) {
  const directories = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_DIRECTORIES];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

const taskset = pathOf("taskset");
const cores = availableParallelism();

/** Who runs where. The proxy has a core to itself; where there are only two, origin and load share the other. */
export const placement =
  taskset === undefined || cores < 2
    ? undefined
    : { proxy: "0", origin: "1", load: cores > 2 ? "2" : "1", bench: cores > 3 ? "3" : "1" };

/** Moves the bench itself out of the proxy's way. */
export function pinSelf() {
  if (placement === undefined) return;
  execFileSync(taskset, ["-a", "-p", "-c", placement.bench, String(process.pid)], { stdio: "ignore" });
}

/** @param {keyof NonNullable<typeof placement>} role */
export function spawnPinned(role, command, args, options = {}) {
  const line = placement === undefined ? [command, ...args] : [taskset, "-c", placement[role], command, ...args];
  const child = spawn(line[0], line.slice(1), { stdio: ["ignore", "pipe", "pipe"], ...options });
  child.output = "";
  const keep = (text) => {
    child.output = (child.output + text).slice(-4_000);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  child.on("error", (error) => keep(String(error)));
  running.add(child);
  child.once("exit", () => running.delete(child));
  return child;
}

const running = new Set();
// Whatever happens to the bench, nothing of it stays.
process.on("exit", () => {
  for (const child of running) child.kill("SIGTERM");
});

/** Ends a program of ours, and waits until it has ended. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS_MAX);
  await ended;
  clearTimeout(timer);
}

export async function stopAll() {
  await Promise.all([...running].map(stop));
}

/** Runs a program to its end and returns what it wrote. */
export async function runPinned(role, command, args, timeout_ms, options = {}) {
  const child = spawnPinned(role, command, args, { timeout: timeout_ms, killSignal: "SIGKILL", ...options });
  let stdout = "";
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with code ${code}: ${child.output}`);
  return stdout;
}

/** A port that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits until `child` accepts connections on `port`. */
export async function listening(child, port) {
  const deadline = performance.now() + START_MS_MAX;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) break;
    if (await accepts(port)) return;
    await sleep(30);
  }
  await stop(child);
  throw new Error(`it does not listen: ${child.output.trim() || "it said nothing"}`);
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket.destroy() !== undefined));
    socket.once("error", () => resolve(false));
  });
}

/** The first line that a program writes when it is asked for its version. */
export function versionOf(command, args, pattern) {
  try {
    const text = execFileSync("sh", ["-c", '"$@" 2>&1 || true', "sh", command, ...args], { encoding: "utf8" });
    return pattern.exec(text)?.[1];
  } catch {
    return undefined;
  }
}
