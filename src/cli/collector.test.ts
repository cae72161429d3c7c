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

  it("is repeated as long as it frees something, and then not before the process has grown again", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 300;
    process.leaves = [200, 150, 149];
    await checkTimes(collector, 100);
    expect(process.collections).toBe(3);
    process.mib = 170;
    await checkTimes(collector, 100);
    expect(process.collections).toBe(3);
    process.mib = 180;
    await checkTimes(collector, 100);
    expect(process.collections).toBe(4);
  });

  it("takes memory that is really needed for what it is, once", async () => {
    const process = new Process();
    const collector = new QuietCollector(process);
    process.mib = 500;
    await checkTimes(collector, 100);
    expect(process.collections).toBe(1);
  });
});
