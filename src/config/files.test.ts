/** Files as they were when a configuration was read. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { filesNow, SeenFiles } from "./files.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("stay as they were seen, for all who are handed them, whatever stands there by then", () => {
  const file = join(folder, "a");
  writeFileSync(file, "before");
  const files = new SeenFiles();
  const mark = files.mark(file);
  expect([files.text(file), mark]).toEqual(["before", filesNow.mark(file)]);
  writeFileSync(file, "after, and longer");
  const handedOver = new SeenFiles(structuredClone(files.seen));
  expect([handedOver.text(file), handedOver.mark(file)]).toEqual(["before", mark]);
  expect(handedOver.mark(file)).not.toBe(filesNow.mark(file));
  rmSync(file);
  expect(handedOver.text(file)).toBe("before");
});

it("that are not there have no mark, and no text", () => {
  const files = new SeenFiles();
  const file = join(folder, "none");
  expect(files.mark(file)).toBe("");
  expect(() => files.text(file)).toThrow("ENOENT");
});
