/**
 * A report: the findings about one target, what they come to, and what was not looked at.
 *
 * It is what `--json` prints and `examine` returns. `schema` names its shape: fields may be added under the same name, and
 * nothing that stands here changes its meaning without a new one. Deliberately absent: how it is shown.
 */
import { type Finding, type Grade, grades } from "../finding.ts";
import { type Grading, gradingOf } from "../grade.ts";

export const REPORT_SCHEMA = "hopwise-doctor/1";

/** What the target seems to be. */
export interface TargetProduct {
  /** As the knowledge of products calls it, like `nginx`. */
  readonly name: string;
  /** Nobody said: absent. */
  readonly version?: string;
  /** `told`: by the person who asked. */
  readonly from: "server-field" | "told" | "behaviour";
}

/** A check that was not run. */
export interface Skipped {
  readonly id: string;
  readonly claim: string;
  /** Like `needs --intrusive`. */
  readonly because: string;
}

export interface Report {
  readonly schema: typeof REPORT_SCHEMA;
  /** `server`: one URL. `through`: both sides of a proxy. `between`: real traffic. `chain`: on paper. */
  readonly mode: "server" | "through" | "between" | "chain";
  readonly doctor: { readonly name: "hopwise-doctor"; readonly version: string };
  /** Without user names, passwords and query strings. */
  readonly target: string;
  readonly product?: TargetProduct;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly took_ms: number;
  /** False: it was stopped, or its time ran out, and some findings are missing. */
  readonly isComplete: boolean;
  /** What it cost the target. */
  readonly cost: { readonly connections: number; readonly requests: number };
  readonly grade: Grade;
  readonly caps: Grading["caps"];
  readonly findings: readonly Finding[];
  readonly skipped: readonly Skipped[];
}

/** A report from its parts: findings in the order of their ids, and the grade. */
export function reportOf(parts: Omit<Report, "schema" | "grade" | "caps">): Report {
  const findings = parts.findings.toSorted((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));
  return { schema: REPORT_SCHEMA, ...parts, ...gradingOf(findings), findings };
}

/** Whether a grade is `wanted` or better. */
export function isGradeAtLeast(grade: Grade, wanted: Grade): boolean {
  return grades.indexOf(grade) <= grades.indexOf(wanted);
}
