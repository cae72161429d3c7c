/** Pieces of one write lie one behind the other, in memory that the next write uses again unless this one still needs it. */
import { describe, expect, it } from "vitest";
import type { Octets } from "../wire/octets.ts";
import { joined, keepJoined } from "./joining.ts";

const KIB = 1_024;
const octets = (text: string) => Buffer.from(text, "latin1") as unknown as Octets;

function join(...pieces: (string | Octets)[]): Octets {
  const byteCount = pieces.reduce((sum, { length }) => sum + length, 0);
  const all = joined(pieces, byteCount);
  if (all === undefined) throw new Error("too large");
  return all;
}

describe("joined pieces", () => {
  it("are texts as latin1 and octets, in order", () => {
    expect(join("head \xe9\r\n", octets("\0\xff"), "", octets(""), "end").latin1Slice()).toBe("head \xe9\r\n\0\xffend");
  });

  it("lie where the last ones lay, whose write is done", () => {
    const before = join("before");
    expect(join("after").buffer).toBe(before.buffer);
  });

  it("lie elsewhere if the last write needs its memory for longer", () => {
    const before = join("before");
    keepJoined();
    const after = join("after");
    expect([before.latin1Slice(), after.latin1Slice()]).toStrictEqual(["before", "after"]);
    expect(join("then").buffer).toBe(after.buffer);
  });

  it("are a whole read and its head; more is not joined", () => {
    expect(join("h".repeat(16 * KIB), Buffer.alloc(64 * KIB) as unknown as Octets)).toHaveLength(80 * KIB);
    expect(joined(["h"], 80 * KIB + 1)).toBeUndefined();
  });
});
