/**
 * What is shipped: the library, the command line and its workers, each with the packages it needs, in a few files.
 *
 * Several hundred modules take long to load, before each command and each worker; a few files do not (docs/performance.md).
 * Nothing else is installed with hopwise; what is inside is named, with its license, in THIRD-PARTY.md beside it. Names and
 * comments stay as they are written: people read stacks and profiles. Deliberately absent: source maps, for that reason.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "rolldown";

export default defineConfig({
  input: { index: "src/index.ts", "cli/main": "src/cli/main.ts", "cli/worker": "src/cli/worker.ts" },
  platform: "node",
  plugins: [thirdParties()],
  output: { dir: "dist", format: "esm", chunkFileNames: "parts/[name].js", cleanDir: true },
});

/** Says whose work is inside, and under which terms. */
function thirdParties(): Plugin {
  return {
    name: "third-parties",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []);
      const texts = [...new Set(folders)].map(licenseOf).sort();
      const source = `# What hopwise contains of others\n\n${texts.join("\n")}`;
      this.emitFile({ type: "asset", fileName: "THIRD-PARTY.md", source });
    },
  };
}

/** @throws Error for a package that does not say under which terms it may be passed on */
function licenseOf(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Record<string, string>;
  const { name, version, license } = manifest;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  if (file === undefined || license === undefined) throw new Error(`${name} in ${dirname(folder)} has no license`);
  return `## ${name} ${version} (${license})\n\n${readFileSync(join(folder, file), "utf8").trim()}\n`;
}
