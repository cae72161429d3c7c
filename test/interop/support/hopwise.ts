/**
 * hopwise as its users run it: a child process, driven by flags and signals, and asked for its figures.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { residentBytes } from "../../kit/resident.ts";
import { until } from "./waiting.ts";

/** The command line under test; an installed package's, for instance, by `TESTS_CLI`. */
const cliPath = process.env.TESTS_CLI ?? fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
/** The runtime under test: this one, or another by `TESTS_RUNTIME`. */
const ownRuntime = process.env.TESTS_RUNTIME ?? process.execPath;

export type Counts = Readonly<Record<string, number>>;

export interface HopStats {
  /** Connections that are not gone. */
  readonly open: number;
  readonly states: { readonly idle: number };
  /** Connections there have been, by why they were opened. */
  readonly opened: Counts;
  /** Connections that are gone, by why. */
  readonly closed: Counts;
}

/** What the tests look at of `/stats`. */
export interface Stats {
  readonly runtime: { readonly name: string; readonly version: string; readonly sockets: string };
  readonly workers?: {
    readonly running: number;
    readonly restarted: number;
    readonly processes: readonly { readonly pid: number; readonly exchanges: number }[];
  };
  readonly connections: { readonly downstream: HopStats; readonly upstream: HopStats };
  readonly reuse: { readonly reused: number; readonly refused: Counts };
  readonly exchanges: { readonly total: number; readonly answers: Counts; readonly retries: number };
}

export interface Exit {
  /** Ended by a signal: null. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface ListeningLine {
  readonly type: "listening";
  readonly runtime: Stats["runtime"];
  readonly url: string;
  readonly port: number;
  readonly listeners: readonly Listener[];
  readonly admin: string;
}

interface Listener {
  readonly url: string;
  readonly port: number;
}

export class Hopwise {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** All places where it listens; `url` and `port` are the first one's. */
  readonly listeners: readonly Listener[];
  /** As it is named at start. */
  readonly runtime: Stats["runtime"];
  readonly exited: Promise<Exit>;
  private readonly child: ChildProcess;
  private readonly adminUrl: string;

  constructor(child: ChildProcess, exited: Promise<Exit>, listening: ListeningLine) {
    this.child = child;
    this.exited = exited.then(withoutFault);
    // Whoever waits for it hears of it; nobody may.
    this.exited.catch(() => {});
    this.url = listening.url;
    this.port = listening.port;
    this.listeners = listening.listeners;
    this.runtime = listening.runtime;
    this.adminUrl = listening.admin;
    this.pid = child.pid ?? 0;
  }

  get adminPort(): number {
    return Number(new URL(this.adminUrl).port);
  }

  /** One of the admin's documents. */
  admin(path: string): Promise<Response> {
    return fetch(new URL(path, this.adminUrl));
  }

  async stats(): Promise<Stats> {
    return (await this.admin("/stats")).json() as Promise<Stats>;
  }

  async isReady(): Promise<boolean> {
    return (await this.admin("/readyz")).ok;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill(signal);
  }

  stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    this.kill(signal);
    return this.exited;
  }

  /** Its own resident memory at present, in bytes. Linux only. */
  residentBytes(): number {
    return residentBytes(this.pid);
  }
}

/** hopwise survives its own bugs; the tests do not. */
function withoutFault(exit: Exit): Exit {
  if (exit.stderr.includes("a fault of its own")) throw new Error(exit.stderr);
  return exit;
}

/** Runs the command line to its end. */
export function hopwiseToEnd(args: readonly string[]): Promise<Exit> {
  return exitOf(spawn(ownRuntime, [cliPath, ...args], { stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 }));
}

/** Starts `hopwise proxy` (or another command) on ports of the system's choice, and waits until it listens. */
export async function startHopwise(
  args: readonly string[],
  command: "proxy" | "forward" = "proxy",
  runtime = ownRuntime,
): Promise<Hopwise> {
  return await started(runtime, [command, "--json", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", ...args]);
}

/** Starts `hopwise run` with a file, which says where it listens, and waits until it does. */
export async function runHopwise(file: string, runtime = ownRuntime): Promise<Hopwise> {
  return await started(runtime, ["run", "--json", "-c", file]);
}

async function started(runtime: string, args: readonly string[]): Promise<Hopwise> {
  const child = spawn(runtime, [cliPath, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const exited = exitOf(child);
  let told = "";
  let isOver = false;
  child.stdout.on("data", (octets: Buffer) => {
    told += octets.toString();
  });
  void exited.then(() => {
    isOver = true;
  });
  await until("hopwise says where it listens", () => isOver || told.includes("\n"));
  if (isOver) throw new Error(`hopwise did not start: ${(await exited).stderr}`);
  return new Hopwise(child, exited, JSON.parse(told.slice(0, told.indexOf("\n"))) as ListeningLine);
}

function exitOf(child: ChildProcess): Promise<Exit> {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (octets: Buffer) => {
    stdout += octets.toString();
  });
  child.stderr?.on("data", (octets: Buffer) => {
    stderr += octets.toString();
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
