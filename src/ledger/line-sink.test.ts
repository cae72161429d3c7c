/** Files are written to the last byte, whatever the text is made of and however it is cut. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { type LineSink, openSink } from "./line-sink.ts";

const directory = mkdtempSync(join(tmpdir(), "hopwise-sink-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const written = (sink: LineSink, text: string) =>
  new Promise<string | undefined>((resolve) => sink.write(text, (error) => resolve(error?.code)));

it.each(["x", "é", "한", "😀", "x😀é한\n"])("has a long text of %j, and what comes behind it", async (unit) => {
  const file = join(directory, "long.log");
  const sink = await openSink(file);
  // One of them begins at each place of a character around the end of what is encoded at once.
  const texts = Array.from({ length: 4 }, (_, shift) => `${"-".repeat(shift)}${unit.repeat(300_000 / unit.length)}\n`);
  for (const text of [...texts, "short\n", "", "last\n"]) expect(await written(sink, text)).toBeUndefined();
  await sink.close();
  expect(readFileSync(file, "utf8") === `${texts.join("")}short\nlast\n`).toBe(true);
  rmSync(file);
});

it("goes on where it could not write", async () => {
  const sink = await openSink("/dev/full");
  expect(await written(sink, "line\n")).toBe("ENOSPC");
  const again = await new Promise((resolve) => sink.retry((error) => resolve(error?.code)));
  expect(again).toBe("ENOSPC");
  await sink.close();
});

it("is closed behind what is being written, and tells nothing of that", async () => {
  const file = join(directory, "closed.log");
  const sink = await openSink(file);
  let told = 0;
  sink.write("line\n", () => told++);
  await sink.close();
  expect(readFileSync(file, "utf8")).toBe("line\n");
  expect(told).toBe(0);
});
