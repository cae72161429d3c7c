/** docs/field-guide.md from the zoo's data: what surprises, times at a glance, the matrices, and every finding that is not a pass. */
import type { Verdict } from "../../src/doctor/finding.ts";
import { seconds } from "../../src/doctor/words.ts";
import type { Examined, FieldGuide, GuideFinding, Hinted, Pool, Specimen } from "./guide.ts";
import { surprises } from "./surprises.ts";

const signs: Readonly<Record<Verdict, string>> = {
  pass: "·",
  advice: "a",
  fail: "**F**",
  info: "i",
  "not-measurable": "–",
};

export function fieldGuidePage(guide: FieldGuide): string {
  const servers = guide.specimens.filter(({ server }) => server !== undefined);
  const proxies = guide.specimens.filter(({ through, pool }) => through !== undefined || pool !== undefined);
  const { machine, node, hopwise, date, took_s, command, maxWait_s, absent } = guide;
  return `${[
    "# Field guide: what servers and proxies do with their connections",
    "",
    `<!-- Written by \`${command}\` from its measurements. Edit test/zoo, not this file. -->`,
    "",
    "Everything here was measured by [the doctor](doctor.md) on loopback, on programs as their makers ship them, each with the shortest",
    "configuration that works. The same data for programs: [field-guide.json](field-guide.json). Measure your own with",
    "`hopwise doctor URL` and [`hopwise doctor --through`](through.md): settings and versions change much of this.",
    "",
    `\`${command}\`, ${date}, ${took_s} s; ${machine}; Node ${node}; hopwise ${hopwise}. Idle connections were watched for ${maxWait_s} s at most.`,
    "",
    ...(absent.length === 0
      ? []
      : [`Absent on this machine: ${absent.map(({ title, why }) => `${title} (\`${why}\`)`).join(", ")}.`, ""]),
    "## What surprises",
    "",
    ...surprises(guide).map((sentence) => `- ${sentence}`),
    "",
    "## As servers, at a glance",
    "",
    "*Says*: the timeout in `Keep-Alive`. *Closes*: when an idle connection ended, and how. *Silent* and *half a head*: how long a client may",
    "say nothing on a new connection, and how long it may leave a request's head unfinished.",
    "",
    table(
      ["", "version", "grade", "says", "closes idle after", "requests", "silent", "half a head"],
      servers.map((specimen) => [title(specimen), specimen.version, specimen.server?.grade ?? "", ...glance(specimen)]),
    ),
    "",
    "## As servers, check by check",
    "",
    LEGEND,
    "",
    ...matrix(guide, servers, ({ server }) => server),
    "",
    "## As proxies, at a glance",
    "",
    "*Keeps*: how long a connection to the origin idles before the proxy closes it. *Origin says 5 s*: whether it still uses",
    "one after 5.2 s whose origin said `Keep-Alive: timeout=5`; a proxy that does not cannot lose that race.",
    "",
    table(
      ["", "version", "grade", "keeps idle", "origin says 5 s", "set up with"],
      proxies.map((specimen) => [
        title(specimen),
        specimen.version,
        specimen.through?.grade ?? "",
        poolText(specimen.pool),
        hintText(specimen.hinted),
        specimen.through?.setup ?? "",
      ]),
    ),
    "",
    "## As proxies, check by check",
    "",
    LEGEND,
    "",
    ...matrix(guide, proxies, ({ through }) => through),
    "",
    "## What each check saw",
    "",
    "Advice and failures, in the doctor's words.",
    "",
    ...details(guide),
  ].join("\n")}\n`;
}

const LEGEND =
  "`·` as it should be, `a` advice, **F** fails, `i` a fact, `–` could not be told; empty: not asked. What each id asks: the last column.";

function matrix(
  { checks }: FieldGuide,
  specimens: readonly Specimen[],
  examinedOf: (specimen: Specimen) => Examined | undefined,
): string[] {
  const ids = Object.keys(checks).filter((id) =>
    specimens.some((specimen) => findingOf(examinedOf(specimen), id) !== undefined),
  );
  const sign = (examined: Examined | undefined, id: string) => {
    const verdict = findingOf(examined, id)?.verdict;
    return verdict === undefined ? "" : signs[verdict];
  };
  return [
    table(
      ["", ...specimens.map((specimen) => columnTitle(specimen)), "a healthy one"],
      ids
        .toSorted()
        .map((id) => [
          id,
          ...specimens.map((specimen) => sign(examinedOf(specimen), id)),
          escaped((checks[id] ?? "").replace(/\.$/, "")),
        ]),
    ),
  ];
}

function details({ checks, specimens }: FieldGuide): string[] {
  return Object.keys(checks)
    .toSorted()
    .flatMap((id) => {
      const said = specimens.flatMap((specimen) =>
        [specimen.server, specimen.through].flatMap((examined) => {
          const finding = findingOf(examined, id);
          if (finding === undefined || (finding.verdict !== "fail" && finding.verdict !== "advice")) return [];
          return [`${columnTitle(specimen)}: ${escaped(finding.measured)}`];
        }),
      );
      return said.length === 0 ? [] : [`- **${id}** ${escaped(checks[id] ?? "")} ${said.join("; ")}.`];
    });
}

function glance({ server }: Specimen): string[] {
  const values = (id: string) => findingOf(server, id)?.values ?? {};
  const said = values("HW105").advertised_timeout_ms;
  const { idle_timeout_ms, closed_with, served_after_ms, silent_death_ms } = values("HW201");
  const { requests, has_limit } = values("HW203");
  return [
    typeof said === "number" ? seconds(said) : "nothing",
    typeof idle_timeout_ms === "number"
      ? `${seconds(idle_timeout_ms)}, ${String(closed_with).toUpperCase()}`
      : typeof silent_death_ms === "number"
        ? `${seconds(silent_death_ms)}, without a close`
        : typeof served_after_ms === "number"
          ? `longer than ${seconds(served_after_ms)}`
          : "",
    typeof requests === "number" ? (has_limit === true ? String(requests) : `more than ${requests}`) : "",
    openText(values("HW204")),
    openText(values("HW205")),
  ];
}

function openText({ closed_after_ms, open_after_ms }: GuideFinding["values"]): string {
  if (typeof closed_after_ms === "number") return seconds(closed_after_ms);
  return typeof open_after_ms === "number" ? `longer than ${seconds(open_after_ms)}` : "";
}

export function poolText(pool: Pool | undefined): string {
  if (pool === undefined) return "";
  if (!pool.isKept) return "a connection per request";
  if (pool.closed_after_ms !== undefined) return seconds(pool.closed_after_ms);
  return `longer than ${seconds(pool.open_after_ms ?? 0)}`;
}

function hintText(hinted: Hinted | undefined): string {
  if (hinted === undefined || !hinted.isReusedBefore) return "";
  return hinted.isReusedAfter ? "uses it again" : "leaves it";
}

export function findingOf(examined: Examined | undefined, id: string): GuideFinding | undefined {
  return examined?.findings.find((finding) => finding.id === id);
}

/** Where versions stand beside each other in a table. */
const title = ({ title: it }: Specimen) => it;

/** Where there are several versions: with its first number. */
export function columnTitle({ title: it, version, from }: Specimen): string {
  return from === "Node" && it === "Node http" ? `Node ${version.split(".")[0]}` : it;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [row(head), `|${"---|".repeat(head.length)}`, ...rows.map(row)].join("\n");
}

const escaped = (text: string) => text.replace(/[|<>*_]/g, (character) => `\\${character}`);
