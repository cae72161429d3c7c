/**
 * Writes the conformance pages: an index, and a page for each chapter with every row's verdict and the cases that show it.
 *
 * The pages are made from the checklist and the cases alone, so that they change only when those do. A verdict of "holds"
 * means that the cases named pass: they are tests.
 */
import type { Case, Group } from "./case.ts";
import type { Chapter, Row } from "./checklist.ts";
import type { Statement } from "./story.ts";
import { waysOf } from "./ways.ts";

/** Up to here the cases of a row are listed openly. */
const OPEN_LIST_MAX = 4;

const WRITTEN_BY = "<!-- Written by `npm run conformance:page`. Edit test/conformance/, not this file. -->";

/** The index, docs/conformance.md. */
export function conformanceIndex(
  checklist: readonly Chapter[],
  groups: readonly Group[],
  story: readonly Statement[],
): string {
  const cases = groups.flatMap((group) => group.cases);
  const rows = checklist.flatMap((chapter) => chapter.rows);
  return [
    "# Conformance",
    "",
    WRITTEN_BY,
    "",
    "What the RFCs ask of anything that manages HTTP/1 connections, row by row, and the cases that show it. A case is data:",
    "the bytes that pass between a raw client, hopwise and a raw origin on real sockets, how each connection ends on",
    "the wire, and the one reason recorded for it. Each case runs whole, cut in two at every place, and byte by byte,",
    "and every connection that is to persist must carry one exchange more. `npm run test:conformance` runs them all, `npm test`",
    "a quarter of the cuts.",
    "",
    `${cases.length} cases in ${cases.reduce((sum, it) => sum + waysOf(it).length, 0)} ways. Of ${rows.length} rows ${summary(rows)}`,
    "",
    "Requests in HTTP/2 have cases of their own: [HTTP/2](conformance/http2.md).",
    "",
    "How other proxies do in cases that suit any proxy: [peers.md](peers.md). Faults, simulation, fuzzing and soak, with their",
    "figures: [reliability.md](reliability.md).",
    "",
    "## Chapters",
    "",
    "| Chapter | Rows | Verdicts | Cases |",
    "|---|---|---|---|",
    ...checklist.map((chapter) => chapterLine(chapter, cases)),
    "",
    "A case may show rows of several chapters.",
    "",
    "## The story",
    "",
    "| | Statement | Rows | Code | Tests | Lab |",
    "|---|---|---|---|---|---|",
    ...story.map((statement) => statementLine(statement, checklist)),
    "",
  ].join("\n");
}

/** The name of a chapter's page in docs/conformance. */
export function chapterFile({ title }: Chapter): string {
  const name = title.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `${name}.md`;
}

/** The page of one chapter. */
export function chapterPage(chapter: Chapter, checklist: readonly Chapter[], groups: readonly Group[]): string {
  const cases = groups.flatMap((group) => group.cases);
  const place = checklist.indexOf(chapter);
  const [before, after] = [checklist[place - 1], checklist[place + 1]];
  const ways = [
    ...(before === undefined ? [] : [`before: [${before.title}](${chapterFile(before)})`]),
    "[all chapters](../conformance.md)",
    ...(after === undefined ? [] : [`next: [${after.title}](${chapterFile(after)})`]),
  ];
  const body = chapter.rows.flatMap((row) => rowLines(row, cases));
  const head = [`# Conformance: ${chapter.title}`, "", WRITTEN_BY, "", `${ways.join(" · ")}`, ""];
  return [...head, ...body].join("\n");
}

function chapterLine(chapter: Chapter, cases: readonly Case[]): string {
  const { title, rows } = chapter;
  const shown = cases.filter((testCase) => rows.some(({ row }) => testCase.rows.includes(row)));
  const cells = [
    `[${title}](conformance/${chapterFile(chapter)})`,
    `${rows[0]?.row}-${rows.at(-1)?.row}`,
    summary(rows).replace(/\.$/, ""),
    shown.length,
  ];
  return `| ${cells.join(" | ")} |`;
}

function summary(rows: readonly Row[]): string {
  const count = (has: (row: Row) => boolean) => rows.filter(has).length;
  const notApplying = count((row) => row.doesNotApply !== undefined);
  const open = count((row) => row.notYet !== undefined);
  const verdicts = [
    `${rows.length - notApplying - open} hold`,
    ...(notApplying === 0 ? [] : [`${notApplying} ${notApplying === 1 ? "does" : "do"} not apply`]),
    ...(open === 0 ? [] : [`${open} not yet`]),
  ];
  return `${verdicts.join(", ")}.`;
}

function rowLines(row: Row, cases: readonly Case[]): string[] {
  const shown = cases.filter((testCase) => testCase.rows.includes(row.row));
  return [
    `## ${row.row}`,
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
  return row.shownBy === undefined ? "holds" : `holds, as ${fileLink(row.shownBy, "../..")} shows`;
}

function caseList(cases: readonly Case[]): string[] {
  if (cases.length === 0) return [];
  const items = cases.map(({ title }) => `- ${escaped(title)}`);
  if (cases.length <= OPEN_LIST_MAX) return [...items, ""];
  return [`<details><summary>${cases.length} cases</summary>`, "", ...items, "", "</details>", ""];
}

/** Titles quote bytes; in Markdown they are to be read as they are. */
function escaped(title: string): string {
  return title.replace(/[\\<>*_#[\]]/g, (character) => `\\${character}`);
}

function statementLine({ name, text, rows, code, tests, lab }: Statement, checklist: readonly Chapter[]): string {
  const cells = [
    rows.map((row) => rowLink(row, checklist)).join(", "),
    code.map((path) => fileLink(path, "..")).join(", "),
    tests.map((path) => fileLink(path, "..")).join(", "),
    lab.map((scenario) => `\`hopwise lab ${scenario}\``).join(", "),
  ];
  return `| ${name} | ${text} | ${cells.join(" | ")} |`;
}

/** @param root the way from the page to the repository's root */
function fileLink(path: string, root: string): string {
  return `[${path.replace(/^src\//, "")}](${root}/${path})`;
}

function rowLink(row: number, checklist: readonly Chapter[]): string {
  const chapter = checklist.find(({ rows }) => rows.some((it) => it.row === row));
  return chapter === undefined ? String(row) : `[${row}](conformance/${chapterFile(chapter)}#${row})`;
}
