/** docs/story.md, its Korean sister and their pictures are what the lab plays today. `npm run story:page` writes them anew. */
import { beforeAll, describe, expect, it } from "vitest";
import { pictureOf } from "../../src/lab/drawing/svg.ts";
import { scenarios } from "../../src/lab/scenarios/all.ts";
import { story } from "../conformance/story.ts";
import { chapters, koreanStatements } from "./chapters.ts";
import { type PlayedScenario, playedScenarios, storyPage } from "./page.ts";

let played: PlayedScenario[];

beforeAll(async () => {
  played = await playedScenarios();
});

it("every scenario has its place in the story, once", () => {
  expect(chapters.flatMap(({ scenarios: names }) => names)).toStrictEqual(
    scenarios.map(({ name }) => name).sort(byStory),
  );
});

it("every statement is played, and said in both languages", () => {
  const played = new Set(scenarios.flatMap(({ statements }) => statements));
  expect([...played].sort(byNumber)).toStrictEqual(story.map(({ name }) => name));
  expect(Object.keys(koreanStatements).sort(byNumber)).toStrictEqual(story.map(({ name }) => name));
});

it.each(["en", "ko"] as const)("tells what the player tells, in %s", (language) => {
  const page = storyPage(played, language);
  for (const { scenario, plays } of played) {
    for (const { text } of scenario.cues) expect(page).toContain(`: ${text[language]}\n`);
    for (const { comparison } of plays) if (comparison !== undefined) expect(page).toContain(comparison[language]);
  }
});

describe("what is written is what is played", () => {
  it("in English", async () => {
    await expect(storyPage(played, "en")).toMatchFileSnapshot("../../docs/story.md");
  });

  it("in Korean", async () => {
    await expect(storyPage(played, "ko")).toMatchFileSnapshot("../../docs/ko/story.md");
  });

  for (const { name } of scenarios) {
    it(`the pictures of ${name}`, async () => {
      const plays = played.find(({ scenario }) => scenario.name === name)?.plays ?? [];
      for (const language of ["en", "ko"] as const) {
        const picture = pictureOf(plays, language);
        await expect(picture).toMatchFileSnapshot(`../../docs/story/${name}.${language}.svg`);
      }
    });
  }
});

function byNumber(a: string, b: string): number {
  return Number(a.slice(1)) - Number(b.slice(1));
}

function byStory(a: string, b: string): number {
  const order = chapters.flatMap(({ scenarios: names }) => names);
  return order.indexOf(a) - order.indexOf(b);
}
