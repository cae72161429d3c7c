/**
 * Time from the runtime.
 *
 * All that happens in one turn (one event of one socket, one timer) happens at the same time, which is read once.
 */
import type { Clock } from "./ports.ts";

let isInTurn = false;
let turnTime = -1;

/** An event begins: the time is read anew when it is asked for. Every `beginTurn` is followed by an `endTurn`. */
export function beginTurn(): void {
  isInTurn = true;
  turnTime = -1;
}

export function endTurn(): void {
  isInTurn = false;
}

export const nodeClock: Clock = {
  now() {
    if (!isInTurn) return performance.now();
    if (turnTime < 0) turnTime = performance.now();
    return turnTime;
  },
  date: () => Date.now(),
  after(delay_ms, callback) {
    const timer = setTimeout(callback, delay_ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
  afterArrivals(callback) {
    // The first comes behind the events that the system has told already, the second behind those that it tells when it is
    // asked again: octets or a FIN right behind what was just read.
    setImmediate(() => setImmediate(callback));
  },
};
