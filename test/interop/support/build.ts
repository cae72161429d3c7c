/**
 * These tests run the compiled command line: it is built first where it is missing or older than its source.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export default function build(): void {
  if (process.env.TESTS_CLI !== undefined) return;
  const built = join(root, "dist/cli/main.js");
  if (existsSync(built) && statSync(built).mtimeMs >= newestSource_ms()) return;
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
}

function newestSource_ms(): number {
  const files = ["src", "dashboard"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((name) => join(root, folder, name)),
  );
  const compiled = files.filter((name) => /\.(?:tsx?|css|html|svg)$/.test(name) && !name.endsWith(".test.ts"));
  return Math.max(...compiled.map((name) => statSync(name).mtimeMs));
}
