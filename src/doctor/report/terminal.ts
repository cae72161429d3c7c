/**
 * A report for a terminal: one screen that says what matters, then the details, within 80 columns.
 *
 * Marks of style are the caller's: on a terminal without colours the same text stands without them. Deliberately absent: the
 * evidence of what is well; `--json` and `--html` have all of it.
 */
import type { Evidence, Finding, Fix, Grade, Verdict } from "../finding.ts";
import type { Report } from "./report.ts";
import { atAGlance, bySection, countsText, gradeReasons, leadText, problemsOf, verdictWords } from "./summary.ts";
import { wrapped } from "./text.ts";

export type Paint = (style: "bold" | "dim" | "green" | "yellow" | "red" | "cyan", text: string) => string;

const COLUMNS_MAX = 80;
const INDENT = "  ";
/** Where what a label names begins. */
const LABEL_COLUMNS = 26;
/** `HW201 not measurable  ` is the widest. */
const VERDICT_COLUMNS = 8;

export function terminalReport(report: Report, columns: number, paint: Paint): readonly string[] {
  const width = Math.min(columns, COLUMNS_MAX);
  return [...screen(report, width, paint), ...details(report, width, paint)];
}

function screen(report: Report, width: number, paint: Paint): readonly string[] {
  const problems = problemsOf(report);
  const glances = atAGlance(report);
  const grade = `grade ${report.grade}`;
  return [
    `${paint("bold", report.target)}  ${paint(["A", "B"].includes(report.grade) ? "green" : gradeStyle(report.grade), grade)}`,
    ...wrapped(leadText(report), width).map((line) => paint("dim", line)),
    ...(report.isComplete ? [] : [paint("yellow", "It was stopped: what follows is what was known by then.")]),
    "",
    ...gradeReasons(report).flatMap((reason) => wrapped(reason, width, INDENT, `${INDENT}  `)),
    `${INDENT}${countsText(report)}`,
    ...(glances.length === 0 ? [] : [""]),
    ...glances.flatMap(([label, measured]) =>
      wrapped(measured, width, `${INDENT}${label.padEnd(LABEL_COLUMNS)}`, " ".repeat(INDENT.length + LABEL_COLUMNS)),
    ),
    ...(problems.length === 0
      ? ["", `${INDENT}${report.isComplete ? "Nothing to change." : "Nothing to change in what is known."}`]
      : problems.flatMap((problem) => ["", ...problemText(problem, width, paint)])),
  ];
}

function problemText(
  { id, verdict, measured, consequence, fixes, reference }: Finding,
  width: number,
  paint: Paint,
): readonly string[] {
  const mark = `${id} ${verdictWords[verdict]}`;
  const [first = "", ...rest] = wrapped(measured, width, " ".repeat(mark.length + 2), INDENT);
  return [
    `${paint(verdictStyle(verdict), mark)}  ${first.trimStart()}`,
    ...rest,
    ...wrapped(consequence, width, INDENT),
    ...fixes.flatMap((fix) => fixText(fix, width, paint)),
    ...(reference === undefined ? [] : [paint("dim", `${INDENT}${reference}`)]),
  ];
}

function fixText({ product, text, setting }: Fix, width: number, paint: Paint): readonly string[] {
  if (setting === undefined) {
    return wrapped(product === "any" ? text : `${product}: ${text}`, width, `${INDENT}-> `, `${INDENT}   `);
  }
  const lead = `${INDENT}-> ${product === "any" ? "" : `${product}: `}`;
  if (lead.length + setting.length <= width) return [`${lead}${paint("cyan", setting)}`];
  return [lead.trimEnd(), `${INDENT}     ${paint("cyan", setting)}`];
}

function details(report: Report, width: number, paint: Paint): readonly string[] {
  return [
    "",
    ...bySection(report.findings).flatMap(([title, findings]) => [
      paint("bold", title),
      ...findings.flatMap((finding) => detail(finding, width, paint)),
      "",
    ]),
    ...evidenceOfProblems(report, width, paint),
    ...(report.skipped.length === 0 ? [] : [paint("bold", "Not run"), ...skippedText(report, width)]),
  ];
}

function detail({ id, verdict, claim, measured }: Finding, width: number, paint: Paint): readonly string[] {
  const word = verdict === "not-measurable" ? "unknown" : verdictWords[verdict];
  const indent = " ".repeat(INDENT.length + id.length + 1 + VERDICT_COLUMNS);
  const mark = `${INDENT}${id} ${word.padEnd(VERDICT_COLUMNS)}`;
  const [first = "", ...rest] = wrapped(measured, width, indent);
  return [
    `${paint(verdictStyle(verdict), mark)}${first.slice(indent.length)}`,
    ...rest,
    ...wrapped(claim, width, indent).map((line) => paint("dim", line)),
  ];
}

function evidenceOfProblems(report: Report, width: number, paint: Paint): readonly string[] {
  const problems = problemsOf(report).filter(({ evidence }) => evidence.length > 0);
  if (problems.length === 0) return [];
  return [
    paint("bold", "Evidence"),
    ...problems.flatMap(({ id, evidence }) => evidence.flatMap((one) => evidenceText(id, one, width))),
    "",
  ];
}

function evidenceText(id: string, { connection, hop, lines }: Evidence, width: number): readonly string[] {
  return [
    `${INDENT}${id}, connection ${connection}${hop === undefined ? "" : `, the ${hop}'s side`}`,
    ...lines.flatMap(({ at_ms, direction, text }) => {
      const mark = direction === "sent" ? ">" : direction === "received" ? "<" : "*";
      const lead = `${INDENT}${`${at_ms.toFixed(1)} ms`.padStart(12)} ${mark} `;
      // A head is read line by line.
      const [first = "", ...rest] = text.split(/(?<=\\r\\n|(?<!\\r)\\n)/);
      const indent = " ".repeat(lead.length);
      return [...cut(first, width, lead), ...rest.flatMap((line) => cut(line, width, indent))];
    }),
  ];
}

function cut(line: string, width: number, lead: string): readonly string[] {
  const room = width - lead.length;
  return [`${lead}${line.length <= room ? line : `${line.slice(0, room - 3)}...`}`];
}

function skippedText({ skipped }: Report, width: number): readonly string[] {
  const byReason = new Map<string, string[]>();
  for (const { because, id } of skipped) byReason.set(because, [...(byReason.get(because) ?? []), id]);
  return [...byReason].flatMap(([because, ids]) =>
    wrapped(`${ids.join(", ")}: ${because}`, width, INDENT, `${INDENT}  `),
  );
}

function verdictStyle(verdict: Verdict): "green" | "yellow" | "red" | "dim" {
  switch (verdict) {
    case "pass":
      return "green";
    case "advice":
      return "yellow";
    case "fail":
      return "red";
    case "info":
    case "not-measurable":
      return "dim";
  }
}

function gradeStyle(grade: Grade): "yellow" | "red" {
  return grade === "C" || grade === "D" ? "yellow" : "red";
}
