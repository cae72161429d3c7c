/** Writes docs/peers.md: neutral case x proxy. */
import type { PeerCase, Verdict } from "./case.ts";
import type { Absent, Target } from "./targets.ts";

export interface Column {
  readonly target: Target | Absent;
  /** By the id of a case; none where the proxy is absent. */
  readonly verdicts: ReadonlyMap<string, Verdict>;
}

export interface Setting {
  readonly date: string;
  readonly node: string;
  readonly command: string;
}

type Groups = readonly { readonly name: string; readonly cases: readonly PeerCase[] }[];

const signs = { holds: "yes", allowed: "may", fails: "**no**" } as const;

export function peersPage(groups: Groups, columns: readonly Column[], { date, node, command }: Setting): string {
  const cases = groups.flatMap((group) => group.cases);
  const present = columns.filter(({ verdicts }) => verdicts.size > 0);
  const absent = columns.flatMap(({ target }) => ("absent" in target ? [`${target.name} (${target.absent})`] : []));
  return [
    "# hopwise beside its peers",
    "",
    `<!-- Written by \`${command}\`. Edit test/peers/, not this file. -->`,
    "",
    `The same ${cases.length} cases around each proxy: a raw client and a raw origin, and a verdict that looks only at what the`,
    "RFC asks: what reached the origin, and what the client saw. *yes*: it holds. *may*: the RFC allows it, at a cost that",
    "the list below names. **no**: it does not hold. The level is the RFC's; *relied on*: it does not say so in so many words,",
    "but neighbours rely on it. All are gateways (reverse proxies), so what the RFC asks only of proxies that a client has",
    "chosen (RFC 9110 section 3.7) is not asked here. The cases were chosen by hopwise's authors, who mended hopwise until it",
    "held them all: read the first column as a promise, not as a discovery.",
    "",
    "Configurations are the shortest that forward with persistent connections on both hops, and stand in",
    "[test/peers/targets](../test/peers/targets); most proxies have settings that change some of these answers. Versions are those",
    "of Debian 12 and of npm; newer ones of nginx and HAProxy may answer otherwise.",
    "",
    `\`npm ci --prefix test/peers && ${command}\`, ${date}, Node ${node}.`,
    "",
    ...(absent.length === 0 ? [] : [`Absent: ${absent.join(", ")}.`, ""]),
    row(["", ...present.map(({ target }) => target.name)]),
    `|${"---|".repeat(present.length + 1)}`,
    row(["Version", ...present.map(({ target }) => ("version" in target ? target.version : ""))]),
    row(["**Holds**", ...present.map(({ verdicts }) => `**${count(verdicts, "holds")}**`)]),
    row(["May", ...present.map(({ verdicts }) => String(count(verdicts, "allowed")))]),
    row(["Does not hold", ...present.map(({ verdicts }) => String(count(verdicts, "fails")))]),
    "",
    ...groups.flatMap((group) => groupLines(group, present)),
    "## Why not",
    "",
    ...cases.flatMap((peerCase) => reasonLines(peerCase, present)),
  ].join("\n");
}

function groupLines({ name, cases }: Groups[number], columns: readonly Column[]): string[] {
  return [
    `## ${name}`,
    "",
    row(["Requirement", "RFC", "Level", ...columns.map(({ target }) => target.name)]),
    `|${"---|".repeat(columns.length + 3)}`,
    ...cases.map(({ id, section, level, requirement }) =>
      row([
        escaped(requirement),
        section.replace("RFC ", ""),
        level,
        ...columns.map(({ verdicts }) => signs[verdicts.get(id)?.kind ?? "fails"]),
      ]),
    ),
    "",
  ];
}

function reasonLines({ id, requirement }: PeerCase, columns: readonly Column[]): string[] {
  const said = columns.flatMap(({ target, verdicts }) => {
    const verdict = verdicts.get(id);
    return verdict === undefined || verdict.kind === "holds" ? [] : [`${target.name}: ${verdict.why}`];
  });
  return said.length === 0 ? [] : [`- ${escaped(requirement)} ${said.join("; ")}.`];
}

function count(verdicts: ReadonlyMap<string, Verdict>, kind: Verdict["kind"]): number {
  return [...verdicts.values()].filter((verdict) => verdict.kind === kind).length;
}

const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
const escaped = (text: string) => text.replace(/[|<>*_]/g, (character) => `\\${character}`);
