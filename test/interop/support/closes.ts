/**
 * Why connections closed, as hopwise tells it: every close has a reason, and it is the expected one.
 */
import { expect } from "vitest";
import type { Counts, Hopwise, Stats } from "./hopwise.ts";
import { until } from "./waiting.ts";

type Hop = "downstream" | "upstream";

/** What one case expects: reasons, each with how often it occurs. Hops that are left out are not looked at. */
export type ExpectedCloses = Partial<Record<Hop, Counts>>;

/** Begins when no client is connected, does `work`, then asserts that exactly the expected connections closed meanwhile, for exactly these reasons. */
export async function closesOf<Result>(
  hopwise: Hopwise,
  expected: ExpectedCloses,
  work: () => Promise<Result>,
): Promise<Result> {
  await until("what came before is over", async () => {
    const { downstream, upstream } = (await hopwise.stats()).connections;
    return downstream.open === 0 && upstream.open === upstream.states.idle;
  });
  const before = await hopwise.stats();
  const result = await work();
  await expectCloses(hopwise, before, expected);
  return result;
}

/** Asserts which connections closed since `before`, once that has settled. */
export async function expectCloses(hopwise: Hopwise, before: Stats, expected: ExpectedCloses): Promise<void> {
  let actual: ExpectedCloses = {};
  const hops = Object.keys(expected) as Hop[];
  const arrived = async () => {
    const after = await hopwise.stats();
    actual = Object.fromEntries(
      hops.map((hop) => [hop, difference(before.connections[hop].closed, after.connections[hop].closed)]),
    );
    return hops.every((hop) => total(actual[hop]) >= total(expected[hop]));
  };
  await until("the expected closes", arrived, 5_000).catch(() => {});
  expect(actual).toEqual(expected);
}

/** What was added between two counts. */
export function difference(before: Counts, after: Counts): Counts {
  const added = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(added.filter(([, count]) => count > 0));
}

export function total(counts: Counts | undefined): number {
  return Object.values(counts ?? {}).reduce((sum, count) => sum + count, 0);
}
