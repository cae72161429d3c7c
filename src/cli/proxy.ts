/** `hopwise proxy`: a reverse proxy until a signal ends it. */
import { readProxyOptions } from "../config/options.ts";
import { createProxy, type HopwiseProxy, type Listening, type ProxyOptions, version } from "../index.ts";
import { drainOnSignal } from "./drain.ts";
import type { ExitCode } from "./exit.ts";
import { surviveFaults } from "./faults.ts";
import { optionsFrom } from "./flags.ts";
import { News } from "./news.ts";
import { styled, type Terminal } from "./terminal.ts";
import { runWorkers, workersFrom } from "./workers.ts";

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runProxy(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const options = optionsFrom(flags);
  const workers = workersFrom(flags);
  if (workers > 1) return runProxies(options, workers, terminal);
  const proxy = createProxy(options);
  for (const warning of proxy.warnings) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  const stopped = drainOnSignal(proxy, terminal);
  const listening = await proxy.listen();
  surviveFaults(terminal);
  announce(listening, [options.to].flat(), terminal);
  const news = new News(terminal);
  proxy.on("endpoint", (event) => news.tell(event));
  proxy.on("accept-failed", (event) => news.tell(event));
  reopenOnHangup(proxy, options.accessLog);
  return await stopped;
}

function runProxies(options: ProxyOptions, count: number, terminal: Terminal): Promise<ExitCode> {
  const announceAll = (listening: Listening) => announce(listening, [options.to].flat(), terminal, count);
  return runWorkers({ kind: "proxy", count, options, read: readProxyOptions, announce: announceAll }, terminal);
}

function announce(listening: Listening, to: readonly string[], terminal: Terminal, workers?: number): void {
  const { url, host, port, admin } = listening;
  terminal.json({ type: "listening", version, url, host, port, to, admin: admin?.url ?? null, workers });
  const by = workers === undefined ? "" : ` by ${workers} workers`;
  terminal.say(`${styled("bold", `hopwise ${version}`)}: ${styled("cyan", url)} -> ${to.join(", ")}${by}`);
  if (admin === undefined) return;
  const elsewhere = admin.isElsewhere ? " (the usual port 9901 is taken)" : "";
  terminal.say(styled("dim", `admin on ${admin.url}${elsewhere}: /stats /metrics /healthz /readyz`));
}

/** SIGHUP means: the log was rotated. Without a log file it keeps its usual meaning. */
function reopenOnHangup(proxy: HopwiseProxy, accessLog: string | undefined): void {
  if (accessLog !== undefined && accessLog !== "-") process.on("SIGHUP", () => proxy.reopenAccessLog());
}
