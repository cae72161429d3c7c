/** Worlds of groups that are looked after, and the proof that what must hold there is judged. */
import { expect, it } from "vitest";
import { Checking } from "../../src/pool/checking.ts";
import { Health } from "../../src/pool/health.ts";
import { Pool } from "../../src/pool/pool.ts";
import { isLong } from "../interop/support/long.ts";
import { GROUPS_FROM } from "./care-world.ts";
import { areCaught } from "./catching.ts";
import { type Mutant, method } from "./mutants.ts";
import { explain, runSeed } from "./run.ts";

const SEEDS = Number(process.env.TESTS_SIM_GROUPS ?? (isLong ? 1_000 : 10));

it("no check fails in any of them, and endpoints are ejected, and come back", async () => {
  let ejections = 0;
  let comebacks = 0;
  for (let seed = GROUPS_FROM; seed < GROUPS_FROM + SEEDS; seed++) {
    await new Promise((resolve) => setImmediate(resolve));
    const result = await runSeed(seed);
    if (result.failure !== undefined) expect.fail(await explain(result));
    ejections += result.world.observer.care?.ejections ?? 0;
    comebacks += result.world.observer.care?.comebacks ?? 0;
  }
  console.info(`${SEEDS} worlds of groups: ${ejections} ejections, ${comebacks} endpoints came back`);
  expect(Math.min(ejections, comebacks)).toBeGreaterThan(0);
});

const mutants: readonly Mutant[] = [
  {
    name: "ejects everybody",
    caughtBy: ["looked-after"],
    from: GROUPS_FROM + 1,
    apply: () => method(Pool.prototype, "mayEject", () => true),
  },
  {
    name: "floods an endpoint that comes back",
    from: GROUPS_FROM + 21,
    caughtBy: ["looked-after"],
    apply: () =>
      method(Health.prototype, "standing", (self, original, values) => {
        self.trials = 0;
        return original(...values);
      }),
  },
  {
    name: "sends requests where checks should go",
    from: GROUPS_FROM + 8,
    caughtBy: ["looked-after"],
    apply: () =>
      method(Health.prototype, "standing", (self, original, values) => {
        self.isChecked = false;
        return original(...values);
      }),
  },
  {
    name: "goes on checking when all is over",
    caughtBy: ["nothing-left"],
    apply: () => method(Checking.prototype, "stop", () => undefined),
  },
];

areCaught(mutants, GROUPS_FROM);
