/**
 * Lines of the access log for people who watch a terminal: what was asked, what came of it, on which connections, and why it failed.
 *
 *     12:00:07 GET  app.test/users?…              200   7.2ms #12 → #7 reused
 *     12:00:09 POST app.test/pay                  502   1.3ms #12 → #9 new
 *              upstream-closed: The origin closed the connection before it answered.
 *
 * An exchange is one line, whatever the terminal's width: where the words do not fit behind it, spaces fill the row, and the terminal
 * goes on in the next. So lines of several processes stay whole. Queries are left out, since screens are shared and queries may be
 * secret. All that clients have sent is written in printable ASCII. Deliberately absent: fields.
 */
import { clockTime } from "./clock-time.ts";
import { escapedItem } from "./common-log.ts";
import type { ConnectionEntry, ExchangeEntry } from "./entries.ts";
import { idText } from "./id-text.ts";
import { withoutQuery } from "./shown-target.ts";
import { whyText } from "./why.ts";

/** Where the log is written to. */
export interface PrettyStyle {
  readonly hasColours: boolean;
  /** Characters in a row; there are no rows: undefined. */
  readonly columns: number | undefined;
}

/** The host and path take no more of a wide terminal. */
const PLACE_WIDTH_MAX = 60;
const PLACE_WIDTH_MIN = 12;
/** `#12 → #7 reused` */
const CONNECTIONS_WIDTH = 15;
const DURATION_WIDTH = 7;
/** Under the method, behind the time. */
const INDENT = 9;

const colours = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;
type Colour = keyof typeof colours;

/** A line without its end. */
export function prettyLine(entry: ExchangeEntry | ConnectionEntry, style: PrettyStyle): string {
  const paint = (colour: Colour, text: string) =>
    style.hasColours ? `\u001b[${colours[colour][0]}m${text}\u001b[${colours[colour][1]}m` : text;
  const time = clockTime(entry.time);
  if (entry.type === "connection") return paint("dim", `${time} ${connectionText(entry)}`);

  // A start-line that could not be read is shown whole, with the method that it may have.
  const method = escapedItem(entry.method === "" || hasReceived(entry) ? "-" : entry.method).padEnd(4);
  const result = `${entry.status === 0 ? "---" : entry.status} ${durationText(entry.duration_ms).padStart(DURATION_WIDTH)}`;
  const connections = connectionsText(entry);
  const { columns } = style;
  const around = `${time} ${method}  ${result} `.length;
  const place =
    columns === undefined
      ? placeText(entry)
      : fitted(placeText(entry), columns - around - Math.max(CONNECTIONS_WIDTH, connections.length));
  const row = `${time} ${method} ${place} ${result} ${connections}`;
  const painted = [
    paint("dim", time),
    paint("bold", method),
    place,
    `${paint(statusColour(entry), result.slice(0, 3))}${result.slice(3)}`,
    paint("dim", connections),
  ].join(" ");
  const why = whyText(entry);
  if (why === "") return painted;
  return painted + below(row.length, why, columns, (text) => paint(entry.status < 500 ? "yellow" : "red", text));
}

/** Words behind a row, or in the next ones if they do not fit. */
function below(used: number, words: string, columns: number | undefined, paint: (text: string) => string): string {
  if (columns === undefined || used + 2 + words.length <= columns) return `  ${paint(words)}`;
  let text = rest(used, columns);
  const lines = wrapped(words, Math.max(PLACE_WIDTH_MIN, columns - INDENT));
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1;
    text += " ".repeat(INDENT) + paint(line) + (isLast ? "" : rest(INDENT + line.length, columns));
  }
  return text;
}

/** The spaces to the end of the row. */
function rest(used: number, columns: number): string {
  return " ".repeat((columns - (used % columns)) % columns);
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines;
}

function fitted(text: string, room: number): string {
  const width = Math.min(PLACE_WIDTH_MAX, Math.max(PLACE_WIDTH_MIN, room));
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}

function hasReceived({ received = "" }: ExchangeEntry): boolean {
  return received !== "";
}

/** Host and path; of what could not be read, as much as was. */
function placeText({ target, host = "", received }: ExchangeEntry): string {
  // Its bytes are escaped already.
  if (received !== undefined && received !== "") return withoutQuery(received);
  const shown = withoutQuery(target);
  const path = shown.endsWith("…") ? `${escapedItem(shown.slice(0, -1))}…` : escapedItem(shown);
  return `${target.startsWith("/") ? escapedItem(host) : ""}${path}`;
}

/** The client's connection, the origin's, and whether that was there already; before it those that were lost. */
function connectionsText({ downstream, upstream, lost = [] }: ExchangeEntry): string {
  const last = upstream === undefined ? [] : [`#${idText(upstream.id)} ${upstream.reused ? "reused" : "new"}`];
  // Of a retry that got no connection the record has the lost one still.
  const isLost = lost.some(({ id, exchange }) => id === upstream?.id && exchange === upstream.exchange);
  const ways = [...lost.map(({ id }) => `#${idText(id)} lost`), ...(isLost ? [] : last)];
  return [`#${idText(downstream.id)}`, ...ways].join(" → ");
}

function connectionText(entry: ConnectionEntry): string {
  const { id, hop, closed, ended, exchanges } = entry;
  const whose = entry.hop === "downstream" ? `client ${entry.client}` : `origin ${entry.endpoint}`;
  const [by, how] = ended.split("-") as ["own" | "peer", "fin" | "reset"];
  const who = by === "own" ? "hopwise" : hop === "downstream" ? "client" : "origin";
  const carried = `${exchanges} ${exchanges === 1 ? "exchange" : "exchanges"}`;
  return `#${idText(id)} ${whose} closed: ${closed} (${who}, ${how === "fin" ? "FIN" : "RST"}), ${carried}`;
}

function statusColour({ status }: ExchangeEntry): Colour {
  if (status === 0 || status >= 500) return "red";
  if (status >= 400) return "yellow";
  return status >= 300 ? "cyan" : "green";
}

function durationText(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)}ms`;
  if (ms < 1_000) return `${Math.round(ms)}ms`;
  if (ms < 100_000) return `${(ms / 1_000).toFixed(1)}s`;
  if (ms < 1_000_000) return `${Math.round(ms / 1_000)}s`;
  return `${Math.round(ms / 60_000)}min`;
}
