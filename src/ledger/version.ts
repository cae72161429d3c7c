/** This package's version, from its package.json, which stands as far from the sources as from what is built of them. */
import { readFileSync } from "node:fs";

export const version: string = readVersion();

function readVersion(): string {
  try {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  } catch {
    // Bundled into something else.
    return "unknown";
  }
}
