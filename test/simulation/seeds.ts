/**
 * Searches seeds for failures, every second one in each of two shards, so that two processors share the work.
 *
 * Which seeds: `TESTS_SIM_SEED` (the first), `TESTS_SIM_SEEDS` (how many), or `TESTS_SIM_HOURS` (how long, then as
 * many as fit). A failure is told with its timeline; failures of the same kind are told once.
 */
import { isLong } from "../interop/support/long.ts";
import { explain, runSeed, type SeedResult } from "./run.ts";

/** The short form of `npm test`, and the long one of `npm run test:all`. */
const SEEDS_NORMALLY = isLong ? 6_000 : 90;
/** Kinds of failures after which searching on teaches nothing. */
const KINDS_MAX = 5;

export interface Found {
  readonly seeds: number;
  /** Kinds of failures, each with its first seed. */
  readonly failures: readonly string[];
  /** How often each close reason occurred, by hop. */
  readonly reasons: ReadonlyMap<string, number>;
}

export async function searchSeeds(shard: 0 | 1): Promise<Found> {
  const { TESTS_SIM_SEED: first = "1", TESTS_SIM_SEEDS, TESTS_SIM_HOURS } = process.env;
  const from = Number(first);
  const end = TESTS_SIM_HOURS === undefined ? from + Number(TESTS_SIM_SEEDS ?? SEEDS_NORMALLY) : Infinity;
  const began_ms = performance.now();
  const until_ms = began_ms + Number(TESTS_SIM_HOURS ?? Infinity) * 3_600_000;
  const figures = { seeds: 0, exchanges: 0, retries: 0, connections: 0, seconds: 0 };
  const failures = new Map<string, number>();
  const reasons = new Map<string, number>();
  for (let seed = from; seed < end && performance.now() < until_ms && failures.size < KINDS_MAX; seed++) {
    if (seed % 2 !== shard) continue;
    // Between worlds the test runner may do its own business; without that it takes this worker for dead.
    await new Promise((resolve) => setImmediate(resolve));
    const result = await runSeed(seed);
    const { observer, network, schedule } = result.world;
    figures.seeds++;
    figures.exchanges += observer.exchanges;
    figures.retries += observer.retries;
    figures.connections += network.links.length;
    figures.seconds += schedule.now_ms / 1_000;
    for (const [reason, count] of observer.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + count);
    if (result.failure === undefined) continue;
    const kind = kindOf(result);
    if (!failures.has(kind)) console.log(await explain(result));
    failures.set(kind, failures.get(kind) ?? seed);
  }
  tell(figures, (performance.now() - began_ms) / 1_000);
  return { seeds: figures.seeds, failures: [...failures].map(([kind, seed]) => `seed ${seed}: ${kind}`), reasons };
}

/** A failure without what differs from seed to seed. */
function kindOf({ failure = "" }: SeedResult): string {
  return (failure.split("\n")[0] ?? "").replace(/[0-9]+(?:\.[0-9]+)*/g, "#").slice(0, 160);
}

function tell(figures: Record<string, number>, seconds: number): void {
  const { seeds = 0, exchanges, retries, connections, seconds: virtual = 0 } = figures;
  if (seeds === 0) return;
  console.log(
    `simulation: ${seeds} seeds in ${seconds.toFixed(1)} s (${(seeds / seconds).toFixed(0)}/s): ${exchanges} exchanges, ` +
      `${retries} retries, ${connections} connections, ${(virtual / 3_600).toFixed(1)} hours of virtual time`,
  );
}
