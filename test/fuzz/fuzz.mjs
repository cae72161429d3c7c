/**
 * `npm run fuzz -- [--nginx | --http2] [--inputs N] [--seed N]`: the fuzzing project of the tests, as long as you like.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    nginx: { type: "boolean" },
    http2: { type: "boolean" },
    inputs: { type: "string" },
    seed: { type: "string" },
    help: { type: "boolean" },
  },
});
if (values.help) {
  console.log(`npm run fuzz -- [--nginx | --http2] [--inputs N] [--seed N]

  --nginx     compare with the installed nginx only, not with Node's parser
  --http2     field lists and frames of HTTP/2 only
  --inputs N  how many inputs
  --seed N    from which seed they are made`);
  process.exit();
}
const env = { ...process.env };
const kind = values.nginx ? "nginx" : values.http2 ? "http2" : "";
const counts = { nginx: "TESTS_FUZZ_NGINX_INPUTS", http2: "TESTS_FUZZ_HTTP2_INPUTS", "": "TESTS_FUZZ_INPUTS" };
const count = counts[kind];
if (values.inputs !== undefined) env[count] = values.inputs;
if (values.seed !== undefined) env.TESTS_FUZZ_SEED = values.seed;
const vitest = fileURLToPath(new URL("../../node_modules/vitest/vitest.mjs", import.meta.url));
const only = kind === "" ? [] : [`test/fuzz/${kind}.test.ts`];
const run = spawnSync(process.execPath, [vitest, "run", "--project", "fuzz", ...only], { stdio: "inherit", env });
process.exitCode = run.status ?? 1;
