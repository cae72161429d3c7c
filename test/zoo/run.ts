/**
 * Starts the residents, lets the doctor look at them, and writes docs/field-guide.md, its data, and what `--chain` knows from them.
 *
 * Most of the time is waiting, so all servers idle side by side; proxies are watched a few at a time, since their checks wait for
 * fractions of a second. Exits with 1 if a resident that is there could not be examined.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { arch, availableParallelism, cpus, release, type as systemName, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checks } from "../../src/doctor/checks/all.ts";
import type { Progress } from "../../src/doctor/progress.ts";
import { throughChecks } from "../../src/doctor/through/all.ts";
import { drainLosesNothing } from "../../src/doctor/through/checks/drain.ts";
import { pause } from "../interop/support/waiting.ts";
import { type FieldGuide, GUIDE_SCHEMA, guideText, type Specimen } from "./guide.ts";
import { install } from "./installing.ts";
import { measuredFile } from "./measured-file.ts";
import { fieldGuidePage } from "./page.ts";
import { measureHint, measurePool } from "./pool.ts";
import { type Absent, type Resident, residents } from "./residents.ts";
import { asProxy, asServer } from "./visiting.ts";

const USAGE = `usage: npm run zoo -- [--install] [--only NAME]... [--max-wait SECONDS] [--lanes COUNT] [--page]
       npm run zoo -- --rewrite

Examines every server and proxy that is installed, on loopback alone, and prints what it found. About four minutes.
--install   first installs what is missing: with apt-get (as root; its services are not started) and npm ci
--only      these alone, by their names
--max-wait  how long idle connections are watched at most (default: 130)
--lanes     how many proxies are watched at once (default: 2)
--page      writes docs/field-guide.md, docs/field-guide.json and src/doctor/products/measured.ts
--rewrite   measures nothing, and writes the page and measured.ts anew from docs/field-guide.json`;

const { values } = parseArgs({
  options: {
    install: { type: "boolean", default: false },
    only: { type: "string", multiple: true },
    "max-wait": { type: "string", default: "130" },
    lanes: { type: "string", default: "2" },
    page: { type: "boolean", default: false },
    rewrite: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

const root = process.env.TESTS_ROOT ?? "";
function write(guide: FieldGuide): void {
  writeFileSync(join(root, "docs/field-guide.json"), guideText(guide));
  writeFileSync(join(root, "docs/field-guide.md"), fieldGuidePage(guide));
  writeFileSync(join(root, "src/doctor/products/measured.ts"), measuredFile(guide));
}

if (values.rewrite) {
  write(JSON.parse(readFileSync(join(root, "docs/field-guide.json"), "utf8")) as FieldGuide);
  process.exit(0);
}
const here = join(root, "test/zoo");
const cli = process.env.TESTS_CLI ?? "";
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
const maxWait_s = Number(values["max-wait"]);
const lanes = Number(values.lanes);
if (!(maxWait_s > 0) || !(lanes > 0)) {
  console.error(USAGE);
  process.exit(2);
}
if (values.page && values.only !== undefined) {
  console.error("--page writes what all of them do: leave --only out");
  process.exit(2);
}
if (values.install) install(here);

const begun_ms = performance.now();
const date = new Date().toISOString().slice(0, 10);
const all = residents(here, cli, version).filter(({ name }) => values.only?.includes(name) ?? true);
const present = all.filter((one): one is Resident => !("why" in one));
const absent = all.filter((one): one is Absent => "why" in one);
for (const { title, why } of absent) say(title, `absent: ${why}`);

/** What idles behind proxies that are looked at from the front; it never closes first. */
const origin = createServer((_request, response) => response.end("hello\n"));
origin.keepAliveTimeout = 0;
await new Promise<void>((resolve) => origin.listen(0, "127.0.0.1", resolve));
const originPort = (origin.address() as AddressInfo).port;

/** An examination begins with many requests, which would be in each other's way. */
const APART_MS = 3_000;

const going = new Map<string, string>();
const failed: string[] = [];
const found = new Map<string, Partial<Specimen>>();

function say(title: string, text: string): void {
  console.log(
    `${String(Math.round((performance.now() - begun_ms) / 1_000)).padStart(4)} s  ${title.padEnd(28)} ${text}`,
  );
}

const progressOf =
  (what: string) =>
  ({ done, total, left_ms }: Progress) =>
    going.set(
      what,
      `${what} ${done}/${total}${left_ms === undefined ? "" : `, ${Math.round(left_ms / 1_000)} s left`}`,
    );

async function visit(resident: Resident, what: string, look: () => Promise<Partial<Specimen>>): Promise<void> {
  const label = `${resident.name} ${what}`;
  going.set(label, label);
  try {
    const part = await look();
    found.set(resident.name, { ...found.get(resident.name), ...part });
    const grade = part.server?.grade ?? part.through?.grade;
    say(resident.title, `${what}${grade === undefined ? "" : `: ${grade}`}`);
  } catch (error) {
    failed.push(label);
    say(resident.title, `${what}: not examined, ${(error as Error).message}`);
  } finally {
    going.delete(label);
  }
}

const servers = present.map(async (resident, index) => {
  const { server, name } = resident;
  if (server === undefined) return;
  await pause(index * APART_MS);
  await visit(resident, "server", async () => {
    const onProgress = progressOf(`${name} server`);
    return { server: await asServer(name, server, originPort, maxWait_s * 1_000, onProgress) };
  });
});
const pools = present.map(async (resident, index) => {
  const { proxy, name } = resident;
  if (proxy === undefined) return;
  await pause((present.length + index / 2) * APART_MS);
  await visit(resident, "hint", async () => ({ hinted: await measureHint(name, proxy) }));
  await visit(resident, "pool", async () => ({ pool: await measurePool(name, proxy, maxWait_s * 1_000) }));
});
const queue = present.filter(({ proxy }) => proxy !== undefined);
const proxies = Array.from({ length: lanes }, async () => {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { proxy, name } = next;
    if (proxy === undefined) continue;
    await visit(next, "through", async () => ({
      through: await asProxy(name, proxy, progressOf(`${name} through`)),
    }));
  }
});
const ticker = setInterval(() => say("...", [...going.values()].join("; ")), 15_000);
await Promise.all([...servers, ...pools, ...proxies]);
clearInterval(ticker);
origin.closeAllConnections();
origin.close();

const guide: FieldGuide = {
  schema: GUIDE_SCHEMA,
  command: "npm run zoo -- --page",
  date,
  took_s: Math.round((performance.now() - begun_ms) / 1_000),
  machine: `${availableParallelism()} processors (${cpus()[0]?.model.trim() ?? "unknown"}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${systemName()} ${release()} ${arch()}`,
  node: process.versions.node,
  hopwise: version,
  maxWait_s,
  checks: Object.fromEntries(
    [...checks, ...throughChecks, drainLosesNothing(() => {})].map(({ id, claim }) => [id, claim] as const),
  ),
  specimens: present.map(({ name, title, version: of, from, product }) => ({
    name,
    title,
    version: of,
    from,
    ...(product === undefined ? {} : { product }),
    ...found.get(name),
  })),
  absent: absent.map(({ title, why }) => ({ title, why })),
};
if (values.page) write(guide);
else console.log(`\n${fieldGuidePage(guide)}`);
if (failed.length > 0) console.error(`not examined: ${failed.join(", ")}`);
process.exit(failed.length > 0 ? 1 : 0);
