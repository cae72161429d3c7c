/** `hopwise lab`: the stories of HTTP connections, played before the reader's eyes. */
import { readLabRequest } from "../lab/options.ts";
import { runLab } from "../lab/run.ts";
import { ExitCode } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** Columns where nobody says how many there are. */
const COLUMNS = 100;

/** @throws HopwiseError for wrong usage, and when a proxy cannot be reached */
export async function runLabCommand(
  names: readonly string[],
  flags: Readonly<Record<string, unknown>>,
  terminal: Terminal,
): Promise<ExitCode> {
  const { LC_ALL, LC_MESSAGES, LANG } = process.env;
  const request = readLabRequest(names, flags, LC_ALL || LC_MESSAGES || LANG || "");
  const isGood = await runLab(request, {
    columns: process.stdout.columns ?? COLUMNS,
    isLive: terminal.isLive && process.stdout.isTTY === true,
    print: (line) => terminal.print(line),
    warn: (line) => terminal.warn(line),
    setLive: (...lines) => terminal.setLive(...lines),
  });
  return isGood ? ExitCode.well : ExitCode.failed;
}
