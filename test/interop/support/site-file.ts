/**
 * A configuration that people read, made one that runs here: its places, endpoints and files are replaced, the rest stands as it is.
 *
 * Deliberately absent: reading YAML. What is replaced is text, so that comments and all that is not replaced are tried, too.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

export type Replacements = Readonly<Record<string, string>>;

/** @throws Error if the file has nothing to replace by that name: it and the test say different things */
export function rewritten(name: string, replacements: Replacements): string {
  return Object.entries(replacements).reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${name} does not have ${from}`);
      return text.replaceAll(from, to);
    },
    readFileSync(`${root}${name}`, "utf8"),
  );
}
