/** Failures, grouped by their cause. Deliberately absent: the words, see src/ledger/explained.ts. */
import { causeKey, type Explained, endpointOf, explained } from "../../src/ledger/explained.ts";
import type { ExchangeEntry } from "../feed/api-types.ts";
import { endOf, hasFailed } from "../feed/history.ts";

export interface FailureGroup {
  /** The same for the same cause. */
  readonly key: string;
  /** As of the latest of them. */
  readonly about: Explained;
  readonly firstAt_ms: number;
  readonly lastAt_ms: number;
  readonly statuses: readonly number[];
  readonly endpoints: readonly string[];
  /** The latest first; at least one. */
  readonly exchanges: readonly ExchangeEntry[];
}

/** The most frequent first. @param exchanges the latest first */
export function groupsOf(exchanges: readonly ExchangeEntry[]): readonly FailureGroup[] {
  const byKey = new Map<string, { readonly about: Explained; readonly exchanges: ExchangeEntry[] }>();
  for (const entry of exchanges) {
    if (!hasFailed(entry)) continue;
    const about = explained(entry);
    if (about === undefined) continue;
    const key = causeKey(about, entry);
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, { about, exchanges: [entry] });
    else group.exchanges.push(entry);
  }
  return [...byKey]
    .map(([key, group]) => groupOf(key, group.about, group.exchanges))
    .sort((one, other) => other.exchanges.length - one.exchanges.length || (one.key < other.key ? -1 : 1));
}

function groupOf(key: string, about: Explained, exchanges: readonly ExchangeEntry[]): FailureGroup {
  const ends = exchanges.map(endOf);
  return {
    ...{ key, about, exchanges, firstAt_ms: Math.min(...ends), lastAt_ms: Math.max(...ends) },
    statuses: different(exchanges.map(({ status }) => status)).filter((status) => status !== 0),
    endpoints: different(exchanges.flatMap((entry) => endpointOf(entry) ?? [])),
  };
}

function different<Value>(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)].sort();
}

/** How many ended in each of the latest spans of time, the oldest first. */
export function countsOver(group: FailureGroup, now_ms: number, span_ms: number, spans: number): readonly number[] {
  const counts = new Array<number>(spans).fill(0);
  for (const entry of group.exchanges) {
    const at = spans - 1 - Math.floor((now_ms - endOf(entry)) / span_ms);
    if (at >= 0 && at < spans) counts[at] = (counts[at] ?? 0) + 1;
  }
  return counts;
}
