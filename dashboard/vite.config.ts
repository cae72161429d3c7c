/**
 * The dashboard: a page of a few files with hashed names, built into `dist/dashboard/`, which the admin server serves at `/`.
 *
 * The page runs under a policy of `default-src 'none'` with 'self' for scripts, styles, images and connections, so nothing here may
 * write an inline script or style, or name another host. Colours are the lab's. Deliberately absent: a development server's proxy
 * (start hopwise with an admin port, and build).
 */
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";
import { colours } from "../src/lab/drawing/style.ts";
import { thirdParties } from "../third-parties.ts";

const LAB_COLOURS = "hopwise:colours.css";

/** The lab's colours, light and dark, as a style sheet: one drawing language for both. */
function labColours(): Plugin {
  const id = `\0${LAB_COLOURS}`;
  return {
    name: "lab-colours",
    resolveId: (source) => (source === LAB_COLOURS ? id : undefined),
    load: (source) => (source === id ? colours(":root") : undefined),
  };
}

export default defineConfig({
  root: fileURLToPath(new URL(".", import.meta.url)),
  // Also behind a prefix.
  base: "./",
  publicDir: false,
  plugins: [labColours(), thirdParties("hopwise's dashboard")],
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../dist/dashboard",
    emptyOutDir: true,
    target: "es2022",
    // A data: URL is not one file less to cache, but one more exception in the policy.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    rolldownOptions: {
      // On a busy machine it would be warned of how long plugins take.
      checks: { bundlerTimings: false },
      onwarn(warning) {
        // Modules of Node in a page, for example.
        throw new Error(warning.message);
      },
    },
  },
});
