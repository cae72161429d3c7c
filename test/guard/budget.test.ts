/**
 * The budget of docs/performance.md can still be taken: each of its steps runs, and none is optimised away.
 */
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const budget = fileURLToPath(new URL("../../bench/budget.mjs", import.meta.url));

test("bench/budget.mjs tells of each step what it takes", () => {
  const lines = execFileSync(process.execPath, [budget, "--quick"], { encoding: "utf8", timeout: 60_000 }).trimEnd();
  const times = [...lines.matchAll(/^ *([0-9.]+) µs {2}\S/gm)].map(([, time]) => Number(time));
  // Seven without sockets, two with; a write past the stream only where the runtime lets us.
  expect(times.length).toBeGreaterThanOrEqual(8);
  for (const time of times.slice(0, 7)) expect(time).toBeGreaterThan(0);
});
