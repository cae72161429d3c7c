/**
 * Says whose work is inside of what is shipped, and under which terms: THIRD-PARTY.md beside each bundle.
 *
 * Deliberately absent: packages that are only used to build and to test.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "rolldown";

/** @param what the page's title says contains them */
export function thirdParties(what: string): Plugin {
  return {
    name: "third-parties",
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((file) => (file.type === "chunk" ? file.moduleIds : []));
      const folders = modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []);
      const texts = [...new Set(folders)].map(licenseOf).sort();
      const source = `# What ${what} contains of others\n\n${texts.join("\n")}`;
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
