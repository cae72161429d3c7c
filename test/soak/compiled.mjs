/**
 * Programs of the tests that the runtime cannot read as they are written: compiled, together with the proxy, to a temporary
 * directory, and run from there. So they need no build, and disturb none.
 */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** The compiler did not like it. */
const NOT_COMPILED = 2;

/**
 * @param {string} project a tsconfig.json
 * @param {string} program what to run, relative to the compiled root
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function runCompiled(project, program, args) {
  const built = mkdtempSync(join(tmpdir(), "hopwise-compiled-"));
  try {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    const compiled = spawnSync(process.execPath, [tsc, "-p", project, "--outDir", built], { stdio: "inherit" });
    if (compiled.status !== 0) return NOT_COMPILED;
    // Modules of this package, with its dependencies.
    copyFileSync(join(root, "package.json"), join(built, "package.json"));
    symlinkSync(join(root, "node_modules"), join(built, "node_modules"));
    const env = { TESTS_CLI: join(built, "src/cli/main.js"), TESTS_ROOT: root, ...process.env };
    const child = spawn(process.execPath, [join(built, program), ...args], { stdio: "inherit", env });
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
    return await new Promise((resolve) => child.once("close", (code) => resolve(code ?? 1)));
  } finally {
    rmSync(built, { recursive: true, force: true });
  }
}
