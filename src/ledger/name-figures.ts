/**
 * What is told of names that are looked up again and again: where they lead, how look-ups ended, and why the latest failed that did.
 *
 * Each process looks up by itself. Deliberately absent: the endpoints that addresses are, which are told like any others.
 */
import type { FailedLookup, NameLookup, NameRecord } from "../connection/connection-record.ts";
import { type LookupFailure, lookupFailures } from "../connection/reasons.ts";
import type { Clock } from "../net/ports.ts";
import type { FollowedName } from "../pool/followed-name.ts";

export type LookupResult = "found" | LookupFailure;
export const lookupResults: readonly LookupResult[] = ["found", ...(Object.keys(lookupFailures) as LookupFailure[])];

/** As plain data, which can be added up. */
export interface NameFigures {
  readonly group: string;
  readonly name: string;
  readonly addresses: readonly string[];
  /** Since when these; milliseconds since 1970. */
  readonly since_ms: number;
  /** How often each came out. */
  readonly lookups: Readonly<Partial<Record<LookupResult, number>>>;
  readonly isFailing: boolean;
  /** The latest that failed; none has: absent. */
  readonly failed?: FailedLookup & { readonly at_ms: number };
}

export interface NameStats {
  readonly group: string;
  /** As it is written: `http://app.internal:3000` */
  readonly name: string;
  /** Those that are endpoints now; nothing was found yet, and the name itself is the endpoint: empty. */
  readonly addresses: readonly string[];
  /** Since when; ISO 8601. */
  readonly since: string;
  /** Whether the latest look-up failed. */
  readonly failing: boolean;
  /** How many look-ups found addresses, and how many failed, by reason. */
  readonly lookups: Readonly<Partial<Record<LookupResult, number>>>;
  /** Why the latest that failed did; none has: absent. `at`: ISO 8601. */
  readonly lastFailure?: { readonly reason: LookupFailure; readonly detail: string; readonly at: string };
}

/** The addresses behind a name have changed, or it cannot be looked up, or can again. */
export interface LookupEntry {
  readonly type: "lookup";
  readonly time: string;
  readonly group: string;
  readonly name: string;
  readonly state: "changed" | "failed" | "recovered";
  /** Those that are endpoints now. */
  readonly addresses: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Failed: why. */
  readonly reason?: LookupFailure;
  /** The resolver's error code; nothing more is known: absent. */
  readonly detail?: string;
}

/** How often look-ups of each name ended in each way. */
export class LookupCounts {
  private readonly counts = new WeakMap<NameRecord, Partial<Record<LookupResult, number>>>();

  note(record: NameRecord, { result }: NameLookup): void {
    const counts = this.of(record);
    const word = result === "found" ? result : result.failure;
    this.counts.set(record, { ...counts, [word]: (counts[word] ?? 0) + 1 });
  }

  of(record: NameRecord): Readonly<Partial<Record<LookupResult, number>>> {
    return this.counts.get(record) ?? {};
  }
}

/** What there is to tell; nothing has changed: undefined. */
export function lookupEntry(time: string, record: NameRecord, lookup: NameLookup): LookupEntry | undefined {
  const { result, addresses, added, removed, hasTurned } = lookup;
  const hasChanged = added.length + removed.length > 0;
  if (!hasChanged && !hasTurned) return undefined;
  const told = { type: "lookup", time, ...record, addresses, added, removed } as const;
  if (result === "found") return { ...told, state: hasChanged ? "changed" : "recovered" };
  const { failure: reason, detail } = result;
  return { ...told, state: "failed", reason, ...(detail === "" ? {} : { detail }) };
}

export function nameFigures(name: FollowedName, lookups: LookupCounts, clock: Clock): NameFigures {
  const { record, addresses = [], since_ms, isFailing, lastFailed } = name;
  const dateOf = (at_ms: number) => Math.round(clock.date() - (clock.now() - at_ms));
  const failed = lastFailed === undefined ? {} : { failed: { ...lastFailed, at_ms: dateOf(lastFailed.at_ms) } };
  const told = { ...record, addresses, since_ms: dateOf(since_ms), lookups: lookups.of(record), isFailing };
  return { ...told, ...failed };
}

/** What several processes have found: addresses of the one that found some last, and whatever any of them failed to find. */
export function namesSum(one: readonly NameFigures[], other: readonly NameFigures[]): readonly NameFigures[] {
  const keyOf = ({ group, name }: NameFigures) => JSON.stringify([group, name]);
  const all = new Map(one.map((name) => [keyOf(name), name]));
  for (const name of other) {
    const known = all.get(keyOf(name));
    all.set(keyOf(name), known === undefined ? name : sameName(known, name));
  }
  return [...all.values()];
}

function sameName(one: NameFigures, other: NameFigures): NameFigures {
  const isLater = other.addresses.length > 0 && other.since_ms >= one.since_ms;
  const latest = isLater || one.addresses.length === 0 ? other : one;
  const failed = (other.failed?.at_ms ?? 0) > (one.failed?.at_ms ?? 0) ? other.failed : one.failed;
  const counts = lookupResults.map((word) => [word, (one.lookups[word] ?? 0) + (other.lookups[word] ?? 0)] as const);
  return {
    ...latest,
    lookups: Object.fromEntries(counts.filter(([, times]) => times > 0)),
    isFailing: one.isFailing || other.isFailing,
    ...(failed === undefined ? {} : { failed }),
  };
}

export function nameStats({ group, name, addresses, since_ms, lookups, isFailing, failed }: NameFigures): NameStats {
  const told = { group, name, addresses, since: iso(since_ms), failing: isFailing, lookups };
  if (failed === undefined) return told;
  return { ...told, lastFailure: { reason: failed.failure, detail: failed.detail, at: iso(failed.at_ms) } };
}

function iso(at_ms: number): string {
  return new Date(at_ms).toISOString();
}
