/**
 * Runs seeds, and tells of a failure so that it can be understood and repeated.
 *
 * A seed that fails runs again with its timeline on; that it fails in the same way is part of the proof.
 */
import { CheckFailure } from "./failure.ts";
import { World } from "./world.ts";

/** Lines of a timeline that are printed before the failure. */
const LINES_MAX = Number(process.env.TESTS_SIM_LINES ?? 120);

export interface SeedResult {
  readonly seed: number;
  /** What did not hold; everything did: undefined. */
  readonly failure: string | undefined;
  readonly check: string | undefined;
  readonly world: World;
}

export async function runSeed(seed: number, isTraced = false): Promise<SeedResult> {
  const world = new World(seed, isTraced);
  try {
    if (world.isHttp2) await world.runBesideRuntime();
    else world.run();
  } catch (error) {
    const check = error instanceof CheckFailure ? error.check : "nothing-throws";
    const failure = error instanceof CheckFailure ? error.message : `nothing-throws: ${stackOf(error)}`;
    return { seed, failure, check, world };
  }
  // A kept promise calls back within a few turns of the microtask queue, without any time passing.
  for (let turn = 0; turn < 4 && world.drainReport === undefined; turn++) await Promise.resolve();
  const isKept = world.drainReport !== undefined;
  return {
    seed,
    failure: isKept ? undefined : "nothing-left: the promise of the drain is never kept",
    check: isKept ? undefined : "nothing-left",
    world,
  };
}

/** Runs a seed that failed once more and describes what happened. */
export async function explain(failed: SeedResult): Promise<string> {
  const again = await runSeed(failed.seed, true);
  const { lines } = again.world.timeline;
  const shown = lines.length > LINES_MAX ? [...lines.slice(0, 6), "…", ...lines.slice(-LINES_MAX)] : lines;
  const same = again.failure === failed.failure ? "" : `\n(the second run differs: ${again.failure ?? "it passes"})`;
  return [
    `seed ${failed.seed}: ${failed.failure}${same}`,
    "",
    ...shown,
    "",
    `repeat with: npm run test:sim -- --seed ${failed.seed} --seeds 1`,
  ].join("\n");
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
