/**
 * As the first process of a container hopwise would be deaf until a command has begun to hear signals: the system gives the first process
 * only those that somebody waits for, so a SIGTERM that comes while the program is loaded would be lost, and its sender wait in vain.
 *
 * Deliberately absent: what a signal does once a command hears it, see signals.ts. Any other process just ends.
 */
import { constants } from "node:os";

const FIRST_PROCESS = 1;
const ENDING = ["SIGTERM", "SIGINT", "SIGQUIT"] as const;
/** What shells make of a signal, too. */
const SIGNALLED = 128;

type SignalSource = Pick<NodeJS.Process, "on" | "listenerCount" | "exit" | "pid">;

/** From now on those that ask the first process to end do so, until somebody else hears them. */
export function hearEarly(source: SignalSource): void {
  if (source.pid !== FIRST_PROCESS) return;
  for (const signal of ENDING) {
    source.on(signal, () => {
      if (source.listenerCount(signal) === 1) source.exit(SIGNALLED + constants.signals[signal]);
    });
  }
}
