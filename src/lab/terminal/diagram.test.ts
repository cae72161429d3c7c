/** The diagram stands straight, whatever language it speaks. */
import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { middleOf } from "../actors/middles.ts";
import type { Language } from "../play.ts";
import { scenarios } from "../scenarios/all.ts";
import { quickPace } from "../stage.ts";
import { columnsOf, cut, padded, wrapped } from "./columns.ts";
import { Diagram } from "./diagram.ts";

const casts = scenarios.flatMap((scenario) => (["en", "ko"] as const).map((language) => ({ scenario, language })));

async function drawn(scenario: (typeof scenarios)[number], language: Language, width: number): Promise<string[]> {
  const kind = scenario.proxies[0] ?? "none";
  const { play } = await scenario.perform({ middle: middleOf(kind), network: "simulated", pace: quickPace });
  const connectionOf = (id: string) => play.connections.find((it) => it.id === id);
  const diagram = new Diagram({ actors: play.actors, connectionOf, language, width });
  return [...diagram.header(), ...play.steps.flatMap((step) => diagram.linesOf(step))].map(stripVTControlCharacters);
}

/** The columns in which lifelines are seen. */
function lifelinesOf(line: string): number[] {
  return [...line.matchAll(/│/g)].map(({ index }) => columnsOf(line.slice(0, index)));
}

it.each(casts)("$scenario.name in $language: lifelines go straight down, and nothing is too wide", async ({
  scenario,
  language,
}) => {
  for (const width of [60, 100]) {
    const lines = await drawn(scenario, language, width);
    const lifelines = lines.map(lifelinesOf).find((columns) => columns.length > 1) ?? [];
    for (const line of lines) {
      expect(lifelines).toEqual(expect.arrayContaining(lifelinesOf(line)));
      expect(columnsOf(line)).toBeLessThanOrEqual(width);
    }
  }
});

it("East Asian characters take two columns", () => {
  expect(columnsOf("a홉b連c")).toBe(7);
  expect(padded("홉", 4)).toBe("홉  ");
  expect(cut("지속 연결", 6)).toBe("지속 …");
  expect(wrapped("홉마다 따로 정합니다", 7)).toStrictEqual(["홉마다", "따로", "정합니…"]);
});
