/**
 * Writes the fault table for people, from the cells alone: it changes only when they do, and each of them is a test.
 */
import { type CloseReason, closeReasons } from "../../src/connection/reasons.ts";
import type { Role } from "../conformance/case.ts";
import { type Cell, type Ending, faults, isCell, type State } from "./cell.ts";
import type { Http2Cell } from "./http2-cells.ts";

export function faultTable(states: readonly State[]): string {
  const places = states.flatMap((state) => faults.map((fault) => state.cells[fault]));
  const cells = places.filter(isCell);
  return [
    `${states.length} states, ${faults.length} faults: ${cells.length} cells, each a test, and ${places.length - cells.length} places`,
    "where there is nothing to show, each with its reason.",
    "",
    ...states.flatMap(stateLines),
    "### The reasons",
    "",
    "| Recorded | Meaning |",
    "|---|---|",
    ...reasonsOf(cells).map((reason) => `| \`${reason}\` | ${closeReasons[reason]} |`),
  ].join("\n");
}

function stateLines(state: State): string[] {
  const gaps = faults.filter((fault) => !isCell(state.cells[fault]));
  return [
    `### ${state.name}`,
    "",
    state.text,
    "",
    "| Fault | The client sees | recorded | The origin sees | recorded |",
    "|---|---|---|---|---|",
    ...faults.flatMap((fault) => {
      const place = state.cells[fault];
      return isCell(place) ? [`| ${fault} | ${side(place, "client")} | ${side(place, "origin")} |`] : [];
    }),
    "",
    ...gapLines(state, gaps),
  ];
}

/** The same reason often holds for several faults. */
function gapLines(state: State, gaps: readonly (typeof faults)[number][]): string[] {
  if (gaps.length === 0) return [];
  const byReason = new Map<string, string[]>();
  for (const fault of gaps) {
    const reason = state.cells[fault] as string;
    byReason.set(reason, [...(byReason.get(reason) ?? []), fault]);
  }
  const said = [...byReason].map(([reason, ofReason]) => `${ofReason.join(", ")} (${reason})`);
  return [`Nothing to show: ${said.join("; ")}.`, ""];
}

/** What one neighbour still gets and how its connection ends, and the reasons; further connections behind semicolons. */
function side(cell: Cell, role: Role): string {
  const endings = cell[role];
  if (endings.length === 0) return "– | –";
  const seen = endings.map((ending, index) => [...gotten(cell, role, index + 1), howItEnds(ending)].join(", then "));
  const reasons = endings.map((ending) => (ending === "persists" ? "–" : `\`${ending.split(" ")[1]}\``));
  return `${told(seen, role)} | ${told(reasons, role)}`;
}

function told(sayings: readonly string[], role: Role): string {
  if (sayings.length === 1) return sayings[0] as string;
  const others = role === "client" ? "the other client" : "a second connection";
  return sayings.map((saying, index) => (index === 0 ? saying : `${others}: ${saying}`)).join("; ");
}

function gotten(cell: Cell, role: Role, number: number): string[] {
  return cell.steps.flatMap((step) =>
    step.does === "gets" && step.role === role && step.number === number ? [step.name] : [],
  );
}

function howItEnds(ending: Ending): string {
  const [how] = ending.split(" ") as ["persists" | "FIN" | "RST" | "closed" | "gone" | "unheard"];
  switch (how) {
    case "persists":
      return "persists";
    case "FIN":
    case "RST":
      return how;
    case "closed":
      return "FIN or RST";
    case "gone":
      return "nothing: it has gone";
    case "unheard":
      return "nothing: it does not read";
  }
}

/** What a client of HTTP/2 sees of its origin's faults. */
export function http2Table(cells: readonly Http2Cell[]): string {
  return [
    "| The origin | The client sees on its stream | recorded of the origin's connection |",
    "|---|---|---|",
    ...cells.map(({ name, sees, recorded }) => {
      const reasons = recorded.map((reason) => (reason === undefined ? "persists" : `\`${reason}\``));
      return `| ${name} | ${sees.join(", ")} | ${reasons.join("; a second connection: ")} |`;
    }),
  ].join("\n");
}

function reasonsOf(cells: readonly Cell[]): CloseReason[] {
  const endings = cells.flatMap(({ client, origin }) => [...client, ...origin]);
  const used = new Set(endings.map((ending) => ending.split(" ")[1]));
  return (Object.keys(closeReasons) as CloseReason[]).filter((reason) => used.has(reason));
}
