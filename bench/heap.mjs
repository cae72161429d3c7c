/**
 * What one more idle connection costs in memory: `node bench/heap.mjs [REVISION...]`.
 *
 * The slope of the heap, after a collection, from 1,000 to 5,000 clients that sent one request each. Deliberately absent: the
 * memory of the process, which `npm run bench -- --only idle` tells, and what the system keeps for a connection.
 */
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build, WORKING_TREE } from "./builds.mjs";
import { startIdleClients } from "./idling.mjs";
import { describeMachine } from "./machine.mjs";
import { startOrigin } from "./origin.mjs";
import { hopwiseOf, runtimeOf, startPeer } from "./peers.mjs";
import { pinSelf, stop, stopAll } from "./programs.mjs";
import { IDLE, IDLE_BEFORE, SETTLE_MS } from "./scenarios.mjs";

const HELP = `node bench/heap.mjs [REVISION...] [--runtime NAME]

Bytes of heap for one more idle connection, and what the runtime counts as external, after a collection, of each revision
(main, HEAD~1; "." is the working tree, and the default).

  --runtime NAME   node (this one, the default), node22, node24, node26, bun (npm ci --prefix test/runtimes), or a path
  --help           print this`;

const preload = fileURLToPath(new URL("servers/tell-memory.mjs", import.meta.url));

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { runtime: { type: "string", default: "node" }, help: { type: "boolean", default: false } },
  });
  if (values.help) return console.log(HELP);
  const runtime = runtimeOf(values.runtime);
  const directory = mkdtempSync(join(tmpdir(), "hopwise-heap-"));
  const { model, kernel } = describeMachine();
  try {
    pinSelf();
    const origin = await startOrigin(directory);
    console.log(`${model}, ${kernel}, ${runtime.version()}; from ${IDLE_BEFORE} to ${IDLE} idle connections\n`);
    console.log("    heap  external  bytes per connection");
    const revisions = positionals.length === 0 ? [WORKING_TREE] : positionals;
    for (const [index, revision] of revisions.entries()) {
      const { label, program } = build(revision, join(directory, String(index)));
      const { heap, external } = await slopeOf(
        hopwiseOf(label, runtime.program, program, flagsOf(runtime)),
        directory,
        origin,
      );
      console.log(`${cell(heap, 8)}${cell(external, 10)}  ${label}`);
    }
  } finally {
    await stopAll();
    rmSync(directory, { recursive: true, force: true });
  }
}

function flagsOf({ version }) {
  return version().startsWith("Bun") ? ["--preload", preload] : ["--expose-gc", "--import", preload];
}

async function slopeOf(peer, directory, origin) {
  const { child, port } = await startPeer(peer, directory, origin.port, { stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const clients = await startIdleClients(port, "/small", IDLE_BEFORE);
  try {
    const before = await memoryIn(child);
    await clients.add(IDLE - IDLE_BEFORE);
    const after = await memoryIn(child);
    const closed = await clients.end();
    if (closed > 0) throw new Error(`${closed} connections did not stay open`);
    const slope = (name) => (after[name] - before[name]) / (IDLE - IDLE_BEFORE);
    return { heap: slope("heap"), external: slope("external") };
  } finally {
    await clients.stop();
    await stop(child);
  }
}

/** Once nothing goes on any more. */
async function memoryIn(child) {
  await sleep(SETTLE_MS);
  child.send("memory");
  const [told] = await once(child, "message");
  return told;
}

function cell(value, width) {
  return value.toFixed(0).padStart(width);
}

try {
  await main();
} catch (error) {
  console.error(`heap: ${error.message}`);
  process.exitCode = 1;
}
