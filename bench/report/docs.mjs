/** docs/benchmarks.md: the introduction that stands in docs.template.md, then a run. */
import { readFileSync } from "node:fs";
import { reportOf } from "./markdown.mjs";

export function docsOf(result) {
  const template = readFileSync(new URL("docs.template.md", import.meta.url), "utf8");
  return template.replace("{{run}}", () => reportOf(result).trimEnd());
}
