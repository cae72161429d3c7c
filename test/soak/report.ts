/** The report of a soak: what was asked, what went wrong on purpose, and what became of it. */
import type { Counts } from "./plan.ts";

export interface Sample {
  readonly at_ms: number;
  readonly residentBytes: number;
  readonly descriptors: number;
}

export interface Report {
  readonly date: string;
  readonly command: string;
  readonly machine: string;
  readonly minutes: number;
  readonly seed: number;
  readonly requests: number;
  readonly whole: number;
  /** Requests that arrived at an origin. */
  readonly arrived: number;
  readonly clients: Counts;
  readonly faults: Counts;
  readonly explained: Counts;
  readonly unexplained: readonly string[];
  readonly violations: readonly string[];
  readonly postsTwice: number;
  readonly retries: number;
  readonly reuseRatio: number;
  readonly downstreamClosed: Counts;
  readonly upstreamClosed: Counts;
  readonly start: Sample;
  /** After a tenth of the time. */
  readonly settled: Sample;
  readonly end: Sample;
  readonly highest: Sample;
  readonly exitCode: number | null;
}

export function isGood({ unexplained, violations, postsTwice, exitCode }: Report): boolean {
  return unexplained.length === 0 && violations.length === 0 && postsTwice === 0 && exitCode === 0;
}

export function markdownOf(report: Report): string {
  const { start, settled, end, highest } = report;
  const explained = sum(report.explained);
  const rows: readonly (readonly [string, string])[] = [
    ["Requests whose outcome was judged", number(report.requests)],
    ["whole and right, byte by byte", number(report.whole)],
    ["failures explained", number(explained)],
    ["**failures unexplained**", `**${report.unexplained.length}**`],
    ["**wrong, mixed up, or taken for whole**", `**${report.violations.length}**`],
    ["**POSTs executed twice**", `**${report.postsTwice}**`],
    ["Faults injected", number(sum(report.faults))],
    ["Requests that arrived at an origin", number(report.arrived)],
    ["of which sent once more, on a fresh connection", number(report.retries)],
    ["Exchanges for which no connection had to be opened", `${(report.reuseRatio * 100).toFixed(1)} %`],
    [
      "Memory (RSS) at the start, after a tenth of the time, highest, at the end",
      [start, settled, highest, end].map(mebibytes).join(", "),
    ],
    [
      "Descriptors at the start, after a tenth of the time, highest, at the end",
      [start, settled, highest, end].map(({ descriptors }) => descriptors).join(", "),
    ],
    ["Exit code after SIGTERM", String(report.exitCode)],
  ];
  return [
    `\`${report.command}\`, ${report.date}, ${report.machine}.`,
    "",
    "| | |",
    "|---|---|",
    ...rows.map(([name, value]) => `| ${name} | ${value} |`),
    "",
    ...countTable("Clients", "Kind", report.clients),
    ...countTable("Faults injected", "Who, and what", report.faults),
    ...countTable("Failures explained", "Why", report.explained),
    ...countTable("Client connections closed", "Reason", report.downstreamClosed),
    ...countTable("Origin connections closed", "Reason", report.upstreamClosed),
    ...[...report.unexplained, ...report.violations].slice(0, 20).map((line) => `- ${line}`),
  ].join("\n");
}

function countTable(title: string, column: string, counts: Counts): string[] {
  const rows = Object.entries(counts).sort(([one], [other]) => (one < other ? -1 : 1));
  if (rows.length === 0) return [];
  return [
    `**${title}**`,
    "",
    `| ${column} | Times |`,
    "|---|---|",
    ...rows.map(([name, times]) => `| ${name} | ${number(times)} |`),
    "",
  ];
}

export function sum(counts: Counts): number {
  return Object.values(counts).reduce((total, times) => total + times, 0);
}

function number(value: number): string {
  return String(value).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

function mebibytes({ residentBytes }: Sample): string {
  return `${(residentBytes / 1_048_576).toFixed(0)} MiB`;
}
