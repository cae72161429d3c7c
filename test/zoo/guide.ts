/**
 * What the zoo finds out, as data: docs/field-guide.json, from which the page and the products' measured defaults are made.
 *
 * Deliberately absent: the bytes that show each finding; `hopwise doctor` shows them again.
 */
import type { Cap, Grade, Verdict } from "../../src/doctor/finding.ts";
import type { Report } from "../../src/doctor/report/report.ts";

export const GUIDE_SCHEMA = "hopwise-field-guide/1";

export interface GuideFinding {
  readonly id: string;
  readonly verdict: Verdict;
  readonly measured: string;
  readonly values: Readonly<Record<string, number | string | boolean>>;
  readonly cap?: Cap;
}

export interface Examined {
  /** How it was set up, behind "with". */
  readonly setup: string;
  readonly grade: Grade;
  readonly took_ms: number;
  readonly findings: readonly GuideFinding[];
  /** Checks at which the proxy ended, and was started again for the others. */
  readonly ended?: readonly string[];
}

/** How long a proxy keeps an idle connection to its origin. */
export interface Pool {
  /** It asked for another request on it: no `Connection: close`. */
  readonly isKept: boolean;
  /** When it closed; it was still open when the zoo had waited for long enough: absent. */
  readonly closed_after_ms?: number;
  readonly open_after_ms?: number;
}

/** What an origin's `Keep-Alive: timeout` does to a proxy's pool. */
export interface Hinted {
  readonly hint_s: number;
  /** At once: the proxy does use connections again. */
  readonly isReusedBefore: boolean;
  /** When the time had passed. */
  readonly isReusedAfter: boolean;
}

export interface Specimen {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  /** Like `Debian 12`. */
  readonly from: string;
  /** As src/doctor/products calls it; it is not known there: absent. */
  readonly product?: string;
  /** As a server, seen from the front. */
  readonly server?: Examined;
  /** As a proxy, seen from both sides. */
  readonly through?: Examined;
  readonly pool?: Pool;
  readonly hinted?: Hinted;
}

export interface FieldGuide {
  readonly schema: typeof GUIDE_SCHEMA;
  readonly command: string;
  readonly date: string;
  readonly took_s: number;
  readonly machine: string;
  readonly node: string;
  readonly hopwise: string;
  /** How long idle connections were watched at most. */
  readonly maxWait_s: number;
  readonly checks: Readonly<Record<string, string>>;
  readonly specimens: readonly Specimen[];
  readonly absent: readonly { readonly title: string; readonly why: string }[];
}

/** What of a report stays. */
export function examinedOf(report: Report, setup: string): Examined {
  return {
    setup,
    grade: report.grade,
    took_ms: report.took_ms,
    findings: report.findings.map(({ id, verdict, measured, values, cap }) => ({
      id,
      verdict,
      measured,
      values,
      ...(cap === undefined ? {} : { cap }),
    })),
  };
}

/** A line for each finding, so that a change can be read. */
export function guideText(guide: FieldGuide): string {
  const lines = JSON.stringify(guide, undefined, 2);
  // Findings are objects of primitives and `values`: put back on one line each.
  return `${lines.replace(/^( +)\{\n\s+"id": [\s\S]*?\n\1\}/gm, (block, indent: string) => `${indent}${oneLine(block)}`)}\n`;
}

const oneLine = (block: string) => JSON.stringify(JSON.parse(block));
