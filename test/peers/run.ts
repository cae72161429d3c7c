/**
 * Plays the neutral cases around proxies that are commands, and writes or prints what came of it.
 *
 * Exits with 1 if hopwise does not hold everywhere, or a proxy that was named cannot be started.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fails, holds, type PeerCase, summaryOf, type Verdict } from "./case.ts";
import { groups } from "./cases/all.ts";
import { type Column, peersPage } from "./page.ts";
import { Origin, play } from "./play.ts";
import { type Absent, builtInTargets, start, type Target } from "./targets.ts";

const USAGE = `usage: npm run peers -- [--only NAME]... [--page]
       npm run peers -- --target 'COMMAND {port} {origin}' [--config TEMPLATE]

COMMAND may contain {port}, {origin}, {origin-port}, {directory}, and {config}: TEMPLATE with these replaced.`;

const { values } = parseArgs({
  options: {
    target: { type: "string" },
    config: { type: "string" },
    only: { type: "string", multiple: true },
    page: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const root = process.env.TESTS_ROOT ?? "";
const cli = process.env.TESTS_CLI ?? "";
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };

function targets(): (Target | Absent)[] {
  if (values.target === undefined) {
    const all = builtInTargets(join(root, "test/peers"), cli, version);
    return values.only === undefined ? all : all.filter(({ name }) => values.only?.includes(name));
  }
  const configuration = values.config === undefined ? {} : { configuration: readFileSync(values.config, "utf8") };
  return [
    { name: values.target.split(" ")[0] ?? "", command: values.target.split(/ +/), version: "", ...configuration },
  ];
}

async function verdictsOf(target: Target, origin: Origin): Promise<Map<string, Verdict>> {
  const verdicts = new Map<string, Verdict>();
  let running = await start(target, origin.port);
  for (const peerCase of groups.flatMap(({ cases }) => cases)) {
    let verdict: Verdict;
    try {
      verdict = await worstOf(peerCase, running.port, origin);
    } catch (error) {
      // It has crashed, or accepts nobody any more: the next case begins anew.
      verdict = fails(`the proxy is gone: ${(error as Error).message}`);
    }
    if (!(await isAlive(running.port, origin))) {
      verdict = fails("the proxy crashed");
      await running.stop();
      running = await start(target, origin.port);
    }
    verdicts.set(peerCase.id, verdict);
    const why = verdict.kind === "holds" ? "" : `: ${verdict.why}`;
    console.log(`${target.name.padEnd(20)} ${verdict.kind.padEnd(8)} ${peerCase.id}${why}`);
  }
  await running.stop();
  return verdicts;
}

/** Plays a case as often as it asks for, until it fails. */
async function worstOf(peerCase: PeerCase, port: number, origin: Origin): Promise<Verdict> {
  let worst: Verdict = holds;
  for (let i = 0; i < (peerCase.times ?? 1); i++) {
    const seen = await play(peerCase, port, origin);
    const verdict = peerCase.judge(seen);
    if (verdict.kind === "fails") return fails(`${verdict.why} (the client saw ${summaryOf(seen)})`);
    if (verdict.kind === "allowed") worst = verdict;
  }
  return worst;
}

/** Whether it still serves an ordinary request. */
async function isAlive(port: number, origin: Origin): Promise<boolean> {
  origin.begin([]);
  const isServed = await fetch(`http://127.0.0.1:${port}/alive`, { headers: { Connection: "close" } }).then(
    async (response) => (await response.text()) === "ok",
    () => false,
  );
  origin.end();
  return isServed;
}

const origin = await Origin.open();
const columns: Column[] = [];
for (const target of targets()) {
  if ("absent" in target) {
    console.log(`${target.name.padEnd(20)} absent   ${target.absent}`);
    columns.push({ target, verdicts: new Map() });
  } else {
    try {
      columns.push({ target, verdicts: await verdictsOf(target, origin) });
    } catch (error) {
      console.error((error as Error).message);
      process.exit(1);
    }
  }
}
origin.close();

for (const { target, verdicts } of columns) {
  const held = [...verdicts.values()].filter(({ kind }) => kind === "holds").length;
  if (verdicts.size > 0) console.log(`${target.name.padEnd(20)} ${held} of ${verdicts.size} hold`);
}
if (values.page) {
  const setting = {
    date: new Date().toISOString().slice(0, 10),
    node: process.versions.node,
    command: "npm run peers -- --page",
  };
  writeFileSync(join(root, "docs/peers.md"), `${peersPage(groups, columns, setting)}\n`);
}
const own = columns.find(({ target }) => target.name === "hopwise");
process.exit([...(own?.verdicts.values() ?? [])].every(({ kind }) => kind === "holds") ? 0 : 1);
