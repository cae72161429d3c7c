/**
 * What `hopwise top` shows: a function from samples to lines, as many and as wide as the terminal has.
 *
 * Deliberately absent: asking, keys, and time; see sample.ts and top.ts.
 */
import {
  type CloseReason,
  closeReasons,
  type EndpointStats,
  type ExchangeEntry,
  type ProxyStats,
} from "../../index.ts";
import { clockTime } from "../../ledger/clock-time.ts";
import { causeKey, type Explained, explained, failingEndpoints } from "../../ledger/explained.ts";
import { idText } from "../../ledger/id-text.ts";
import { isFailure } from "../../ledger/recent.ts";
import { askedText } from "../../ledger/shown-target.ts";
import { ms, perSecondText, span } from "../figures-text.ts";
import { clipped, type Style, styled } from "../terminal.ts";
import { perSecond, type Sample } from "./sample.ts";

export const lists = {
  f: { title: "what failed last, and why", rows: failures },
  g: { title: "what fails most, by cause", rows: causes },
  s: { title: "what took longest", rows: slowest },
  e: { title: "what ended last", rows: latest },
  c: { title: "connections", rows: connections },
  r: { title: "why connections closed", rows: closes },
} as const;
export type ListKey = keyof typeof lists;

export interface View {
  readonly source: string;
  readonly list: ListKey;
  /** Rows that have this text somewhere. */
  readonly filter: string;
  /** It is being written. */
  readonly isFiltering: boolean;
  readonly isPaused: boolean;
  /** Why there is no newer sample. */
  readonly fault: string | undefined;
}

const KEYS = "f failed  g causes  s slow  e ended  c connections  r reasons  / filter  q quit";
/** How far the words below a line stand in. */
const INDENT = " ".repeat(10);
/** Behind it the origin's address, and how it is. */
const GROUP_WIDTH_MAX = 14;
const NAME_WIDTH_MIN = 16;
/** `fails: ECONNREFUSED`. */
const STATE_WIDTH_MIN = 19;

/** @param before an earlier sample; there is none: undefined */
export function screen(now: Sample, before: Sample | undefined, view: View, columns: number, rows: number): string[] {
  const head = [...summary(now, before, view), "", ...origins(now, Math.max(3, Math.floor(rows / 3)), columns)];
  const { title, rows: rowsOf } = lists[view.list];
  const filter = view.filter === "" && !view.isFiltering ? "" : `   /${view.filter}${view.isFiltering ? "_" : ""}`;
  const wanted = rowsOf(now).filter((row) => row.join(" ").toLowerCase().includes(view.filter.toLowerCase()));
  const left = { lines: Math.max(1, rows - head.length - 3), rows: wanted.length };
  const body: string[] = [];
  for (const [first = "", ...words] of wanted) {
    const lines = [first, ...words.flatMap((text) => wrapped(text, columns - INDENT.length))];
    if (lines.length > left.lines) break;
    body.push(...lines);
    left.lines -= lines.length;
    left.rows--;
  }
  const count = left.rows > 0 ? `  (${left.rows} more)` : "";
  if (wanted.length === 0) body.push(styled("dim", view.filter === "" ? emptyText(view.list) : "none with this text"));
  const lines = [...head, "", styled("bold", `${title}${count}${filter}`), ...body];
  return [...lines.slice(0, rows - 1), styled("dim", KEYS)].map((line) => clipped(line, columns));
}

/** Words in lines of a width, each indented. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    if (line === undefined || line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map((line) => INDENT + line);
}

function emptyText(list: ListKey): string {
  switch (list) {
    case "f":
    case "g":
      return "nothing has failed";
    case "c":
      return "nobody is connected";
    case "r":
      return "nothing has closed";
    default:
      return "nothing has ended yet: send a request through the proxy";
  }
}

// At the top.

function summary(now: Sample, before: Sample | undefined, view: View): string[] {
  const { stats } = now;
  const { downstream, upstream } = stats.connections;
  const { exchanges, reuse, runtime } = stats;
  const state = stats.isDraining ? styled("yellow", "draining") : `up ${span(stats.uptime_ms)}`;
  const workers = stats.workers === undefined ? "" : `, ${stats.workers.running} workers`;
  const mark =
    view.fault !== undefined ? styled("red", `  ${view.fault}`) : view.isPaused ? styled("yellow", "  paused") : "";
  const rate = perSecond(now, before, (one) => one.exchanges.total);
  const failed = (one: ProxyStats) => one.exchanges.statuses["5xx"] ?? 0;
  const failing = perSecond(now, before, failed);
  const { duration, inProgress, total } = exchanges;
  const times =
    duration === undefined ? "" : `, half within ${ms(duration.p50_ms)}, 99 % within ${ms(duration.p99_ms)}`;
  const waiting = stats.waiting === 0 ? "" : styled("yellow", `, ${stats.waiting} wait for a connection`);
  return [
    `${styled("bold", "hopwise top")}  ${styled("cyan", view.source)}  ${state}  ${runtime.name} ${runtime.version}${workers}${mark}`,
    `requests  ${perSecondText(rate)}, ${inProgress} in progress, ${total} in all${times}`,
    `failing   ${perSecondText(failing)} with 5xx, ${failed(stats)} in all${waiting}`,
    `clients   ${downstream.open} open${states(downstream.states)}`,
    `origins   ${upstream.open} open${states(upstream.states)}${reused(reuse.ratio)}`,
  ];
}

function states(tally: Readonly<Record<string, number>>): string {
  const parts = Object.entries(tally).filter(([, count]) => count > 0);
  return parts.length === 0 ? "" : `: ${parts.map(([state, count]) => `${count} ${state}`).join(", ")}`;
}

function origins({ stats, exchanges }: Sample, max: number, columns: number): string[] {
  const { endpoints } = stats;
  const failing = failingEndpoints(exchanges ?? []);
  const table = endpoints
    .slice(0, max)
    .map((one) => [
      one.group === undefined ? one.endpoint : `${clipped(one.group, GROUP_WIDTH_MAX)}  ${one.endpoint}`,
      String(one.connections.inUse),
      String(one.connections.idle + one.connections.bound),
      one.lifetime_ms === undefined ? "-" : span(one.lifetime_ms),
      String(one.failures),
      stateText(one, failing.get(one.endpoint)),
    ]);
  const titles = ["origin", "busy", "idle", "lets idle", "failed", "state"];
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...table.map((row) => (column === 5 ? 0 : (row[column]?.length ?? 0)))),
  );
  // What a long name would push off the screen is what one looks for.
  const others = widths.slice(1).reduce((sum, width) => sum + 2 + width, 0) + STATE_WIDTH_MIN - "state".length;
  const nameWidth = Math.min(widths[0] ?? 0, Math.max(NAME_WIDTH_MIN, columns - others));
  const line = ([name = "", ...cells]: readonly string[]) =>
    [
      shortened(name, nameWidth).padEnd(nameWidth),
      ...cells.map((cell, column) => cell.padEnd(widths[column + 1] ?? 0)),
    ].join("  ");
  const more = endpoints.length > max ? [styled("dim", `${endpoints.length - max} more`)] : [];
  return [styled("bold", line(titles)), ...table.map(line), ...more];
}

/** Its beginning and its end, where the port is. */
function shortened(name: string, width: number): string {
  if (name.length <= width) return name;
  const end = Math.floor((width - 1) / 3);
  return `${name.slice(0, width - 1 - end)}…${name.slice(name.length - end)}`;
}

function stateText({ state, avoided_ms, check, weight }: EndpointStats, failing: Explained | undefined): string {
  if (state === "available") {
    if (weight === 0) return styled("yellow", "drains (weight 0)");
    return failing === undefined
      ? styled("green", "well")
      : styled("yellow", `fails: ${failing.fault ?? failing.word}`);
  }
  const why = state === "unhealthy" ? `: ${check?.lastFailure?.reason} ${check?.lastFailure?.detail}` : "";
  const time = avoided_ms === 0 ? "" : ` for ${span(avoided_ms)}`;
  return styled("red", `${state}${state === "unhealthy" ? "" : time}${why}`);
}

// Lists.

/** A line, and words that stand below it. */
type Row = readonly [string, ...string[]];

/** An origin's 404 is no failure. */
const hasFailed = ({ status, reason, outcome }: ExchangeEntry) => isFailure({ status, reason, outcome });

function failures({ exchanges }: Sample): Row[] {
  return told(exchanges, (all) => all.filter(hasFailed)).map((entry) => [line(entry), why(entry)]);
}

/** Failures with the same cause are one row: how many of those that are remembered, and the latest of them. */
function causes({ exchanges }: Sample): Row[] {
  const byKey = new Map<string, { readonly latest: ExchangeEntry; count: number }>();
  for (const entry of told(exchanges, (all) => all.filter(hasFailed))) {
    const about = explained(entry);
    if (about === undefined) continue;
    const key = causeKey(about, entry);
    const known = byKey.get(key);
    if (known === undefined) byKey.set(key, { latest: entry, count: 1 });
    else known.count++;
  }
  return [...byKey.values()]
    .toSorted((one, other) => other.count - one.count)
    .map(({ latest: entry, count }): Row => [`${String(count).padStart(8)}  last ${line(entry)}`, why(entry)]);
}

function slowest({ exchanges }: Sample): Row[] {
  return told(exchanges, (all) => all.toSorted((one, other) => other.duration_ms - one.duration_ms)).map((entry) => [
    line(entry),
    where(entry),
  ]);
}

function latest({ exchanges }: Sample): Row[] {
  return told(exchanges, (all) => all).map((entry) => [line(entry), where(entry)]);
}

function told(
  exchanges: readonly ExchangeEntry[] | undefined,
  choose: (all: readonly ExchangeEntry[]) => readonly ExchangeEntry[],
): readonly ExchangeEntry[] {
  return exchanges === undefined ? [] : choose(exchanges);
}

function line(entry: ExchangeEntry): string {
  const { time, status, duration_ms } = entry;
  const style: Style = status >= 500 || status === 0 ? "red" : status >= 400 ? "yellow" : "green";
  return `${clockTime(time)}  ${styled(style, String(status || "---"))}  ${ms(duration_ms).padStart(8)}  ${askedText(entry)}`;
}

/** In words: what went wrong, where, and what to do. */
export function why(entry: ExchangeEntry): string {
  const about = explained(entry);
  if (about === undefined) return "";
  const { word, cause, detail, todo, endpoint } = about;
  const where = endpoint === undefined ? "" : `(${endpoint})`;
  return [`${word}: ${cause}`, detail, todo, where].filter((part) => part !== "").join(" ");
}

/** On which connections, and where the time went. */
function where({ downstream, upstream, retries, ...entry }: ExchangeEntry): string {
  const parts = [
    ["waited", entry.queued_ms],
    ["connecting", entry.connect_ms],
    ["origin", entry.firstByte_ms],
  ] as const;
  const times = parts.flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${ms(value)}`])).join(", ");
  const again = retries === 0 ? "" : ", sent again";
  const on =
    upstream === undefined
      ? entry.endpoint === undefined
        ? "no origin asked"
        : `no connection to ${entry.endpoint}`
      : `#${idText(upstream.id)}.${upstream.exchange} ${upstream.endpoint}${upstream.reused ? "" : " (new)"}`;
  return `#${idText(downstream.id)}.${downstream.exchange} -> ${on}${again}${times === "" ? "" : `  ${times}`}`;
}

function connections({ connections: all = [] }: Sample): Row[] {
  return all.map(({ id, hop, state, client, endpoint, age_ms, idle_ms, exchanges, closes }) => {
    const busy = idle_ms === undefined ? state : `idle ${span(idle_ms)}`;
    const ending = closes === undefined ? "" : `, closes: ${closes}`;
    const side = hop === "downstream" ? `client ${client}` : `origin ${endpoint}`;
    return [
      `#${idText(id).padEnd(6)} ${busy.padEnd(12)} ${String(exchanges).padStart(6)} requests in ${span(age_ms).padEnd(7)} ${side}${ending}`,
    ];
  });
}

function closes({ stats }: Sample): Row[] {
  const rows = (["downstream", "upstream"] as const).flatMap((hop) =>
    Object.entries(stats.connections[hop].closed).map(([reason, count]) => ({ hop, reason, count: count ?? 0 })),
  );
  return rows
    .toSorted((one, other) => other.count - one.count)
    .map(
      ({ hop, reason, count }): Row => [
        `${String(count).padStart(8)}  ${hop === "downstream" ? "client" : "origin"}  ${reason}`,
        closeReasons[reason as CloseReason],
      ],
    );
}

// Figures for people.

function reused(ratio: number | undefined): string {
  return ratio === undefined ? "" : `; ${Math.round(ratio * 1_000) / 10} % of requests on one that was there`;
}
