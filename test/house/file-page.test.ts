/** docs/file.md is what the schema of the file says today. `npm run file:pages` writes it anew. */
import { Ajv } from "ajv";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { fileKeys } from "./file-keys.ts";
import { exampleOf, filePage } from "./file-page.ts";

it("is up to date", async () => {
  await expect(filePage()).toMatchFileSnapshot("../../docs/file.md");
});

it("has each key once, and each option with a link to where it is explained", () => {
  const page = filePage();
  for (const { path } of fileKeys()) {
    const name = path.replace(/^.*?(?:\[\]|\.\*)\./, "");
    expect(page).toMatch(
      new RegExp(`^(?:## ${path.replace(/[[\].*]/g, "\\$&")}$|\\| \\[?\`${name.replace(/[[\].*]/g, "\\$&")}\`)`, "m"),
    );
  }
});

it("has examples that can be written so", () => {
  const ajv = new Ajv({ strict: false });
  for (const key of fileKeys()) {
    const example = exampleOf(key);
    if (example === undefined) continue;
    const isValid = ajv.validate(key.schema, parse(`value: ${example}`).value);
    expect(isValid, `${key.path}: ${example}`).toBe(true);
  }
});
