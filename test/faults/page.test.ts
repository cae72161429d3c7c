/** docs/reliability.md has the fault table as it is tested. `npm run faults:page` writes it anew. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { withSection } from "../soak/section.ts";
import { http2Cells } from "./http2-cells.ts";
import { faultTable, http2Table } from "./page.ts";
import { states } from "./states/all.ts";

const page = "../../docs/reliability.md";

test("the fault table in docs/reliability.md is up to date", async () => {
  const text = readFileSync(fileURLToPath(new URL(page, import.meta.url)), "utf8");
  const withFaults = withSection(text, "faults", faultTable(states));
  await expect(withSection(withFaults, "faults-http2", http2Table(http2Cells))).toMatchFileSnapshot(page);
});

test("states are told apart by their names", () => {
  const names = states.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
