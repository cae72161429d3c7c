/** Files that are looked at: one change is told once, when it is over, however it is made. */
import { mkdtempSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, it } from "vitest";
import { FileWatch } from "./file-watch.ts";

const folder = mkdtempSync(join(tmpdir(), "hopwise-watch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const [file, other] = [join(folder, "site.yaml"), join(folder, "other")];
let told = 0;
let watch: FileWatch;
let size = 0;

/** Each time of another length, since time may stand still between two writes. */
const write = (path: string) => writeFileSync(path, "x".repeat(++size));
/** How often something is told within so many looks. */
const looks = (count: number) => {
  const before = told;
  for (let look = 0; look < count; look++) watch.look();
  return told - before;
};

beforeEach(() => {
  for (const path of [file, other]) {
    rmSync(path, { force: true });
    write(path);
  }
  watch = new FileWatch([file, other], () => told++);
});

it("what stays as it is is not told of", () => expect(looks(5)).toBe(0));

it("a change is told once, when it has been quiet for a look", () => {
  write(other);
  expect([looks(1), looks(1), looks(3)]).toStrictEqual([0, 1, 0]);
});

it("several writes are one change", () => {
  write(file);
  expect(looks(1)).toBe(0);
  write(file);
  expect([looks(1), looks(1), looks(3)]).toStrictEqual([0, 1, 0]);
});

it("an editor that renames, and one that takes the file away first", () => {
  write(`${file}.new`);
  renameSync(`${file}.new`, file);
  expect(looks(3)).toBe(1);
  unlinkSync(file);
  looks(1);
  write(file);
  expect(looks(3)).toBe(1);
});

it("a link that leads elsewhere from now on", () => {
  unlinkSync(file);
  write(join(folder, "first"));
  write(join(folder, "second"));
  symlinkSync("first", file);
  watch = new FileWatch([file], () => told++);
  symlinkSync("second", `${file}.link`);
  renameSync(`${file}.link`, file);
  expect(looks(3)).toBe(1);
});

it("other files, as soon as they are named; the list of before changes nothing", () => {
  watch.follow([file]);
  write(other);
  expect(looks(3)).toBe(0);
  write(file);
  watch.follow([file]);
  expect(looks(3)).toBe(1);
});
