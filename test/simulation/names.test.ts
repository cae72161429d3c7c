/** Worlds in which one name leads to all origins, and the proof that what must hold there is judged. */
import { expect, it } from "vitest";
import { Endpoint } from "../../src/pool/endpoint.ts";
import { FollowedName } from "../../src/pool/followed-name.ts";
import { isLong } from "../interop/support/long.ts";
import { areCaught } from "./catching.ts";
import { type Mutant, method } from "./mutants.ts";
import { NAMES_FROM } from "./names-world.ts";
import { explain, runSeed } from "./run.ts";

const SEEDS = Number(process.env.TESTS_SIM_NAMES ?? (isLong ? 1_000 : 10));

it("no check fails in any of them, and endpoints come and go with the answers", async () => {
  let lookups = 0;
  let changes = 0;
  for (let seed = NAMES_FROM; seed < NAMES_FROM + SEEDS; seed++) {
    await new Promise((resolve) => setImmediate(resolve));
    const result = await runSeed(seed);
    if (result.failure !== undefined) expect.fail(await explain(result));
    lookups += result.world.names?.lookups ?? 0;
    changes += result.world.names?.changes ?? 0;
  }
  console.info(`${SEEDS} worlds of names: ${lookups} look-ups, ${changes} answers with other addresses`);
  expect(changes).toBeGreaterThan(0);
});

const mutants: readonly Mutant[] = [
  {
    name: "forgets to drain an address that went away",
    caughtBy: ["left-drains"],
    apply: () =>
      method(Endpoint.prototype, "drain", (_self, original, values) =>
        values[0] === "endpoint-left" ? undefined : original(...values),
      ),
  },
  {
    name: "goes on with addresses that went away",
    caughtBy: ["left-drains"],
    apply: () =>
      method(FollowedName.prototype, "counting", (self, original, values) => {
        const counting = original(...values);
        return Array.isArray(counting)
          ? [...new Set([...((self.addresses as string[]) ?? []), ...counting])]
          : counting;
      }),
  },
  {
    name: "takes an empty answer at its word",
    caughtBy: ["names", "nothing-throws"],
    apply: () =>
      method(FollowedName.prototype, "counting", (_self, original, values) => {
        const [found] = values as [readonly string[]];
        return found.length === 0 ? [] : original(...values);
      }),
  },
  {
    name: "looks a name up once",
    caughtBy: ["names"],
    apply: () => method(FollowedName.prototype, "wait", () => undefined),
  },
  {
    name: "goes on looking up when all is over",
    caughtBy: ["nothing-left"],
    apply: () => method(FollowedName.prototype, "stop", () => undefined),
  },
];

areCaught(mutants, NAMES_FROM);
