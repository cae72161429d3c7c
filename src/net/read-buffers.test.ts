/** Whose octets a buffer holds: it is not read into again while an unfinished write still needs it. */
import { describe, expect, it } from "vitest";
import {
  beginRead,
  isOfPresentRead,
  isShared,
  nextBuffer,
  retainPresent,
  sharedBuffer,
  viewOf,
} from "./read-buffers.ts";

const LARGE = 40_000;
const octets = (buffer: Buffer) => viewOf(buffer, LARGE);

/** A socket has read something large, and reads into a buffer of its own from now on. */
function ownBuffer(): Buffer {
  beginRead(sharedBuffer);
  return nextBuffer(sharedBuffer, LARGE);
}

describe("the buffer of the next read", () => {
  it("is the shared one as long as reads are small", () => {
    beginRead(sharedBuffer);
    expect(nextBuffer(sharedBuffer, 100)).toBe(sharedBuffer);
    expect(isShared(viewOf(sharedBuffer, 100))).toBe(true);
  });

  it("is the socket's own behind a large read, and stays so while reads are large", () => {
    const own = ownBuffer();
    expect(own).not.toBe(sharedBuffer);
    expect(isShared(octets(own))).toBe(false);
    beginRead(own);
    expect(nextBuffer(own, LARGE)).toBe(own);
    beginRead(own);
    expect(nextBuffer(own, 100)).toBe(sharedBuffer);
  });

  for (const length of [LARGE, 100]) {
    it(`is another one when a write needs this one (${length} octets)`, () => {
      const own = ownBuffer();
      beginRead(own);
      expect(isOfPresentRead(octets(own))).toBe(true);
      retainPresent();
      expect(nextBuffer(own, length)).not.toBe(own);
      // Nor does it come back for another socket.
      for (let i = 0; i < 20; i++) expect(ownBuffer()).not.toBe(own);
    });
  }

  it("is another one although other writes are unfinished, too, of octets that were kept from before", () => {
    const own = ownBuffer();
    beginRead(own);
    const kept = Buffer.alloc(LARGE);
    expect(isOfPresentRead(kept as unknown as ReturnType<typeof octets>)).toBe(false);
    if (isOfPresentRead(octets(own))) retainPresent();
    if (isOfPresentRead(kept as unknown as ReturnType<typeof octets>)) retainPresent();
    expect(nextBuffer(own, LARGE)).not.toBe(own);
  });

  it("is this one again once the read after is handled and nothing needs it", () => {
    const own = ownBuffer();
    beginRead(own);
    expect(nextBuffer(own, LARGE)).toBe(own);
    expect(isOfPresentRead(octets(own))).toBe(false);
  });
});
