/** This package's version, from its package.json, which stands above the sources and above what is built of them. */
import { readFileSync } from "node:fs";

export const version: string = readVersion();

function readVersion(): string {
  for (const path of ["../package.json", "../../package.json"]) {
    try {
      const manifest = JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8")) as Record<string, string>;
      if (manifest.name === "hopwise" && manifest.version !== undefined) return manifest.version;
    } catch {
      // It stands elsewhere.
    }
  }
  // Bundled into something else.
  return "unknown";
}
