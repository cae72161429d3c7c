/** What the tools of the field say of the package as it is packed: that every resolver finds its code and its types. */
import { execFile, execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "hopwise-package-"));
let archive: string;

beforeAll(() => {
  const packed = ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder];
  archive = join(folder, execFileSync("npm", packed, { cwd: root, encoding: "utf8" }).trim());
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function told(tool: string, ...args: string[]): Promise<string> {
  const program = join(root, "node_modules/.bin", tool);
  const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, archive], { cwd: folder });
  return stdout;
}

it("publint finds nothing", async () => {
  expect(await told("publint", "--strict")).toContain("All good!");
});

/** CommonJS gets the module itself, by `require` (test/cli/package.test.ts); the tool knows only older runtimes. */
it("attw finds the types from modules and from bundlers", async () => {
  // It ends with another exit code when it finds a problem.
  const { analysis } = JSON.parse(await told("attw", "--profile", "esm-only", "--format", "json"));
  expect(analysis.types).toStrictEqual({ kind: "included" });
});
