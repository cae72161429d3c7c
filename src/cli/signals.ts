/**
 * What each signal means. None ends the process by itself: nothing is cut unless somebody asks for it twice.
 *
 * | signal | meaning |
 * |---|---|
 * | SIGTERM, SIGINT, SIGQUIT | the first drains, a second ends now |
 * | SIGHUP | reads again what can be read again, as soon as the command runs; where it came because the terminal was closed: drains |
 * | SIGUSR1 | opens the access log anew, as with nginx; Node's own meaning, opening its inspector, is gone |
 * | SIGUSR2 | nothing, and says so |
 *
 * Deliberately absent: draining, see drain.ts; and workers, which act on no signal (workers/worker.ts).
 */
import { isatty } from "node:tty";
import { styled, type Terminal } from "./terminal.ts";

/** What can be done anew while a command runs. Each function returns the names of what it did; nothing: empty. */
export interface Renewal {
  reopenLogs(): readonly string[];
  /** Reads files again, or has begun to. */
  reread(): readonly string[];
}

/** Of a command that has nothing of the kind. */
export const nothingAnew: Renewal = { reopenLogs: () => [], reread: () => [] };

/** npm passes on a SIGINT that the terminal has sent to everybody already: both are one. */
const NPM_ECHO_MS = 250;
/** A shell that hangs up its jobs does so before its terminal is gone. */
const HANGUP_MS = 500;
const STANDARD_STREAMS = [0, 1, 2];

/** Before anything listens. SIGUSR1 would open the inspector. */
export function ignoreInspectorSignal(): void {
  process.on("SIGUSR1", () => {});
}

type RenewingSignal = "SIGHUP" | "SIGUSR1";

export class Signals {
  /** Settled when the process is asked to end. */
  readonly drain: Promise<void>;
  private readonly terminal: Terminal;
  private readonly hadTerminal = hasTerminal();
  private beginDrain: () => void = () => {};
  private endNow: () => void = () => {};
  /** When it was asked to end first; SIGHUP is no such request, since it never cuts. */
  private askedAt: number | undefined;
  /** The command still starts: undefined. */
  private renewal: Renewal | undefined;
  /** Those that came meanwhile. What they are about was perhaps read already. */
  private readonly early = new Set<RenewingSignal>();

  constructor(terminal: Terminal) {
    this.terminal = terminal;
    this.drain = new Promise((resolve) => {
      this.beginDrain = resolve;
    });
    for (const signal of ["SIGTERM", "SIGINT", "SIGQUIT"] as const) process.on(signal, () => this.onEnd(signal));
    process.on("SIGHUP", () => this.onHangup());
    process.on("SIGUSR1", () => this.renew("SIGUSR1"));
    process.on("SIGUSR2", () => this.tellIgnored("SIGUSR2 has no meaning"));
  }

  /** The command runs, and this is what it can do anew. */
  renews(renewal: Renewal): void {
    this.renewal = renewal;
    for (const signal of this.early) this.renew(signal);
    this.early.clear();
  }

  /** What a second request to end does; before it is said: nothing. */
  onSecond(endNow: () => void): void {
    this.endNow = endNow;
  }

  private onEnd(signal: NodeJS.Signals): void {
    if (this.askedAt === undefined) {
      this.askedAt = performance.now();
      return this.beginDrain();
    }
    const isUnderNpm = process.env.npm_lifecycle_event !== undefined;
    if (signal === "SIGINT" && isUnderNpm && performance.now() - this.askedAt <= NPM_ECHO_MS) return;
    this.endNow();
  }

  private onHangup(): void {
    if (this.isTerminalGone()) return this.beginDrain();
    // Nobody renews anything for a terminal that goes, but nothing is lost by it.
    this.renew("SIGHUP");
    if (this.hadTerminal) setTimeout(() => this.isTerminalGone() && this.beginDrain(), HANGUP_MS).unref();
  }

  private isTerminalGone(): boolean {
    return this.hadTerminal && !hasTerminal();
  }

  private renew(signal: RenewingSignal): void {
    const { renewal } = this;
    if (renewal === undefined) {
      this.early.add(signal);
      return this.terminal.say(styled("dim", `${signal}: as soon as this has started`));
    }
    const what = [...renewal.reopenLogs(), ...(signal === "SIGHUP" ? renewal.reread() : [])];
    if (what.length === 0) return this.tellIgnored(`${signal}: there is nothing to read again`);
    this.terminal.say(styled("dim", `${signal}: ${what.join(" and ")} anew`));
  }

  private tellIgnored(line: string): void {
    this.terminal.say(styled("dim", `${line}; SIGTERM drains`));
  }
}

/** The system says so of a terminal that is there, and no more of one that was hung up. */
function hasTerminal(): boolean {
  return STANDARD_STREAMS.some((descriptor) => isatty(descriptor));
}
