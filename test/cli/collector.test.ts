/** What the command line asks of the runtime takes effect, although the runtime has begun already. */
import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { expect, test } from "vitest";

const { href } = new URL("../../build/cli/collector.js", import.meta.url);

/** Milliseconds that helping threads worked in each collection of short-lived objects, some of which live on. */
function helped(prelude: string): number[] {
  const script = `${prelude}
    const kept = [];
    for (let i = 0; i < 1e6; i++) kept[i % 50_000] = { i, text: "text " + i };`;
  const trace = execFileSync(process.execPath, ["--trace-gc-nvp", "--input-type=module", "--eval", script], {
    encoding: "utf8",
  });
  return [...trace.matchAll(/background\.scavenge\.parallel=([0-9.]+)/g)].map(([, time]) => Number(time));
}

test.skipIf("bun" in process.versions || availableParallelism() < 2)(
  "short-lived objects are collected by the thread that makes them, without help",
  () => {
    const alone = helped(`import { collectAlone } from ${JSON.stringify(href)}; collectAlone();`);
    expect(alone.length).toBeGreaterThan(3);
    expect(Math.max(...alone)).toBe(0);
    expect(Math.max(...helped(""))).toBeGreaterThan(0);
  },
);
