/** docs/message-states.md draws the tables of connection/message-states.ts. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import {
  meaningForRequester,
  meaningForResponder,
  requesterTransitions,
  responderTransitions,
} from "../../src/connection/message-states.ts";

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>;

const page = readFileSync(new URL("../../docs/message-states.md", import.meta.url), "utf8");

const nameOf = (state: string) => state.replaceAll("-", "_");

function diagram(table: Table): string {
  const lines = ["stateDiagram-v2"];
  // Mermaid knows no hyphen in a name.
  for (const state of Object.keys(table)) if (state.includes("-")) lines.push(`  state "${state}" as ${nameOf(state)}`);
  lines.push("  [*] --> idle");
  for (const [state, events] of Object.entries(table)) {
    for (const [event, next] of Object.entries(events)) {
      if (next !== state && event !== "failed") lines.push(`  ${nameOf(state)} --> ${nameOf(next)}: ${event}`);
    }
  }
  return ["```mermaid", ...lines, "```"].join("\n");
}

function rows(role: string, other: string, meanings: Table): string[] {
  return Object.entries(meanings).flatMap(([event, where]) =>
    Object.entries(where).map(
      ([state, meaning]) => `| ${role} | \`${event}\` | the ${other} is \`${state}\` | \`${meaning}\` |`,
    ),
  );
}

it("each role as its table says", () => {
  expect(page).toContain(diagram(requesterTransitions));
  expect(page).toContain(diagram(responderTransitions));
});

it("what one role does to the other", () => {
  const expected = [
    ...rows("requester", "responder", meaningForResponder as Table),
    ...rows("responder", "requester", meaningForRequester as Table),
  ];
  expect(page).toContain(["|---|---|---|---|", ...expected, ""].join("\n"));
});
