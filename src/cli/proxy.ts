/** `hopwise proxy`: a reverse proxy until a signal ends it. */
import { readProxyOptions } from "../config/options.ts";
import { createProxy, type HopwiseProxy, type Listening, type ProxyOptions, version } from "../index.ts";
import { runtimeFacts } from "../net/runtime-facts.ts";
import { drainOnSignal } from "./drain.ts";
import type { ExitCode } from "./exit.ts";
import { surviveFaults } from "./faults.ts";
import { optionsFrom } from "./flags.ts";
import { News } from "./news.ts";
import { styled, type Terminal } from "./terminal.ts";
import { type Crew, runWorkers, workersFrom } from "./workers.ts";

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runProxy(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const options = optionsFrom(flags);
  const to = [options.to].flat();
  const count = workersFrom(flags);
  if (count > 1) {
    const crew: Crew<ProxyOptions> = {
      ...{ kind: "proxy", count, options, read: readProxyOptions, reloadsOnHangup: isFile(options.accessLog) },
      announce: (it) => announce(it, `-> ${to.join(", ")} by ${count} workers`, { to, workers: count }, terminal),
    };
    return await runWorkers(crew, terminal);
  }
  const proxy = createProxy(options);
  return await serve(proxy, terminal, (listening) => {
    announce(listening, `-> ${to.join(", ")}`, { to }, terminal);
    const news = new News(terminal);
    proxy.on("endpoint", (event) => news.tell(event));
    proxy.on("accept-failed", (event) => news.tell(event));
    // SIGHUP means: the log was rotated. Without a log file it keeps its usual meaning.
    if (isFile(options.accessLog)) process.on("SIGHUP", () => proxy.reopenAccessLog());
  });
}

/** Serves until a signal ends it. @param onListening is told where, once */
export async function serve(
  proxy: HopwiseProxy,
  terminal: Terminal,
  onListening: (listening: Listening) => void,
): Promise<ExitCode> {
  for (const warning of proxy.warnings) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  const stopped = drainOnSignal(proxy, terminal);
  const listening = await proxy.listen();
  surviveFaults(terminal);
  onListening(listening);
  return await stopped;
}

/** @param what follows the address, for people; @param facts for machines */
export function announce({ url, host, port, admin }: Listening, what: string, facts: object, terminal: Terminal): void {
  terminal.json({
    type: "listening",
    version,
    runtime: runtimeFacts,
    url,
    host,
    port,
    ...facts,
    admin: admin?.url ?? null,
  });
  terminal.say(`${styled("bold", `hopwise ${version}`)}: ${styled("cyan", url)} ${what}`);
  if (admin === undefined) return;
  const elsewhere = admin.isElsewhere ? " (the usual port 9901 is taken)" : "";
  terminal.say(styled("dim", `admin on ${admin.url}${elsewhere}: /stats /metrics /healthz /readyz`));
}

export function isFile(accessLog: string | undefined): boolean {
  return accessLog !== undefined && accessLog !== "-";
}
