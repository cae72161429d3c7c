/**
 * What workers cost: `npm run bench:workers -- [--rounds N] [--seconds N] [--runtime PROGRAM]`.
 *
 * hopwise as one process and as two workers, side by side, on one core: so no throughput is compared, which a machine
 * with as many cores as processes would have to show, but what it rests on. Workers multiply throughput by their number if a
 * request costs no more processor time than before, the supervisor's included, and each worker gets its share.
 *
 * Deliberately absent: other proxies, see run.mjs.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { canMeasureCpu, cpuOf, familyOf } from "./cpu.mjs";
import { loadTool, runLoad } from "./load/load.mjs";
import { describeMachine, describeProject } from "./machine.mjs";
import { startOrigin } from "./origin.mjs";
import { freePort, listening, pinSelf, spawnPinned, stopAll, versionOf } from "./programs.mjs";

const cli = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const COUNTS = [1, 2];
const CONNECTIONS = 64;
/** Each worker compiles what has run often for itself: figures are taken when that is done, or after a while in any case. */
const WARM_UP_REQUESTS = 20_000;
const WARM_UP_SECONDS_MAX = 12;
const loads = [
  { name: "keep-alive", closes: false },
  { name: "a connection per request", closes: true },
];

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
    runtime: { type: "string", default: process.execPath },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);

async function startHopwise(count, origin) {
  const [port, admin] = [await freePort(), await freePort()];
  const args = ["proxy", "--quiet", "--to", `http://127.0.0.1:${origin.port}`, "--listen", String(port)];
  const child = spawnPinned("proxy", values.runtime, [
    ...[cli, ...args, "--admin", String(admin), "--keep-alive-timeout", "1h"],
    ...(count === 1 ? [] : ["--workers", String(count)]),
  ]);
  await listening(child, admin);
  const stats = async () =>
    (await fetch(`http://127.0.0.1:${admin}/stats`, { headers: { connection: "close" } })).json();
  return { count, child, port, stats };
}

async function warmUp({ count, port }, { closes }) {
  let requests = 0;
  for (let second = 0; second < WARM_UP_SECONDS_MAX && requests < WARM_UP_REQUESTS * count; second++) {
    requests += (await runLoad({ port, path: "/small", seconds: 1, connections: CONNECTIONS, closes })).requests;
  }
}

/** Microseconds per request of all its processes, and each worker's share of requests. */
async function measure({ child, port, stats }, { closes }) {
  const family = familyOf(child.pid);
  const before = [cpuOf(family), await exchangesOf(stats)];
  const { requests, failed } = await runLoad({ port, path: "/small", seconds, connections: CONNECTIONS, closes });
  const after = [cpuOf(family), await exchangesOf(stats)];
  const cpu = (after[0].user_us - before[0].user_us + after[0].system_us - before[0].system_us) / requests;
  const done = after[1].map((exchanges, index) => exchanges - before[1][index]);
  const sum = done.reduce((total, one) => total + one, 0);
  return { cpu, least: (Math.min(...done) / sum) * done.length, most: (Math.max(...done) / sum) * done.length, failed };
}

async function exchangesOf(stats) {
  const { workers, exchanges } = await stats();
  return workers === undefined ? [exchanges.total] : workers.processes.map((worker) => worker.exchanges);
}

function median(list) {
  return list.toSorted((a, b) => a - b)[(list.length - 1) >> 1];
}

function describe(load, count, figures, alone) {
  const of = (name) => median(figures.map((figure) => figure[name]));
  // Within a round, so that what disturbs the machine disturbs both.
  const ratio = median(figures.map(({ cpu }, round) => cpu / alone[round].cpu));
  const failed = figures.reduce((sum, figure) => sum + figure.failed, 0);
  return (
    `${load.name.padEnd(26)} ${String(count).padStart(7)} ${of("cpu").toFixed(1).padStart(8)} ${ratio.toFixed(2).padStart(6)}` +
    `   ${of("least").toFixed(2)} to ${of("most").toFixed(2)}   ${failed}`
  );
}

async function main() {
  if (!canMeasureCpu) throw new Error("there is no /proc here: processor time can be measured on Linux only");
  const directory = mkdtempSync(join(tmpdir(), "hopwise-bench-"));
  const machine = describeMachine();
  pinSelf();
  try {
    const origin = await startOrigin(directory);
    const all = [];
    for (const count of COUNTS) all.push(await startHopwise(count, origin));
    const { version, commit } = describeProject();
    const runtime = versionOf(values.runtime, ["--version"], /(\S+)/);
    console.log(
      `${machine.model}, ${machine.cores} cores, ${machine.kernel}, load ${machine.load.toFixed(1)} at the start`,
    );
    console.log(
      `hopwise ${version} ${commit} on ${values.runtime.includes("bun") ? "Bun" : "Node"} ${runtime}, ${loadTool}, origin ${origin.name}`,
    );
    console.log(`median of ${rounds} rounds of ${seconds}s, ${CONNECTIONS} connections\n`);
    console.log(`${"load".padEnd(26)} workers  us/req. ratio   shares, 1: even   failed`);
    for (const load of loads) {
      const figures = new Map(all.map((one) => [one, []]));
      for (const one of all) await warmUp(one, load);
      for (let round = 0; round < rounds; round++) {
        for (const one of all) figures.get(one).push(await measure(one, load));
      }
      for (const one of all) console.log(describe(load, one.count, figures.get(one), figures.get(all[0])));
    }
  } finally {
    await stopAll();
    rmSync(directory, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  console.error(`bench: ${error.message}`);
  process.exitCode = 1;
}
