/** Series of the charts, from samples and spans. Pure. Deliberately absent: drawing them. */
import { closeReasons } from "../../src/connection/reasons.ts";
import type { HopStats, ProxyStats } from "../feed/api-types.ts";
import { type LatencyPhase, type LatencySpan, type Percentile, SPAN_MS } from "../feed/latency.ts";
import { between, type Sample } from "../feed/samples.ts";
import { plain } from "./parts.tsx";

export interface Points {
  readonly times_s: readonly number[];
  readonly values: readonly (readonly (number | null)[])[];
}

/** How many a second between each two samples. */
export function rates(samples: readonly Sample[], counts: readonly ((stats: ProxyStats) => number)[]): Points {
  const later = samples.slice(1);
  return {
    times_s: later.map(({ at_ms }) => at_ms / 1_000),
    values: counts.map((count) => later.map((now, index) => between(samples[index] ?? now, now, count) ?? null)),
  };
}

export function levels(samples: readonly Sample[], looks: readonly ((stats: ProxyStats) => number)[]): Points {
  return {
    times_s: samples.map(({ at_ms }) => at_ms / 1_000),
    values: looks.map((look) => samples.map(({ stats }) => look(stats))),
  };
}

/** One point for each span, those without an exchange included. @param clockAhead_ms of the proxy's clock */
export function latencies(
  spans: readonly LatencySpan[],
  wanted: readonly { readonly phase: LatencyPhase; readonly percentile: Percentile }[],
  clockAhead_ms: number,
): Points {
  const [first] = spans;
  const last = spans.at(-1);
  if (first === undefined || last === undefined) return { times_s: [], values: wanted.map(() => []) };
  const byTime = new Map(spans.map((span) => [span.at_ms, span]));
  const times: number[] = [];
  for (let at_ms = first.at_ms; at_ms <= last.at_ms; at_ms += SPAN_MS) times.push(at_ms);
  return {
    // It stands for all of its span: in its middle.
    times_s: times.map((at_ms) => (at_ms + SPAN_MS / 2 - clockAhead_ms) / 1_000),
    values: wanted.map(({ phase, percentile }) =>
      times.map((at_ms) => byTime.get(at_ms)?.of[phase]?.[percentile] ?? null),
    ),
  };
}

export function idleOf({ states }: HopStats): number {
  return states.idle;
}

/** Open, and not idle. */
export function busyOf(hop: HopStats): number {
  return hop.open - hop.states.idle;
}

export interface CloseRow {
  readonly hop: "downstream" | "upstream";
  readonly reason: string;
  readonly meaning: string;
  /** Since the proxy was started. */
  readonly total: number;
  /** In the time that is looked at. */
  readonly lately: number;
}

/** The most frequent lately first. */
export function closesOf(samples: readonly Sample[]): readonly CloseRow[] {
  const now = samples.at(-1)?.stats;
  const before = samples[0]?.stats;
  if (now === undefined || before === undefined) return [];
  const rows = (["downstream", "upstream"] as const).flatMap((hop) =>
    Object.entries(now.connections[hop].closed).map(([reason, total = 0]) => {
      const earlier = (before.connections[hop].closed as Readonly<Record<string, number>>)[reason] ?? 0;
      const meaning = plain((closeReasons as Readonly<Record<string, string>>)[reason] ?? "");
      return { hop, reason, meaning, total, lately: total - earlier };
    }),
  );
  return rows.sort((one, other) => other.lately - one.lately || other.total - one.total);
}
