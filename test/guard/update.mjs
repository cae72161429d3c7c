/** Writes baseline.json anew for the Node that runs this: `npm run build && node test/guard/update.mjs`. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { flags } from "./flags.mjs";

const file = new URL("baseline.json", import.meta.url);
const script = fileURLToPath(new URL("exchanges.mjs", import.meta.url));
const [major] = process.versions.node.split(".");

let baselines = {};
try {
  baselines = JSON.parse(readFileSync(file, "utf8"));
} catch {
  // The first one.
}
const { exchanges, idleBytes } = JSON.parse(execFileSync(process.execPath, [...flags, script], { encoding: "utf8" }));
for (const [kind, { bytes, leastBytes, mostBytes }] of Object.entries(exchanges)) {
  const before = baselines[major]?.[kind] ?? "none";
  console.log(
    `${kind}: ${Math.round(bytes)} bytes (${Math.round(leastBytes)} to ${Math.round(mostBytes)}), before ${before}`,
  );
}
console.log(`an idle client: ${Math.round(idleBytes)} bytes, before ${baselines[major]?.["an idle client"] ?? "none"}`);
baselines[major] = Object.fromEntries(Object.entries(exchanges).map(([kind, { bytes }]) => [kind, Math.round(bytes)]));
baselines[major]["an idle client"] = Math.round(idleBytes);
writeFileSync(file, `${JSON.stringify(baselines, null, 2)}\n`);
