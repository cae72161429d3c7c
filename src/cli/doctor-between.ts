/** `hopwise doctor --between --to URL` and `--log FILE`: real traffic, as it passes or as a log tells of it, and its report. */

import { HopwiseError } from "../config/error.ts";
import { formatDuration, shown } from "../config/values.ts";
import { type BetweenProgress, readDurationOption } from "../doctor/between/between-options.ts";
import { examineBetween } from "../doctor/between/examine-between.ts";
import { examineLog } from "../doctor/between/examine-log.ts";
import type { Report } from "../doctor/report/report.ts";
import { grouped } from "../doctor/report/text.ts";
import { seconds } from "../doctor/words.ts";
import { styled, type Terminal } from "./terminal.ts";

type Flags = Readonly<Record<string, unknown>>;

/** @throws HopwiseError for wrong usage, and where there is nothing to report */
export async function betweenReport(flags: Flags, signal: AbortSignal, terminal: Terminal): Promise<Report> {
  const text = (name: string) => (flags[name] === undefined ? undefined : String(flags[name]));
  const told = { product: text("product"), front: text("front"), signal };
  const log = text("log");
  if (log !== undefined) {
    return await examineLog(log === "-" ? process.stdin : log, {
      ...told,
      ...(log === "-" ? { name: "the standard input" } : {}),
      onProgress: (lines) => terminal.setLive(styled("dim", `${grouped(lines)} lines`)),
    });
  }
  if (flags.to === undefined) {
    throw new HopwiseError(
      "option-missing",
      "write the origin that it stands in front of, like --to http://127.0.0.1:3000, or the log of a hopwise that ran: --log FILE",
      "to",
    );
  }
  const to = [flags.to].flat().map(String);
  const duration = text("for");
  const duration_ms = readDurationOption(duration);
  return await examineBetween({
    ...told,
    to,
    listen: text("listen"),
    insecure: flags.insecure === true,
    ca: text("ca"),
    duration,
    onListening(url) {
      terminal.say(`${styled("bold", url)} -> ${to.map(shown).join(", ")}, for ${formatDuration(duration_ms)}`);
      terminal.say(styled("dim", "Send your clients there. Ctrl-C ends it sooner, and prints the report."));
    },
    onProgress: (progress) => terminal.setLive(styled("dim", progressText(progress))),
  });
}

/** `9 min 12 s left: 1,204 requests, 38 + 12 connections, 3 met a close (3 saved), 1 failed`. */
function progressText({ left_ms, requests, failed, races, saved, clients, origins }: BetweenProgress): string {
  const parts = [
    `${grouped(requests)} ${requests === 1 ? "request" : "requests"}`,
    `${clients} + ${origins} connections`,
    ...(races === 0 ? [] : [`${races} met a close (${saved} saved)`]),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  return `${leftText(left_ms)} left: ${parts.join(", ")}`;
}

function leftText(ms: number): string {
  if (ms < 60_000) return seconds(ms);
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms % 60_000) / 1_000)} s`;
}
