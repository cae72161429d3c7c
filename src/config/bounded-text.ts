/**
 * The text of a file that is read while clients are served: no more of it than a configuration can be.
 *
 * A log that was named by mistake, or a device that never ends, would otherwise hold up everything else for as long as it is read and
 * understood. Deliberately absent: certificates and users, see files.ts.
 */
import { closeSync, openSync, readSync } from "node:fs";

/** Some 50,000 routes. */
const BYTES_MAX = 4 * 1_048_576;
const SIZE_TEXT = "4 MiB";
const PIECE = 65_536;

/** @throws the system's error, or one that says that it is too large */
export function boundedText(name: string): string {
  const file = openSync(name, "r");
  try {
    const pieces: Buffer[] = [];
    let bytes = 0;
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const length = readSync(file, piece, 0, PIECE, null);
      if (length === 0) return Buffer.concat(pieces).toString("utf8");
      bytes += length;
      if (bytes > BYTES_MAX) throw new Error(`is larger than ${SIZE_TEXT}, which no configuration is`);
      pieces.push(piece.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}
