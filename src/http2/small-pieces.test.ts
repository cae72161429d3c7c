/** Small pieces of one turn are one; order is kept, and nothing waits longer. */
import { expect, it } from "vitest";
import { SmallPieces } from "./small-pieces.ts";

function passing(): { readonly pieces: SmallPieces; readonly passed: string[] } {
  const passed: string[] = [];
  return { pieces: new SmallPieces((piece) => passed.push(piece.toString("latin1"))), passed };
}
const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

it("of one turn are one piece", async () => {
  const { pieces, passed } = passing();
  for (const text of ["a", "", "b", "c"]) pieces.add(Buffer.from(text));
  expect(passed).toEqual([]);
  await turn();
  expect(passed).toEqual(["abc"]);
  pieces.add(Buffer.from("d"));
  await turn();
  expect(passed).toEqual(["abc", "d"]);
});

it("go before a large one, which does not wait", () => {
  const { pieces, passed } = passing();
  pieces.add(Buffer.from("a"));
  pieces.add(Buffer.alloc(5_000, "b"));
  expect(passed).toEqual(["a", "b".repeat(5_000)]);
});

it("go at once where an end follows, or never", async () => {
  const { pieces, passed } = passing();
  pieces.add(Buffer.from("a"));
  pieces.flush();
  pieces.add(Buffer.from("b"));
  pieces.drop();
  await turn();
  expect(passed).toEqual(["a"]);
});
