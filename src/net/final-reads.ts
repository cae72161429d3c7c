/**
 * Behind a failed write: how long a connection goes on reading before it is closed.
 *
 * The peer takes nothing more. What it said before may have arrived and not been read yet: an answer to a request that was
 * still on its way, and the reason for closing (RFC 9112 section 9.6). All that the system has of it ends with an end or a
 * fault, which closes the connection; nothing new can arrive. A reader that is paused would hold that up, so then only the
 * reads that are due come first.
 */
import { nodeClock } from "./node-clock.ts";

/** For a reader that pauses meanwhile: its own peer takes what it reads slowly, or not at all. */
const FINAL_READS_MS = 1_000;

export function afterFinalReads(isReading: boolean, close: () => void): void {
  if (isReading) nodeClock.after(FINAL_READS_MS, close);
  else nodeClock.afterArrivals(close);
}
