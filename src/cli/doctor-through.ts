/** `hopwise doctor --through PROXY_URL --origin-listen ADDR`: the doctor on both sides of a proxy, and its report. */
import { spawn } from "node:child_process";
import type { Progress } from "../doctor/progress.ts";
import type { Report } from "../doctor/report/report.ts";
import { type ExamineThroughOptions, examineThrough } from "../doctor/through/public-options.ts";

type Flags = Readonly<Record<string, unknown>>;

/** @throws HopwiseError for wrong usage, and where nothing comes through */
export async function throughReport(
  flags: Flags,
  signal: AbortSignal,
  onProgress: (progress: Progress) => void,
): Promise<Report> {
  const text = (name: string) => (flags[name] === undefined ? undefined : String(flags[name]));
  const texts = (name: string) => flags[name] as readonly string[] | undefined;
  const { drain } = flags;
  return await examineThrough(String(flags.through), {
    // Where it is missing, that is said by what reads it.
    originListen: text("originListen") as ExamineThroughOptions["originListen"],
    forward: flags.forward === true,
    intrusive: flags.intrusive === true,
    authorised: text("iAmAuthorised"),
    insecure: flags.insecure === true,
    ca: text("ca"),
    only: texts("only"),
    skip: texts("skip"),
    product: text("product"),
    ...(drain === undefined ? {} : { drain: () => runCommand(String(drain)) }),
    signal,
    onProgress,
  });
}

/** What it says goes to the standard error, where news belong. */
function runCommand(command: string): void {
  spawn(command, { shell: true, stdio: ["ignore", 2, 2] }).once("error", (error) => console.error(error.message));
}
