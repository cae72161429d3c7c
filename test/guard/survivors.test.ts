/** Connections that are gone are gone: no collection of short-lived objects keeps them, which would make each a long pause. */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const CONNECTIONS = 30_000;
/** Each connection that is kept costs a thousand bytes at least. */
const KEPT_MIB_MAX = 0.5;
const survivors = fileURLToPath(new URL("survivors.mjs", import.meta.url));
/** Only short-lived objects are collected: there is room for all that outlive that, and none is made among those at once. */
const flags = [
  ...["--trace-gc", "--expose-gc", "--single-threaded", "--no-allocation-site-pretenuring"],
  ...["--max-semi-space-size=1", "--initial-heap-size=256"],
];

test("the collections of 30,000 short connections keep nothing of those that are gone", () => {
  const text = execFileSync(process.execPath, [...flags, survivors, String(CONNECTIONS)], { encoding: "utf8" });
  const { exchanges, left } = JSON.parse(/^\{.*\}$/m.exec(text)?.[0] ?? "{}");
  expect(exchanges).toBeGreaterThan(CONNECTIONS - 100);
  expect(left).toBeLessThan(100);
  const lines = [...text.matchAll(/ms: (Scavenge|Mark-Compact)[^\n]*? -> ([\d.]+) \(/g)];
  expect(lines.length).toBeGreaterThan(100);
  // The first half is for what is compiled and learned.
  const second = lines.slice(lines.length >> 1);
  expect(second.every(([, kind]) => kind === "Scavenge")).toBe(true);
  const [half = 0, end = 0] = [second[0], second.at(-1)].map((line) => Number(line?.[2]));
  console.log(`kept of ${CONNECTIONS / 2} connections: ${(end - half).toFixed(1)} MiB`);
  expect(end - half).toBeLessThan(KEPT_MIB_MAX);
});
