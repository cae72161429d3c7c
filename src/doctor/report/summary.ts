/** What every form of a report says in the same words: verdicts, the grade with its reasons, and what it is about. */
import { type Finding, type Section, sections, type Verdict } from "../finding.ts";
import { seconds } from "../words.ts";
import type { Report } from "./report.ts";
import { grouped } from "./text.ts";

export const verdictWords: Readonly<Record<Verdict, string>> = {
  fail: "FAIL",
  advice: "advice",
  pass: "pass",
  info: "info",
  "not-measurable": "not measurable",
};

/** Findings that somebody should do something about: the worst first. */
export function problemsOf({ findings, caps }: Report): readonly Finding[] {
  const order = new Map(caps.map(({ id }, index) => [id, index]));
  return findings
    .filter(({ id }) => order.has(id))
    .toSorted((one, other) => (order.get(one.id) ?? 0) - (order.get(other.id) ?? 0));
}

/** Why the grade is no better: `at most D, because close is not honoured (HW102)`. */
export function gradeReasons({ grade, caps }: Report): readonly string[] {
  const worst = caps.filter((cap) => cap.grade === grade);
  const byReason = new Map<string, string[]>();
  for (const { because, id } of worst) byReason.set(because, [...(byReason.get(because) ?? []), id]);
  return [...byReason].map(([because, ids]) => `at most ${grade}, because ${because} (${ids.join(", ")})`);
}

/** `19 pass, 1 advice, 3 info`. */
export function countsText({ findings }: Report): string {
  const kinds: readonly Verdict[] = ["fail", "advice", "pass", "info", "not-measurable"];
  const counts = kinds.map((kind) => [kind, findings.filter(({ verdict }) => verdict === kind).length] as const);
  return counts
    .flatMap(([kind, count]) => (count === 0 ? [] : [`${count} ${verdictWords[kind].toLowerCase()}`]))
    .join(", ");
}

/** What it seems to be, and how that is known. */
export function productText({ product }: Report): string {
  if (product === undefined) return "a server that does not say what it is";
  const name = product.version === undefined ? product.name : `${product.name} ${product.version}`;
  switch (product.from) {
    case "told":
      return name;
    case "server-field":
      return `${name}, as its Server field says`;
    case "behaviour":
      return `${name}, by the way it behaves`;
  }
}

/** What it is and what it cost, in one line. A chain is several, and of what traffic shows nobody may have said what it is. */
export function leadText(report: Report): string {
  const isNameless = report.mode === "chain" || (report.mode === "between" && report.product === undefined);
  return isNameless ? costText(report) : `${productText(report)}; ${costText(report)}`;
}

export function costText({ took_ms, cost }: Report): string {
  return `${seconds(took_ms)}, ${grouped(cost.connections)} connections, ${grouped(cost.requests)} requests`;
}

/** Sections that have findings, with these. */
export function bySection(
  findings: readonly Finding[],
): readonly (readonly [title: string, findings: readonly Finding[]])[] {
  const names = Object.keys(sections) as Section[];
  return names.flatMap((name) => {
    const own = findings.filter(({ section }) => section === name);
    return own.length === 0 ? [] : [[sections[name].title, own] as const];
  });
}

/** What people look for first, where it was measured. */
const glance: readonly (readonly [id: string, label: string])[] = [
  ["HW201", "idle timeout"],
  ["HW203", "requests per connection"],
  ["HW204", "silent connection"],
  ["HW205", "half a head"],
  ["HW102", "close on request"],
  ["HW103", "HTTP/1.0"],
  ["HW002", "TLS"],
  ["HW851", "idle timeout"],
  ["HW852", "races"],
  ["HW854", "clients' pools"],
  ["HW855", "clients' hop"],
  ["HW856", "origins' hop"],
];

export function atAGlance({ findings }: Report): readonly (readonly [label: string, measured: string])[] {
  return glance.flatMap(([id, label]) => {
    const finding = findings.find((one) => one.id === id);
    return finding === undefined || finding.verdict === "not-measurable" ? [] : [[label, finding.measured] as const];
  });
}
