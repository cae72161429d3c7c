/**
 * Figures over time: samples of `/stats`, and what happened between two of them.
 *
 * Deliberately absent: single exchanges, see history.ts.
 */
import type { ProxyStats } from "./api-types.ts";

export interface Sample {
  /** Of this page's clock, milliseconds since 1970. */
  readonly at_ms: number;
  readonly stats: ProxyStats;
}

/** A quarter of an hour, with one each second. */
const SAMPLES_MAX = 900;
/** Rates are of the latest few seconds, so that they can be read. */
const RATE_MS = 3_000;

/** A sample of another process, or of one started anew, makes all earlier ones meaningless. */
export function withSample(samples: readonly Sample[], next: Sample): readonly Sample[] {
  const before = samples.at(-1);
  if (before !== undefined && next.stats.uptime_ms < before.stats.uptime_ms) return [next];
  return [...samples.slice(1 - SAMPLES_MAX), next];
}

/** How many a second lately; only one sample: undefined. */
export function rateOf(samples: readonly Sample[], count: (stats: ProxyStats) => number): number | undefined {
  const now = samples.at(-1);
  if (now === undefined) return undefined;
  const before = samples.findLast(({ at_ms }) => at_ms <= now.at_ms - RATE_MS) ?? samples[0];
  return before === undefined ? undefined : between(before, now, count);
}

export function between(before: Sample, now: Sample, count: (stats: ProxyStats) => number): number | undefined {
  if (now.at_ms <= before.at_ms) return undefined;
  return (Math.max(0, count(now.stats) - count(before.stats)) * 1_000) / (now.at_ms - before.at_ms);
}

export const exchangesOf = ({ exchanges }: ProxyStats): number => exchanges.total;
/** What hopwise answered itself with 5xx, and what origins did. */
export const failuresOf = ({ exchanges }: ProxyStats): number => exchanges.statuses["5xx"] ?? 0;
