/** Whose octets a buffer holds: it is not read into again while an unfinished write still needs it. */
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Octets } from "../wire/octets.ts";
import { isShared, keepPiecesOf, letGoOf, nextBuffer, sharedBuffer, viewOf } from "./read-buffers.ts";
import { type PieceReader, pieceOf, slabsBeyondFirst, sweep } from "./slabs.ts";

const LARGE = 40_000;
const octets = (buffer: Buffer) => viewOf(buffer, LARGE);

class Reader implements PieceReader {
  /** It has read something large, and reads into a buffer of its own from now on. */
  buffer = nextBuffer(sharedBuffer, LARGE, this);

  read(length: number): Buffer {
    this.buffer = nextBuffer(this.buffer, length, this);
    return this.buffer;
  }

  letGoOfPiece(): void {
    this.buffer = letGoOf(this.buffer);
  }
}

/** As a write that has not finished does. Returns its end. */
function writeUnfinished(...data: readonly (string | Octets)[]): () => void {
  const pieces = keepPiecesOf(data);
  return () => {
    for (const piece of pieces) piece.letGo();
  };
}

const sameMemory = (a: Buffer, b: Buffer) => a.buffer === b.buffer && a.byteOffset === b.byteOffset;

beforeEach(() => {
  vi.useFakeTimers();
});

describe("the buffer of the next read", () => {
  it("is the shared one as long as reads are small", () => {
    const reader = new Reader();
    reader.read(100);
    expect(reader.read(100)).toBe(sharedBuffer);
    expect(isShared(viewOf(sharedBuffer, 100))).toBe(true);
  });

  it("is the socket's own behind a large read, and stays so while reads are large", () => {
    const reader = new Reader();
    const own = reader.buffer;
    expect(own).not.toBe(sharedBuffer);
    expect(isShared(octets(own))).toBe(false);
    expect(reader.read(LARGE)).toBe(own);
    expect(reader.read(100)).toBe(sharedBuffer);
  });

  it.each([LARGE, 100])("is another one when a write needs this one (%i octets)", (length) => {
    const reader = new Reader();
    const own = reader.buffer;
    const finish = writeUnfinished("head", octets(own));
    expect(sameMemory(reader.read(length), own)).toBe(false);
    // Nor does it come to another socket, however many there are.
    const others = Array.from({ length: 600 }, () => new Reader());
    expect(others.filter(({ buffer }) => sameMemory(buffer, own))).toEqual([]);
    finish();
    expect(sameMemory(new Reader().buffer, own)).toBe(true);
    for (const other of [reader, ...others]) other.letGoOfPiece();
  });

  it("is another one until the last of several writes of it has finished", () => {
    const reader = new Reader();
    const own = reader.buffer;
    const ends = [writeUnfinished(octets(own)), writeUnfinished(own.subarray(100, 200) as unknown as Octets)];
    reader.read(100);
    ends[0]?.();
    expect(sameMemory(new Reader().buffer, own)).toBe(false);
    ends[1]?.();
    expect(sameMemory(new Reader().buffer, own)).toBe(true);
  });

  it("is no concern of writes of other memory", () => {
    const reader = new Reader();
    expect(keepPiecesOf([Buffer.alloc(LARGE) as unknown as Octets, "text"])).toEqual([]);
    expect(keepPiecesOf("text")).toEqual([]);
    expect(reader.read(LARGE)).toBe(reader.buffer);
    reader.letGoOfPiece();
  });

  it("never lies in another's", () => {
    const readers = Array.from({ length: 1_000 }, () => new Reader());
    expect(new Set(readers.map(({ buffer }) => pieceOf(buffer))).size).toBe(1_000);
    for (const [index, { buffer }] of readers.entries()) buffer.fill(index % 251);
    expect(readers.every(({ buffer }, index) => buffer.every((octet) => octet === index % 251))).toBe(true);
    for (const reader of readers) reader.letGoOfPiece();
  });
});

describe("a socket that reads nothing for a while", () => {
  it("holds no buffer of its own, however large its last read was; one that reads on does", () => {
    const [silent, busy] = [new Reader(), new Reader()];
    sweep();
    busy.read(LARGE);
    sweep();
    expect(silent.buffer).toBe(sharedBuffer);
    expect(busy.buffer).not.toBe(sharedBuffer);
    busy.letGoOfPiece();
  });

  it("does not free what an unfinished write needs", () => {
    const silent = new Reader();
    const own = silent.buffer;
    const finish = writeUnfinished(octets(own));
    sweep();
    sweep();
    expect(silent.buffer).toBe(sharedBuffer);
    expect(sameMemory(new Reader().buffer, own)).toBe(false);
    finish();
  });
});

it("the memory of a thousand sockets is dropped as a whole once nobody has used it for some seconds", () => {
  const readers = Array.from({ length: 1_000 }, () => new Reader());
  expect(slabsBeyondFirst()).toBeGreaterThan(1);
  for (const reader of readers) reader.letGoOfPiece();
  for (let i = 0; i < 6; i++) sweep();
  expect(slabsBeyondFirst()).toBe(0);
});
