/**
 * The compiled command line as a child process: what it says, line by line, and how it ends.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

/** The runtime under test: this one, or another by `TESTS_RUNTIME`. */
const runtime = process.env.TESTS_RUNTIME ?? process.execPath;
const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** One stream's lines, as they come. */
class Lines {
  readonly all: string[] = [];
  private rest = "";
  private waiting: (() => void)[] = [];

  constructor(stream: NodeJS.ReadableStream | null, ended: Promise<unknown>) {
    stream?.on("data", (data: Buffer) => {
      const lines = (this.rest + data.toString()).split("\n");
      this.rest = lines.pop() ?? "";
      this.all.push(...lines);
      this.wake();
    });
    void ended.then(() => this.wake());
  }

  /** The first line that matches, once it is there. */
  async line(pattern: RegExp, isOver: () => boolean): Promise<string> {
    for (;;) {
      const found = this.all.find((line) => pattern.test(line));
      if (found !== undefined) return found;
      if (isOver()) throw new Error(`the process ended without a line like ${pattern}:\n${this.all.join("\n")}`);
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

export class Running {
  readonly child: ChildProcess;
  /** The exit code; ended by a signal: null. */
  readonly ended: Promise<number | null>;
  private readonly stdout: Lines;
  private readonly stderr: Lines;
  private isOver = false;

  constructor(command: readonly string[], env: NodeJS.ProcessEnv, sockets: readonly number[] = []) {
    const [program = "", ...args] = command;
    this.child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe", ...sockets], env });
    this.ended = new Promise((resolve, reject) => {
      this.child.once("error", reject);
      this.child.once("close", (code) => {
        this.isOver = true;
        resolve(code);
      });
    });
    this.stdout = new Lines(this.child.stdout, this.ended);
    this.stderr = new Lines(this.child.stderr, this.ended);
  }

  out(pattern: RegExp): Promise<string> {
    return this.stdout.line(pattern, () => this.isOver);
  }

  err(pattern: RegExp): Promise<string> {
    return this.stderr.line(pattern, () => this.isOver);
  }

  get outLines(): readonly string[] {
    return this.stdout.all;
  }

  get errLines(): readonly string[] {
    return this.stderr.all;
  }

  /** The machine lines of a type. */
  async json<Line extends { type: string }>(type: string): Promise<Line> {
    return JSON.parse(await this.out(new RegExp(`^\\{"type":"${type}"`))) as Line;
  }
}

/** Runs `hopwise`; it is killed at the end of the test if it still runs. */
export function hopwise(...args: readonly string[]): Running {
  return hopwiseWith({}, ...args);
}

/** The same with variables of the environment. */
export function hopwiseWith(variables: NodeJS.ProcessEnv, ...args: readonly string[]): Running {
  return started([runtime, main, ...args], variables);
}

/** The same behind another command, which is to run it. */
export function hopwiseBehind(command: readonly string[], ...args: readonly string[]): Running {
  return started([...command, runtime, main, ...args], {});
}

/** The same with sockets, as a service manager hands them over. */
export function hopwiseOn(sockets: readonly number[], names: string, ...args: readonly string[]): Running {
  const variables = { LISTEN_FDS: String(sockets.length), LISTEN_FDNAMES: names };
  return started(["sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"', runtime, main, ...args], variables, sockets);
}

/** Variables of the tests themselves would be taken for its own; what a terminal can do must not depend on who runs the tests. */
function started(command: readonly string[], variables: NodeJS.ProcessEnv, sockets: readonly number[] = []): Running {
  const { NO_COLOR: _noColor, FORCE_COLOR: _forceColor, CI: _ci, ...all } = process.env;
  const others = Object.entries(all).filter(([name]) => !name.startsWith("HOPWISE_"));
  const env = { ...Object.fromEntries(others), TERM: "xterm-256color", ...variables };
  const running = new Running(command, env, sockets);
  onTestFinished(async () => {
    running.child.kill("SIGKILL");
    await running.ended;
  });
  return running;
}

/** Runs it to its end. */
export async function run(...args: readonly string[]) {
  const running = hopwise(...args);
  const code = await running.ended;
  return { code, out: running.outLines.join("\n"), err: running.errLines.join("\n") };
}

export interface Origin {
  readonly url: string;
  readonly host: string;
}

export async function origin(onRequest: RequestListener, port = 0): Promise<Origin> {
  const server = createServer(onRequest);
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url: `http://${host}`, host };
}

export interface Listening {
  readonly type: "listening";
  readonly url: string;
  readonly admin: string | null;
  readonly to: readonly string[];
}

/** Starts `hopwise proxy --json` on ports of the system's choice. */
export async function proxy(...args: readonly string[]): Promise<Listening & { readonly running: Running }> {
  const running = hopwise("proxy", "--json", "--listen", "0", "--admin", "0", ...args);
  return { ...(await running.json<Listening>("listening")), running };
}
