/**
 * A limit of time for what others have to do: what has arrived in time counts, also where this process has not read it yet.
 *
 * A process that was busy, or stood still, wakes up to its timers first and reads afterwards. So a timer that comes late lets
 * everything be delivered that has arrived by now, before anybody is told that nothing came.
 */
import type { Clock } from "./ports.ts";

/** A timer that is less late than this says nothing about the process. */
const LATE_MS = 5;

/**
 * Calls back once the limit has passed; returns how to give up.
 *
 * @param onPassed is told when the limit was noticed: what happened behind that is another matter
 */
export function limitTime(clock: Clock, limit_ms: number, onPassed: (noticed_ms: number) => void): () => void {
  const due_ms = clock.now() + limit_ms;
  let isOver = false;
  const stop = clock.after(limit_ms, () => {
    const now = clock.now();
    if (now - due_ms < LATE_MS) return onPassed(now);
    clock.afterArrivals(() => {
      if (!isOver) onPassed(now);
    });
  });
  return () => {
    isOver = true;
    stop();
  };
}
