/**
 * Starting somebody's server or proxy as a child process, with a configuration of its own in a directory of its own.
 *
 * Deliberately absent: which there are (residents.ts).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { Directory } from "../interop/support/directory.ts";
import { canConnect, freePort } from "../interop/support/listening.ts";
import { until } from "../interop/support/waiting.ts";

/** A way to run a program. Words may contain `{port}`, `{origin}`, `{origin-port}`, `{config}` and `{directory}`. */
export interface Form {
  readonly command: readonly string[];
  /** The template of its configuration, in which the same words are replaced. */
  readonly configuration?: string;
  /** Behind "with", for the page. */
  readonly setup: string;
  /** The signal on which it drains. */
  readonly drain?: NodeJS.Signals;
}

export interface Running {
  readonly port: number;
  readonly url: string;
  kill(signal: NodeJS.Signals): void;
  stop(): Promise<void>;
}

/** What runs, and where: whatever ends the zoo ends it, too. */
const running = new Map<ChildProcess, Directory>();
process.once("exit", () => {
  for (const [child, directory] of running) {
    killGroup(child);
    directory.remove();
  }
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

/** All start at once, and some compile their configuration. */
const START_MS = 120_000;
/** One that does not end in time is killed. */
const STOP_MS = 8_000;

export async function start(name: string, form: Form, originPort: number): Promise<Running> {
  const directory = new Directory();
  directory.write("www/index.html", "hello\n");
  const home = directory.at("home");
  mkdirSync(home);
  // Daemons that give up root write here.
  for (const path of [directory.path, home]) chmodSync(path, 0o777);
  const port = await freePort();
  const words: Record<string, string> = {
    "{port}": String(port),
    "{origin}": `http://127.0.0.1:${originPort}`,
    "{origin-port}": String(originPort),
    "{directory}": directory.path,
  };
  const filled = (text: string) =>
    Object.entries(words).reduce((done, [word, value]) => done.replaceAll(word, value), text);
  if (form.configuration !== undefined) words["{config}"] = directory.write("zoo.conf", filled(form.configuration));
  const [command = "", ...args] = form.command.map(filled);
  const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env, cwd: directory.path, detached: true });
  running.set(child, directory);
  let said = "";
  let hasFailed = false;
  child.on("error", (error) => {
    hasFailed = true;
    said += error.message;
  });
  child.stderr.on("data", (bytes: Buffer) => {
    said = (said + bytes.toString()).slice(-2_000);
  });
  const stop = async () => {
    if (!hasFailed) await ended(child);
    running.delete(child);
    directory.remove();
  };
  try {
    const isListening = () => {
      if (hasFailed || child.exitCode !== null) throw new Error(`it ended with ${child.exitCode ?? "an error"}`);
      return canConnect(port);
    };
    await until(`${name} listens`, isListening, START_MS);
  } catch (error) {
    await stop();
    throw new Error(`${name} did not start: ${(error as Error).message}\n${said}`);
  }
  return { port, url: `http://127.0.0.1:${port}/`, kill: (signal) => child.kill(signal), stop };
}

/** Its workers, too: each has a group of its own (`detached`). */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const impatience = setTimeout(() => killGroup(child), STOP_MS);
    child.once("exit", () => {
      clearTimeout(impatience);
      resolve();
    });
    child.kill("SIGTERM");
  });
}
