/** `npm run soak -- --minutes N [--seed S] [--out DIRECTORY] [--page]` */
import { fileURLToPath } from "node:url";
import { runCompiled } from "./compiled.mjs";

const project = fileURLToPath(new URL("tsconfig.json", import.meta.url));
process.exit(await runCompiled(project, "test/soak/run.js", process.argv.slice(2)));
