/**
 * `npm run test:sim -- [--seed N] [--seeds K] [--hours H] [--lines L]`: worlds from seed N on, K of them, or as many as H
 * hours have room for. L is how many lines of a failure's timeline are printed.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const names = ["seed", "seeds", "hours", "lines"];
const { values } = parseArgs({ options: Object.fromEntries(names.map((name) => [name, { type: "string" }])) });
const env = { ...process.env };
for (const name of names) {
  const value = values[name];
  if (value === undefined) continue;
  if (!/^\d+(\.\d+)?$/.test(value)) throw new Error(`--${name} takes a number, not "${value}"`);
  env[`TESTS_SIM_${name.toUpperCase()}`] = value;
}
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
// Whoever asks for certain seeds wants these, not the tests of the simulation itself.
const files = Object.keys(values).length === 0 ? [] : ["test/simulation/seeds"];
const flags = ["run", ...files, "--project=simulation", "--disable-console-intercept"];
const run = spawnSync(process.execPath, [vitest, ...flags], { stdio: "inherit", env });
process.exitCode = run.status ?? 1;
