/** The diagram in ARCHITECTURE.md is the table of connection/life.ts, drawn. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { transitions } from "../../src/connection/life.ts";

function diagram(): string {
  const lines = ["stateDiagram-v2", "  [*] --> opening"];
  for (const [state, events] of Object.entries(transitions)) {
    for (const [event, next] of Object.entries(events)) lines.push(`  ${state} --> ${next}: ${event}`);
  }
  return [...lines, "  closed --> [*]"].join("\n");
}

it("ARCHITECTURE.md draws the life of a connection as its table says", () => {
  const map = readFileSync(new URL("../../ARCHITECTURE.md", import.meta.url), "utf8");
  expect(map).toContain(diagram());
});
