/** Each deliberately broken proxy is caught by the check that is there for it, within a few seeds. */
import { afterEach, describe, expect, it } from "vitest";
import type { Mutant } from "./mutants.ts";
import { runSeed } from "./run.ts";

/** A mutant that survives so many worlds is not caught. */
const SEEDS_MAX = 400;

/** @param begin the seed from which on, unless a mutant says another one */
export function areCaught(mutants: readonly Mutant[], begin: number): void {
  let mend: (() => void) | undefined;
  afterEach(() => {
    mend?.();
    mend = undefined;
  });

  describe("a proxy that", () => {
    for (const { name, caughtBy, apply, from = begin } of mutants) {
      it(`${name} is caught`, async () => {
        mend = apply();
        const seen = new Map<string, number>();
        for (let seed = from; seed < from + SEEDS_MAX; seed++) {
          await new Promise((resolve) => setImmediate(resolve));
          const { check, failure } = await runSeed(seed);
          if (check === undefined) continue;
          if ((caughtBy as readonly string[]).includes(check)) {
            if (process.env.TESTS_SIM_VERBOSE !== undefined)
              console.log(`${name}: seed ${seed}: ${failure?.split("\n")[0]}`);
            return;
          }
          seen.set(check, seed);
        }
        expect.fail(`not caught by ${caughtBy.join(" or ")}; only by ${[...seen.keys()].join(", ")}`);
      });
    }
  });
}
