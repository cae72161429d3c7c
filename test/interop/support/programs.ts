/**
 * Other people's programs: whether they are installed, and running one to its end.
 *
 * Deliberately absent: daemons, see origins.ts.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian keeps daemons; not on the path of an ordinary user. */
const SYSTEM_DIRECTORIES = ["/usr/sbin", "/sbin"];

/** The full path of a program; absent: undefined. */
export function pathOf(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? "").split(delimiter), ...SYSTEM_DIRECTORIES];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

export function has(name: string): boolean {
  return pathOf(name) !== undefined;
}

/** What a skipped test's name ends with, so that the report says which program was missing. */
export function needing(...names: string[]): string {
  const missing = names.filter((name) => !has(name));
  return missing.length === 0 ? "" : ` (skipped: ${missing.join(", ")} not installed)`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Ended {
  /** The exit code; ended by a signal: null. */
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: Buffer;
  readonly environment?: Readonly<Record<string, string>>;
  /** The program is killed after this long. */
  readonly timeout_ms?: number;
  /** Interrupts it (SIGINT), as a person would. */
  readonly interrupt?: AbortSignal;
}

/** Runs a program to its end. */
export function run(name: string, args: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(pathOf(name) ?? name, args, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...options.environment },
    timeout: options.timeout_ms ?? 60_000,
    killSignal: "SIGKILL",
  });
  options.interrupt?.addEventListener("abort", () => child.kill("SIGINT"));
  const stdout: Buffer[] = [];
  let stderr = "";
  child.stdout.on("data", (octets: Buffer) => stdout.push(octets));
  child.stderr.on("data", (octets: Buffer) => {
    stderr += octets.toString();
  });
  // A program may end without reading all of its input.
  child.stdin.on("error", () => {});
  child.stdin.end(options.input);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }));
  });
}

/** Ends a child process of ours, and waits until it has ended. */
export function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}
