/** What the admin port tells, as the proxy's own types have it. Deliberately absent: anything that runs but names of rows. */
import type * as entries from "../../src/ledger/entries.ts";
import { idText } from "../../src/ledger/id-text.ts";
import type * as window from "../../src/ledger/window.ts";

export type { ProxyEvent } from "../../src/ledger/events.ts";
export type { EndpointStats, HopStats, ProxyStats } from "../../src/ledger/stats.ts";

/** Several workers say which of them tells it. */
type Told<Entry> = Entry & { readonly worker?: number };

export type ConnectionView = Told<window.ConnectionView>;
export type ConnectionEntry = Told<entries.ConnectionEntry>;
export type ExchangeEntry = Told<entries.ExchangeEntry>;

/** Answers of the API. */
export interface ConnectionsAnswer {
  readonly connections: readonly ConnectionView[];
  readonly more: boolean;
}
export interface ExchangesAnswer {
  readonly exchanges: readonly ExchangeEntry[];
  readonly more: boolean;
}

/** A name for one connection or exchange among all that the page shows: workers count apart. `7`, or `2.7` of worker 2. */
export function keyOf({ id, worker }: { readonly id: number; readonly worker?: number }): string {
  const text = idText(id);
  return worker === undefined || text.includes(".") ? text : `${worker}.${text}`;
}
