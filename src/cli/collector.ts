/**
 * What the command line asks of its runtime for the sake of memory. Deliberately absent from the library: a program that
 * hopwise is part of decides for itself.
 */
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** How often it is looked whether there is garbage and nothing to do. */
const CHECK_MS = 1_000;
/** Quiet: of the time since the last check, less than this share was spent on events. */
const QUIET_SHARE_MAX = 0.05;
/** So many quiet checks in a row come before a collection: a burst may only have paused. */
const QUIET_CHECKS_MIN = 4;
/** Growth that is worth a collection: less is the runtime's ordinary room for new objects. */
const GARBAGE_BYTES_MIN = 24 * 1024 * 1024;
/** A collection that frees as much may have made more to free: objects that held memory of the system's. */
const FREED_BYTES_MIN = 2 * 1024 * 1024;

/**
 * One thread does all the work of a proxy, and collects its short-lived objects for the least time if it does so alone: 0.3 ms.
 * V8 would share that with helping threads, and wait for them: wherever other work has the processors, that takes 3 to 10 ms,
 * and everybody's answers wait (docs/performance.md).
 */
export function collectAlone(): void {
  if (!isBun) setFlagsFromString("--no-parallel-scavenge");
}

/** What it is decided by, and what is done. */
export interface Collecting {
  /** The memory of the process. */
  residentBytes(): number;
  /** The share of the time since it was asked last that was spent on events. */
  busyShare(): number;
  collect(): Promise<void>;
}

/**
 * Gives back what a burst has left. V8 collects when it allocates; a proxy that has nothing to do allocates nothing, and would
 * keep hundreds of megabytes. So it is told to, once nothing is going on: only then, since it takes 10 to 50 ms, and only
 * where the process has grown since the last time.
 */
export class QuietCollector {
  private readonly collecting: Collecting;
  private quietChecks = 0;
  /** What the process needs, as far as a collection could tell. */
  private needed_bytes: number;
  private mayFreeMore = false;

  constructor(collecting: Collecting) {
    this.collecting = collecting;
    this.needed_bytes = collecting.residentBytes();
  }

  async check(): Promise<void> {
    this.quietChecks = this.collecting.busyShare() < QUIET_SHARE_MAX ? this.quietChecks + 1 : 0;
    const before_bytes = this.collecting.residentBytes();
    this.needed_bytes = Math.min(this.needed_bytes, before_bytes);
    const isWorthIt = this.mayFreeMore || before_bytes - this.needed_bytes >= GARBAGE_BYTES_MIN;
    if (this.quietChecks < QUIET_CHECKS_MIN || !isWorthIt) return;
    await this.collecting.collect();
    this.needed_bytes = this.collecting.residentBytes();
    this.mayFreeMore = before_bytes - this.needed_bytes >= FREED_BYTES_MIN;
  }
}

/** Collects at quiet moments, from now on. */
export function collectWhenQuiet(): void {
  if (isBun) return;
  setFlagsFromString("--expose-gc");
  const collect: (options: object) => Promise<void> = runInNewContext("gc");
  let utilization = performance.eventLoopUtilization();
  const collector = new QuietCollector({
    residentBytes: () => process.memoryUsage.rss(),
    busyShare() {
      const latest = performance.eventLoopUtilization();
      const share = performance.eventLoopUtilization(latest, utilization).utilization;
      utilization = latest;
      return share;
    },
    // In a turn of its own, where no frame on the stack could hold what is garbage.
    collect: async () => await collect({ type: "major", execution: "async" }),
  });
  const again = () => void setTimeout(() => void collector.check().finally(again), CHECK_MS).unref();
  again();
}

/** It has another engine, which gives back by itself. */
const isBun = "bun" in process.versions;
