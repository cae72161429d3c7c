/** docs/reliability.md has the fault table as it is tested. `npm run faults:page` writes it anew. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { withSection } from "../soak/section.ts";
import { faultTable } from "./page.ts";
import { states } from "./states/all.ts";

const page = "../../docs/reliability.md";

test("the fault table in docs/reliability.md is up to date", async () => {
  const text = readFileSync(fileURLToPath(new URL(page, import.meta.url)), "utf8");
  await expect(withSection(text, "faults", faultTable(states))).toMatchFileSnapshot(page);
});

test("states are told apart by their names", () => {
  const names = states.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
