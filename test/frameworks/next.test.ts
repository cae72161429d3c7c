/**
 * The handler inside a Next custom server, built for production, on each runtime.
 *
 * Next is a package apart, since it weighs five times all other frameworks together. Deliberately absent: its development server.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, it } from "vitest";
import { runtimes } from "../runtimes/runtimes.ts";

const site = fileURLToPath(new URL("./next/", import.meta.url));
const own = { name: "this runtime", path: process.execPath };
const isThere = existsSync(`${site}node_modules`);
const BUILD_MS = 300_000;

beforeAll(async () => {
  if (!isThere) return;
  const env = { ...process.env, NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };
  await promisify(execFile)(process.execPath, [`${site}node_modules/next/dist/bin/next`, "build"], { cwd: site, env });
}, BUILD_MS);

for (const { name, path } of [own, ...runtimes]) {
  const missing = isThere ? "npm ci --prefix test/runtimes" : "npm ci --prefix test/frameworks/next";
  const isSkipped = path === undefined || !isThere;
  // Not installed; the name says what to do.
  it.skipIf(isSkipped)(`${name}${isSkipped ? ` (skipped: ${missing})` : ""}`, async () => {
    const env = { ...process.env, NODE_ENV: "production" };
    const { stdout, stderr } = await promisify(execFile)(path as string, [`${site}server.mjs`], { cwd: site, env });
    expect(stderr).toBe("");
    expect(stdout.split("\n")).toContain("what is no page is Next's to say");
  });
}
