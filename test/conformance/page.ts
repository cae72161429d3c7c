/**
 * Writes the conformance page: every row with its verdict and the cases that show it.
 *
 * The page is made from the checklist and the cases alone, so that it changes only when they do. A verdict of "holds"
 * means that the cases named pass: they are tests.
 */
import type { Case, Group } from "./case.ts";
import type { Chapter, Row } from "./checklist.ts";
import type { Statement } from "./story.ts";
import { waysOf } from "./ways.ts";

/** Up to here the cases of a row are listed openly. */
const OPEN_LIST_MAX = 4;

export function conformancePage(
  checklist: readonly Chapter[],
  groups: readonly Group[],
  story: readonly Statement[],
): string {
  const cases = groups.flatMap((group) => group.cases);
  const rows = checklist.flatMap((chapter) => chapter.rows);
  return [
    "# Conformance",
    "",
    "<!-- Written by `npm run conformance:page`. Edit test/conformance/, not this file. -->",
    "",
    "What the RFCs ask of whoever manages HTTP/1 connections, row by row, and the cases that show it. A case is data:",
    "the octets that pass between a raw client, hopwise and a raw origin on real sockets, how each connection ends on",
    "the wire, and the one reason recorded for it. Each case runs whole, cut in two at every place, and octet by octet,",
    "and every connection that is to persist must carry one exchange more. `npm run test:conformance` runs them all, `npm test`",
    "a quarter of the cuts.",
    "",
    `${cases.length} cases in ${cases.reduce((sum, it) => sum + waysOf(it).length, 0)} ways. Of ${rows.length} rows ${summary(rows)}`,
    "",
    "How other proxies do in cases that suit any proxy: [peers.md](peers.md). Faults, simulation, fuzzing and soak, with their",
    "figures: [reliability.md](reliability.md).",
    "",
    ...checklist.flatMap((chapter) => chapterLines(chapter, cases)),
    "## The story",
    "",
    "| | Statement | Rows | Code | Tests | Lab |",
    "|---|---|---|---|---|---|",
    ...story.map(statementLine),
    "",
  ].join("\n");
}

function summary(rows: readonly Row[]): string {
  const count = (has: (row: Row) => boolean) => rows.filter(has).length;
  const notApplying = count((row) => row.doesNotApply !== undefined);
  const open = count((row) => row.notYet !== undefined);
  return `${rows.length - notApplying - open} hold, ${notApplying} do not apply, ${open} not yet.`;
}

function chapterLines(chapter: Chapter, cases: readonly Case[]): string[] {
  return [`## ${chapter.title}`, "", ...chapter.rows.flatMap((row) => rowLines(row, cases))];
}

function rowLines(row: Row, cases: readonly Case[]): string[] {
  const shown = cases.filter((testCase) => testCase.rows.includes(row.row));
  return [
    `### ${row.row}`,
    "",
    `RFC ${row.section} · ${row.level} · **${verdict(row)}**`,
    "",
    row.requirement,
    "",
    ...caseList(shown),
  ];
}

export function verdict(row: Row): string {
  if (row.doesNotApply !== undefined) return `does not apply: ${row.doesNotApply}`;
  if (row.notYet !== undefined) return `not yet: ${row.notYet}`;
  return row.shownBy === undefined ? "holds" : `holds, as ${fileLink(row.shownBy)} shows`;
}

function caseList(cases: readonly Case[]): string[] {
  if (cases.length === 0) return [];
  const items = cases.map(({ title }) => `- ${escaped(title)}`);
  if (cases.length <= OPEN_LIST_MAX) return [...items, ""];
  return [`<details><summary>${cases.length} cases</summary>`, "", ...items, "", "</details>", ""];
}

/** Titles quote octets; in Markdown they are to be read as they are. */
function escaped(title: string): string {
  return title.replace(/[\\<>*_#[\]]/g, (character) => `\\${character}`);
}

function statementLine({ name, text, rows, code, tests, lab }: Statement): string {
  const cells = [
    rows.map(rowLink).join(", "),
    code.map(fileLink).join(", "),
    tests.map(fileLink).join(", "),
    lab.map((scenario) => `\`hopwise lab ${scenario}\``).join(", "),
  ];
  return `| ${name} | ${text} | ${cells.join(" | ")} |`;
}

function fileLink(path: string): string {
  return `[${path.replace(/^src\//, "")}](../${path})`;
}

function rowLink(row: number): string {
  return `[${row}](#${row})`;
}
