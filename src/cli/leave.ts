/**
 * How the process ends, whatever its streams and the system's threads do.
 *
 * What was written to a pipe is still on its way, and is waited for; a pipe that nobody empties is not waited for longer than
 * a limit. The runtime waits, at its end, for threads that are in a call of the system (a name that no server resolves, a
 * disk that hangs), for minutes if need be, and hears nothing meanwhile: then the process kills itself.
 * Deliberately absent: draining.
 */
import { setTimeout as pause } from "node:timers/promises";

/** For last lines. */
const FLUSH_MS_MAX = 500;
/** For threads to come back. */
const THREADS_MS_MAX = 2_000;
const LOOK_MS = 20;

/** What a thread of the runtime does for it, by the runtime's names. */
const THREADED = new Set(["FSReqCallback", "FSReqPromise", "GetAddrInfoReqWrap", "GetNameInfoReqWrap"]);

export async function leave(code: number): Promise<never> {
  await Promise.race([Promise.all([process.stdout, process.stderr].map(flushed)), pause(FLUSH_MS_MAX)]);
  const since = performance.now();
  while (hasBusyThreads()) {
    if (performance.now() - since > THREADS_MS_MAX) endNow();
    await pause(LOOK_MS);
  }
  process.exit(code);
}

/** The first process of a container cannot be killed from within: the system keeps signals from it, but not its own fault. */
function endNow(): void {
  if (process.pid === 1) process.abort();
  process.kill(process.pid, "SIGKILL");
}

function flushed(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (stream.writableLength === 0 || stream.destroyed) return resolve();
    stream.write("", () => resolve());
  });
}

function hasBusyThreads(): boolean {
  return process.getActiveResourcesInfo?.().some((name) => THREADED.has(name)) === true;
}
