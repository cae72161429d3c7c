/** Half a line in a file stays half a line, and does not take the next one with it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openSink } from "./line-sink.ts";
import { cutTornLine, endTornLine } from "./torn-lines.ts";

function fileWith(text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "hopwise-torn-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "lines");
  writeFileSync(file, text);
  return file;
}

const long = "x".repeat(200_000);

it.each<[string, string, string, string]>([
  ["nothing", "", "", ""],
  ["whole lines", "one\ntwo\n", "one\ntwo\n", "one\ntwo\n"],
  ["half a line behind others", "one\ntw", "one\ntw\n", "one\n"],
  ["half a line alone", "tw", "tw\n", ""],
  ["half of a long one", `one\n${long}`, `one\n${long}\n`, "one\n"],
])("%s", async (_what, text, ended, cut) => {
  const [first, second] = [fileWith(text), fileWith(text)];
  await endTornLine(first);
  await cutTornLine(second);
  expect([readFileSync(first, "utf8") === ended, readFileSync(second, "utf8") === cut]).toStrictEqual([true, true]);
});

it("what is no regular file is left alone, and one that is not there is no fault", async () => {
  for (const file of ["/dev/null", tmpdir(), join(tmpdir(), "hopwise-torn-nowhere")]) {
    await endTornLine(file);
    await cutTornLine(file);
  }
});

it("a log that a full disk or a kill has torn goes on with whole lines", async () => {
  const file = fileWith('{"id":1}\n{"id":2,"targ');
  const sink = await openSink(file);
  await new Promise<void>((resolve) => sink.write('{"id":3}\n', () => resolve()));
  await sink.close();
  const lines = readFileSync(file, "utf8").split("\n");
  expect(lines).toStrictEqual(['{"id":1}', '{"id":2,"targ', '{"id":3}', ""]);
});
