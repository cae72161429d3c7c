/** Which file of the sources imports which, types included: knowing a name is depending on it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const src = fileURLToPath(new URL("../../src/", import.meta.url));

export interface Import {
  /** The importing file, relative to `src`. */
  readonly file: string;
  readonly specifier: string;
}

export function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(folder, name));
}

/** Every import and re-export. */
export function importsOf(path: string): Import[] {
  const text = readFileSync(path, "utf8").replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "");
  const found = text.matchAll(/\b(?:from|import)\s*\(?\s*["']([^"'\n]+)["']/g);
  return [...found].map((match) => ({ file: relative(src, path), specifier: match[1] as string }));
}

/** Each file under `folder` with those that it imports, relative to `src`. */
export function graphOf(folder: string): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const path of sourceFiles(folder)) {
    const relatives = importsOf(path).filter(({ specifier }) => specifier.startsWith("."));
    const targets = relatives.map(({ specifier }) => relative(src, join(dirname(path), specifier)));
    graph.set(relative(src, path), new Set(targets));
  }
  return graph;
}
