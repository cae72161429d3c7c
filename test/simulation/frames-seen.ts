/**
 * What one direction of a connection of HTTP/2 says of its streams, frame by frame: which have ended, which were reset, and what GOAWAY said.
 *
 * Lengths, types, flags and numbers alone: it shares nothing with the runtime that reads the rest.
 */

const HEAD_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const GOAWAY = 7;
const END_STREAM = 1;

export class FramesSeen {
  /** Streams whose last frame says that they are complete. */
  readonly ended = new Set<number>();
  /** Streams that were reset, and why. */
  readonly reset = new Map<number, number>();
  /** Bytes of bodies, by stream. */
  readonly dataBytes = new Map<number, number>();
  /** Streams of which something came behind their last frame. */
  readonly behindEnd = new Set<number>();
  /** The last stream of each GOAWAY. */
  readonly goneAway: number[] = [];
  private rest: Buffer;
  private skipped: number;

  /** @param prefaceBytes what comes before the first frame */
  constructor(prefaceBytes: number) {
    this.rest = Buffer.alloc(0);
    this.skipped = prefaceBytes;
  }

  read(octets: Uint8Array): void {
    const skipping = Math.min(this.skipped, octets.length);
    this.skipped -= skipping;
    let bytes = Buffer.concat([this.rest, octets.subarray(skipping)]);
    while (bytes.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + bytes.readUIntBE(0, 3);
      if (bytes.length < end) break;
      this.frame(bytes[3] as number, bytes[4] as number, bytes.readUInt32BE(5), bytes.subarray(HEAD_BYTES, end));
      bytes = bytes.subarray(end);
    }
    this.rest = bytes;
  }

  private frame(type: number, flags: number, stream: number, payload: Buffer): void {
    const isPart = type === DATA || type === HEADERS;
    if (isPart && (this.ended.has(stream) || this.reset.has(stream))) this.behindEnd.add(stream);
    if (type === DATA) this.dataBytes.set(stream, (this.dataBytes.get(stream) ?? 0) + payload.length);
    if (isPart && (flags & END_STREAM) !== 0) this.ended.add(stream);
    else if (type === RST_STREAM) this.reset.set(stream, payload.readUInt32BE(0));
    else if (type === GOAWAY) this.goneAway.push(payload.readUInt32BE(0) & 0x7fffffff);
  }
}
