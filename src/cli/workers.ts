/**
 * `--workers`: the same proxy as several processes, which look like one from outside: one port, one admin server, one
 * access log, one drain.
 *
 * Deliberately absent: how processes are supervised, see the room `workers`.
 */
import { isIP } from "node:net";
import { fileURLToPath } from "node:url";
import { together } from "../config/error.ts";
import { refuseWhatCannotBe } from "../config/listen-error.ts";
import { ownCertificateOf } from "../config/listeners.ts";
import type { ProxyConfig } from "../config/options.ts";
import { readCount, shown, urlOf } from "../config/values.ts";
import { HopwiseError, type Listening } from "../index.ts";
import type { ReloadEntry } from "../ledger/config-figures.ts";
import type { LogState } from "../ledger/line-queue.ts";
import { formatFor, isTerminal, type LogFormat } from "../ledger/log-format.ts";
import { canHandOver, canSharePort } from "../net/runtime.ts";
import { runtimeWarnings } from "../net/runtime-facts.ts";
import type { Certificate } from "../net/tls/tls-serving.ts";
import { AdminDoor } from "../proxy/admin-door.ts";
import { mainPlace } from "../proxy/listening.ts";
import { LogWriter } from "../workers/log-writer.ts";
import { processorsAllowed } from "../workers/processors.ts";
import { listenFault, SharedConfig, type SharedConfigRead } from "../workers/shared-config.ts";
import type { Loss, SupervisorEvents, WorkPlan } from "../workers/supervising.ts";
import { Supervisor } from "../workers/supervisor.ts";
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

/** How many workers are wanted. @throws HopwiseError */
export function workersFrom(flags: Readonly<Record<string, unknown>>): number {
  const { workers } = flags;
  if (workers === undefined) return 1;
  if (workers === "auto") return processorsAllowed();
  try {
    const count = readCount(String(workers), 1);
    if (count <= WORKERS_MAX) return count;
  } catch {
    // Said below.
  }
  const problem = `"${shown(String(workers))}" is not a number of processes`;
  throw new HopwiseError(
    "option-invalid",
    `${problem}: write a number from 1 to ${WORKERS_MAX}, or auto: one per core`,
    "workers",
  );
}

/** What an operator wants of each worker, before it is divided. */
export interface CrewOptions<Options> {
  readonly options: Options;
  /** Reads options as each worker will. @param certificate of `tls: self-signed`, once it was made */
  read(options: Options, certificate?: Certificate): ProxyConfig;
  /** What a worker is handed, if that is more. */
  handOver?(options: Options): object;
  /** A text with the names of secrets where they were. */
  hide?(text: string): string;
  /** The same with renewed certificates; one of them cannot be used: undefined. */
  refreshed?(): CrewOptions<Options> | undefined;
}

export interface Crew<Options> {
  readonly kind: WorkerKind;
  readonly count: number;
  /** The sockets that were handed over, each in its listener's place. */
  readonly fds: readonly (number | undefined)[];
  readonly given: CrewOptions<Options>;
  /** Each worker's part of them. */
  readonly share: (options: Options, whole: ProxyConfig, count: number) => Options;
  /** Where they stand in a file: reads it again. @throws HopwiseError with all that is wrong */
  readonly readAgain?: () => Promise<CrewOptions<Options>>;
  readonly onReload?: (entry: ReloadEntry) => void;
  /** What workers can read again by themselves. */
  readonly rereads: readonly string[];
  /** @param reload has the file read again, where it can be */
  readonly announce: (listening: Listening, reload: () => void) => void;
}

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runWorkers<Options extends { readonly accessLog?: string | undefined }>(
  { kind, count, fds, given, share, readAgain, onReload = () => {}, rereads, announce }: Crew<Options>,
  terminal: Terminal,
  signals: Signals,
): Promise<ExitCode> {
  if (!canSharePort && !canHandOver) {
    const problem = "this runtime can share a port among processes on Linux only: run one process, or use Node";
    throw new HopwiseError("option-invalid", problem, "workers");
  }
  const whole = given.read(given.options);
  refuseWhatCannotBe(whole, fds);
  let certificate = ownCertificateOf(whole.listeners);
  const planned = ({ options, handOver = (it) => it }: CrewOptions<Options>, config: ProxyConfig): WorkPlan => {
    // Somebody may have trusted it.
    certificate ??= ownCertificateOf(config.listeners);
    const shared = share(options, config, count);
    const { reusesPort, drainDelay_ms, drainTimeout_ms } = config;
    return {
      ...{ isAsked: config.admin !== undefined, certificate, reusesPort, drainDelay_ms, drainTimeout_ms },
      options: handOver({ ...shared, ...logForWorkers(config) }),
      listen: config.listeners.map(({ host, port, isIpv6Only }) => ({ host, port, isIpv6Only })),
    };
  };
  for (const warning of runtimeWarnings) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  for (const warning of given.read(share(given.options, whole, count), certificate).warnings) {
    terminal.warn(`${styled("yellow", "warning")}: in each of ${plural(count, "worker")}, ${warning}`);
  }
  const events = eventsFor(terminal, () => refresh());
  const log = new LogWriter({
    onDropped: (lines) => supervisor.logDropped(lines),
    onState: (state, fault) => events.onLogState(state, fault, supervisor.stats().accessLogDropped),
  });
  (await log.prepare(whole.accessLog)).commit();
  const supervisor: Supervisor = new Supervisor(
    { count, program: WORKER_PROGRAM, kind, plan: planned(given, whole), fds, readOutput: log.add },
    events,
  );
  const read = (it: CrewOptions<Options>, config: ProxyConfig): SharedConfigRead => {
    return { config, plan: (whole) => planned(it, whole), hide: (text) => it.hide?.(text) ?? text };
  };
  let latest = given;
  const door: AdminDoor = new AdminDoor(
    supervisor,
    {
      config: () => shared.told(),
      window: supervisor.window,
      reload: readAgain === undefined ? undefined : () => shared.reload(),
    },
    (address) => supervisor.noteAdmin(address),
  );
  const shared: SharedConfig = new SharedConfig(whole, {
    ...{ supervisor, door, log },
    onReload(entry) {
      supervisor.window.tell(entry);
      onReload(entry);
    },
    async readAgain() {
      if (readAgain === undefined) throw new HopwiseError("option-invalid", "there is no file to read again");
      const next = await readAgain();
      const config = next.read(next.options, certificate);
      return { ...read(next, config), onApplied: () => (latest = next) };
    },
  });
  const refresh = () => {
    const renewed = latest.refreshed?.();
    if (renewed === undefined) return;
    latest = renewed;
    supervisor.refresh(planned(renewed, shared.current));
  };
  const target = {
    stats: () => supervisor.stats(),
    cut: () => supervisor.cut(),
    close: async () => {
      const report = await supervisor.close();
      door.close();
      await log.close();
      return report;
    },
  };
  const stopped = drainOnSignal(target, terminal, signals);
  // Before anyone can connect, where it is known: a port of the system's choice, and one taken elsewhere, follow.
  if (whole.admin !== undefined && isIP(whole.admin.host) !== 0) supervisor.noteAdmin(whole.admin);
  const addresses = await supervisor.listen().catch(async (error) => {
    // What else the machine does not give is told, too.
    const more = await door.prepare(whole).then(
      ({ abandon }) => abandon(),
      (fault: unknown) => [fault],
    );
    throw together([listenFault(error), ...(more ?? [])]);
  });
  surviveFaults(terminal);
  try {
    (await door.prepare(whole)).commit();
  } catch (error) {
    await supervisor.close();
    throw error;
  }
  const listeners = addresses.map(({ host, port }, index) => {
    return { host, port, url: urlOf({ host, port }, whole.listeners[index]?.tls !== undefined) };
  });
  // What becomes of it is told as an event.
  const reload = () => void shared.reload().catch(() => {});
  const listening = {
    ...(mainPlace(listeners, whole.listeners) ?? { host: "", port: 0, url: "" }),
    listeners,
    isInherited: fds.some((fd) => fd !== undefined),
    admin: door.told,
  };
  announce(listening, reload);
  signals.renews({
    reopenLogs: () => reopenLog(shared.current.accessLog, () => log.reopen() || supervisor.reopenLogs()),
    reread() {
      if (readAgain !== undefined) reload();
      else if (rereads.length > 0) {
        supervisor.reread();
        refresh();
      }
      return rereads;
    },
  });
  return await stopped;
}

/** Each writes to this process, for which it is decided here what suits the place where lines go in the end. */
function logForWorkers({ logFormat, accessLog = "" }: ProxyConfig): {
  readonly accessLog?: string;
  readonly logFormat?: LogFormat;
} {
  if (LogWriter.forWorkers(accessLog) !== "-") return {};
  const { env, stdout } = process;
  if (isTerminal(accessLog) && stdout.hasColors()) env.FORCE_COLOR = "1";
  if (isTerminal(accessLog)) env.COLUMNS = String(stdout.columns || 80);
  return { accessLog: "-", logFormat: formatFor(logFormat, accessLog) };
}

interface CrewEvents extends SupervisorEvents {
  onLogState(state: LogState, fault: string | undefined, dropped: number): void;
}

/** @param onRenewed is told that certificates in force are others */
function eventsFor(terminal: Terminal, onRenewed: () => void): CrewEvents {
  const news = new News(terminal);
  return {
    onNews(worker, entry) {
      news.tell(entry, worker);
      if (entry.type === "certificate" && entry.state === "renewed") onRenewed();
    },
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
