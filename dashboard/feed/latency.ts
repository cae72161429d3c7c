/**
 * How long exchanges took, and where the time went, in spans of five seconds: percentiles of those that this page heard of.
 *
 * A span is kept as it is for as long as ends in it may still be heard of, then as its percentiles alone. Deliberately absent: figures
 * of `/stats`, whose percentiles are of all time.
 */
import type { ExchangeEntry } from "./api-types.ts";
import { endOf } from "./history.ts";

export const SPAN_MS = 5_000;
/** A quarter of an hour. */
const SPANS_MAX = 180;
/** Ends are heard of within a snapshot or two. */
const OPEN_SPANS = 4;
/** A busy proxy tells of a thousand a second; more do not change percentiles that people look at. */
const VALUES_MAX = 5_000;

export const phases = ["whole", "queued", "connect", "tls", "origin", "rest"] as const;
export type LatencyPhase = (typeof phases)[number];
export const percentiles = [50, 90, 99] as const;
export type Percentile = (typeof percentiles)[number];
export type Quantiles = Readonly<Record<Percentile, number>>;

export interface LatencySpan {
  /** When it begins, milliseconds since 1970 by the proxy's clock. */
  readonly at_ms: number;
  readonly count: number;
  /** Of a phase that no exchange had: absent. */
  readonly of: Partial<Readonly<Record<LatencyPhase, Quantiles>>>;
}

type Values = Record<LatencyPhase, number[]>;

export class Latencies {
  private readonly open = new Map<number, Values>();
  private readonly closed = new Map<number, LatencySpan>();

  add(entry: ExchangeEntry): void {
    // A tunnel takes as long as its ends like.
    if (entry.outcome === "tunnel") return;
    const slot = Math.floor(endOf(entry) / SPAN_MS);
    if (this.closed.has(slot)) return;
    let values = this.open.get(slot);
    if (values === undefined) {
      values = { whole: [], queued: [], connect: [], tls: [], origin: [], rest: [] };
      this.open.set(slot, values);
      this.tidy();
    }
    if (values.whole.length >= VALUES_MAX) return;
    for (const phase of phases) {
      const value = timeOf(entry, phase);
      if (value !== undefined) values[phase].push(value);
    }
  }

  clear(): void {
    this.open.clear();
    this.closed.clear();
  }

  /** The oldest first. */
  spans(): readonly LatencySpan[] {
    const open = [...this.open].map(([slot, values]) => spanOf(slot, values));
    return [...this.closed.values(), ...open].sort((one, other) => one.at_ms - other.at_ms);
  }

  private tidy(): void {
    const slots = [...this.open.keys()].sort((one, other) => other - one);
    for (const slot of slots.slice(OPEN_SPANS)) {
      this.closed.set(slot, spanOf(slot, this.open.get(slot) as Values));
      this.open.delete(slot);
    }
    const old = [...this.closed.keys()].sort((one, other) => other - one).slice(SPANS_MAX);
    for (const slot of old) this.closed.delete(slot);
  }
}

export function timeOf(entry: ExchangeEntry, phase: LatencyPhase): number | undefined {
  const { duration_ms, queued_ms, connect_ms, tls_ms, firstByte_ms, wait_ms } = entry;
  switch (phase) {
    case "whole":
      return duration_ms;
    case "queued":
      return queued_ms;
    case "connect":
      return connect_ms === undefined ? undefined : Math.max(0, connect_ms - (tls_ms ?? 0));
    case "tls":
      return tls_ms;
    case "origin":
      return firstByte_ms;
    case "rest":
      return wait_ms === undefined ? undefined : Math.max(0, duration_ms - wait_ms);
  }
}

function spanOf(slot: number, values: Values): LatencySpan {
  const of: Partial<Record<LatencyPhase, Quantiles>> = {};
  for (const phase of phases) if (values[phase].length > 0) of[phase] = quantilesOf(values[phase]);
  return { at_ms: slot * SPAN_MS, count: values.whole.length, of };
}

/** By nearest rank. @param values at least one */
export function quantilesOf(values: readonly number[]): Quantiles {
  const sorted = [...values].sort((one, other) => one - other);
  const at = (percentile: number) => sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)] ?? 0;
  return { 50: at(50), 90: at(90), 99: at(99) };
}
