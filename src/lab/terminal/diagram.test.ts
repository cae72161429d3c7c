/** The diagram stands straight and says everything, in whatever language and width; its time goes forward. */
import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { type MiddleKind, middleOf } from "../actors/middles.ts";
import type { Language, Play } from "../play.ts";
import { toldAt_ms } from "../recording/telling.ts";
import type { Scenario } from "../scenario.ts";
import { scenarios } from "../scenarios/all.ts";
import { quickPace } from "../stage.ts";
import { columnsOf, cut, padded, wrapped } from "./columns.ts";
import { Diagram } from "./diagram.ts";

const casts = scenarios.flatMap((scenario) => (["en", "ko"] as const).map((language) => ({ scenario, language })));
const widths = [60, 80, 100, 120];

const performed = new Map<string, Promise<Play[]>>();

/** Each scenario is played once, for all tests. */
function played({ name, proxies, perform }: Scenario): Promise<Play[]> {
  const plays = performed.get(name) ?? Promise.all(proxies.map(playWith));
  performed.set(name, plays);
  return plays;

  async function playWith(kind: MiddleKind): Promise<Play> {
    return (await perform({ middle: middleOf(kind), network: "simulated", pace: quickPace })).play;
  }
}

function diagramOf(play: Play, language: Language, width: number): Diagram {
  const connectionOf = (id: string) => play.connections.find((it) => it.id === id);
  return new Diagram({ actors: play.actors, connectionOf, language, width });
}

const inOrder = ({ steps }: Play) => steps.toSorted((a, b) => toldAt_ms(a) - toldAt_ms(b));
const seen = (lines: readonly string[]) => lines.map(stripVTControlCharacters);

/** Every line of the plays of a scenario, as a terminal of this width shows it. */
async function drawn(scenario: Scenario, language: Language, width: number): Promise<string[][]> {
  return (await played(scenario)).map((play) => {
    const diagram = diagramOf(play, language, width);
    return seen([...diagram.header(), ...inOrder(play).flatMap((step) => diagram.linesOf(step))]);
  });
}

/** The columns in which lifelines are seen. */
function lifelinesOf(line: string): number[] {
  return [...line.matchAll(/│/g)].map(({ index }) => columnsOf(line.slice(0, index)));
}

it.each(casts)("$scenario.name in $language: lifelines go straight down, and nothing is too wide", async ({
  scenario,
  language,
}) => {
  for (const width of widths) {
    for (const lines of await drawn(scenario, language, width)) {
      const lifelines = lines.map(lifelinesOf).find((columns) => columns.length > 1) ?? [];
      for (const line of lines) {
        expect(lifelines).toEqual(expect.arrayContaining(lifelinesOf(line)));
        expect(columnsOf(line)).toBeLessThanOrEqual(width);
      }
    }
  }
});

/** Without what is drawn: a text that was broken into lines is whole again. */
const letters = (text: string) => text.replace(/[\s`│▒●─╌▶◀]/g, "");

it.each(casts)("$scenario.name in $language: no sentence, field or name is cut", async ({ scenario, language }) => {
  for (const play of await played(scenario)) {
    for (const width of widths) {
      const diagram = diagramOf(play, language, width);
      for (const step of play.steps) {
        const shown = letters(seen(diagram.linesOf(step)).join(""));
        const said = [step.narration?.[language] ?? ""];
        if (step.kind === "wait" || step.kind === "note") said.push(step.text[language]);
        if (step.kind === "message") said.push(step.title, ...step.emphasis.slice(0, 4));
        if (step.kind === "close") said.push(step.how, step.reason ?? "");
        for (const text of said) expect(shown).toContain(letters(text));
      }
    }
  }
});

it.each(scenarios)("$name: time never runs backwards", async (scenario) => {
  for (const lines of await drawn(scenario, "en", 80)) {
    const times = lines.flatMap((line) => /^ *(\d+\.\d{3}) /.exec(line)?.[1] ?? []).map(Number);
    expect(times.length).toBeGreaterThan(3);
    expect(times).toStrictEqual(times.toSorted((a, b) => a - b));
  }
});

it("East Asian characters take two columns", () => {
  expect(columnsOf("a홉b連c")).toBe(7);
  expect(padded("홉", 4)).toBe("홉  ");
  expect(cut("지속 연결", 6)).toBe("지속 …");
  expect(wrapped("홉마다 따로 정합니다", 7)).toStrictEqual(["홉마다", "따로", "정합니", "다"]);
  expect(wrapped("a Proxy-Connection", 9)).toStrictEqual(["a Proxy-", "Connectio", "n"]);
});
