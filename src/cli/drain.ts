/**
 * The drain that signals ask for: progress for those who wait, and the exit code.
 *
 * Deliberately absent: draining itself; and which signals those are, see signals.ts.
 */
import { setTimeout as pause } from "node:timers/promises";
import { formatDuration } from "../config/values.ts";
import type { DrainReport, ProxyStats } from "../index.ts";
import { ExitCode } from "./exit.ts";
import { leave } from "./leave.ts";
import type { Signals } from "./signals.ts";
import { styled, type Terminal } from "./terminal.ts";

export interface Drainable {
  /** Drains and closes. */
  close(): Promise<DrainReport>;
  /** Cuts every client's connection. Where that takes more than the call, it is soon done. */
  cut(): void | Promise<void>;
  stats(): ProxyStats;
}

/** How often progress is looked at. */
const PROGRESS_MS = 250;
/** Without a terminal, a line at most this often. */
const LINE_MS_MIN = 1_000;
/** For cutting everybody; who asks for the end twice does not wait for more. */
const END_MS_MAX = 2_000;

/** Waits for a signal, drains, and returns the exit code. */
export async function drainOnSignal(target: Drainable, terminal: Terminal, signals: Signals): Promise<ExitCode> {
  await signals.drain;
  signals.onSecond(async () => {
    const { inProgress } = target.stats().exchanges;
    // Left to the system each would end with FIN, and a response that only its close ends would look complete.
    await Promise.race([target.cut(), pause(END_MS_MAX)]);
    terminal.setLive();
    terminal.say(`ended now${inProgress > 0 ? `: ${plural(inProgress, "exchange")} cut` : ""}`);
    await leave(ExitCode.failed);
  });
  const startedAt = performance.now();
  terminal.json({ type: "drain", state: "began", inProgress: target.stats().exchanges.inProgress });
  const stop = showProgress(target, terminal);
  const { cut } = await target.close();
  stop();
  const duration_ms = Math.round(performance.now() - startedAt);
  terminal.json({ type: "drain", state: "ended", cut, duration_ms });
  const { exchanges, accessLogDropped } = target.stats();
  const { total } = exchanges;
  if (accessLogDropped > 0) {
    terminal.warn(styled("yellow", `${plural(accessLogDropped, "line")} of the access log could not be written`));
  }
  terminal.say(
    cut === 0
      ? `${styled("green", "drained")} in ${shortDuration(duration_ms)}: nothing was cut (${plural(total, "exchange")} in all)`
      : `${styled("red", "ended")} after ${shortDuration(duration_ms)}: ${plural(cut, "exchange or tunnel", "exchanges or tunnels")} cut`,
  );
  return cut === 0 ? ExitCode.well : ExitCode.failed;
}

/** Says what is still in flight, until it is told to stop. */
function showProgress(target: Drainable, terminal: Terminal): () => void {
  let lastLine = "";
  let lastAt = Number.NEGATIVE_INFINITY;
  const show = () => {
    const what = inFlight(target.stats());
    const line = `draining: ${what === "" ? "nothing in flight" : what}; once more Ctrl-C or SIGTERM ends now`;
    if (terminal.isLive) return terminal.setLive(styled("yellow", line));
    if (what === "" || line === lastLine || performance.now() - lastAt < LINE_MS_MIN) return;
    lastLine = line;
    lastAt = performance.now();
    terminal.say(line);
  };
  show();
  const timer = setInterval(show, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    terminal.setLive();
  };
}

function inFlight({ connections: { downstream } }: ProxyStats): string {
  const { active, tunnel, idle, closing } = downstream.states;
  const parts = [
    active > 0 ? plural(active, "exchange") : "",
    tunnel > 0 ? plural(tunnel, "tunnel") : "",
    idle > 0 ? plural(idle, "idle connection") : "",
    closing > 0 ? plural(closing, "connection about to close", "connections about to close") : "",
  ].filter((part) => part !== "");
  return parts.join(", ");
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** To a tenth of a second, as people say it. */
export function shortDuration(ms: number): string {
  return ms < 1_000 ? formatDuration(ms) : `${(ms / 1_000).toFixed(1)}s`;
}
