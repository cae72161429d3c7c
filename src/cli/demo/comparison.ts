/**
 * The same requests through two proxies, as their client counts them: how many were sent, and what became of those that
 * failed.
 *
 * Deliberately absent: what the proxies themselves say. A client that gets 502 was not served, whatever the reason.
 */
import { plural } from "../drain.ts";
import { styled } from "../terminal.ts";

export class Tally {
  requests = 0;
  failed = 0;
  /** What failures were, and how many of each. */
  private readonly faults = new Map<string, number>();

  /** @param fault in a few words; undefined: it went well */
  count(fault: string | undefined): void {
    this.requests++;
    if (fault === undefined) return;
    this.failed++;
    this.faults.set(fault, (this.faults.get(fault) ?? 0) + 1);
  }

  /** The most frequent first. */
  get reasons(): string[] {
    return [...this.faults].sort(([, a], [, b]) => b - a).map(([fault]) => fault);
  }
}

export interface Comparison {
  readonly hopwise: Tally;
  /** None: there is no traffic to compare. */
  readonly naive: Tally | undefined;
}

const names = { hopwise: "through hopwise", naive: "through a naive proxy" } as const;

/** "through hopwise: 1,240 requests, 0 failed". */
function sideText(name: string, { requests, failed, reasons }: Tally): string {
  const why = failed === 0 ? "" : ` (${reasons.join(", ")})`;
  const outcome = styled(failed === 0 ? "green" : "red", `${grouped(failed)} failed${why}`);
  return `${name}: ${plural(requests, "request").replace(String(requests), grouped(requests))}, ${outcome}`;
}

/** One under the other, so that the figures can be compared at a glance. */
export function comparisonRows({ hopwise, naive }: Comparison): string[] {
  if (naive === undefined) return [];
  const width = Math.max(...Object.values(names).map((name) => name.length));
  return [
    sideText(names.hopwise.padEnd(width), hopwise).replace(":", " "),
    sideText(names.naive.padEnd(width), naive).replace(":", " "),
  ];
}

/** In one line, for logs. */
export function comparisonLine({ hopwise, naive }: Comparison): string {
  if (naive === undefined) return "";
  return [sideText(names.hopwise, hopwise), sideText(names.naive, naive)].join(styled("dim", " · "));
}

export function comparisonData({ hopwise, naive }: Comparison): object | null {
  const data = ({ requests, failed, reasons }: Tally) => ({ requests, failed, reasons });
  return naive === undefined ? null : { hopwise: data(hopwise), naive: data(naive) };
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
