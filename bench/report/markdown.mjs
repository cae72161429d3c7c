/** A run as Markdown: the goals, the ratios, and every scenario's figures. */
import { REFERENCE } from "../peers.mjs";
import { goalsOf } from "./goals.mjs";
import { failures, figure, ratio } from "./summary.mjs";

export function reportOf(result) {
  return [
    conditions(result),
    "## Goals\n",
    goals(result),
    `## CPU relative to ${REFERENCE}\n`,
    `The proxy's processor time for the same work; below 1 is cheaper than ${REFERENCE}. Median of the rounds' ratios.\n`,
    ratios(result),
    ...result.scenarios.map((scenario) => scenarioSection(result, scenario)),
    troubles(result),
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (index === 0 ? "---" : "---:"));
  return `${[head, rule, ...rows].map(line).join("\n")}\n`;
}

function conditions(result) {
  const { machine, project, command, origin, load, rounds, seconds, peers, skipped } = result;
  const modified = project.isModified ? ", modified" : "";
  const placed =
    machine.placement === null
      ? "nothing is pinned to a core"
      : `the proxy on core ${machine.placement.proxy}, the origin on ${machine.placement.origin}, the load on ${machine.placement.load}`;
  const quiet = machine.load > 0.5 ? ` The machine had other work (load ${machine.load.toFixed(2)} at the start).` : "";
  const cut = result.isInterrupted ? " The run was interrupted: what follows is incomplete." : "";
  const lines = [
    `| machine | ${machine.cores} cores, ${machine.model}, ${machine.architecture}, ${machine.kernel} |`,
    `| when | ${machine.date.slice(0, 16).replace("T", " ")} UTC |`,
    `| hopwise | ${project.version}${project.commit === "" ? "" : ` (${project.commit}${modified})`} |`,
    `| origin | ${origin} |`,
    `| load | ${load} |`,
    `| rounds | ${rounds} of ${seconds} s each |`,
    `| proxies | ${peers.map(({ name, version }) => `${name}: ${version}`).join("; ")} |`,
    ...skipped.map(({ name, why }) => `| absent | ${name}: ${why} |`),
    `| command | \`${command}\` |`,
  ];
  return `| | |\n|---|---|\n${lines.join("\n")}\n\nPlaces: ${placed}.${quiet}${cut}\n`;
}

function goals(result) {
  const rows = goalsOf(result).map(({ what, measured, verdict }) => [what, measured, verdict]);
  return table(["goal", "measured", ""], rows);
}

function ratios(result) {
  // What only hopwise can be asked is beside the question.
  const scenarios = result.scenarios.filter(({ measurements }) => REFERENCE in measurements);
  const head = ["", ...scenarios.map(({ name }) => name)];
  const rows = result.peers.map(({ name }) => [
    name,
    ...scenarios.map((scenario) => times(ratio(result, scenario.name, name)?.median)),
  ]);
  return table(head, rows);
}

function scenarioSection(result, scenario) {
  const { name: scenarioName, title, unit } = scenario;
  const measured = result.peers.filter(({ name }) => name in scenario.measurements);
  const of = (peer, name) => figure(result, scenarioName, peer, name);
  const isThere = (name) => measured.some((peer) => of(peer.name, name) !== undefined);
  const columns = [
    [`CPU µs/${unit}`, (peer) => digits(of(peer, "cpu"), 1)],
    ...(REFERENCE in scenario.measurements
      ? [[`× ${REFERENCE}`, (peer) => spread(ratio(result, scenarioName, peer))]]
      : []),
    ...(isThere("rate") ? [["requests/s", (peer) => whole(of(peer, "rate"))]] : []),
    ["p50 ms", (peer) => digits(of(peer, "p50_ms"), 3)],
    ...(isThere("p90_ms") ? [["p90 ms", (peer) => digits(of(peer, "p90_ms"), 3)]] : []),
    ["p99 ms", (peer) => digits(of(peer, "p99_ms"), 3)],
    ...(isThere("p999_ms") ? [["p99.9 ms", (peer) => digits(of(peer, "p999_ms"), 3)]] : []),
    ...(isThere("directP99_ms") ? [["p99 ms, no proxy", (peer) => digits(of(peer, "directP99_ms"), 3)]] : []),
    ...(isThere("reuse") ? [["reuse %", (peer) => digits(percent(of(peer, "reuse")), 3)]] : []),
    ...(isThere("idle_bytes") ? [["bytes/idle connection", (peer) => whole(of(peer, "idle_bytes"))]] : []),
    // Runs of before say this of idle connections alone.
    ...(isThere("besideRatio")
      ? [[`CPU × ${scenario.besideTitle ?? "without idle ones"}`, (peer) => digits(of(peer, "besideRatio"), 2)]]
      : []),
  ];
  const rows = measured.map((peer) => [peer.name, ...columns.map(([, cell]) => cell(peer.name))]);
  return `## ${scenarioName}: ${title}\n\n${table(["", ...columns.map(([head]) => head)], rows)}`;
}

function troubles(result) {
  const lines = result.scenarios.flatMap((scenario) =>
    result.peers.flatMap(({ name }) => {
      const { errors, failed } = failures(result, scenario.name, name);
      const told = errors.map((error) => `- ${scenario.name}, ${name}: not measured: ${oneLine(error)}`);
      if (failed > 0) told.push(`- ${scenario.name}, ${name}: ${failed} requests or connections failed`);
      return told;
    }),
  );
  return lines.length === 0 ? "" : `## What went wrong\n\n${lines.join("\n")}\n`;
}

function oneLine(text) {
  return text.replace(/\s+/g, " ").slice(0, 300);
}

function times(value) {
  return value === undefined ? "–" : value.toFixed(2);
}

function spread(value) {
  if (value === undefined) return "–";
  if (value.rounds === 1) return times(value.median);
  return `${times(value.median)} (${times(value.least)}–${times(value.most)})`;
}

function digits(value, count) {
  return value === undefined ? "–" : value.toFixed(count);
}

function whole(value) {
  return value === undefined ? "–" : Math.round(value).toLocaleString("en");
}

function percent(value) {
  return value === undefined ? undefined : value * 100;
}
