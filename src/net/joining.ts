/**
 * Where pieces of one write are joined, and what lies where the next read goes is copied: one buffer that all writes share.
 *
 * The system takes nearly every write at once, and then the buffer serves the next one; a write that it does not take at
 * once keeps the buffer, and there is another, in a slab (slabs.ts). So joining allocates nothing. It costs less than a
 * gathered write up to the size of the buffer, and less than joining as text from a KiB on (`bench/budget.mjs`). Deliberately
 * absent: what is written uncopied, a large piece alone.
 */
import type { Octets } from "../wire/octets.ts";
import { PIECE_BYTES, type Piece, type PieceReader, takePiece } from "./slabs.ts";

/** Up to here octets are joined and written as text, which allocates no view and costs no more. */
export const TEXT_BYTES_MAX = 1024;

/** A whole read with a head before it, or with the framing of its chunks. */
export const JOINED_BYTES_MAX = PIECE_BYTES;

let buffer: Buffer | undefined;
/** Where `buffer` lies, since a write has kept the one before. */
let inPiece: Piece | undefined;

/** All of `pieces` as octets, for one write, which must begin before anything else is joined; too large: undefined. */
export function joined(pieces: readonly (string | Octets)[], byteCount: number): Octets | undefined {
  if (byteCount > JOINED_BYTES_MAX) return undefined;
  buffer ??= Buffer.allocUnsafeSlow(JOINED_BYTES_MAX);
  if (inPiece !== undefined) inPiece.hasRead = true;
  let end = 0;
  for (const piece of pieces) {
    if (typeof piece === "string") {
      end += buffer.write(piece, end, "latin1");
    } else {
      buffer.set(piece as unknown as Uint8Array, end);
      end += piece.length;
    }
  }
  return buffer.subarray(0, end) as unknown as Octets;
}

/** The write of what was joined last has not finished: it keeps the memory, and there is another. */
export function keepJoined(): void {
  letGo();
  inPiece = takePiece();
  inPiece.reader = joiner;
  buffer = inPiece.octets;
}

function letGo(): void {
  if (inPiece !== undefined) inPiece.reader = undefined;
  inPiece?.letGo();
  inPiece = undefined;
  buffer = undefined;
}

const joiner: PieceReader = { letGoOfPiece: letGo };
