/**
 * The bench: `npm run bench`. Proxies stand side by side and are measured in turn (measuring.mjs); what counts is the ratio
 * to nginx within a round.
 *
 * Deliberately absent: what is measured (scenarios.mjs), who is measured (peers.mjs), what it says (summary.mjs).
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canMeasureCpu } from "./cpu.mjs";
import { loadTool, missingLoadTool } from "./load/load.mjs";
import { describeMachine, describeProject } from "./machine.mjs";
import { measureScenario } from "./measuring.mjs";
import { chosen, HELP, readOptions } from "./options.mjs";
import { startOrigin } from "./origin.mjs";
import { peers } from "./peers.mjs";
import { pinSelf, stopAll } from "./programs.mjs";
import { Progress } from "./progress.mjs";
import { chartOf } from "./report/chart.mjs";
import { docsOf } from "./report/docs.mjs";
import { reportOf } from "./report/markdown.mjs";
import { scenarios } from "./scenarios.mjs";
import { peersFor } from "./setups.mjs";

const root = new URL("../", import.meta.url);

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.isHelp) return console.log(HELP);
  const asked = options.isList && options.peers === undefined ? peers : chosen(peers, options.peers, "proxy");
  const present = asked.filter((peer) => peer.missing() === undefined);
  const skipped = asked
    .filter((peer) => !present.includes(peer))
    .map((peer) => ({ name: peer.name, why: `not installed: ${peer.missing()}` }));
  const wanted = chosen(scenarios, options.only, "scenario");
  if (options.isList) return list(wanted, present, skipped);
  const result =
    options.from === undefined ? await measure(options, wanted, present, skipped) : readResult(options.from);
  write(result, options);
}

function list(wanted, present, skipped) {
  for (const { name, title } of wanted) console.log(`scenario  ${name.padEnd(16)} ${title}`);
  for (const peer of present) console.log(`proxy     ${peer.name.padEnd(16)} ${peer.version()}`);
  for (const { name, why } of skipped) console.log(`absent    ${name.padEnd(16)} ${why}`);
}

async function measure(options, wanted, present, skipped) {
  if (!canMeasureCpu) throw new Error("there is no /proc here: processor time can be measured on Linux only");
  if (missingLoadTool !== undefined) throw new Error(`there is nothing to make load with: ${missingLoadTool}`);
  if (present.length === 0)
    throw new Error(`none of the proxies is there: ${skipped.map(({ why }) => why).join(", ")}`);
  const directory = mkdtempSync(join(tmpdir(), "hopwise-bench-"));
  const progress = new Progress(wanted, (scenario) => peersFor(scenario, present).length, options.rounds);
  const interrupted = new AbortController();
  // The measurement that is running ends, and what was measured until then is reported; a second signal ends at once.
  const onSignal = () => interrupted.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const machine = describeMachine();
  pinSelf();
  const result = {
    command: `npm run bench -- ${process.argv.slice(2).join(" ")}`.replace(/ -- $/, ""),
    project: describeProject(),
    machine,
    isInterrupted: false,
    origin: "",
    load: loadTool,
    rounds: options.rounds,
    seconds: options.seconds,
    peers: present.map((peer) => ({ name: peer.name, kind: peer.kind, version: peer.version() })),
    skipped,
    scenarios: [],
  };
  try {
    const origin = await startOrigin(directory);
    result.origin = origin.name;
    for (const scenario of wanted) {
      const context = { directory, origin, seconds: options.seconds, signal: interrupted.signal, progress };
      result.scenarios.push(await measureScenario(scenario, present, context, options.rounds));
      result.isInterrupted = interrupted.signal.aborted;
      if (result.isInterrupted) break;
    }
  } finally {
    await stopAll();
    rmSync(directory, { recursive: true, force: true });
  }
  return result;
}

function readResult(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

function write(result, { out, writesDocs }) {
  mkdirSync(out, { recursive: true });
  const report = reportOf(result);
  writeFileSync(join(out, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(join(out, "report.md"), report);
  writeFileSync(join(out, "chart.svg"), chartOf(result));
  if (writesDocs) {
    writeFileSync(new URL("docs/benchmarks.md", root), docsOf(result));
    writeFileSync(new URL("docs/benchmarks.svg", root), chartOf(result));
  }
  console.log(report);
  console.error(`written to ${out}: result.json, report.md, chart.svg${writesDocs ? "; docs/benchmarks.md" : ""}`);
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
