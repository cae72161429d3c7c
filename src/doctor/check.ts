/**
 * A check: what a healthy server does, how to find out whether this one does, and what that costs it.
 *
 * Checks are data with one function. Each asks for connections, judges what it saw, and knows nothing of the others; measurements that
 * several judge are made once (`Kit.once`). Deliberately absent: when checks run, and how findings are shown.
 */
import type { Cap, Evidence, FixTopic, Section, Verdict } from "./finding.ts";
import type { Kit } from "./probe/kit.ts";

/** What a check found out. */
export interface Result {
  readonly verdict: Verdict;
  /** One line, with its figures. */
  readonly measured: string;
  readonly values?: Readonly<Record<string, number | string | boolean>>;
  /** What follows; by default the check's own consequence, where the verdict is advice or fail. */
  readonly consequence?: string;
  readonly cap?: Cap;
  readonly fix?: FixTopic;
  readonly evidence?: readonly (Evidence | { readonly evidence: Evidence } | undefined)[];
}

export interface Check {
  readonly id: string;
  readonly section: Section;
  /** What a healthy server does, in one sentence. */
  readonly claim: string;
  readonly reference?: string;
  /** What follows where it does not. */
  readonly consequence: string;
  /** Beyond GET and HEAD to the target. */
  readonly needs?: "post" | "intrusive" | "load" | "https";
  /** `moment`: seconds at most. `wait`: as long as the server keeps connections. `alone`: nothing else may go on meanwhile. */
  readonly takes: "moment" | "wait" | "alone";
  run(kit: Kit): Promise<Result>;
}

/** Not measurable, and why. */
export function unknown(measured: string, ...evidence: NonNullable<Result["evidence"]>): Result {
  return { verdict: "not-measurable", measured, evidence };
}
