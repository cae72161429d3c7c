/**
 * Which rows of the tables are shown, and in which order: filters and sorting. Pure.
 *
 * A filter that is empty lets everything through. Deliberately absent: asking the proxy for it, since the page has all that the proxy
 * keeps, and more.
 */
import { endpointOf, explained } from "../../src/ledger/explained.ts";
import { idAsked } from "../../src/ledger/id-text.ts";
import type { ExchangeEntry } from "../feed/api-types.ts";
import { endOf } from "../feed/history.ts";
import type { ConnectionFacts } from "./connection-facts.ts";
import { connectionKey, requestText } from "./parts.tsx";

export interface Column<Row> {
  readonly name: string;
  readonly title: string;
  readonly isNumber?: boolean;
  /** What it is sorted by. */
  readonly value: (row: Row) => number | string;
}
type Filters<Row> = Readonly<Record<string, (row: Row, wanted: string) => boolean>>;

const has = (text: string, wanted: string) => text.toLowerCase().includes(wanted.toLowerCase());

export const exchangeFilters: Filters<ExchangeEntry> = {
  status: ({ status }, wanted) =>
    String(status).startsWith(/^[0-9]xx$/i.test(wanted) ? (wanted[0] ?? "") : wanted.toLowerCase().replace(/x+$/, "")),
  reason: (entry, wanted) => reasonOf(entry) === wanted,
  method: ({ method }, wanted) => method === wanted,
  host: ({ host = "" }, wanted) => has(host, wanted),
  path: ({ target, received = "" }, wanted) => has(target, wanted) || has(received, wanted),
  endpoint: ({ endpoint, upstream, lost = [] }, wanted) =>
    [{ endpoint }, upstream, ...lost].some((one) => one?.endpoint === wanted),
  connection: (entry, wanted) =>
    [entry.downstream, entry.upstream, ...(entry.lost ?? [])].some(
      (one) => one !== undefined && connectionKey(entry, one.id) === idAsked(wanted),
    ),
};

export const connectionFilters: Filters<ConnectionFacts> = {
  hop: ({ hop }, wanted) => hop === wanted,
  state: ({ state }, wanted) => state === wanted,
  reason: ({ closes }, wanted) => closes === wanted,
  peer: ({ peer }, wanted) => has(peer, wanted),
  connection: ({ key }, wanted) => key === idAsked(wanted),
};

/** What is said where no row is shown: there is none, or the filters are why. How rows are sorted leaves none out. */
export function emptyText({ sort: _, ...filters }: Readonly<Record<string, string>>): string {
  return Object.values(filters).some((wanted) => wanted !== "")
    ? "Nothing has all of these. Clear a filter."
    : "None is known. What comes now appears here.";
}

/** The reason's word, or what there is instead of one; it went well: empty. */
export function reasonOf(entry: ExchangeEntry): string {
  return entry.reason ?? explained(entry)?.word ?? "";
}

export const exchangeColumns: readonly Column<ExchangeEntry>[] = [
  { name: "ended", title: "Ended", value: endOf },
  { name: "status", title: "Status", value: ({ status }) => status },
  { name: "took", title: "Took", isNumber: true, value: ({ duration_ms }) => duration_ms },
  { name: "request", title: "Request", value: requestText },
  { name: "reason", title: "Reason", value: reasonOf },
  { name: "connections", title: "Connections", value: ({ downstream }) => downstream.id },
  { name: "endpoint", title: "Origin", value: (entry) => endpointOf(entry) ?? "" },
];

export const connectionColumns: readonly Column<ConnectionFacts>[] = [
  { name: "id", title: "Number", value: ({ key }) => Number(key.replace(/^.*\./, "")) },
  { name: "state", title: "State", value: ({ state }) => state },
  { name: "peer", title: "Other end", value: ({ peer }) => peer },
  { name: "requests", title: "Requests", isNumber: true, value: ({ exchangeCount }) => exchangeCount },
  {
    name: "age",
    title: "Age",
    isNumber: true,
    value: ({ openedAt_ms, closedAt_ms }) => (closedAt_ms ?? 0) - (openedAt_ms ?? 0),
  },
  { name: "opened", title: "Opened", value: ({ opened = "" }) => opened },
  { name: "reason", title: "Closes", value: ({ closes = "" }) => closes },
];

export function filtered<Row>(
  rows: readonly Row[],
  filters: Filters<Row>,
  query: Readonly<Record<string, string>>,
): readonly Row[] {
  const wanted = Object.entries(query).filter(([name, value]) => value !== "" && Object.hasOwn(filters, name));
  if (wanted.length === 0) return rows;
  return rows.filter((row) => wanted.every(([name, value]) => filters[name]?.(row, value.trim()) ?? true));
}

/** @param order `took`, or `-took` for the greatest first; empty: as they come */
export function sorted<Row>(rows: readonly Row[], columns: readonly Column<Row>[], order: string): readonly Row[] {
  const column = columns.find(({ name }) => name === order.replace(/^-/, ""));
  if (column === undefined) return rows;
  const direction = order.startsWith("-") ? -1 : 1;
  return rows.toSorted((one, other) => {
    const [a, b] = [column.value(one), column.value(other)];
    return a === b ? 0 : a < b ? -direction : direction;
  });
}

/** Values that a filter can choose from, in order. */
export function choices<Row>(rows: readonly Row[], value: (row: Row) => string | undefined): readonly string[] {
  return [...new Set(rows.map(value))].filter((one): one is string => one !== undefined && one !== "").sort();
}
