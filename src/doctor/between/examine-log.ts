/**
 * The access log of a hopwise that ran, examined line by line: the same report as of live traffic.
 *
 * It is read once, from its beginning to its end, in pieces. What a log does not tell (what origins advertise, what they are) is missing
 * there. Deliberately absent: what findings there are.
 */
import { createReadStream } from "node:fs";
import { HopwiseError } from "../../config/error.ts";
import { fileFault } from "../../config/file-error.ts";
import { shown } from "../../config/values.ts";
import type { Finding } from "../finding.ts";
import type { Report } from "../report/report.ts";
import { grouped } from "../report/text.ts";
import { plural } from "../words.ts";
import { type LogOptions, readTold } from "./between-options.ts";
import { betweenReport } from "./findings.ts";
import { LineReader } from "./line-reader.ts";
import { otherFormat, readLogLine } from "./log-lines.ts";
import { Traffic } from "./traffic.ts";

export const LOG_ID = "HW850";

/** Lines that are named. */
const NAMED_MAX = 5;
const PROGRESS_LINES = 20_000;

/** What was found in a log beside its entries. */
class LogTally {
  lines = 0;
  exchanges = 0;
  connections = 0;
  /** JSON of something else. */
  others = 0;
  notJson = 0;
  /** Their numbers, the first ones. */
  readonly named: number[] = [];
  hint: string | undefined;
}

/**
 * Reports on the traffic that an access log of hopwise tells of (`--access-log FILE`, JSON, best with `--log-connections`).
 *
 * @param source the path of a log, or its bytes as a stream gives them
 * @throws HopwiseError `target-unreachable` for a log without exchanges; `option-invalid` for one that cannot be read
 */
export async function examineLog(
  source: string | AsyncIterable<Uint8Array | string>,
  options: LogOptions = {},
): Promise<Report> {
  const told = readTold(options);
  const name = options.name ?? (typeof source === "string" ? source : "a log");
  const traffic = new Traffic();
  const tally = new LogTally();
  const reader = new LineReader((line) => {
    noteLine(line, traffic, tally);
    if (tally.lines % PROGRESS_LINES === 0) options.onProgress?.(tally.lines);
  });
  const isWhole = await readAll(typeof source === "string" ? createReadStream(source) : source, reader, name, options);
  if (tally.exchanges === 0) throw nothingIn(name, tally);
  const facts = {
    target: shown(name),
    startedAt: new Date(traffic.begun_ms).toISOString(),
    took_ms: Math.max(0, traffic.ended_ms - traffic.begun_ms),
    isComplete: isWhole,
  };
  return betweenReport(traffic, told, facts, [logFinding(tally)]);
}

function noteLine(line: string | undefined, traffic: Traffic, tally: LogTally): void {
  tally.lines++;
  if (line === "") return;
  const read = line === undefined ? ({ kind: "not-json" } as const) : readLogLine(line);
  switch (read.kind) {
    case "exchange":
      tally.exchanges++;
      return traffic.exchange(read.entry);
    case "connection":
      tally.connections++;
      return traffic.connection(read.entry);
    case "other":
      tally.others++;
      return;
    case "not-json":
      tally.notJson++;
      tally.hint ??= line === undefined ? undefined : otherFormat(line);
      if (tally.named.length < NAMED_MAX) tally.named.push(tally.lines);
  }
}

/** @returns false: it was stopped before the end */
async function readAll(
  source: AsyncIterable<Uint8Array | string>,
  reader: LineReader,
  name: string,
  { signal }: LogOptions,
): Promise<boolean> {
  const stop = () => (source as { destroy?: () => void }).destroy?.();
  signal?.addEventListener("abort", stop, { once: true });
  try {
    for await (const piece of source) {
      if (signal?.aborted === true) return false;
      reader.push(typeof piece === "string" ? Buffer.from(piece) : piece);
    }
  } catch (error) {
    if (signal?.aborted === true) return false;
    throw new HopwiseError(
      "option-invalid",
      `${shown(name)} cannot be read (${fileFault(error, "read")})`,
      "log",
      error,
    );
  } finally {
    signal?.removeEventListener("abort", stop);
  }
  reader.end();
  return signal?.aborted !== true;
}

function nothingIn(name: string, { lines, notJson, others, hint }: LogTally): HopwiseError {
  const how = "write it with hopwise proxy --access-log FILE --log-format json --log-connections";
  const what =
    lines === 0
      ? "it is empty"
      : notJson > 0
        ? `${notJson} of its ${plural(lines, "line")} are not JSON${hint === undefined ? "" : ` (${hint})`}`
        : others > 0
          ? "its JSON is not of hopwise's access log"
          : "it has lines for connections only";
  return new HopwiseError("target-unreachable", `${shown(name)} tells of no exchange: ${what}; ${how}`);
}

/** How good the log is to learn from. */
function logFinding({ lines, exchanges, connections, others, notJson, named, hint }: LogTally): Finding {
  const lacksConnections = connections === 0;
  const more = notJson > named.length ? " ..." : "";
  const bad =
    notJson === 0
      ? ""
      : `; ${plural(notJson, "line")} ${notJson === 1 ? "is" : "are"} not JSON (line ${named.join(", ")}${more})${hint === undefined ? "" : `, ${hint}`}`;
  const foreign = others === 0 ? "" : `; ${plural(others, "line")} of something else`;
  const without = lacksConnections ? "; none for connections, so times of idle ones are not known" : "";
  return {
    id: LOG_ID,
    section: "between",
    claim: "The log tells of exchanges and of connections, line by line.",
    verdict: notJson > 0 ? "advice" : "info",
    measured: `${grouped(lines)} lines: ${grouped(exchanges)} for exchanges, ${grouped(connections)} for connections${without}${bad}${foreign}`,
    values: { lines, exchanges, connections, not_json: notJson, of_something_else: others },
    consequence: notJson > 0 ? "What these lines would have told is missing from this report." : "",
    fixes:
      notJson > 0 ? [{ product: "any", text: "Write the log with --log-format json, into a file of its own." }] : [],
    evidence: [],
  };
}
