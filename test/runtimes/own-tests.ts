/** Runs tests of this project in another process: on another runtime, or another way. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Runtime } from "./runtimes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** What failed on a runtime, or that nothing was run. */
export function failuresOn(runtime: Runtime, ...args: readonly string[]): Promise<readonly string[]> {
  // Without `--bun`, Bun runs what a script's first line asks for: Node.
  const flags = runtime.name === "Bun" ? ["--bun"] : [];
  return failures(runtime.path ?? "", flags, args, { TESTS_EXPECTS_RUNTIME: runtime.name });
}

/** What failed on this runtime with another environment, or that nothing was run. */
export function failuresWith(env: NodeJS.ProcessEnv, ...args: readonly string[]): Promise<readonly string[]> {
  return failures(process.execPath, [], args, env);
}

async function failures(
  program: string,
  flags: readonly string[],
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const command = [...flags, vitest, "run", "--reporter=json", ...args];
  const options = { cwd: root, env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024 };
  const output = await promisify(execFile)(program, command, options).catch((error: { stdout?: string }) => ({
    stdout: error.stdout ?? "",
  }));
  const report = JSON.parse(output.stdout) as Report;
  const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = all.filter(({ status }) => status === "failed").map(({ fullName }) => fullName);
  if (failed.length === 0 && !(report.success && report.numPassedTests > 0)) return ["nothing was run"];
  return failed;
}
