/**
 * What the admin server tells of single connections and exchanges: `/api/...`, as JSON, with filters in the query.
 *
 * Queries of targets and values of fields are not shown unless the operator wants it: they may be secret. Deliberately absent: what
 * happens while one watches, see event-stream.ts.
 */
import { lifeStates } from "../connection/life.ts";
import { answerReasons } from "../exchange/answers.ts";
import { outcomes } from "../exchange/exchange-record.ts";
import type { ExchangeEntry } from "../ledger/entries.ts";
import { withoutQuery } from "../ledger/shown-target.ts";
import type { EndpointStats } from "../ledger/stats.ts";
import type { ConnectionView, EventSource, WindowSource } from "../ledger/window.ts";
import { endpointStates } from "../pool/condition.ts";

/** Lists of single things, as JSON. */
export const rowPages = {
  "/api/connections": "the connections there are: ?hop=, state=, endpoint=, client=, limit=",
  "/api/exchanges":
    "what ended last: ?status=404 or 5xx, reason=, outcome=, endpoint=, host=, method=, connection=, limit=",
  "/api/origins": "the endpoints there are, and how they are: ?group=, endpoint=, state=, limit=",
} as const;

export const apiPages = {
  ...rowPages,
  "/api/events": "what happens, as server-sent events: ?types=exchange,connection",
} as const;

/** Rows of one answer, unless `limit` says another number. */
const LIMIT = 200;
const LIMIT_MAX = 10_000;
/** Each row is held against each: there are half as many different ones. */
const FILTERS_MAX = 20;

/** What is wrong with a question. */
export class QueryError extends Error {
  override readonly name = "QueryError";
}

type Filter<Row> = (row: Row, wanted: string) => boolean;

const connectionFilters: Readonly<Record<string, Filter<ConnectionView>>> = {
  hop: ({ hop }, wanted) => hop === wanted,
  state: ({ state }, wanted) => state === wanted,
  endpoint: ({ endpoint }, wanted) => endpoint === wanted,
  client: ({ client }, wanted) => client === wanted || client?.replace(/:[0-9]+$/, "") === wanted,
  id: ({ id }, wanted) => String(id) === wanted,
};

const exchangeFilters: Readonly<Record<string, Filter<ExchangeEntry>>> = {
  status: ({ status }, wanted) =>
    /^[0-9]xx$/i.test(wanted) ? String(status)[0] === wanted[0] : String(status) === wanted,
  reason: ({ reason }, wanted) => reason === wanted,
  outcome: ({ outcome }, wanted) => outcome === wanted,
  endpoint: ({ upstream, endpoint = upstream?.endpoint }, wanted) => endpoint === wanted,
  host: ({ host }, wanted) => host === wanted,
  method: ({ method }, wanted) => method === wanted,
  client: ({ client }, wanted) => client === wanted,
  connection: ({ downstream, upstream, lost = [] }, wanted) =>
    [downstream, upstream, ...lost].some((one) => one !== undefined && String(one.id) === wanted),
  id: ({ id }, wanted) => String(id) === wanted,
};

/** `group`, where there are groups. */
type OriginView = EndpointStats & { readonly group?: string };

const originFilters: Readonly<Record<string, Filter<OriginView>>> = {
  group: ({ group }, wanted) => group === wanted,
  endpoint: ({ endpoint }, wanted) => endpoint === wanted,
  state: ({ state }, wanted) => state === wanted,
};

/** What a filter may be, where that is a closed list. */
const words: Readonly<Record<string, readonly string[]>> = {
  hop: ["downstream", "upstream"],
  outcome: outcomes,
  reason: answerReasons,
};
const connectionWords = { ...words, state: lifeStates };
const originWords = { ...words, state: endpointStates };

/** How much of a message is shown. */
export interface View {
  /** Queries of targets, and values of fields, as far as they are kept at all; credentials and cookies never are. */
  readonly showsQueries: boolean;
}

/** What may be secret stays where it is. */
export const discreet: View = { showsQueries: false };

/** @throws QueryError */
export function connectionsAnswer(
  query: URLSearchParams,
  source: WindowSource,
): { readonly connections: readonly ConnectionView[]; readonly more: boolean } {
  const { rows, more } = chosen(source.connections(), query, connectionFilters, connectionWords);
  return { connections: rows, more };
}

/** @throws QueryError */
export function exchangesAnswer(
  query: URLSearchParams,
  source: WindowSource,
  view: View = discreet,
): { readonly exchanges: readonly ExchangeEntry[]; readonly more: boolean } {
  const { rows, more } = chosen(source.exchanges(), query, exchangeFilters, words);
  return { exchanges: rows.map((row) => shownIn(view, row)), more };
}

/** @throws QueryError */
export function originsAnswer(query: URLSearchParams, endpoints: readonly OriginView[]): object {
  const { rows, more } = chosen(endpoints, query, originFilters, originWords);
  return { origins: rows, more };
}

/** A window of several processes: each answers for itself, and what they answer is one. */
export interface SharedWindow extends EventSource {
  /** @throws QueryError */
  ask(path: RowsPath, query: URLSearchParams, view: View): Promise<object>;
}

export type RowsPath = "/api/connections" | "/api/exchanges";

/** @throws QueryError */
export function rowsAnswer(
  path: RowsPath,
  query: URLSearchParams,
  source: WindowSource,
  view: View,
): { readonly [rows: string]: unknown; readonly more: boolean } {
  return path === "/api/connections" ? connectionsAnswer(query, source) : exchangesAnswer(query, source, view);
}

/** Values of fields, where entries have them. */
const FIELD_VALUES = ["referer", "userAgent"];
/** What is a target, or begins as one, and may have a query. */
const TARGETS = ["target", "received"];

/** What has a target is shown without its query, and without what fields said. */
export function shownIn<Shown extends object>({ showsQueries }: View, shown: Shown): Shown {
  if (showsQueries) return shown;
  const told = shown as Readonly<Record<string, unknown>>;
  // Most have neither, and are not copied.
  const hides = FIELD_VALUES.some((name) => name in told) || TARGETS.some((name) => hasQuery(told[name]));
  if (!hides) return shown;
  const copy: Record<string, unknown> = { ...told };
  for (const name of FIELD_VALUES) delete copy[name];
  for (const name of TARGETS) {
    if (hasQuery(copy[name])) copy[name] = withoutQuery(String(copy[name]));
  }
  return copy as Shown;
}

function hasQuery(text: unknown): boolean {
  return typeof text === "string" && /[?#]/.test(text);
}

/** The first rows that fit, and whether there are more. */
function chosen<Row>(
  all: Iterable<Row>,
  query: URLSearchParams,
  filters: Readonly<Record<string, Filter<Row>>>,
  words: Readonly<Record<string, readonly string[]>>,
): { rows: Row[]; more: boolean } {
  const limit = limitOf(query.get("limit"));
  const wanted = [...query].filter(([name]) => name !== "limit");
  if (wanted.length > FILTERS_MAX) throw new QueryError(`Write at most ${FILTERS_MAX} filters.`);
  for (const [name, value] of wanted) {
    if (!Object.hasOwn(filters, name)) {
      throw new QueryError(`There is no filter of this name; there are ${Object.keys(filters).join(", ")} and limit.`);
    }
    if (words[name]?.includes(value) === false)
      throw new QueryError(`Write ${name} as one of ${words[name].join(", ")}.`);
    if (name === "status" && !/^(?:0|[1-9](?:[0-9]{2}|xx))$/i.test(value)) {
      throw new QueryError("Write a status as 404, all of a kind as 5xx, and none as 0.");
    }
  }
  const rows: Row[] = [];
  for (const row of all) {
    if (!wanted.every(([name, value]) => filters[name]?.(row, value))) continue;
    if (rows.length === limit) return { rows, more: true };
    rows.push(row);
  }
  return { rows, more: false };
}

export function limitOf(text: string | null): number {
  if (text === null) return LIMIT;
  const limit = Number(text);
  if (!/^[0-9]+$/.test(text) || limit < 1 || limit > LIMIT_MAX) {
    throw new QueryError(`Write a limit from 1 to ${LIMIT_MAX}.`);
  }
  return limit;
}
