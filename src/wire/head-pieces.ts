/**
 * What has arrived of a head that comes in pieces.
 *
 * It is kept as text, which the collector moves together when it is gone: blocks of the C library, one beside the other with
 * what lives longer, would stay with the process. Only the end of a line that has not ended is gathered as octets.
 * Deliberately absent: what lines say, see head-reader.ts.
 */
import type { Octets } from "./octets.ts";

/** Small pieces of a line become text together: a text of one octet costs twenty. */
const GATHERED_BYTES_MAX = 1024;

/** Where a line that came in pieces is put together to be judged, for the duration of that. */
let bench: Octets = Buffer.allocUnsafeSlow(0) as unknown as Octets;

export class HeadPieces {
  /** Lines that were judged. */
  readonly lines: string;
  /** Behind them: what has arrived of a line that has not ended; its last octets may still be gathered. */
  private unended = "";
  private gathered: Octets | undefined;
  private gatheredBytes = 0;

  constructor(lines: string) {
    this.lines = lines;
  }

  get length(): number {
    return this.lines.length + this.unendedLength;
  }

  /** Of the line that has not ended. */
  get unendedLength(): number {
    return this.unended.length + this.gatheredBytes;
  }

  get text(): string {
    return this.lines + this.unended + this.gatheredText();
  }

  private gatheredText(): string {
    return this.gathered?.latin1Slice(0, this.gatheredBytes) ?? "";
  }

  /** More of the line that has not ended. */
  add(octets: Octets, from: number, to: number): void {
    if (this.gatheredBytes + to - from > GATHERED_BYTES_MAX) {
      this.unended += this.gatheredText();
      this.gatheredBytes = 0;
    }
    if (to - from > GATHERED_BYTES_MAX) {
      this.unended += octets.latin1Slice(from, to);
    } else if (from < to) {
      this.gathered ??= Buffer.allocUnsafeSlow(GATHERED_BYTES_MAX) as unknown as Octets;
      this.gathered.set(octets.subarray(from, to), this.gatheredBytes);
      this.gatheredBytes += to - from;
    }
  }

  /** The line that has not ended, and what came behind it: valid until the next head is put together. */
  together(octets: Octets, from: number, to: number): Octets {
    const { unended, gatheredBytes, unendedLength } = this;
    const length = unendedLength + to - from;
    if (length > bench.length) bench = Buffer.allocUnsafeSlow(2 * length) as unknown as Octets;
    bench.latin1Write(unended, 0);
    if (this.gathered !== undefined) bench.set(this.gathered.subarray(0, gatheredBytes), unended.length);
    bench.set(octets.subarray(from, to), unendedLength);
    return bench.subarray(0, length);
  }
}
