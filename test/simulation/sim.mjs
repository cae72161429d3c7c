/** `npm run test:sim -- [--seed N] [--seeds K] [--hours H] [--lines L]`: the simulation, as long as you like. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const names = ["seed", "seeds", "hours", "lines"];
const options = Object.fromEntries(names.map((name) => [name, { type: "string" }]));
const { values } = parseArgs({ options: { ...options, help: { type: "boolean" } } });
if (values.help) {
  console.log(`npm run test:sim -- [--seed N] [--seeds K] [--hours H] [--lines L]

  --seed N   the first world, each of which is made from its number (default: 1)
  --seeds K  how many worlds
  --hours H  as many as there is time for
  --lines L  how many lines of a failure's timeline are printed (default: 120)

Without any of them the tests of the simulation itself run, too.`);
  process.exit();
}
const env = { ...process.env };
for (const name of names) {
  const value = values[name];
  if (value === undefined) continue;
  if (!/^\d+(\.\d+)?$/.test(value)) throw new Error(`--${name} takes a number, not "${value}"`);
  env[`TESTS_SIM_${name.toUpperCase()}`] = value;
}
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
// Certain seeds are asked for, not the tests of the simulation itself.
const files = Object.keys(values).length === 0 ? [] : ["test/simulation/seeds"];
const flags = ["run", ...files, "--project=simulation", "--disable-console-intercept"];
const run = spawnSync(process.execPath, [vitest, ...flags], { stdio: "inherit", env });
process.exitCode = run.status ?? 1;
