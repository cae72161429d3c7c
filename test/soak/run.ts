/**
 * The soak: flaky origins, the real proxy and its clients, each a process, for as long as is asked; then a report.
 *
 * Exits with 1 on any failure that nothing explains. Deliberately absent: judging single responses (requests.ts) and
 * explaining failures (explain.ts).
 */
import { type ChildProcess, fork, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { explanationOf, type LogEntry } from "./explain.ts";
import type { Failure, FromLoad, FromOrigins, LoadTally, Restart } from "./plan.ts";
import { isGood, markdownOf, type Report, type Sample } from "./report.ts";
import { withSection } from "./section.ts";
import { Tally } from "./tally.ts";

const SAMPLE_MS = 10_000;
/** By then every kind of client has come, code is compiled and pools are full: what memory grows by afterwards is a leak. */
const SETTLED_AFTER = 0.1;
/** What collection leaves behind comes and goes; this much of it does not. */
const GROWTH_BYTES_MAX = 64 * 1_048_576;
const VIOLATIONS_MAX = 1_000;
/** What is in flight when the clients are told to stop has ended by then. */
const ENDING_MS_MAX = 30_000;
/** Short, since those who stall wait for them; long enough for whoever is only slow, on a busy machine. */
const LIMITS = ["head", "body", "response", "connect"].flatMap((name) => [`--${name}-timeout`, "4s"]);

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    out: { type: "string" },
    page: { type: "boolean", default: false },
  },
});
const minutes = Number(values.minutes);
const seed = Number(values.seed);
if (!(minutes > 0) || !Number.isSafeInteger(seed)) {
  console.error("usage: npm run soak -- [--minutes N] [--seed S] [--out DIRECTORY] [--page]");
  process.exit(2);
}

const children: ChildProcess[] = [];
process.on("exit", () => {
  for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => process.exit(130));

const beside = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const restarts: Restart[] = [];
const failures: Failure[] = [];
const violations: string[] = [];
/** What the access log says of exchanges that were not completed, by target. */
const entries = new Map<string, LogEntry>();
let requests = 0;

function noteViolation(what: string): void {
  if (violations.length < VIOLATIONS_MAX) violations.push(what);
}

/** Messages of a child, and the one of `type` when it comes. */
function follow<Message extends { type: string }>(child: ChildProcess, onMessage: (message: Message) => void) {
  child.on("message", (message) => onMessage(message as Message));
  return <Type extends Message["type"]>(type: Type) =>
    new Promise<Extract<Message, { type: Type }>>((resolve, reject) => {
      child.on("message", (message) => {
        if ((message as Message).type === type) resolve(message as Extract<Message, { type: Type }>);
      });
      child.once("exit", (code) => reject(new Error(`a process of the soak ended with ${code} before its ${type}`)));
    });
}

// The origins.

const origins = fork(beside("origins.js"), [String(seed)]);
children.push(origins);
const fromOrigins = follow<FromOrigins>(origins, (message) => {
  if (message.type === "restart") restarts.push(message);
  else if (message.type === "violation") noteViolation(message.what);
});
const { ports } = await fromOrigins("listening");

// The proxy.

const cli = process.env.TESTS_CLI ?? "";
const to = ports.flatMap((port) => ["--to", `http://127.0.0.1:${port}`]);
const listen = ["--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
const proxy = spawn(
  process.execPath,
  [cli, "proxy", "--json", ...listen, "--access-log", "-", "--tunnel-timeout", "20s", ...LIMITS, ...to],
  { stdio: ["ignore", "pipe", "inherit"] },
);
children.push(proxy);
const exited = new Promise<number | null>((resolve) => proxy.once("close", resolve));
const listening = await new Promise<{ port: number; admin: string }>((resolve, reject) => {
  let text = "";
  proxy.stdout.on("data", (octets: Buffer) => {
    text += octets.toString();
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      if (line.includes('"outcome":"completed"')) continue;
      const told = JSON.parse(line);
      if (told.type === "listening") resolve(told);
      else if (told.type === "exchange" && told.outcome !== "tunnel") entries.set(told.target, told);
      else if (told.type === "exchange") entries.set(told.target, { ...told, reason: "tunnel" });
      else if (told.type === "fault") noteViolation(`hopwise: a fault of its own: ${told.message}`);
    }
  });
  void exited.then((code) => reject(new Error(`the proxy ended with ${code}`)));
});

interface Stats {
  readonly connections: Record<"downstream" | "upstream", { open: number; closed: Record<string, number> }>;
  readonly reuse: { readonly ratio?: number };
  readonly exchanges: { readonly retries: number };
}

async function stats(): Promise<Stats> {
  // A connection of its own each time, so that watching costs no descriptor that stays.
  const response = await fetch(new URL("/stats", listening.admin), { headers: { Connection: "close" } });
  return (await response.json()) as Stats;
}

const began = performance.now();
let highest: Sample = { at_ms: 0, residentBytes: 0, descriptors: 0 };

function sample(): Sample {
  const status = readFileSync(`/proc/${proxy.pid}/status`, "latin1");
  const taken = {
    at_ms: performance.now() - began,
    residentBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024,
    descriptors: readdirSync(`/proc/${proxy.pid}/fd`).length,
  };
  highest = {
    at_ms: taken.at_ms,
    residentBytes: Math.max(highest.residentBytes, taken.residentBytes),
    descriptors: Math.max(highest.descriptors, taken.descriptors),
  };
  return taken;
}

const start = sample();

// The clients.

const load = fork(beside("load.js"), [String(listening.port), String(seed)]);
children.push(load);
const fromLoad = follow<FromLoad>(load, (message) => {
  if (message.type === "failure") failures.push(message);
  else if (message.type === "violation") noteViolation(message.what);
  else if (message.type === "progress") showProgress(message.requests);
});
const loadTally = fromLoad("tally");
let settled = start;
const sampling = setInterval(() => {
  const taken = sample();
  if (settled === start && taken.at_ms >= SETTLED_AFTER * minutes * 60_000) settled = taken;
}, SAMPLE_MS);

function showProgress(count: number): void {
  requests = count;
  if (!process.stderr.isTTY) return;
  const left_s = Math.max(0, minutes * 60 - (performance.now() - began) / 1_000);
  const now = sample();
  const line =
    `${requests} requests, ${failures.length} failures, ${violations.length} violations, ${restarts.length} restarts, ` +
    `${(now.residentBytes / 1_048_576).toFixed(0)} MiB, ${now.descriptors} descriptors, ${left_s.toFixed(0)} s left`;
  process.stderr.write(`\r\u001b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
}

let isEnding = false;
await Promise.race([
  pause(minutes * 60_000),
  exited.then(() => {
    if (!isEnding) noteViolation("the proxy ended by itself");
  }),
  loadTally.catch(() => noteViolation("the clients ended by themselves")),
]);
load.send("stop");
const tally: LoadTally = await Promise.race([
  loadTally,
  pause(ENDING_MS_MAX).then((): LoadTally => {
    noteViolation("some requests were left without an answer and without a close");
    return { type: "tally", requests, whole: 0, counts: {} };
  }),
]);
clearInterval(sampling);
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K");

// The end.

const stopping = fromOrigins("tally");
const final = await stats();
if (final.connections.downstream.open > 0) noteViolation("clients' connections are left although all have gone");
const end = sample();
const growth = end.residentBytes - settled.residentBytes;
if (settled !== start && growth > GROWTH_BYTES_MAX) noteViolation(`memory has grown by ${growth} octets`);
const spare = end.descriptors - final.connections.upstream.open - start.descriptors;
// The connection that asked for the figures may still be there.
if (spare > 2) noteViolation(`${spare} descriptors are left that are no connections`);
isEnding = true;
proxy.kill("SIGTERM");
const exitCode = await exited;
origins.send("stop");
const originTally = await stopping;

const explained = new Tally();
const unexplained: string[] = [];
for (const failure of failures) {
  const entry = entries.get(failure.target);
  const why = explanationOf(failure, entry, restarts);
  if (why === undefined)
    unexplained.push(`${failure.method} ${failure.target}: ${failure.seen}; ${JSON.stringify(entry)}`);
  else explained.add(why);
}

const named = (counts: Readonly<Record<string, number>>, pattern: RegExp) =>
  Object.fromEntries(Object.entries(counts).filter(([name]) => pattern.test(name)));
const report: Report = {
  date: new Date().toISOString().slice(0, 10),
  command: `npm run soak -- --minutes ${values.minutes} --seed ${seed}`,
  machine: `${cpus().length} cores (${cpus()[0]?.model.trim() ?? "unknown"}), Node ${process.versions.node}`,
  minutes,
  seed,
  requests: tally.requests,
  whole: tally.whole,
  arrived: originTally.requests,
  clients: named(tally.counts, /^(?:clients: |tunnels)/),
  faults: { ...named(tally.counts, /^client: /), ...originTally.counts },
  explained: { ...explained.counts, ...named(tally.counts, /^pipelined/) },
  unexplained,
  violations,
  postsTwice: originTally.postsTwice,
  retries: final.exchanges.retries,
  reuseRatio: final.reuse.ratio ?? 0,
  downstreamClosed: final.connections.downstream.closed,
  upstreamClosed: final.connections.upstream.closed,
  start,
  settled,
  end,
  highest,
  exitCode,
};
const markdown = markdownOf(report);
console.log(markdown);
if (values.out !== undefined) {
  writeFileSync(join(values.out, "soak.json"), `${JSON.stringify(report, undefined, 2)}\n`);
  writeFileSync(join(values.out, "soak.md"), `${markdown}\n`);
}
if (values.page) {
  const page = join(process.env.TESTS_ROOT ?? "", "docs/reliability.md");
  writeFileSync(page, withSection(readFileSync(page, "utf8"), "soak", markdown));
}
process.exit(isGood(report) ? 0 : 1);
