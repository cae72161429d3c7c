/**
 * The handler inside servers that people have: Express, Fastify, Connect with Vite, and behind `ws` and socket.io, on each runtime.
 *
 * Each is a program of its own (programs/), which says a line for each thing that holds, and fails at the first that does not.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runtimes } from "../runtimes/runtimes.ts";

const here = fileURLToPath(new URL("./", import.meta.url));
const own = { name: "this runtime", path: process.execPath };
const isThere = existsSync(`${here}node_modules`);
const programs = readdirSync(`${here}programs`).filter((file) => file !== "kit.mjs");

for (const { name, path } of [own, ...runtimes]) {
  const missing = isThere ? "npm ci --prefix test/runtimes" : "npm ci --prefix test/frameworks";
  const isSkipped = path === undefined || !isThere;
  // Not installed; the name says what to do.
  describe.skipIf(isSkipped)(`${name}${isSkipped ? ` (skipped: ${missing})` : ""}`, () => {
    it.each(programs)("%s", async (program) => {
      const { stdout, stderr } = await promisify(execFile)(path as string, [`${here}programs/${program}`]);
      expect(stderr).toBe("");
      expect(stdout).not.toBe("");
    });
  });
}

// Not installed; the name says what to do.
describe.skipIf(!isThere)(`examples${isThere ? "" : " (skipped: npm ci --prefix test/frameworks)"}`, () => {
  /** Runs an example as it stands, with what it imports from here. */
  async function outputOf(example: string, imported: string): Promise<string> {
    const root = fileURLToPath(new URL("../../", import.meta.url));
    const url = pathToFileURL(createRequire(import.meta.url).resolve(imported)).href;
    const program = readFileSync(`${root}examples/${example}`, "utf8").replace(`from "${imported}"`, `from "${url}"`);
    const args = ["--input-type=module", "--eval", program];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
    expect(stderr).toBe("");
    return stdout;
  }

  it("express.js", async () => {
    expect(await outputOf("express.js", "express")).toBe(
      'POST /users {"name": "hopwise"}\nown: hopwise\nsorry: connect-failed\n',
    );
  });

  it("vite.js", async () => {
    expect(await outputOf("vite.js", "vite")).toBe(
      "the backend was asked for /api/users\nVite answers /@vite/client with 200\n",
    );
  });
});
