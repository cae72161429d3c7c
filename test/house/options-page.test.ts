/** docs/options.md is what the schemas say today. `npm run options:page` writes it anew. */
import { expect, it } from "vitest";
import { forwardOptionNames } from "../../src/config/forward-options.ts";
import { flagOf, optionNames, optionText } from "../../src/config/schema.ts";
import { optionsPage } from "./options-page.ts";

it("is up to date", async () => {
  await expect(optionsPage()).toMatchFileSnapshot("../../docs/options.md");
});

it("has each option of each schema once, under its flag, or under its name where only programs have it", () => {
  const titles = [...optionsPage().matchAll(/^### (.*)$/gm)].map(([, title]) => title);
  const names = [...new Set([...optionNames, ...forwardOptionNames])];
  const expected = names.map((name) =>
    optionNames.some((known) => known === name) && optionText(name).isLibraryOnly ? name : flagOf(name),
  );
  expect(titles).toEqual(expect.arrayContaining(expected));
  expect(new Set(titles).size).toBe(titles.length);
});
