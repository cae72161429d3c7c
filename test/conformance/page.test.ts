import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { groups } from "./cases/all.ts";
import { checklist } from "./checklist.ts";
import { http2Groups } from "./http2/cases.ts";
import { HTTP2_PAGE, http2Page } from "./http2/page.ts";
import { chapterFile, chapterPage, conformanceIndex } from "./page.ts";
import { story } from "./story.ts";

const at = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const rows = checklist.flatMap((chapter) => chapter.rows);
const cases = groups.flatMap((group) => group.cases);

describe("the conformance page", () => {
  test("has every row once, in order", () => {
    expect(rows.map(({ row }) => row)).toStrictEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  test("has a case for every row, or says why there is none", () => {
    const shown = new Set(cases.flatMap((testCase) => testCase.rows));
    const unexplained = rows.filter(
      ({ row, doesNotApply, notYet, shownBy }) => !shown.has(row) && (doesNotApply ?? notYet ?? shownBy) === undefined,
    );
    expect(unexplained.map(({ row }) => row)).toStrictEqual([]);
    for (const { shownBy } of rows) if (shownBy !== undefined) expect(existsSync(at(shownBy)), shownBy).toBe(true);
  });

  test("has no case without a row, and no row that does not exist", () => {
    for (const { rows: named, title } of cases) {
      expect(named.length, title).toBeGreaterThan(0);
      for (const row of named) expect(row >= 1 && row <= 100, title).toBe(true);
    }
  });

  test("tells cases apart by their titles", () => {
    const titles = cases.map(({ title }) => title);
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toStrictEqual([]);
  });

  test("knows the whole story", () => {
    expect(story.map(({ name }) => name)).toStrictEqual(Array.from({ length: 16 }, (_, index) => `S${index + 1}`));
  });

  test("names files and scenarios of the story that exist, and each scenario plays its statement", () => {
    for (const { name, code, tests, lab } of story) {
      for (const path of [...code, ...tests]) expect(existsSync(at(path)), `${name}: ${path}`).toBe(true);
      for (const scenario of lab) {
        expect(readFileSync(at(`src/lab/scenarios/${scenario}.ts`), "utf8")).toMatch(
          new RegExp(`statements: \\[[^\\]]*"${name}"`),
        );
      }
    }
  });

  // `npm run conformance:page` writes them anew.
  test("is up to date: the index", async () => {
    await expect(conformanceIndex(checklist, groups, story)).toMatchFileSnapshot("../../docs/conformance.md");
  });

  for (const chapter of checklist) {
    test(`is up to date: ${chapter.title}`, async () => {
      const page = chapterPage(chapter, checklist, groups);
      await expect(page).toMatchFileSnapshot(`../../docs/conformance/${chapterFile(chapter)}`);
    });
  }

  test("is up to date: HTTP/2", async () => {
    await expect(http2Page(http2Groups)).toMatchFileSnapshot(`../../docs/conformance/${HTTP2_PAGE}`);
  });

  test("tells cases of HTTP/2 apart by their titles", () => {
    const titles = http2Groups.flatMap((group) => group.cases.map(({ title }) => title));
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toStrictEqual([]);
  });

  test("has no page of a chapter that is gone", () => {
    const written = new Set([...checklist.map(chapterFile), HTTP2_PAGE]);
    expect(readdirSync(at("docs/conformance")).filter((file) => !written.has(file))).toStrictEqual([]);
  });
});
