/**
 * Bytes into lines, whatever the pieces are in which they come: linear, and no line holds more than a limit.
 *
 * A line that is longer is told as such, and what it says is dropped. Deliberately absent: what lines mean.
 */

/** Longer than any line that hopwise writes: a target is 64 KiB at most by default, and a byte of it six characters. */
const LINE_BYTES_MAX = 1_048_576;
const LF = 0x0a;

/** @param onLine its text; of a line that is too long: undefined */
export class LineReader {
  private pieces: Uint8Array[] = [];
  private held = 0;
  private isTooLong = false;
  private readonly onLine: (text: string | undefined) => void;
  private readonly max: number;

  constructor(onLine: (text: string | undefined) => void, max = LINE_BYTES_MAX) {
    this.onLine = onLine;
    this.max = max;
  }

  push(bytes: Uint8Array): void {
    let from = 0;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, from)) {
      this.hold(bytes.subarray(from, end));
      this.give();
      from = end + 1;
    }
    if (from < bytes.length) this.hold(bytes.subarray(from));
  }

  /** What is left is a line, too. */
  end(): void {
    if (this.held > 0 || this.isTooLong) this.give();
  }

  private hold(bytes: Uint8Array): void {
    if (this.isTooLong) return;
    this.held += bytes.length;
    if (this.held > this.max) {
      this.isTooLong = true;
      this.pieces = [];
    } else this.pieces.push(bytes);
  }

  private give(): void {
    const { isTooLong, pieces } = this;
    this.pieces = [];
    this.held = 0;
    this.isTooLong = false;
    this.onLine(isTooLong ? undefined : Buffer.concat(pieces).toString().replace(/\r$/, ""));
  }
}
