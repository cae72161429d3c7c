/** What is said around the diagrams: the list of scenarios, titles, verdicts with their figures, and the table of all. */
import { figureText } from "../figures.ts";
import type { Language, Outcome, Play, Text } from "../play.ts";
import type { ScenarioText } from "../scenario.ts";
import { columnsOf, padded, type Style, styled, wrapped } from "./columns.ts";

const marks: Readonly<Record<Outcome, { readonly mark: string; readonly style: Style }>> = {
  works: { mark: "✔", style: "green" },
  "works at a price": { mark: "△", style: "yellow" },
  fails: { mark: "✘", style: "red" },
};

const words = {
  scenarios: { en: "Scenarios", ko: "시나리오" },
  hint: {
    en: "Play one: hopwise lab dumb-proxy. All: hopwise lab --all",
    ko: "하나만: hopwise lab dumb-proxy, 전부: hopwise lab --all",
  },
  moral: { en: "Moral", ko: "교훈" },
  virtual: { en: "simulated network, virtual time", ko: "시뮬레이션 네트워크, 가상 시간" },
  sockets: { en: "real sockets", ko: "실제 소켓" },
  rtt: { en: "round trip", ko: "왕복 시간" },
} satisfies Record<string, Text>;

const proxyNames: Readonly<Record<string, Text>> = {
  none: { en: "no proxy", ko: "프록시 없음" },
  dumb: { en: "dumb proxy", ko: "멍청한 프록시" },
  naive: { en: "naive proxy (node:http)", ko: "단순한 프록시 (node:http)" },
  lenient: { en: "lenient proxy", ko: "관대한 프록시" },
};

function proxyName(proxy: string, language: Language): string {
  return proxyNames[proxy]?.[language] ?? proxy;
}

export function listOf(scenarios: readonly ScenarioText[], language: Language, width: number): string[] {
  const names = Math.max(...scenarios.map(({ name }) => name.length));
  const indent = names + 4;
  const fits = ({ title, proxies }: ScenarioText) =>
    indent + columnsOf(title[language]) + 2 + columnsOf(proxies.join(", ")) <= width;
  const titles = Math.max(0, ...scenarios.filter(fits).map(({ title }) => columnsOf(title[language])));
  return [
    styled("bold", words.scenarios[language]),
    ...scenarios.flatMap((scenario) => {
      const name = `  ${styled("cyan", padded(scenario.name, names))}  `;
      const proxies = styled("dim", scenario.proxies.join(", "));
      const title = scenario.title[language];
      if (fits(scenario)) return [`${name}${padded(title, titles)}  ${proxies}`];
      const [first = "", ...rest] = wrapped(title, width - indent);
      return [name + first, ...[...rest, proxies].map((line) => " ".repeat(indent) + line)];
    }),
    "",
    ...wrapped(words.hint[language], width),
  ];
}

export interface Billing {
  readonly proxy: string;
  readonly network: Play["network"];
  readonly rtt_ms: number;
}

export function titleOf(
  { title }: ScenarioText,
  { proxy, network, rtt_ms }: Billing,
  language: Language,
  width: number,
): string[] {
  const where = network === "sockets" ? words.sockets[language] : words.virtual[language];
  return [
    "",
    ...wrapped(`${title[language]} — ${proxyName(proxy, language)}`, width).map((line) => styled("bold", line)),
    ...wrapped(`${where}, ${words.rtt[language]} ${rtt_ms} ms`, width).map((line) => styled("dim", line)),
    "",
  ];
}

export function verdictOf(
  { outcome, verdict, measures, comparison }: Play,
  language: Language,
  width: number,
): string[] {
  const { mark, style } = marks[outcome];
  const lines = wrapped(verdict[language], width - 4);
  const figures = measures.flatMap((measure) =>
    wrapped(`${measure.name[language]}: ${figureText(measure, language)}`, width - 4),
  );
  return [
    "",
    ...lines.map((line, index) => styled(style, `${index === 0 ? mark : " "} ${line}`)),
    ...figures.map((line) => styled("dim", `    ${line}`)),
    ...(comparison === undefined ? [] : ["", ...wrapped(comparison[language], width - 4).map((line) => `  ${line}`)]),
  ];
}

export function moralOf({ moral, sources }: ScenarioText, language: Language, width: number): string[] {
  const text = `${words.moral[language]}: ${moral[language].replaceAll("`", "")}`;
  return [
    "",
    ...wrapped(text, width - 2).map((line) => styled("bold", line)),
    ...wrapped(sources.join(" · "), width - 2).map((line) => styled("dim", line)),
  ];
}

/** Scenario by proxy: what happened. */
export function tableOf(plays: readonly Play[], language: Language, width: number): string[] {
  const names = Math.max(...plays.map(({ scenario }) => scenario.length));
  const proxies = Math.max(...plays.map(({ proxy }) => columnsOf(proxyName(proxy, language))));
  const indent = names + proxies + 8;
  let before = "";
  return plays.flatMap(({ scenario, proxy, outcome, verdict }) => {
    const { mark, style } = marks[outcome];
    const name = scenario === before ? "" : scenario;
    before = scenario;
    const lines = wrapped(verdict[language], Math.max(30, width - indent));
    const first = `${styled("cyan", padded(name, names))}  ${padded(proxyName(proxy, language), proxies)}  ${styled(style, mark)}  ${lines[0] ?? ""}`;
    return [first, ...lines.slice(1).map((line) => " ".repeat(indent - 1) + line)];
  });
}
