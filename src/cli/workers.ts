/**
 * `--workers`: the same proxy as several processes, which look like one from outside: one port, one admin server, one
 * access log, one drain.
 *
 * Deliberately absent: how processes are supervised, see the room `workers`.
 */
import { statSync } from "node:fs";
import { isIP } from "node:net";
import { availableParallelism } from "node:os";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { AdminServer } from "../admin/server.ts";
import { accessLogError } from "../config/file-error.ts";
import { inheritedError, listenError, refuseWhatCannotBe } from "../config/listen-error.ts";
import type { ProxyConfig } from "../config/options.ts";
import { type SharedLimits, shareOf } from "../config/shares.ts";
import { formatAuthority, readCount, shown } from "../config/values.ts";
import { HopwiseError, type Listening } from "../index.ts";
import { LineQueue, type LineQueueEvents, type LogState } from "../ledger/line-queue.ts";
import { type LineSink, openSink } from "../ledger/line-sink.ts";
import { canHandOver, canSharePort } from "../net/runtime.ts";
import { runtimeWarnings } from "../net/runtime-facts.ts";
import { type Loss, Supervisor, type SupervisorEvents } from "../workers/supervisor.ts";
import { WholeLines } from "../workers/whole-lines.ts";
import { drainOnSignal, plural } from "./drain.ts";
import type { ExitCode } from "./exit.ts";
import { surviveFaults } from "./faults.ts";
import { News } from "./news.ts";
import { reopenLog } from "./serving.ts";
import type { Signals } from "./signals.ts";
import { styled, type Terminal } from "./terminal.ts";
import type { WorkerKind } from "./worker.ts";

/** From the sources' folder, and from every folder of what is built of them. */
const WORKER_PROGRAM = fileURLToPath(new URL("../cli/worker.js", import.meta.url));

/** More processes than any machine has cores are a slip of the finger. */
const WORKERS_MAX = 1_024;
/** For what workers that are gone have written to be read. */
const LAST_LINES_MS_MAX = 1_000;

/** How many workers are wanted. @throws HopwiseError */
export function workersFrom(flags: Readonly<Record<string, unknown>>): number {
  const { workers } = flags;
  if (workers === undefined) return 1;
  if (workers === "auto") return availableParallelism();
  try {
    const count = readCount(String(workers), 1);
    if (count <= WORKERS_MAX) return count;
  } catch {
    // Said below.
  }
  const problem = `"${shown(String(workers))}" is no count of processes`;
  throw new HopwiseError(
    "option-invalid",
    `${problem}: write a number from 1 to ${WORKERS_MAX}, or auto: one per core`,
    "workers",
  );
}

export interface Crew<Options> {
  readonly kind: WorkerKind;
  readonly count: number;
  readonly options: Options;
  /** The socket that was handed over. */
  readonly fd: number | undefined;
  /** Reads options as each worker will. */
  readonly read: (options: Options) => ProxyConfig;
  /** What workers can read again. */
  readonly rereads: readonly string[];
  readonly announce: (listening: Listening) => void;
}

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runWorkers<Options extends SharedLimits & { readonly accessLog?: string | undefined }>(
  { kind, count, options, fd, read, rereads, announce }: Crew<Options>,
  terminal: Terminal,
  signals: Signals,
): Promise<ExitCode> {
  if (!canSharePort && !canHandOver) {
    const problem = "this runtime can share a port among processes on Linux only: run one process, or use Node";
    throw new HopwiseError("option-invalid", problem, "workers");
  }
  const whole = read(options);
  refuseWhatCannotBe(whole, fd);
  const shared = shareOf(options, whole, count);
  for (const warning of runtimeWarnings) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  for (const warning of read(shared).warnings) {
    terminal.warn(`${styled("yellow", "warning")}: in each of ${plural(count, "worker")}, ${warning}`);
  }
  const events = eventsFor(terminal);
  const log = await logThroughOneWriter(whole.accessLog, {
    onDropped: (lines) => supervisor.logDropped(lines),
    onState: (state, fault) => events.onLogState(state, fault, supervisor.stats().accessLogDropped),
  });
  const supervisor: Supervisor = new Supervisor(
    {
      count,
      program: WORKER_PROGRAM,
      kind,
      options: log === undefined ? shared : { ...shared, accessLog: "-" },
      listen: whole.listen,
      fd,
      reusesPort: whole.reusesPort,
      drainDelay_ms: whole.drainDelay_ms,
      drainTimeout_ms: whole.drainTimeout_ms,
      readOutput: log?.add,
    },
    events,
  );
  let admin: AdminServer | undefined;
  const target = {
    stats: () => supervisor.stats(),
    cut: () => supervisor.cut(),
    close: async () => {
      const report = await supervisor.close();
      admin?.close();
      await log?.close();
      return report;
    },
  };
  const stopped = drainOnSignal(target, terminal, signals);
  // Before anyone can connect, where it is known: a port of the system's choice, and one taken elsewhere, follow.
  if (whole.admin !== undefined && isIP(whole.admin.host) !== 0) supervisor.noteAdmin(whole.admin);
  const address = await supervisor.listen().catch((error) => {
    if (error instanceof HopwiseError) throw error;
    throw fd === undefined ? listenError(error, whole.listen, "listen") : inheritedError(error, fd);
  });
  surviveFaults(terminal);
  try {
    if (whole.admin !== undefined) {
      admin = await AdminServer.listen(whole.admin, supervisor);
      supervisor.noteAdmin(admin.address);
    }
  } catch (error) {
    await supervisor.close();
    throw error;
  }
  announce({
    ...address,
    url: `http://${formatAuthority(address.host, address.port)}`,
    isInherited: fd !== undefined,
    admin,
  });
  const reopenLogs = () => (log === undefined ? supervisor.reopenLogs() : log.reopen());
  signals.renews({
    reopenLogs: () => reopenLog(whole.accessLog, reopenLogs),
    reread() {
      if (rereads.length > 0) supervisor.reread();
      return rereads;
    },
  });
  return await stopped;
}

/** What is no regular file is written by this process alone, so that lines stay whole. */
async function logThroughOneWriter(
  file: string | undefined,
  events: Pick<LineQueueEvents, "onState" | "onDropped">,
): Promise<OneWriter | undefined> {
  if (file === undefined || (file !== "-" && !isStream(file))) return undefined;
  let sink: LineSink;
  try {
    sink = await openSink(file);
  } catch (error) {
    throw accessLogError(file, error);
  }
  const queue = new LineQueue(sink, { ...events, onRoom: () => lines.resume() });
  const lines = new WholeLines(queue);
  return {
    add: (source) => lines.add(source),
    reopen: () => void queue.replace(openSink(file)),
    async close() {
      // A grandchild may hold a worker's output open.
      await Promise.race([lines.end(), pause(LAST_LINES_MS_MAX)]);
      await queue.close();
    },
  };
}

function isStream(file: string): boolean {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}

interface OneWriter {
  add(source: Readable): void;
  reopen(): void;
  close(): Promise<void>;
}

interface CrewEvents extends SupervisorEvents {
  onLogState(state: LogState, fault: string | undefined, dropped: number): void;
}

function eventsFor(terminal: Terminal): CrewEvents {
  const news = new News(terminal);
  return {
    onNews: (worker, entry) => news.tell(entry, worker),
    onLogState(state, fault, dropped) {
      const time = new Date().toISOString();
      news.tell({ type: "access-log", time, state, ...(fault === undefined ? {} : { fault }), dropped });
    },
    onAcceptFault: (fault) => news.tell({ type: "accept-failed", time: new Date().toISOString(), fault }, 0),
    onLost(loss) {
      news.forget(loss.worker);
      terminal.json({ type: "worker", state: "lost", ...loss, restart_ms: loss.restart_ms ?? null });
      if (!terminal.isJson) terminal.warn(`${styled("red", "a worker was lost")}: ${described(loss)}`);
    },
    onSilent(worker, pid) {
      terminal.json({ type: "worker", state: "silent", worker, pid });
      const what = `worker ${worker} (process ${pid}) says nothing: it is replaced if that goes on`;
      if (!terminal.isJson) terminal.warn(`${styled("yellow", "warning")}: ${what}`);
    },
    onHeard(worker, pid) {
      terminal.json({ type: "worker", state: "running", worker, pid });
      terminal.say(`${styled("green", `worker ${worker} works on`)}`);
    },
    onRestarted(worker, lost) {
      terminal.json({ type: "worker", state: "running", worker, instead: lost });
      terminal.say(`${styled("green", `worker ${worker} runs`)} instead of worker ${lost}`);
    },
  };
}

function described({ worker, pid, how, inProgress, restart_ms }: Loss): string {
  const held = inProgress === 0 ? "" : `, with ${plural(inProgress, "exchange")} in progress`;
  const next =
    restart_ms === undefined ? "" : restart_ms === 0 ? "; another starts" : `; another starts in ${restart_ms}ms`;
  return `worker ${worker} (process ${pid}): ${how}${held}${next}`;
}
