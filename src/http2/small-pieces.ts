/**
 * What one read of a connection brings of a stream, as one piece. A client may cut what it sends into frames of one byte, and each by
 * itself would be a write of its own towards the origin.
 *
 * Deliberately absent: holding anything back beyond the turn in which it came.
 */

/** Larger pieces go on as they come: a copy would cost more than a write. */
const SMALL_BYTES_MAX = 4 * 1024;

export class SmallPieces {
  private pieces: Buffer[] = [];
  private readonly pass: (piece: Buffer) => void;

  /** @param pass is never told of nothing */
  constructor(pass: (piece: Buffer) => void) {
    this.pass = pass;
  }

  add(piece: Buffer): void {
    if (piece.length > SMALL_BYTES_MAX) {
      this.flush();
      this.pass(piece);
    } else if (piece.length > 0 && this.pieces.push(piece) === 1) {
      // All that the read brings is there by then.
      queueMicrotask(() => this.flush());
    }
  }

  flush(): void {
    const { pieces } = this;
    const [first] = pieces;
    if (first === undefined) return;
    this.pieces = [];
    this.pass(pieces.length === 1 ? first : Buffer.concat(pieces));
  }

  /** What has not gone on yet does not. */
  drop(): void {
    this.pieces = [];
  }
}
