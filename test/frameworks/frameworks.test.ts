/**
 * The handler inside servers that people have: Express, Fastify, Connect with Vite, and behind `ws` and socket.io, on each runtime.
 *
 * Each is a program of its own (programs/), which says a line for each thing that holds, and fails at the first that does not.
 */
import { execFile } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { runtimes } from "../runtimes/runtimes.ts";

const here = fileURLToPath(new URL("./", import.meta.url));
const own = { name: "this runtime", path: process.execPath };
const programs = readdirSync(`${here}programs`).filter((file) => file !== "kit.mjs");

for (const { name, path } of [own, ...runtimes]) {
  const isThere = existsSync(`${here}node_modules`);
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
