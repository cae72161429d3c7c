/**
 * Several workers' lines into one output, whole: one writer, so that no line is torn by another.
 *
 * Needed where the access log goes to the standard output, a pipe or a device. A regular file needs no such thing: each
 * worker opens it for appending and writes whole lines, and the system lets no other write into one that is under way.
 * An output that takes nothing holds its writers up; they drop lines then, and say so. Deliberately absent: order
 * between workers.
 */
import type { Readable, Writable } from "node:stream";

const NEWLINE = 0x0a;

export class WholeLines {
  private readonly output: Writable;
  private readonly held = new Set<Readable>();

  constructor(output: Writable) {
    this.output = output;
    const release = () => {
      for (const source of this.held) source.resume();
      this.held.clear();
    };
    // Nobody reads any more: what comes is read on, and thrown away.
    output.on("drain", release).on("close", release).on("error", release);
  }

  /** Passes on what `source` says, until it ends. What it ends with is no line unless it says so. */
  add(source: Readable): void {
    let rest: Buffer[] = [];
    source.on("data", (octets: Buffer) => {
      const end = octets.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        rest.push(octets);
        return;
      }
      const lines = Buffer.concat([...rest, octets.subarray(0, end)]);
      rest = end === octets.length ? [] : [octets.subarray(end)];
      if (!this.output.writable || this.output.write(lines)) return;
      source.pause();
      this.held.add(source);
    });
    source.on("error", () => {});
  }
}
