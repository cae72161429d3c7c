/** What the system's words about files are turned into. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { accessLogError, fileFault } from "./file-error.ts";

function faultOf(attempt: () => unknown): unknown {
  try {
    attempt();
  } catch (error) {
    return error;
  }
  throw new Error("it went well");
}

it("what the system says of real files is told in words", () => {
  const directory = mkdtempSync(join(tmpdir(), "hopwise-files-"));
  try {
    const file = join(directory, "file");
    writeFileSync(file, "");
    chmodSync(file, 0o444);
    const reading = (path: string) =>
      fileFault(
        faultOf(() => readFileSync(path)),
        "read",
      );
    const writing = (path: string) =>
      fileFault(
        faultOf(() => writeFileSync(path, "")),
        "written",
      );
    expect(reading(join(directory, "none"))).toBe("does not exist");
    expect(reading(directory)).toBe("is a directory");
    expect(writing(join(directory, "none", "log"))).toBe("its directory does not exist");
    expect(writing(join(file, "log"))).toBe("a part of its path is not a directory");
    if (process.getuid?.() !== 0) expect(writing(file)).toBe("this user may not");
  } finally {
    rmSync(directory, { recursive: true });
  }
});

it("what it has no words for is told as it is", () => {
  expect(fileFault(new Error("EIO: the disk is broken"), "read")).toBe("EIO: the disk is broken");
});

it("an access log that cannot be opened is named, with what to do", () => {
  const error = accessLogError("/var/log/a", Object.assign(new Error(), { code: "EACCES" }));
  expect(error.code).toBe("access-log-unwritable");
  expect(error.message).toMatch(/\/var\/log\/a cannot be opened for writing \(this user may not\): write the path/);
});
