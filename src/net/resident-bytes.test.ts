/** The memory of this process, also where the system does not tell it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { residentBytes } from "./resident-bytes.ts";

it("is that which the system tells", () => {
  expect(residentBytes()).toBeGreaterThan(1024 * 1024);
});

it("is 0 where /proc is not mounted, and the runtime throws", () => {
  const asked = vi.spyOn(process.memoryUsage, "rss").mockImplementation(() => {
    throw new Error("ENOENT: no such file or directory, uv_resident_set_memory");
  });
  try {
    expect(residentBytes()).toBe(0);
  } finally {
    asked.mockRestore();
  }
});

it("is asked of the runtime nowhere else, where it could end a start or a scrape", () => {
  const source = fileURLToPath(new URL("../", import.meta.url));
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  const asking = files.filter(
    (name) => /(?<!\.test)\.ts$/.test(name) && readFileSync(join(source, name), "utf8").includes("memoryUsage"),
  );
  expect(asking).toStrictEqual([join("net", "resident-bytes.ts")]);
});
