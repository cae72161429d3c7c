/**
 * A request's body as HTTP/1.1 sends it, for the readers of all requests: as it comes where its length is known, otherwise in chunks,
 * with its trailers behind them.
 *
 * A body that is longer or shorter than its length says must not go on (RFC 9113 section 8.1.1), and that is known at its end alone: so
 * the last byte waits for that.
 */
import type { Octets } from "../wire/octets.ts";
import { readTrailers } from "./field-list.ts";

const CHUNK_END = bytesOf("\r\n");

export class RequestBody {
  /** In chunks: undefined. */
  private left_bytes: number | undefined;
  private last: Octets | undefined;
  private trailers = "";

  /** @param length that it is said to have, not 0; none was said: undefined */
  constructor(length: number | undefined) {
    this.left_bytes = length;
  }

  /** What a DATA frame brought. @param piece not empty @returns what can go on; it is longer than it says: undefined */
  piece(piece: Uint8Array): readonly Octets[] | undefined {
    const octets = piece as Octets;
    const { left_bytes } = this;
    if (left_bytes === undefined) return [bytesOf(`${octets.length.toString(16)}\r\n`), octets, CHUNK_END];
    if (octets.length > left_bytes) return undefined;
    this.left_bytes = left_bytes - octets.length;
    if (this.left_bytes > 0) return [octets];
    this.last = Buffer.from(octets.subarray(-1)) as unknown as Octets;
    return octets.length === 1 ? [] : [octets.subarray(0, -1)];
  }

  /** @returns whether they are well-formed */
  noteTrailers(raw: readonly string[]): boolean {
    const trailers = readTrailers(raw);
    if ("malformed" in trailers) return false;
    for (let at = 0; at + 1 < trailers.length; at += 2) this.trailers += `${trailers[at]}: ${trailers[at + 1]}\r\n`;
    return true;
  }

  /** Its end has come: what goes on now; it is shorter than it says: undefined. */
  get end(): Octets | undefined {
    return this.left_bytes === undefined ? bytesOf(`0\r\n${this.trailers}\r\n`) : this.last;
  }
}

export function bytesOf(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}
