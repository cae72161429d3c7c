/** The parts of supervision that need no process. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { expect, it, vi } from "vitest";
import { restartDelay_ms } from "./false-starts.ts";
import { firstId } from "./protocol.ts";
import { WholeLines } from "./whole-lines.ts";

it("a worker that dies is replaced at once; workers that die again and again, ever later", () => {
  const delays = [0, 1, 2, 3, 4, 8, 9, 100].map(restartDelay_ms);
  expect(delays).toEqual([0, 0, 100, 200, 400, 6_400, 10_000, 10_000]);
});

it("ids of connections tell the worker, and are whole numbers for ever", () => {
  expect([1, 2, 9_000].map(firstId)).toEqual([1_000_000_000_001, 2_000_000_000_001, 9_000_000_000_000_001]);
  expect(firstId(9_001)).toBe(firstId(1));
  expect(Number.isSafeInteger(firstId(9_000) + 5e11)).toBe(true);
});

/** An output that takes everything, or seems to be full. */
class Output {
  text = "";
  count = 0;
  isHigh = false;
  add(text: string, lines: number): void {
    this.text += text;
    this.count += lines;
  }
}

it("lines of several workers come out whole, and counted, however they come in", async () => {
  const output = new Output();
  const lines = new WholeLines(output);
  const [one, two] = [new PassThrough(), new PassThrough()];
  lines.add(one);
  lines.add(two);
  for (const piece of ["aaa", "a\nbb", "bb\n\u00e9\n"]) {
    one.write(piece);
    two.write(piece.toUpperCase());
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(output.text.split("\n").sort()).toEqual(["", "AAAA", "BBBB", "aaaa", "bbbb", "\u00c9", "\u00e9"].sort());
  expect(output.count).toBe(6);
});

it("an output that takes nothing holds its writers up, until there is room, or the end", async () => {
  const output = new Output();
  const lines = new WholeLines(output);
  const source = new PassThrough();
  lines.add(source);
  output.isHigh = true;
  const paused = once(source, "pause");
  source.write("one\n");
  await paused;
  source.write("two\n");
  lines.resume();
  await vi.waitFor(() => expect(output.text).toBe("one\ntwo\n"));
  expect(source.isPaused()).toBe(true);
  source.end("three\n");
  await lines.end();
  expect(output.text).toBe("one\ntwo\nthree\n");
});
