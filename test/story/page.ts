/**
 * Writes the story: every scenario as the lab plays it, with what was measured, in one language.
 *
 * The plays are those of the simulated network, where time is virtual: they are the same each time, so the page changes
 * only when the lab or hopwise does. Deliberately absent: the naive proxy, which brings sockets of its own.
 */
import { middleOf } from "../../src/lab/actors/middles.ts";
import { mermaidOf } from "../../src/lab/drawing/mermaid.ts";
import { castOf, outcomeWords } from "../../src/lab/drawing/sentences.ts";
import { duration } from "../../src/lab/drawing/text.ts";
import { figureText } from "../../src/lab/figures.ts";
import type { Language, Measure, Play, Text } from "../../src/lab/play.ts";
import { toldAt_ms } from "../../src/lab/recording/telling.ts";
import type { Scenario } from "../../src/lab/scenario.ts";
import { scenarios } from "../../src/lab/scenarios/all.ts";
import { story } from "../conformance/story.ts";
import { chapters, koreanStatements } from "./chapters.ts";

export interface PlayedScenario {
  readonly scenario: Scenario;
  readonly plays: readonly Play[];
}

export async function playedScenarios(): Promise<PlayedScenario[]> {
  const played: PlayedScenario[] = [];
  for (const scenario of scenarios) {
    const plays: Play[] = [];
    for (const kind of scenario.proxies) {
      const middle = middleOf(kind as Parameters<typeof middleOf>[0]);
      if (middle.needsSockets) continue;
      plays.push((await scenario.perform({ middle, network: "simulated" })).play);
    }
    played.push({ scenario, plays });
  }
  return played;
}

const words = {
  title: { en: "The story of HTTP connections", ko: "HTTP 연결 이야기" },
  other: { en: "[한국어](ko/story.md)", ko: "[English](../story.md)" },
  intro: {
    en: "Played by the lab on its simulated network, whose time is virtual: every figure below was measured there, and is the same each time. Each scenario is one command; it plays on real sockets, in front of you. With `--html FILE` it becomes a page to step through with the arrow keys.",
    ko: "실험실이 가상 시간으로 움직이는 모의 네트워크에서 재생한 것입니다. 아래 수치는 모두 거기에서 측정했고, 다시 재생해도 같습니다. 시나리오는 명령 하나로 실행하며, 이때는 실제 소켓에서 눈앞에 재생됩니다. `--html FILE`을 붙이면 화살표 키로 한 단계씩 넘겨 보는 페이지가 됩니다.",
  },
  legend: {
    en: "How to read the pictures: time runs down, on one axis for both sides. A coloured bar is a connection, with the port of the side that opened it. Slanted arrows leave and arrive, so a round trip can be seen. Highlighted lines concern one hop only. Hatched red is a hang; zigzags are waits cut short.",
    ko: "그림 읽는 법: 시간은 아래로 흐르고, 양쪽이 한 시간 축을 함께 씁니다. 색 막대는 연결이며, 연결을 연 쪽의 포트가 붙어 있습니다. 비스듬한 화살표는 떠난 때와 도착한 때를 나타내므로 왕복 시간이 보입니다. 형광펜으로 칠한 줄은 한 홉에만 해당하는 필드입니다. 붉은 빗금은 멈춤이고, 지그재그는 긴 기다림을 줄인 것입니다.",
  },
  who: { en: "In the middle", ko: "가운데" },
  outcome: { en: "Outcome", ko: "결과" },
  happened: { en: "What happened", ko: "무슨 일이 있었나" },
  told: { en: "How it goes", ko: "어떻게 흘러가나" },
  measured: { en: "Measured", ko: "측정값" },
  mermaid: { en: "As a Mermaid diagram", ko: "Mermaid 다이어그램으로 보기" },
} as const satisfies Record<string, Text>;

export function storyPage(played: readonly PlayedScenario[], language: Language): string {
  const say = (text: Text) => text[language];
  return [
    `# ${say(words.title)}`,
    "",
    "<!-- Written by `npm run story:page`. Edit test/story/ and src/lab/, not this file. -->",
    "",
    say(words.other),
    "",
    say(words.intro),
    "",
    say(words.legend),
    "",
    ...chapters.flatMap(({ title, intro, scenarios: names }) => [
      `## ${say(title)}`,
      "",
      say(intro),
      "",
      ...names.flatMap((name) => {
        const found = played.find(({ scenario }) => scenario.name === name);
        if (found === undefined) throw new Error(`the lab has no scenario ${name}`);
        return scenarioLines(found, language);
      }),
    ]),
  ].join("\n");
}

function scenarioLines({ scenario, plays }: PlayedScenario, language: Language): string[] {
  const { name, title, statements, moral, sources } = scenario;
  const folder = language === "ko" ? "../story" : "story";
  const first = plays[0];
  return [
    `### ${title[language]}`,
    "",
    ...statements.map((statement) => `- **${statement}** ${statementOf(statement, language)}`),
    "",
    "```",
    `npx hopwise lab ${name}`,
    "```",
    "",
    `![${title[language]}](${folder}/${name}.${language}.svg)`,
    "",
    `| ${words.who[language]} | ${words.outcome[language]} | ${words.happened[language]} |`,
    "|---|---|---|",
    ...plays.map((play) => {
      const cells = [castOf(play), outcomeWords[play.outcome], play.verdict].map((text) => cell(text[language]));
      return `| ${cells.join(" | ")} |`;
    }),
    "",
    ...measureTable(plays, language),
    ...plays.flatMap(({ comparison }) => (comparison === undefined ? [] : [comparison[language], ""])),
    ...plays.flatMap((play) => narrationLines(play, language)),
    `> ${moral[language]}`,
    "",
    sources.join(" · "),
    "",
    ...(first === undefined ? [] : mermaidBlock(first, language)),
  ];
}

/** What the player says, with the time at which it is said. */
function narrationLines(play: Play, language: Language): string[] {
  const said = play.steps.toSorted((a, b) => toldAt_ms(a) - toldAt_ms(b));
  const lines = said.flatMap((step) =>
    step.narration === undefined ? [] : [`- ${duration(toldAt_ms(step))}: ${step.narration[language]}`],
  );
  return lines.length === 0 ? [] : [`**${words.told[language]}: ${castOf(play)[language]}**`, "", ...lines, ""];
}

function statementOf(name: string, language: Language): string {
  if (language === "ko") return koreanStatements[name] ?? "";
  return story.find((statement) => statement.name === name)?.text ?? "";
}

function measureTable(plays: readonly Play[], language: Language): string[] {
  const names = [...new Map(plays.flatMap(({ measures }) => measures.map(({ name }) => [name.en, name]))).values()];
  const rows = names.map((name) => {
    const figures = plays.map(({ measures }) =>
      figure(
        measures.find((measure) => measure.name.en === name.en),
        language,
      ),
    );
    return `| ${cell(name[language])} | ${figures.join(" | ")} |`;
  });
  const heads = plays.map((play) => castOf(play)[language]).join(" | ");
  return [`| ${words.measured[language]} | ${heads} |`, `|---|${"--:|".repeat(plays.length)}`, ...rows, ""];
}

function figure(measure: Measure | undefined, language: Language): string {
  if (measure === undefined) return "–";
  if (measure.unit === "ms") return duration(measure.value);
  return figureText(measure, language);
}

function mermaidBlock(play: Play, language: Language): string[] {
  const summary = `${words.mermaid[language]}: ${castOf(play)[language]}`;
  const block = ["```mermaid", mermaidOf(play, language).trimEnd(), "```"];
  return [`<details><summary>${summary}</summary>`, "", ...block, "", "</details>", ""];
}

const cell = (text: string) => text.replaceAll("|", "\\|");
