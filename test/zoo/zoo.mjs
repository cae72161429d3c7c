/**
 * `npm run zoo -- --help`
 *
 * Compiles the runner and hopwise, which the runtime cannot read as they are written, to a temporary directory, and runs
 * them from there.
 */
import { fileURLToPath } from "node:url";
import { runCompiled } from "../soak/compiled.mjs";

const project = fileURLToPath(new URL("tsconfig.json", import.meta.url));
process.exit(await runCompiled(project, "test/zoo/run.js", process.argv.slice(2)));
