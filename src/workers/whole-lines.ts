/**
 * Several workers' lines into one output, whole: one writer, so that no line is torn by another.
 *
 * Needed where the access log goes to the standard output, a pipe or a device. A regular file needs no such thing: each
 * worker opens it for appending and writes whole lines, and the system lets no other write into one that is under way.
 * An output that takes nothing holds its writers up; they drop lines then, and count them. Deliberately absent: order
 * between workers.
 */
import type { Readable } from "node:stream";
import type { LineQueue } from "../ledger/line-queue.ts";

const NEWLINE = 0x0a;

export class WholeLines {
  private readonly queue: Pick<LineQueue, "add" | "isHigh">;
  private readonly sources = new Set<Readable>();
  private onAllEnded: (() => void) | undefined;

  constructor(queue: Pick<LineQueue, "add" | "isHigh">) {
    this.queue = queue;
  }

  /** Passes on what `source` says, until it ends. What it ends with is no line unless it says so. */
  add(source: Readable): void {
    let rest: Buffer[] = [];
    this.sources.add(source);
    source.on("data", (octets: Buffer) => {
      const end = octets.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        rest.push(octets);
        return;
      }
      const lines = Buffer.concat([...rest, octets.subarray(0, end)]);
      rest = end === octets.length ? [] : [octets.subarray(end)];
      this.queue.add(lines.toString(), countOf(lines));
      if (this.queue.isHigh && this.onAllEnded === undefined) source.pause();
    });
    source
      .on("error", () => {})
      .on("close", () => {
        this.sources.delete(source);
        if (this.sources.size === 0) this.onAllEnded?.();
      });
  }

  /** There is room again. */
  resume(): void {
    for (const source of this.sources) source.resume();
  }

  /** Takes everything that is still to come, whether there is room or not. Settled when all sources have ended. */
  async end(): Promise<void> {
    if (this.sources.size === 0) return;
    const ended = new Promise<void>((resolve) => {
      this.onAllEnded = resolve;
    });
    this.resume();
    await ended;
  }
}

function countOf(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(NEWLINE); at >= 0; at = lines.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
