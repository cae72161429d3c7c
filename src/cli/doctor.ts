/**
 * `hopwise doctor`: an examination on the command line, with its progress on the standard error and its report on the standard output.
 *
 * Ctrl-C ends the examination, and what is known by then is printed. Deliberately absent: what is examined, and how.
 */
import { writeFileSync } from "node:fs";
import { HopwiseError } from "../config/error.ts";
import { fileFault } from "../config/file-error.ts";
import { shown } from "../config/values.ts";
import { examine } from "../doctor/examine.ts";
import { isAtLeast } from "../doctor/grade.ts";
import type { Progress } from "../doctor/progress.ts";
import { htmlReport } from "../doctor/report/html.ts";
import type { Report } from "../doctor/report/report.ts";
import { terminalReport } from "../doctor/report/terminal.ts";
import type { ExamineOptions } from "../doctor/settings.ts";
import { seconds } from "../doctor/words.ts";
import { ExitCode } from "./exit.ts";
import { styled, type Terminal } from "./terminal.ts";

type Flags = Readonly<Record<string, unknown>>;
type FailOn = "fail" | "advice" | "never";

/** Columns where nobody says how many there are. */
const COLUMNS = 80;

/** @throws HopwiseError for wrong usage, and where there is nothing to examine */
export async function runDoctor(url: string | undefined, flags: Flags, terminal: Terminal): Promise<ExitCode> {
  if (flags.schema === true) {
    const { reportSchema } = await import("../doctor/report/schema.ts");
    terminal.print(JSON.stringify(reportSchema(), undefined, 2));
    return ExitCode.well;
  }
  refuseSeveral(url, flags);
  const failOn = readFailOn(flags.failOn);
  if (flags.chain !== undefined) {
    const { runDoctorChain } = await import("./doctor-chain.ts");
    const found = await runDoctorChain(String(flags.chain), flags, terminal);
    writePage(found, flags, terminal);
    return endOf(found, failOn);
  }
  const stopper = new AbortController();
  const onInterrupt = () => (stopper.signal.aborted ? process.exit(ExitCode.failed) : stopper.abort());
  process.on("SIGINT", onInterrupt);
  process.on("SIGTERM", onInterrupt);
  let report: Report;
  try {
    const onProgress = (progress: Progress) => terminal.setLive(styled("dim", progressText(progress)));
    if (flags.through !== undefined) {
      const { throughReport } = await import("./doctor-through.ts");
      report = await throughReport(flags, stopper.signal, onProgress);
    } else if (url === undefined) {
      const { betweenReport } = await import("./doctor-between.ts");
      report = await betweenReport(flags, stopper.signal, terminal);
    } else report = await examine(url, { ...optionsOf(flags), signal: stopper.signal, onProgress });
  } finally {
    terminal.setLive();
    process.off("SIGINT", onInterrupt);
    process.off("SIGTERM", onInterrupt);
  }
  tell(report, flags, terminal);
  return endOf(report, failOn);
}

/** One thing is examined at a time. */
function refuseSeveral(url: string | undefined, flags: Flags): void {
  const isBetween = flags.between === true || flags.log !== undefined;
  const ways = [url !== undefined, flags.chain !== undefined, flags.through !== undefined, isBetween];
  const count = ways.filter(Boolean).length;
  if (count === 1) return;
  if (count === 0 && flags.to !== undefined) {
    throw new HopwiseError("option-missing", "--to goes with --between: write hopwise doctor --between --to URL");
  }
  throw new HopwiseError(
    "option-missing",
    count === 0
      ? "write what to examine: hopwise doctor http://127.0.0.1:3000"
      : "write one of a URL, --chain, --through and --between",
  );
}

function endOf({ findings }: Report, failOn: FailOn): ExitCode {
  return failOn !== "never" && findings.some((finding) => isAtLeast(finding, failOn)) ? ExitCode.failed : ExitCode.well;
}

function optionsOf(flags: Flags): ExamineOptions {
  const text = (name: string) => (flags[name] === undefined ? undefined : String(flags[name]));
  const texts = (name: string) => flags[name] as readonly string[] | undefined;
  return {
    maxWait: text("maxWait"),
    quick: flags.quick === true,
    only: texts("only"),
    skip: texts("skip"),
    allowPost: text("allowPost"),
    intrusive: flags.intrusive === true,
    load: text("load"),
    authorised: text("iAmAuthorised"),
    maxRequests: text("maxRequests"),
    header: texts("header"),
    insecure: flags.insecure === true,
    ca: text("ca"),
    product: text("product"),
  };
}

function readFailOn(value: unknown = "fail"): FailOn {
  if (value === "fail" || value === "advice" || value === "never") return value;
  throw new HopwiseError(
    "option-invalid",
    `"${shown(String(value))}" is not a level: write fail, advice or never`,
    "failOn",
  );
}

function tell(report: Report, flags: Flags, terminal: Terminal): void {
  writePage(report, flags, terminal);
  if (terminal.isJson) return terminal.json(report);
  for (const line of terminalReport(report, process.stdout.columns ?? COLUMNS, styled)) terminal.print(line);
}

function writePage(report: Report, flags: Flags, terminal: Terminal): void {
  if (typeof flags.html !== "string") return;
  try {
    writeFileSync(flags.html, htmlReport(report));
  } catch (error) {
    throw new HopwiseError(
      "option-invalid",
      `${shown(flags.html)} cannot be written (${fileFault(error, "written")})`,
      "html",
      error,
    );
  }
  terminal.say(`written: ${flags.html}`);
}

/** `12 of 24 checks, 34 s; idle connections, up to 130 s: 96 s left at most`. */
function progressText({ done, total, running, elapsed_ms, left_ms }: Progress): string {
  const [first] = running;
  const wait = first === undefined || left_ms === undefined ? "" : `; ${first}: ${seconds(left_ms)} left at most`;
  return `${done} of ${total} checks, ${seconds(elapsed_ms)}${wait}`;
}
