/**
 * What the command line asks of its runtime, before anything else. Deliberately absent from the library: a program that
 * hopwise is part of decides for itself.
 */
import { setFlagsFromString } from "node:v8";

/**
 * One thread does all the work of a proxy, and collects its short-lived objects for the least time if it does so alone: 0.3 ms.
 * V8 would share that with helping threads, and wait for them: wherever other work has the processors, that takes 3 to 10 ms,
 * and everybody's answers wait (docs/performance.md).
 */
export function collectAlone(): void {
  // Bun has another engine.
  if (!("bun" in process.versions)) setFlagsFromString("--no-parallel-scavenge");
}
