/**
 * Memory for what is large: pieces of one size, cut from slabs that go back to the system as a whole.
 *
 * Blocks of this size that are taken from the C library one by one, and given back among small ones that live on, stay with
 * the process: a burst of large bodies would leave its memory resident for good. A slab is so large that the C library asks
 * the system for it, and what was never used of it has no pages. A piece may serve again once each of its users has said that
 * it is done; a piece that a user forgets is lost, never given twice. Deliberately absent: returning a slab by force. It is
 * dropped, and the next collection frees it.
 */

/** A whole read and the head or framing that is joined to it. */
export const PIECE_BYTES = 80 * 1024;
/** Few large bodies at a time need no slab that comes and goes. */
const FIRST_PIECES = 16;
/** 33.75 MiB: from 32 MiB on glibc always asks the system, however its threshold has moved. */
const PIECES = 432;
/** How often it is looked for readers that hold a piece and read nothing, and for slabs that nobody uses. */
const SWEEP_MS = 1_000;
/** A slab that was not used for so many sweeps is dropped: a new one costs page faults, and counts towards a collection. */
const UNUSED_SWEEPS_MAX = 3;

/** Puts one thing after the other into a piece: a socket that reads what is large, or what joins pieces of writes. */
export interface PieceReader {
  /** Nothing came into the piece for a while: it is to use other memory. */
  letGoOfPiece(): void;
}

export class Piece {
  readonly octets: Buffer;
  /** Who must be done before it serves again: one reader or writer, and the writes that have not finished. */
  users = 0;
  reader: PieceReader | undefined;
  /** Whether the reader has used it since the last sweep. */
  hasRead = false;
  private readonly slab: Slab;

  constructor(slab: Slab, index: number) {
    this.slab = slab;
    this.octets = Buffer.from(slab.memory, index * PIECE_BYTES, PIECE_BYTES);
  }

  keep(): void {
    this.users++;
  }

  letGo(): void {
    if (--this.users > 0) return;
    this.slab.free.push(this);
  }
}

class Slab {
  readonly memory: ArrayBufferLike;
  /** In the order in which they have come into use, so that each lies at its own index. */
  readonly pieces: Piece[] = [];
  /** The one given back last serves next: it may still be in the processor's caches. */
  readonly free: Piece[] = [];
  unusedSweeps = 0;
  private readonly size: number;

  /** @param size in pieces */
  constructor(size: number) {
    this.size = size;
    this.memory = Buffer.allocUnsafeSlow(size * PIECE_BYTES).buffer;
  }

  take(): Piece | undefined {
    const piece = this.free.pop() ?? this.cut();
    if (piece === undefined) return undefined;
    this.unusedSweeps = 0;
    piece.users = 1;
    piece.hasRead = true;
    return piece;
  }

  private cut(): Piece | undefined {
    const index = this.pieces.length;
    if (index === this.size) return undefined;
    const piece = new Piece(this, index);
    this.pieces.push(piece);
    return piece;
  }

  get isUnused(): boolean {
    return this.free.length === this.pieces.length;
  }
}

/** In the order of their making: the first ones are filled first, so that the last ones become free. The first one stays. */
const slabs = new Map<ArrayBufferLike, Slab>();
let first: Slab | undefined;
let sweeper: NodeJS.Timeout | undefined;

/** A piece with one user: the caller. */
export function takePiece(): Piece {
  sweeper ??= setInterval(sweep, SWEEP_MS).unref();
  for (const slab of slabs.values()) {
    const piece = slab.take();
    if (piece !== undefined) return piece;
  }
  const slab = new Slab(first === undefined ? FIRST_PIECES : PIECES);
  first ??= slab;
  slabs.set(slab.memory, slab);
  return slab.take() as Piece;
}

/** The piece in which `octets` lie, if they lie in one. */
export function pieceOf(octets: { readonly buffer: ArrayBufferLike; readonly byteOffset: number }): Piece | undefined {
  return slabs.get(octets.buffer)?.pieces[Math.floor(octets.byteOffset / PIECE_BYTES)];
}

/** @internal Tells readers that have read nothing since the last sweep, and drops slabs that have served nobody for long. */
export function sweep(): void {
  for (const slab of slabs.values()) {
    for (const piece of slab.pieces) {
      if (piece.reader !== undefined && !piece.hasRead) piece.reader.letGoOfPiece();
      piece.hasRead = false;
    }
    if (!slab.isUnused) slab.unusedSweeps = 0;
    else if (++slab.unusedSweeps > UNUSED_SWEEPS_MAX && slab !== first) slabs.delete(slab.memory);
  }
  if (slabs.size > 1 || first?.isUnused === false) return;
  clearInterval(sweeper);
  sweeper = undefined;
}

/** @internal Slabs beside the first. */
export function slabsBeyondFirst(): number {
  return Math.max(0, slabs.size - 1);
}
