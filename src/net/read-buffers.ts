/**
 * Where sockets read to.
 *
 * All sockets share one buffer, because what arrives is dealt with before the next read: heads become text, small bodies
 * leave in the same turn (joining.ts). So idle connections hold no buffer and small messages allocate none. A socket that carries
 * large bodies reads into a piece of memory of its own (slabs.ts), which is written on uncopied; when that write does not
 * finish at once, the piece belongs to it and the socket gets another. A socket that reads nothing large for a while has
 * none. Deliberately absent: knowledge of messages.
 */
import type { Octets } from "../wire/octets.ts";
import { type Piece, type PieceReader, pieceOf, takePiece } from "./slabs.ts";

/** As much as the system hands over in one read of a fast peer. */
const BUFFER_BYTES = 64 * 1024;
/** From this size on a read is the middle of something large. Below, a copy costs less than a buffer out of the cache. */
const LARGE_READ_BYTES = 32 * 1024;

/** Lengths whose view of the shared buffer is kept: most messages are this small, and many are equally long. */
const KEPT_VIEW_BYTES = 2 * 1024;

export const sharedBuffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
const sharedViews: Octets[] = [];

/** The first `length` octets of `buffer`, for the duration of one event. */
export function viewOf(buffer: Buffer, length: number): Octets {
  if (length > KEPT_VIEW_BYTES || buffer !== sharedBuffer) return buffer.subarray(0, length) as unknown as Octets;
  let view = sharedViews[length];
  if (view === undefined) {
    view = buffer.subarray(0, length) as unknown as Octets;
    sharedViews[length] = view;
  }
  return view;
}

/** Whether `octets` must be copied before they are written: they lie where the next read of any socket goes. */
export function isShared(octets: Octets): boolean {
  return octets.buffer === sharedBuffer.buffer;
}

/** What may be written without being copied. */
export function unshared(octets: Octets): Octets {
  return isShared(octets) ? (Buffer.from(octets) as unknown as Octets) : octets;
}

/** The buffer for the next read of `reader`, which just read `length` octets into `buffer`; they were dealt with. */
export function nextBuffer(buffer: Buffer, length: number, reader: PieceReader): Buffer {
  const isLarge = length >= LARGE_READ_BYTES;
  if (buffer === sharedBuffer) return isLarge ? bufferOf(takePiece(), reader) : buffer;
  const piece = pieceOf(buffer);
  if (isLarge && piece?.users === 1) {
    piece.hasRead = true;
    return buffer;
  }
  leave(piece);
  return isLarge ? bufferOf(takePiece(), reader) : sharedBuffer;
}

/** Nothing is read into `buffer` any more. Returns what is read into instead. */
export function letGoOf(buffer: Buffer): Buffer {
  if (buffer !== sharedBuffer) leave(pieceOf(buffer));
  return sharedBuffer;
}

function bufferOf(piece: Piece, reader: PieceReader): Buffer {
  piece.reader = reader;
  piece.hasRead = true;
  return piece.octets.subarray(0, BUFFER_BYTES);
}

function leave(piece: Piece | undefined): void {
  if (piece === undefined) return;
  piece.reader = undefined;
  piece.letGo();
}

const NONE: readonly Piece[] = [];

/** Keeps the memory of a write that has not finished; each piece is to be let go when it has. */
export function keepPiecesOf(data: string | Octets | readonly (string | Octets)[]): readonly Piece[] {
  if (typeof data === "string") return NONE;
  const pieces: Piece[] = [];
  for (const part of Array.isArray(data) ? (data as readonly (string | Octets)[]) : [data as Octets]) {
    const piece = typeof part === "string" ? undefined : pieceOf(part);
    if (piece === undefined) continue;
    piece.keep();
    pieces.push(piece);
  }
  return pieces.length > 0 ? pieces : NONE;
}
