/**
 * The formats of the access log, and which one is used where nobody says.
 *
 * `pretty` is for people at a terminal, `json` for everything that is to be asked later, `common` and `combined` for tools that read
 * Apache's logs. Queries are in all of them but `pretty`: an access log is its operator's file, and without them it could not say which
 * request failed; a screen, and the admin port, have other readers. Deliberately absent: what a line says, a file for each format.
 */
import { isatty } from "node:tty";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import { combinedLine, commonLine } from "./common-log.ts";
import type { ConnectionEntry, ExchangeEntry, LoggedExchange } from "./entries.ts";
import type { EntryMaker } from "./entry-maker.ts";
import { usualLine } from "./exchange-line.ts";
import { type PrettyStyle, prettyLine } from "./pretty-log.ts";
import { safeJson } from "./safe-json.ts";

export const logFormats = ["pretty", "common", "combined", "json"] as const;
export type LogFormat = (typeof logFormats)[number];

/** Of a target, and of a host; the rest is cut off and marked with an ellipsis. */
const TARGET_LENGTH_MAX = 4_096;
const HOST_LENGTH_MAX = 300;
const STDOUT = 1;

/** How lines are written. */
export interface LineFormat {
  exchange(record: ExchangeRecord): string;
  /** There is none for a connection in this format: undefined. */
  connection(entry: ConnectionEntry): string | undefined;
}

/** @param said what the operator wants; nothing: undefined. @param file where it goes; `-`: the standard output */
export function formatFor(said: LogFormat | undefined, file: string): LogFormat {
  return said ?? (isTerminal(file) ? "pretty" : "json");
}

export function isTerminal(file: string): boolean {
  return file === "-" && isatty(STDOUT);
}

/** @param make of records; it knows what time it is */
export function formatterOf(format: LogFormat, file: string, make: EntryMaker): LineFormat {
  switch (format) {
    case "pretty": {
      const line = (entry: ExchangeEntry | ConnectionEntry) => `${prettyLine(entry, styleOf(file))}\n`;
      return { exchange: (record) => line(make.exchange(record)), connection: line };
    }
    case "common":
      return { exchange: (record) => `${commonLine(make.logged(record))}\n`, connection: () => undefined };
    case "combined":
      return { exchange: (record) => `${combinedLine(make.logged(record))}\n`, connection: () => undefined };
    case "json":
      return { exchange: (record) => jsonLine(record, make), connection: lineOf };
  }
}

function jsonLine(record: ExchangeRecord, make: EntryMaker): string {
  const line = usualLine(record, make.arrivalTime(record));
  return line === undefined ? lineOf(make.logged(record)) : `${line}\n`;
}

/**
 * How wide the terminal is now, and whether it takes colours. A worker writes to a terminal through its supervisor, which says both in
 * the variables that have always meant this (cli/workers.ts).
 */
function styleOf(file: string): PrettyStyle {
  const { NO_COLOR = "", FORCE_COLOR = "0", COLUMNS } = process.env;
  if (isTerminal(file)) return { hasColours: process.stdout.hasColors(), columns: process.stdout.columns || 80 };
  const isForced = file === "-" && FORCE_COLOR !== "0" && NO_COLOR === "";
  return { hasColours: isForced, columns: isForced && Number(COLUMNS) > 0 ? Number(COLUMNS) : undefined };
}

/** One entry as a line of JSON. */
export function lineOf(entry: LoggedExchange | ConnectionEntry): string {
  return `${safeJson(entry.type === "exchange" ? shortened(entry) : entry)}\n`;
}

function shortened(entry: ExchangeEntry): ExchangeEntry {
  const { target, host = "" } = entry;
  if (target.length <= TARGET_LENGTH_MAX && host.length <= HOST_LENGTH_MAX) return entry;
  const short = { ...entry, target: cutOff(target, TARGET_LENGTH_MAX) };
  return host === "" ? short : { ...short, host: cutOff(host, HOST_LENGTH_MAX) };
}

function cutOff(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}
