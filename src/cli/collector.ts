/**
 * What the command line asks of its runtime for the sake of memory. Deliberately absent from the library: a program that
 * hopwise is part of decides for itself.
 */
import { performance } from "node:perf_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { residentBytes } from "../net/resident-bytes.ts";

/** How often it is looked whether there is garbage and nothing to do. */
const CHECK_MS = 1_000;
/** Quiet: less than this share of a processor was used since the last check. */
const QUIET_SHARE_MAX = 0.05;
/** So many quiet checks come before a collection: a burst may only have paused. */
const QUIET_CHECKS_MIN = 4;
/** A collection that freed little is repeated after twice as many quiet checks, in the end once an hour. */
const QUIET_CHECKS_MAX = 3_600;
/** Growth that is worth a collection: less is the runtime's ordinary room for new objects. */
const GARBAGE_BYTES_MIN = 24 * 1024 * 1024;
/** A collection that frees as much may have made more to free: objects that held memory of the system's. */
const FREED_BYTES_MIN = 2 * 1024 * 1024;
/** In so many seconds of processor time what was needed may have become garbage, and other memory be needed in its place. */
const WORK_S_MIN = 1;

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
  /** How much of a processor the process has used since it was asked last. */
  busyShare(): number;
  collect(): Promise<void>;
}

/**
 * Gives back what a burst has left. V8 collects when it allocates; a proxy that has nothing to do allocates nothing, and would
 * keep hundreds of megabytes. So it is told to, once nothing is going on, since it takes 10 to 50 ms, and only where the
 * process has grown. A collection may come too early: what is needed then (in a pause, or memory that is let go of a second
 * later) is garbage soon, and does not make the process grow again. So one that freed little is repeated, ever more rarely.
 */
export class QuietCollector {
  private readonly collecting: Collecting;
  private quietChecks = 0;
  /** So many quiet checks come before the next collection. */
  private quietChecksNeeded = QUIET_CHECKS_MIN;
  /** The least that the process ever had. */
  private least_bytes: number;
  /** What the process needs, as far as a collection could tell. */
  private needed_bytes: number;
  /** Since the last collection. */
  private work_s = 0;

  constructor(collecting: Collecting) {
    this.collecting = collecting;
    this.least_bytes = this.needed_bytes = collecting.residentBytes();
  }

  async check(): Promise<void> {
    const busyShare = this.collecting.busyShare();
    this.quietChecks = busyShare < QUIET_SHARE_MAX ? this.quietChecks + 1 : 0;
    this.work_s += (busyShare * CHECK_MS) / 1_000;
    const before_bytes = this.collecting.residentBytes();
    this.least_bytes = Math.min(this.least_bytes, before_bytes);
    this.needed_bytes = Math.min(this.needed_bytes, before_bytes);
    if (before_bytes - this.least_bytes < GARBAGE_BYTES_MIN) return;
    if (before_bytes - this.needed_bytes >= GARBAGE_BYTES_MIN || this.work_s >= WORK_S_MIN) {
      this.quietChecksNeeded = Math.min(this.quietChecksNeeded, QUIET_CHECKS_MIN);
    }
    if (this.quietChecks < this.quietChecksNeeded) return;
    await this.collecting.collect();
    this.needed_bytes = this.collecting.residentBytes();
    this.quietChecks = 0;
    this.work_s = 0;
    const hasFreed = before_bytes - this.needed_bytes >= FREED_BYTES_MIN;
    this.quietChecksNeeded = hasFreed ? 1 : nextChecks(this.quietChecksNeeded);
  }
}

function nextChecks(checks: number): number {
  return Math.min(Math.max(QUIET_CHECKS_MIN, 2 * checks), QUIET_CHECKS_MAX);
}

/** Collects at quiet moments, from now on. */
export function collectWhenQuiet(): void {
  if (isBun) return;
  setFlagsFromString("--expose-gc");
  const gc: (options: object) => Promise<void> = runInNewContext("gc");
  const busy = new BusyShare();
  const collector = new QuietCollector({
    residentBytes,
    busyShare: () => busy.sinceLast(),
    async collect() {
      // In a turn of its own, where no frame on the stack could hold what is garbage.
      await gc({ type: "major", execution: "async" });
      // The collection itself is no work.
      busy.sinceLast();
    },
  });
  const again = () => void setTimeout(() => void collector.check().finally(again), CHECK_MS).unref();
  again();
}

/** In processor time: on a busy machine a process that does nothing may take long for it. */
class BusyShare {
  private processor = process.cpuUsage();
  private time_ms = performance.now();

  sinceLast(): number {
    const { user, system } = process.cpuUsage(this.processor);
    const share = (user + system) / 1_000 / Math.max(1, performance.now() - this.time_ms);
    this.processor = process.cpuUsage();
    this.time_ms = performance.now();
    return share;
  }
}

/** It has another engine, which gives back by itself. */
const isBun = "bun" in process.versions;
