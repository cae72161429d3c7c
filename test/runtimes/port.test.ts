/**
 * The socket port on other runtimes: its own tests, run there by vitest, since what is behind it is another implementation
 * on Bun. In the long form (`HOPWISE_LONG=1`) the conformance suite as well.
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { type Runtime, runtimes } from "./runtimes.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
const CONFORMANCE_MS_MAX = 600_000;

interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** What failed, or that nothing was run. */
async function failures({ name, path = "" }: Runtime, ...args: readonly string[]): Promise<readonly string[]> {
  // Without `--bun`, Bun runs what a script's first line asks for: Node.
  const flags = name === "Bun" ? ["--bun"] : [];
  const command = [...flags, vitest, "run", "--reporter=json", ...args];
  const env = { ...process.env, HOPWISE_EXPECTS_RUNTIME: name };
  const output = await promisify(execFile)(path, command, { cwd: root, env, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }),
  );
  const report = JSON.parse(output.stdout) as Report;
  const all = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = all.filter(({ status }) => status === "failed").map(({ fullName }) => fullName);
  if (failed.length === 0 && !(report.success && report.numPassedTests > 0)) return ["nothing was run"];
  return failed;
}

for (const runtime of runtimes) {
  // Not installed: npm ci --prefix test/runtimes.
  const missing = runtime.path === undefined ? " (skipped: not installed)" : "";
  describe.skipIf(missing !== "")(`${runtime.name}${missing}`, () => {
    it("has sockets that do what the port says", async () => {
      const own = runtime.name === "Bun" ? [] : ["runtime-shape"];
      const files = ["sockets", "connecting", "dial-guard", "address-set", "names/asking", ...own].map(
        (name) => `src/net/${name}.test.ts`,
      );
      expect(await failures(runtime, "--project=unit-apart", ...files)).toEqual([]);
    });

    if (!isLong) return;
    it(
      "passes the conformance suite",
      async () => {
        // A second try, where it counts how much the systems in between take before they are full.
        expect(await failures(runtime, "--project=conformance", "--retry=2")).toEqual([]);
      },
      CONFORMANCE_MS_MAX,
    );
  });
}
