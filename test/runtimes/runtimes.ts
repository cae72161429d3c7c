/**
 * The runtimes that hopwise is tested on beside the one that runs the tests, and whether they are installed
 * (`npm ci --prefix test/runtimes`).
 */
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";

export interface Runtime {
  readonly name: string;
  /** Its program; not installed: undefined. */
  readonly path: string | undefined;
}

/** npm puts a placeholder where an install script has not run. */
const PLACEHOLDER_BYTES_MAX = 1_000_000;

const cpu = process.arch;
const bunCpu = cpu === "arm64" ? "aarch64" : cpu;

export const runtimes: readonly Runtime[] = [
  ...[20, 22, 24, 26].map((major) => ({
    name: `Node ${major}`,
    path: installed(`node-${major}-${process.platform}-${cpu}/bin/node`),
  })),
  { name: "Bun", path: installed(`@oven/bun-${process.platform}-${bunCpu}/bin/bun`, "bun/bin/bun.exe") },
];

/** The first of several programs that is there, and that this machine can run. */
function installed(...names: readonly string[]): string | undefined {
  const paths = names.map((name) => fileURLToPath(new URL(`node_modules/${name}`, import.meta.url)));
  return paths.find((path) => existsSync(path) && statSync(path).size > PLACEHOLDER_BYTES_MAX && canRun(path));
}

function canRun(path: string): boolean {
  try {
    execFileSync(path, ["--version"], { stdio: "ignore", timeout: 20_000 });
    return true;
  } catch {
    return false;
  }
}
