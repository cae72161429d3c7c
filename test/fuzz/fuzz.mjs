/**
 * `npm run fuzz -- [--inputs N] [--seed N]`: the fuzzing project of the tests, as long as you like.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { inputs: { type: "string" }, seed: { type: "string" } } });
const env = { ...process.env };
if (values.inputs !== undefined) env.HOPWISE_FUZZ_INPUTS = values.inputs;
if (values.seed !== undefined) env.HOPWISE_FUZZ_SEED = values.seed;
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
const run = spawnSync(process.execPath, [vitest, "run", "--project", "fuzz"], { stdio: "inherit", env });
process.exitCode = run.status ?? 1;
