/**
 * Makes a test of each case of a group, running its ways side by side on a few stages.
 */
import { afterAll, describe, test } from "vitest";
import { isLong } from "../interop/support/long.ts";
import { Stage } from "../kit/stage.ts";
import type { Case, Group } from "./case.ts";
import { runCase } from "./run-case.ts";
import { triedWaysOf, type Way } from "./ways.ts";

/** Enough to keep one processor busy while sockets take their turns. */
const STAGES = 16;
/** Ways of one case that may fail before the rest is not tried. */
const FAILURES_MAX = 3;

export function testGroup(group: Group): void {
  const stages: Stage[] = [];

  afterAll(() => {
    for (const stage of stages) stage.close();
  });

  describe(group.name, () => {
    for (const testCase of group.cases) {
      test(testCase.title, async () => {
        while (stages.length < STAGES) stages.push(await Stage.open());
        const failures = await runAll(testCase, stages);
        if (failures.length > 0) throw new Error(`${testCase.section}\n${failures.join("\n")}`);
      });
    }
  });
}

/** Runs the case whole first: what fails there needs no further ways to be understood. */
async function runAll(testCase: Case, stages: readonly Stage[]): Promise<string[]> {
  const [whole, ...others] = triedWaysOf(testCase, isLong) as [Way, ...Way[]];
  const failures: string[] = [];
  const run = async (way: Way, stage: Stage) => {
    try {
      await runCase(testCase, way, stage);
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  };
  await run(whole, stages[0] as Stage);
  if (failures.length > 0) return failures;
  const left = others.values();
  await Promise.all(
    stages.map(async (stage) => {
      for (const way of left) {
        if (failures.length >= FAILURES_MAX) return;
        await run(way, stage);
      }
    }),
  );
  return failures;
}
