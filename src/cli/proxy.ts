/** `hopwise proxy`: a reverse proxy until a signal ends it. */
import { createProxy, type HopwiseProxy, type Listening, version } from "../index.ts";
import { drainOnSignal } from "./drain.ts";
import type { ExitCode } from "./exit.ts";
import { surviveFaults } from "./faults.ts";
import { optionsFrom } from "./flags.ts";
import { styled, type Terminal } from "./terminal.ts";

/** While file descriptors are scarce, once in so often is enough to know. */
const ACCEPT_FAULT_MS = 10_000;

/** @throws HopwiseError for wrong options, and when it cannot listen */
export async function runProxy(flags: Readonly<Record<string, unknown>>, terminal: Terminal): Promise<ExitCode> {
  const options = optionsFrom(flags);
  const proxy = createProxy(options);
  const to = [options.to].flat();
  return await serve(proxy, terminal, (listening) => {
    announce(listening, `-> ${to.join(", ")}`, { to }, terminal);
    tellNews(proxy, terminal);
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
  terminal.json({ type: "listening", version, url, host, port, ...facts, admin: admin?.url ?? null });
  terminal.say(`${styled("bold", `hopwise ${version}`)}: ${styled("cyan", url)} ${what}`);
  if (admin === undefined) return;
  const elsewhere = admin.isElsewhere ? " (the usual port 9901 is taken)" : "";
  terminal.say(styled("dim", `admin on ${admin.url}${elsewhere}: /stats /metrics /healthz /readyz`));
}

/** What an operator wants to see pass by: origins that go and come, and connections that cannot be accepted. */
function tellNews(proxy: HopwiseProxy, terminal: Terminal): void {
  const failing = new Set<string>();
  proxy.on("endpoint", (event) => {
    const { endpoint, state, fault } = event;
    if (failing.has(endpoint) === (state === "failed")) return;
    terminal.json(event);
    if (state === "failed") {
      failing.add(endpoint);
      terminal.say(`${styled("yellow", "no connection")} to ${endpoint}: ${fault}`);
    } else {
      failing.delete(endpoint);
      terminal.say(`${styled("green", "connected")} to ${endpoint} again`);
    }
  });
  tellAcceptFaults(proxy, terminal);
}

export function tellAcceptFaults(proxy: HopwiseProxy, terminal: Terminal): void {
  let acceptFaultAt = Number.NEGATIVE_INFINITY;
  proxy.on("accept-failed", ({ fault }) => {
    if (performance.now() - acceptFaultAt < ACCEPT_FAULT_MS) return;
    acceptFaultAt = performance.now();
    terminal.say(`${styled("yellow", "a client's connection could not be accepted")}: ${fault}`);
  });
}

export function isFile(accessLog: string | undefined): boolean {
  return accessLog !== undefined && accessLog !== "-";
}
