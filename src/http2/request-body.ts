/**
 * A request's body as HTTP/1.1 sends it, for the readers of all requests: as it comes where its length is known, otherwise in chunks,
 * with its trailers behind them.
 *
 * Deliberately absent: whether it is as long as it says, which those readers judge.
 */
import type { Octets } from "../wire/octets.ts";
import { readTrailers } from "./field-list.ts";

const CHUNK_END = bytesOf("\r\n");

export class RequestBody {
  private readonly isChunked: boolean;
  private trailers = "";

  constructor(isChunked: boolean) {
    this.isChunked = isChunked;
  }

  /** What a DATA frame brought. @param piece not empty */
  piece(piece: Uint8Array): readonly Octets[] {
    const octets = piece as Octets;
    return this.isChunked ? [bytesOf(`${octets.length.toString(16)}\r\n`), octets, CHUNK_END] : [octets];
  }

  /** @returns whether they are well-formed */
  noteTrailers(raw: readonly string[]): boolean {
    const trailers = readTrailers(raw);
    if ("malformed" in trailers) return false;
    for (let at = 0; at + 1 < trailers.length; at += 2) this.trailers += `${trailers[at]}: ${trailers[at + 1]}\r\n`;
    return true;
  }

  /** What says that it is whole; its length did: undefined. */
  get end(): Octets | undefined {
    return this.isChunked ? bytesOf(`0\r\n${this.trailers}\r\n`) : undefined;
  }
}

export function bytesOf(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}
