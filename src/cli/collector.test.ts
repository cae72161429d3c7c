/** When the command line collects what a burst has left: at quiet moments only, and only where there is something to gain. */
import { describe, expect, it } from "vitest";
import { type Collecting, QuietCollector } from "./collector.ts";

const MIB = 1024 * 1024;

/** A process of so much memory that is so busy, and what a collection leaves of it. */
class Process implements Collecting {
  mib = 70;
  busy = 0;
  /** What one collection after the other leaves. */
  leaves: number[] = [];
  collections = 0;
  residentBytes = () => this.mib * MIB;
  busyShare = () => this.busy;
  async collect(): Promise<void> {
    this.collections++;
    this.mib = this.leaves.shift() ?? this.mib;
  }
}

async function checkTimes(collector: QuietCollector, times: number): Promise<void> {
  for (let i = 0; i < times; i++) await collector.check();
}

describe("a collection at a quiet moment", () => {
  it("comes once all has been quiet for a while", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 300;
    process.busy = 0.5;
    await checkTimes(collector, 10);
    process.busy = 0.01;
    await checkTimes(collector, 3);
    // It was only a pause.
    process.busy = 0.2;
    await checkTimes(collector, 1);
    process.busy = 0;
    await checkTimes(collector, 3);
    expect(process.collections).toBe(0);
    await checkTimes(collector, 1);
    expect(process.collections).toBe(1);
  });

  it("does not come where the process has hardly grown", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 90;
    await checkTimes(collector, 100);
    expect(process.collections).toBe(0);
  });

  it("is repeated as long as it frees something, and comes again when the process has grown", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 300;
    process.leaves = [200, 150, 80];
    await checkTimes(collector, 6);
    expect(process.collections).toBe(3);
    await checkTimes(collector, 100);
    expect(process.collections).toBe(3);
    process.mib = 110;
    process.leaves = [80];
    await checkTimes(collector, 4);
    expect(process.collections).toBe(4);
  });

  it("comes ever more rarely where memory is really needed", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 500;
    await checkTimes(collector, 4 + 8 + 16 + 32);
    expect(process.collections).toBe(4);
    await checkTimes(collector, 20 * 3_600);
    expect(process.collections).toBeLessThan(35);
  });

  it("finds what was needed at the last one and is garbage soon after it", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 300;
    process.leaves = [300, 80];
    await checkTimes(collector, 20);
    expect(process.mib).toBe(80);
  });

  it("finds what was needed in a long pause, however rare collections have become in it", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 300;
    await checkTimes(collector, 10_000);
    process.busy = 0.5;
    await checkTimes(collector, 2);
    process.busy = 0;
    process.leaves = [80];
    await checkTimes(collector, 4);
    expect(process.mib).toBe(80);
  });
});
