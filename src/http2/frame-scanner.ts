/**
 * Frames as they pass, by their heads and the first bytes of what is in them (RFC 9113 section 4.1), however the bytes were cut.
 *
 * Deliberately absent: what the frames mean (frame-meter.ts, frames-sent.ts).
 */
import type { Octets } from "../wire/octets.ts";

const HEAD_BYTES = 9;
/** As much of a frame's content as anybody asks for: a GOAWAY's last stream, and its code. */
const CONTENT_BYTES_MAX = 8;

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export abstract class FrameScanner {
  private readonly bytes = new Uint8Array(HEAD_BYTES + CONTENT_BYTES_MAX);
  private size = 0;
  /** Of the frame's head and its content, what is to be there before anybody hears of it. */
  private wanted = HEAD_BYTES;
  /** Bytes to go of what is not looked at. */
  private skip: number;

  /** @param before_bytes how long what stands before the first frame is */
  constructor(before_bytes: number) {
    this.skip = before_bytes;
  }

  /** How much of its content `onFrame` is to see, if there is so much. @param type of a frame that begins */
  protected abstract contentBytes(type: number): number;
  /** @returns false: nothing more is to be looked at */
  protected abstract onFrame(): boolean;

  protected scan(octets: Octets): void {
    for (let at = 0; at < octets.length; ) {
      if (this.skip > 0) {
        const step = Math.min(this.skip, octets.length - at);
        this.skip -= step;
        at += step;
        continue;
      }
      this.bytes[this.size++] = octets[at++] as number;
      if (this.size === HEAD_BYTES) this.wanted += Math.min(this.length, this.contentBytes(this.type));
      if (this.size < this.wanted) continue;
      this.skip = this.length - (this.size - HEAD_BYTES);
      this.size = 0;
      this.wanted = HEAD_BYTES;
      if (!this.onFrame()) return;
    }
  }

  /** More is to come of the frame of which `onFrame` was told last. */
  protected get isWithinFrame(): boolean {
    return this.skip > 0;
  }

  /** Of its content. */
  protected get length(): number {
    const [high = 0, middle = 0, low = 0] = this.bytes;
    return (high << 16) | (middle << 8) | low;
  }

  protected get type(): number {
    return this.bytes[3] as number;
  }

  protected get flags(): number {
    return this.bytes[4] as number;
  }

  /** The frame's stream; its highest bit says nothing. */
  protected get stream(): number {
    return this.numberAt(5) & 0x7f_ff_ff_ff;
  }

  protected byteIn(at: number): number {
    return this.bytes[HEAD_BYTES + at] as number;
  }

  /** Four bytes of its content. */
  protected numberIn(at: number): number {
    return this.numberAt(HEAD_BYTES + at);
  }

  private numberAt(at: number): number {
    const { bytes } = this;
    const [high = 0, second = 0, third = 0, low = 0] = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    return ((high << 24) | (second << 16) | (third << 8) | low) >>> 0;
  }
}
