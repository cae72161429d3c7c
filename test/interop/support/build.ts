/**
 * These tests run the compiled command line: it is built first where it is missing or older than its source.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export default function build(): void {
  if (process.env.HOPWISE_CLI !== undefined) return;
  const built = join(root, "dist/cli/main.js");
  if (existsSync(built) && statSync(built).mtimeMs >= newestSource_ms()) return;
  execFileSync("npm", ["run", "--silent", "build"], { cwd: root, stdio: "inherit" });
}

function newestSource_ms(): number {
  const source = join(root, "src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" });
  const compiled = files.filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  return Math.max(...compiled.map((name) => statSync(join(source, name)).mtimeMs));
}
