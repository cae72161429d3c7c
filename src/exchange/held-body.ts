/**
 * What is held of a body, in few buffers, however small the pieces are in which it came.
 *
 * The last buffer has room to grow, so each byte is copied a bounded number of times on average. Deliberately absent: how much
 * may be held, see request-relay.ts.
 */
import type { Octets } from "../wire/octets.ts";

/** What is held in pieces smaller than this is joined: a buffer and a chunk's framing cost more than copying them. */
const PIECE_BYTES_MIN = 4 * 1024;

/** From this size on what waits has pages of its own: below, the rest of the last page would be too large a share. */
const PAGES_BYTES_MIN = 16 * 1024;

const NOTHING = Buffer.alloc(0) as unknown as Octets;

export class HeldBody {
  private readonly full: Octets[] = [];
  private store = NOTHING;
  private end = 0;

  /** Copies what one read brought. @param waits for a connection, perhaps beside many others */
  add(pieces: readonly Octets[], waits: boolean): void {
    this.makeRoom(
      pieces.reduce((sum, { length }) => sum + length, 0),
      waits,
    );
    for (const piece of pieces) {
      this.store.set(piece, this.end);
      this.end += piece.length;
    }
  }

  private makeRoom(added: number, waits: boolean): void {
    if (this.end >= PIECE_BYTES_MIN) {
      this.full.push(this.store.subarray(0, this.end));
      this.store = NOTHING;
      this.end = 0;
    }
    const needed = this.end + added;
    if (needed <= this.store.length) return;
    const grown = memoryOf(Math.max(needed, 2 * this.end), waits);
    grown.set(this.store.subarray(0, this.end));
    this.store = grown;
  }

  /** All of it, in order. */
  get pieces(): readonly Octets[] {
    return this.end === 0 ? this.full : [...this.full, this.store.subarray(0, this.end)];
  }
}

/**
 * Where many bodies wait their memory is much, and is to go back to the system behind them: a resizable buffer has the system's
 * own pages, other memory of this size the C library would keep.
 */
function memoryOf(byteCount: number, waits: boolean): Octets {
  if (!waits || byteCount < PAGES_BYTES_MIN) return Buffer.allocUnsafe(byteCount) as unknown as Octets;
  // The type definitions know no resizable buffers yet.
  const memory: ArrayBuffer = Reflect.construct(ArrayBuffer, [byteCount, { maxByteLength: byteCount }]);
  return Buffer.from(memory, 0, byteCount) as unknown as Octets;
}
