/**
 * One grade for a report: the worst cap of its findings, and which of them set it.
 *
 * A sum would let ten small virtues hide one hang. So single defects cap the grade, and say so: a finding's own cap where it has
 * one, otherwise B for advice and C for a failure. Deliberately absent: points.
 */
import { type Cap, type Finding, type Grade, grades } from "./finding.ts";

export interface Grading {
  readonly grade: Grade;
  /** What keeps it from being better, the worst first. */
  readonly caps: readonly (Cap & { readonly id: string })[];
}

const BY_VERDICT: Readonly<Record<"advice" | "fail", Cap>> = {
  advice: { grade: "B", because: "there is advice to follow" },
  fail: { grade: "C", because: "a rule is broken" },
};

export function gradingOf(findings: readonly Finding[]): Grading {
  const caps = findings.flatMap((finding) => {
    const cap = capOf(finding);
    return cap === undefined ? [] : [{ id: finding.id, ...cap }];
  });
  const worstFirst = caps.toSorted((one, other) => grades.indexOf(other.grade) - grades.indexOf(one.grade));
  return { grade: worstFirst[0]?.grade ?? "A", caps: worstFirst };
}

/** What a finding leaves of the grade; all of it: undefined. */
export function capOf({ verdict, cap }: Finding): Cap | undefined {
  return verdict === "advice" || verdict === "fail" ? (cap ?? BY_VERDICT[verdict]) : undefined;
}

/** Whether a finding is at or above the level at which a run counts as failed. */
export function isAtLeast({ verdict }: Finding, level: "advice" | "fail"): boolean {
  return verdict === "fail" || (verdict === "advice" && level === "advice");
}
