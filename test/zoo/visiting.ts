/** One resident looked at: as a server from the front, and as a proxy from both sides. */
import { createServer } from "node:net";
import { examine } from "../../src/doctor/examine.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { gradingOf } from "../../src/doctor/grade.ts";
import type { Progress } from "../../src/doctor/progress.ts";
import type { Report } from "../../src/doctor/report/report.ts";
import { drainLosesNothing } from "../../src/doctor/through/checks/drain.ts";
import { examineThrough } from "../../src/doctor/through/examine-through.ts";
import { listening } from "../interop/support/listening.ts";
import { type Examined, examinedOf } from "./guide.ts";
import { type Form, start } from "./starting.ts";

/** Connections at once: more than one client has, and fewer than any server's limit. */
const LOAD = 50;
/** A proxy that ends at more checks than this is left alone. */
const ENDINGS_MAX = 4;

/** Requests per connection. */
const COUNTING = "HW203";
/** More than any limit that is common. */
const COUNT_ENOUGH = 1_000;
const COUNT_TRIES = 3;

type OnProgress = (progress: Progress) => void;

export async function asServer(
  name: string,
  form: Form,
  originPort: number,
  maxWait_ms: number,
  onProgress: OnProgress,
): Promise<Examined> {
  const running = await start(name, form, originPort);
  try {
    const [rest, counted] = await Promise.all([
      examine(running.url, {
        maxWait: maxWait_ms,
        skip: [COUNTING],
        intrusive: true,
        allowPost: "/",
        load: LOAD,
        onProgress,
      }),
      inTurn(() => countRequests(running.url)),
    ]);
    const findings = [...rest.findings, ...counted].toSorted((one, other) => (one.id < other.id ? -1 : 1));
    return examinedOf({ ...rest, findings, ...gradingOf(findings) }, form.setup);
  } finally {
    await running.stop();
  }
}

let turn: Promise<unknown> = Promise.resolve();

/** One after the other: each counts as fast as it can, within a limit of time. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const own = turn.then(work);
  turn = own.catch(() => {});
  return own;
}

/** Once more where the time was over before the doctor had asked as often as it meant to. */
async function countRequests(url: string): Promise<readonly Finding[]> {
  for (let tries = 1; ; tries++) {
    const { findings } = await examine(url, { only: [COUNTING] });
    const { requests, has_limit } = findings[0]?.values ?? {};
    if (has_limit !== false || Number(requests) > COUNT_ENOUGH || tries === COUNT_TRIES) return findings;
  }
}

/** A proxy that a check ended is started again for those that come behind it. */
export async function asProxy(name: string, form: Form, onProgress: OnProgress): Promise<Examined> {
  const known = new Map<string, Finding>();
  const ended: string[] = [];
  let first: Report | undefined;
  for (;;) {
    const report = await throughOnce(name, form, [...known.keys()], onProgress);
    first ??= report;
    for (const finding of report.findings) known.set(finding.id, finding);
    const gone = report.skipped.some(({ because }) => because === "the proxy was gone");
    if (!gone) break;
    const last = report.findings.find(({ cap }) => cap?.because === "the proxy ends")?.id;
    if (last === undefined) break;
    ended.push(last);
    if (ended.length > ENDINGS_MAX) break;
  }
  const findings = [...known.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1));
  const merged: Report = { ...first, findings, ...gradingOf(findings) };
  return { ...examinedOf(merged, form.setup), ...(ended.length === 0 ? {} : { ended }) };
}

async function throughOnce(name: string, form: Form, skip: readonly string[], onProgress: OnProgress): Promise<Report> {
  // Some look for their origin at their start, and give it up for a while where nobody listens.
  const placeholder = createServer((socket) => socket.on("error", () => {}).destroy());
  const port = Number(new URL(await listening(placeholder)).port);
  const running = await start(name, form, port);
  await new Promise((resolve) => placeholder.close(resolve));
  const { drain } = form;
  try {
    return await examineThrough(running.url, {
      origin: { host: "127.0.0.1", port },
      isIntrusive: true,
      skip,
      onProgress,
      ...(drain === undefined ? {} : { last: drainLosesNothing(() => running.kill(drain)) }),
    });
  } finally {
    await running.stop();
  }
}
