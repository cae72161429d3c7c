/**
 * Where sockets read to.
 *
 * All sockets share one buffer, because what arrives is dealt with before the next read: heads become text, small bodies
 * leave in the same turn (joining.ts). So idle connections hold no buffer and small messages allocate none. A socket that carries
 * large bodies reads into a buffer of its own, which is written on uncopied; when that write does not finish at once, the
 * buffer belongs to it and the socket gets another. Deliberately absent: knowledge of messages.
 */
import type { Octets } from "../wire/octets.ts";

/** As much as the system hands over in one read of a fast peer. */
const BUFFER_BYTES = 64 * 1024;
/** From this size on a read is the middle of something large. Below, a copy costs less than a buffer out of the cache. */
const LARGE_READ_BYTES = 32 * 1024;
/** Buffers that are kept for the next socket with a large body. */
const SPARE_MAX = 16;

/** Lengths whose view of the shared buffer is kept: most messages are this small, and many are equally long. */
const KEPT_VIEW_BYTES = 2 * 1024;

export const sharedBuffer: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
const sharedViews: Octets[] = [];
const spare: Buffer[] = [];
/** The memory of the read that is being handled; outside of one: undefined. */
let present: ArrayBufferLike | undefined;
/** Whether a write that has not finished needs it. There may be several: the end of one message, the start of another. */
let isPresentRetained = false;

/** A read into `buffer` is about to be handled; `nextBuffer` ends that. */
export function beginRead(buffer: Buffer): void {
  present = buffer.buffer;
  isPresentRetained = false;
}

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

/** Whether `octets` lie where the read that is being handled went to. What was read before is copied if it is kept. */
export function isOfPresentRead(octets: Octets): boolean {
  return octets.buffer === present;
}

/** A write of octets of the present read has not finished: its buffer is not read into again. */
export function retainPresent(): void {
  isPresentRetained = true;
}

/** The buffer for the next read of a socket that just read `length` octets into `buffer`, which were dealt with. */
export function nextBuffer(buffer: Buffer, length: number): Buffer {
  const isRetained = isPresentRetained;
  present = undefined;
  if (length >= LARGE_READ_BYTES) {
    return buffer === sharedBuffer || isRetained ? (spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES)) : buffer;
  }
  if (buffer !== sharedBuffer && !isRetained && spare.length < SPARE_MAX) spare.push(buffer);
  return sharedBuffer;
}
