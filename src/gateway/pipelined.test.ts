/** What waits keeps its order and its octets, and waiting costs little, however small the segments are. */
import fc from "fast-check";
import { expect, it, vi } from "vitest";
import type { Octets } from "../wire/octets.ts";
import { Pipelined } from "./pipelined.ts";

function octets(text: string): Octets {
  return Buffer.from(text, "latin1") as unknown as Octets;
}

const read = (taken: Octets) => taken.latin1Slice(0, taken.length);

it("a client is not read from beyond 64 KiB", () => {
  const pipelined = new Pipelined();
  pipelined.keep(octets("x".repeat(65_536)), 0);
  expect(pipelined.isFull).toBe(false);
  pipelined.keep(octets("x"), 0);
  expect(pipelined.isFull).toBe(true);
  pipelined.take();
  expect(pipelined.isFull).toBe(false);
});

it("what is kept is a copy: the segment's buffer is used again for the next one", () => {
  const pipelined = new Pipelined();
  const segment = octets("GET /1");
  pipelined.keep(segment, 4);
  segment.fill(0);
  expect(read(pipelined.take())).toBe("/1");
});

it("what is taken and put back in part, and what arrives meanwhile, stays in order", () => {
  const step = fc.oneof(
    fc.record({ arrives: fc.string({ minLength: 1, maxLength: 40, unit: "binary-ascii" }) }),
    // A share of what is taken is read; the rest goes back.
    fc.record({ reads: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const pipelined = new Pipelined();
      let waiting = "";
      for (const each of steps) {
        if ("arrives" in each) {
          pipelined.keep(octets(`..${each.arrives}`), 2);
          waiting += each.arrives;
        } else if (!pipelined.isEmpty) {
          const taken = pipelined.take();
          expect(read(taken)).toBe(waiting);
          expect(pipelined.isEmpty).toBe(true);
          const position = Math.round(each.reads * taken.length);
          if (position < taken.length) pipelined.keep(taken, position);
          waiting = waiting.slice(position);
          pipelined.letGo();
        }
        expect(pipelined.isEmpty).toBe(waiting === "");
      }
      expect(read(pipelined.take())).toBe(waiting);
    }),
  );
});

it("64 KiB in segments of one octet, read as requests of 32, take buffers of a few times as much in all", () => {
  const allocated = vi.spyOn(Buffer, "allocUnsafe");
  const pipelined = new Pipelined();
  const one = octets("x");
  for (let i = 0; i < 65_536; i++) pipelined.keep(one, 0);
  while (!pipelined.isEmpty) {
    pipelined.keep(pipelined.take(), 32);
    pipelined.letGo();
  }
  const bytes = allocated.mock.calls.reduce((sum, [size]) => sum + size, 0);
  allocated.mockRestore();
  expect(bytes).toBeGreaterThan(65_536);
  expect(bytes).toBeLessThan(4 * 65_536);
});
