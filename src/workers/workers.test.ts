/** The parts of supervision that need no process. */
import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { firstConnectionId } from "./protocol.ts";
import { restartDelay_ms } from "./supervisor.ts";
import { WholeLines } from "./whole-lines.ts";

it("a worker that dies is replaced at once; workers that die again and again, ever later", () => {
  const delays = [0, 1, 2, 3, 4, 8, 9, 100].map(restartDelay_ms);
  expect(delays).toEqual([0, 0, 100, 200, 400, 6_400, 10_000, 10_000]);
});

it("ids of connections tell the worker, and are whole numbers for ever", () => {
  expect([1, 2, 9_000].map(firstConnectionId)).toEqual([1_000_000_000_001, 2_000_000_000_001, 9_000_000_000_000_001]);
  expect(firstConnectionId(9_001)).toBe(firstConnectionId(1));
  expect(Number.isSafeInteger(firstConnectionId(9_000) + 5e11)).toBe(true);
});

it("lines of several workers come out whole, however they come in", async () => {
  const output = new PassThrough();
  const lines = new WholeLines(output);
  const [one, two] = [new PassThrough(), new PassThrough()];
  lines.add(one);
  lines.add(two);
  for (const piece of ["aaa", "a\nbb", "bb\n"]) {
    one.write(piece);
    two.write(piece.toUpperCase());
    await new Promise((resolve) => setImmediate(resolve));
  }
  const text: string = output.read().toString();
  expect(text.split("\n").sort()).toEqual(["", "AAAA", "BBBB", "aaaa", "bbbb"]);
});

it("an output that takes nothing holds its writers up, and one that is gone does not", async () => {
  const output = new PassThrough({ highWaterMark: 4 });
  const lines = new WholeLines(output);
  const source = new PassThrough();
  lines.add(source);
  source.write("too long\n");
  await new Promise((resolve) => setImmediate(resolve));
  expect(source.isPaused()).toBe(true);
  output.destroy();
  await new Promise((resolve) => setImmediate(resolve));
  expect(source.isPaused()).toBe(false);
});
