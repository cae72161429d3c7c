/**
 * Two states of hopwise against each other: `node bench/compare.mjs main .`. It builds both aside and measures them in
 * turn, round after round; what counts is the ratio within a round, and whether it is more than noise.
 *
 * Deliberately absent: other proxies, see run.mjs; what is noise, see report/comparison.mjs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "./builds.mjs";
import { canMeasureCpu } from "./cpu.mjs";
import { loadTool, missingLoadTool } from "./load/load.mjs";
import { describeMachine } from "./machine.mjs";
import { measureScenario } from "./measuring.mjs";
import { chosen, readNumber } from "./options.mjs";
import { startOrigin } from "./origin.mjs";
import { hopwiseOf, installedRuntimes, runtimeOf } from "./peers.mjs";
import { pinSelf, stopAll } from "./programs.mjs";
import { Progress } from "./progress.mjs";
import { comparisonOf } from "./report/comparison.mjs";
import { scenarios } from "./scenarios.mjs";

const HELP = `node bench/compare.mjs A B [options]

Builds two states of hopwise aside, measures them in turn on this machine, and says by how much B differs from A, and whether
that is more than noise. A and B are revisions (main, HEAD~1, 1a2b3c4), or "." for the working tree as it is.
The same revision twice shows how much noise there is.

  --scenario NAME,...   what is measured (default: small); npm run bench -- --list names them
  --runtime NAME,...    node (this one, the default), node22, node24, node26, bun (npm ci --prefix test/runtimes), or a path;
                        all: every one of these that is installed, one after the other
  --starts N            how often both are started anew: no two processes are compiled and laid out alike (default 3)
  --rounds N            measurements of each per start, alternating (default 10)
  --seconds S           length of one measurement (default 1)
  --help                print this

One scenario takes about two minutes. The difference counts as more than noise if the interval that holds the median ratio with a
confidence of 99 % leaves out 1, and every start lies on the same side of 1.`;

function readOptions(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      scenario: { type: "string", default: "small" },
      runtime: { type: "string", default: "node" },
      starts: { type: "string", default: "3" },
      rounds: { type: "string", default: "10" },
      seconds: { type: "string", default: "1" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  if (positionals.length !== 2) throw new Error("name two revisions (--help tells more)");
  return {
    revisions: { A: positionals[0], B: positionals[1] },
    scenarios: chosen(scenarios, values.scenario.split(","), "scenario"),
    runtimes: values.runtime === "all" ? installedRuntimes() : values.runtime.split(",").map(runtimeOf),
    starts: readNumber("starts", values.starts, 1, 20),
    rounds: readNumber("rounds", values.rounds, 1, 50),
    seconds: readNumber("seconds", values.seconds, 1, 60),
  };
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return console.log(HELP);
  if (!canMeasureCpu) throw new Error("there is no /proc here: processor time can be measured on Linux only");
  if (missingLoadTool !== undefined) throw new Error(`there is nothing to make load with: ${missingLoadTool}`);
  const directory = mkdtempSync(join(tmpdir(), "hopwise-compare-"));
  const interrupted = new AbortController();
  const onSignal = () => interrupted.abort();
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    await compare(options, directory, interrupted.signal);
  } finally {
    await stopAll();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function compare(options, directory, signal) {
  const { revisions, runtimes, starts, rounds, seconds } = options;
  const machine = describeMachine();
  const builds = Object.entries(revisions).map(([name, revision]) => {
    const { label, program } = build(revision, join(directory, name));
    console.log(`${name}  ${label}`);
    return { name, program };
  });
  pinSelf();
  const origin = await startOrigin(directory);
  const { model, cores, kernel, load } = machine;
  console.log(`${model}, ${cores} cores, ${kernel}, load ${load.toFixed(1)} at the start`);
  console.log(`origin ${origin.name}, ${loadTool}; ${starts} starts, ${rounds} rounds of ${seconds} s`);
  const all = runtimes.flatMap(() => options.scenarios.flatMap((scenario) => Array(starts).fill(scenario)));
  const context = { directory, origin, seconds, signal, progress: new Progress(all, () => builds.length, rounds) };
  for (const runtime of runtimes) {
    const peers = builds.map(({ name, program }) => hopwiseOf(name, runtime.program, program));
    for (const scenario of options.scenarios) {
      const measured = [];
      for (let start = 0; start < starts && !signal.aborted; start++) {
        measured.push(await measureScenario(scenario, start % 2 === 0 ? peers : peers.toReversed(), context, rounds));
      }
      console.log(`\n${runtime.version()}, ${scenario.name}: ${scenario.title}\n${comparisonOf(scenario, measured)}`);
    }
  }
}

try {
  await main();
} catch (error) {
  console.error(`compare: ${error.message}`);
  process.exitCode = 1;
}
