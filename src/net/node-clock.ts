/** Time from the runtime. */
import type { Clock } from "./ports.ts";

export const nodeClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(),
  after(delay_ms, callback) {
    const timer = setTimeout(callback, delay_ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
