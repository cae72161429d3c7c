/** What `proxy` and `forward` have in common while they serve: until a signal ends it, and what is said where it listens. */
import { type HopwiseProxy, type Listening, version } from "../index.ts";
import { runtimeFacts } from "../net/runtime-facts.ts";
import { collectWhenQuiet } from "./collector.ts";
import { drainOnSignal } from "./drain.ts";
import type { ExitCode } from "./exit.ts";
import { surviveFaults } from "./faults.ts";
import type { Signals } from "./signals.ts";
import { styled, type Terminal } from "./terminal.ts";

/** Serves until a signal ends it. @param fds the sockets that were handed over, each in its listener's place; @param onListening is told where, once */
export async function serve(
  proxy: HopwiseProxy,
  fds: readonly (number | undefined)[],
  terminal: Terminal,
  signals: Signals,
  onListening: (listening: Listening) => void,
): Promise<ExitCode> {
  for (const warning of proxy.warnings) terminal.warn(`${styled("yellow", "warning")}: ${warning}`);
  const stopped = drainOnSignal(proxy, terminal, signals);
  const listening = await proxy.listen({ fd: fds });
  surviveFaults(terminal);
  collectWhenQuiet();
  onListening(listening);
  return await stopped;
}

/** @param what follows the address, for people; @param facts for machines */
export function announce(
  { url, host, port, listeners, isInherited, admin }: Listening,
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
    listeners,
    inherited: isInherited,
    ...facts,
    admin: admin?.url ?? null,
  });
  const urls = listeners.map((listener) => styled("cyan", listener.url)).join(" and ");
  terminal.say(
    `${styled("bold", `hopwise ${version}`)}: ${urls} ${what}${isInherited ? ", on an inherited socket" : ""}`,
  );
  if (admin === undefined) return;
  const elsewhere = admin.isElsewhere ? " (the usual port 9901 is taken)" : "";
  terminal.say(styled("dim", `admin on ${admin.url}${elsewhere}: the dashboard, /stats /metrics /healthz /readyz`));
}

/** Opens the access log anew if it is a file, which may have been rotated away. Returns what was opened. */
export function reopenLog(accessLog: string | undefined, reopen: () => void): readonly string[] {
  if (accessLog === undefined || accessLog === "-") return [];
  reopen();
  return ["the access log"];
}
