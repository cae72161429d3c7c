/**
 * What is shipped: the library, the command line and its workers, each with the packages it needs, in a few files.
 *
 * Several hundred modules take long to load, before each command and each worker; a few files do not (docs/performance.md).
 * The dashboard is built apart, into `dist/dashboard/` (dashboard/vite.config.ts). Nothing else is installed with hopwise; what is inside
 * is named, with its license, in THIRD-PARTY.md beside it. Names and
 * comments stay as they are written: people read stacks and profiles. Deliberately absent: source maps, for that reason.
 */
import { defineConfig } from "rolldown";
import { thirdParties } from "./third-parties.ts";

export default defineConfig({
  input: {
    index: "src/index.ts",
    doctor: "src/doctor/index.ts",
    "cli/main": "src/cli/main.ts",
    "cli/worker": "src/cli/worker.ts",
  },
  platform: "node",
  plugins: [thirdParties("hopwise")],
  output: { dir: "dist", format: "esm", chunkFileNames: "parts/[name].js", cleanDir: true },
});
