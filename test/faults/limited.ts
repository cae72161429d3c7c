/**
 * hopwise as a process that may have few file descriptors.
 *
 * The shell lowers the hard limit, since the runtime raises the soft one to it. It speaks to people here, so that what it
 * says on the standard error can be read.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Stats } from "../interop/support/hopwise.ts";
import { stopChild } from "../interop/support/programs.ts";
import { until } from "../interop/support/waiting.ts";

const cliPath = process.env.TESTS_CLI ?? fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface LimitedStats extends Stats {
  readonly acceptFailures: Readonly<Record<string, number>>;
}

export interface Limited {
  readonly port: number;
  /** What it has said on the standard error. */
  said(): string;
  stats(): Promise<LimitedStats>;
  stop(): Promise<void>;
}

/** Starts `hopwise proxy` with at most `descriptors` file descriptors. */
export async function startLimited(descriptors: number, args: readonly string[]): Promise<Limited> {
  const fixed = [cliPath, "proxy", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
  const shell = ["-c", `ulimit -n ${descriptors}; exec "$0" "$@"`, process.execPath, ...fixed, ...args];
  const child = spawn("sh", shell, { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (octets: Buffer) => {
    said += octets.toString();
  });
  await until("hopwise says where it listens", () => {
    if (child.exitCode !== null) throw new Error(`hopwise did not start: ${said}`);
    return /^admin on /m.test(said);
  });
  const port = Number(/:(\d+) -> /.exec(said)?.[1]);
  const admin = /^admin on (http:\S+): /m.exec(said)?.[1] ?? "";
  return {
    port,
    said: () => said,
    stats: async () => (await fetch(new URL("/stats", admin))).json() as Promise<LimitedStats>,
    stop: () => stopChild(child, "SIGTERM"),
  };
}
