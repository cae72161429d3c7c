/** Waiting for what the kit has no bell for: a condition, looked at in every turn of the event loop. */
import { setImmediate } from "node:timers/promises";

/** Only ever spent by tests that fail. */
const WAIT_MS_MAX = 30_000;

export async function until(what: string, isReached: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + WAIT_MS_MAX;
  while (!(await isReached())) {
    if (performance.now() > end) throw new Error(`waited too long until ${what}`);
    await setImmediate();
  }
}
