/** `hopwise proxy`: a reverse proxy until a signal ends it. */
import { readProxyOptions } from "../config/options.ts";
import { createProxy, type HopwiseProxy, type Listening, type ProxyOptions, version } from "../index.ts";
import { runtimeFacts } from "../net/runtime-facts.ts";
import { collectWhenQuiet } from "./collector.ts";
import { drainOnSignal } from "./drain.ts";
import type { ExitCode } from "./exit.ts";
import { surviveFaults } from "./faults.ts";
import { optionsFrom } from "./flags.ts";
import { takeInheritedSocket, withoutAddress } from "./inherited.ts";
import { News } from "./news.ts";
import { Signals } from "./signals.ts";
import { styled, type Terminal } from "./terminal.ts";
import { type Crew, runWorkers, workersFrom } from "./workers.ts";

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runProxy(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const signals = new Signals(terminal);
  const fd = takeInheritedSocket(terminal);
  const options = withoutAddress(optionsFrom(flags), fd, terminal);
  const to = [options.to].flat();
  const count = workersFrom(flags);
  if (count > 1) {
    const crew: Crew<ProxyOptions> = {
      ...{ kind: "proxy", count, options, fd, read: readProxyOptions, rereads: [] },
      announce: (it) => announce(it, `-> ${to.join(", ")} by ${count} workers`, { to, workers: count }, terminal),
    };
    return await runWorkers(crew, terminal, signals);
  }
  const proxy = createProxy(options);
  return await serve(proxy, fd, terminal, signals, (listening) => {
    announce(listening, `-> ${to.join(", ")}`, { to }, terminal);
    const news = new News(terminal);
    proxy.on("endpoint", (event) => news.tell(event));
    proxy.on("accept-failed", (event) => news.tell(event));
    proxy.on("access-log", (event) => news.tell(event));
    signals.renews({
      reopenLogs: () => reopenLog(options.accessLog, () => proxy.reopenAccessLog()),
      reread: () => [],
    });
  });
}

/** Serves until a signal ends it. @param fd the socket that was handed over; @param onListening is told where, once */
export async function serve(
  proxy: HopwiseProxy,
  fd: number | undefined,
  terminal: Terminal,
  signals: Signals,
  onListening: (listening: Listening) => void,
): Promise<ExitCode> {
  for (const warning of proxy.warnings) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  const stopped = drainOnSignal(proxy, terminal, signals);
  const listening = await proxy.listen(fd === undefined ? {} : { fd });
  surviveFaults(terminal);
  collectWhenQuiet();
  onListening(listening);
  return await stopped;
}

/** @param what follows the address, for people; @param facts for machines */
export function announce(
  { url, host, port, isInherited, admin }: Listening,
  what: string,
  facts: object,
  terminal: Terminal,
): void {
  terminal.json({
    type: "listening",
    version,
    runtime: runtimeFacts,
    url,
    host,
    port,
    inherited: isInherited,
    ...facts,
    admin: admin?.url ?? null,
  });
  terminal.say(
    `${styled("bold", `hopwise ${version}`)}: ${styled("cyan", url)} ${what}${isInherited ? ", on an inherited socket" : ""}`,
  );
  if (admin === undefined) return;
  const elsewhere = admin.isElsewhere ? " (the usual port 9901 is taken)" : "";
  terminal.say(styled("dim", `admin on ${admin.url}${elsewhere}: /stats /metrics /healthz /readyz`));
}

/** Opens the access log anew if it is a file, which may have been rotated away. Returns what was opened. */
export function reopenLog(accessLog: string | undefined, reopen: () => void): readonly string[] {
  if (accessLog === undefined || accessLog === "-") return [];
  reopen();
  return ["the access log"];
}
