/** Memory for all bodies that routes have buffered: no more than there is, and none for one client alone. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { BodyBuffers } from "./body-buffers.ts";

const MAX = 1_000;
const clients = ["a", "b", "c"] as const;

/** Until it gets no more. */
function fill(buffers: BodyBuffers, client: string): number {
  let bytes = 0;
  while (buffers.take(client, 1, MAX)) bytes++;
  return bytes;
}

it("one client gets half, and others what it has left them", () => {
  const buffers = new BodyBuffers();
  expect([fill(buffers, "a"), fill(buffers, "b"), fill(buffers, "c")]).toStrictEqual([500, 250, 125]);
});

it("what is given back is there for anyone", () => {
  const buffers = new BodyBuffers();
  fill(buffers, "a");
  buffers.giveBack("a", 500);
  expect([buffers.bytes, fill(buffers, "b")]).toStrictEqual([0, 500]);
});

it("is never more than there is, whoever takes and gives back what", () => {
  const act = fc.record({
    client: fc.constantFrom(...clients),
    bytes: fc.integer({ min: 1, max: 400 }),
    isBack: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
      const buffers = new BodyBuffers();
      const held: [client: string, bytes: number][] = [];
      for (const { client, bytes, isBack } of acts) {
        if (!isBack) {
          if (buffers.take(client, bytes, MAX)) held.push([client, bytes]);
          continue;
        }
        const [given] = held.splice(0, 1);
        if (given !== undefined) buffers.giveBack(...given);
      }
      expect(buffers.bytes).toBe(held.reduce((sum, [, bytes]) => sum + bytes, 0));
      expect(buffers.bytes).toBeLessThanOrEqual(MAX);
      for (const [client, bytes] of held) buffers.giveBack(client, bytes);
      expect([buffers.bytes, fill(buffers, "a")]).toStrictEqual([0, MAX / 2]);
    }),
  );
});
