/** A seed is a whole world: it happens again just so, event by event and octet by octet. */
import { expect, it } from "vitest";
import { Random } from "../../src/net/simulated/random.ts";
import { runSeed } from "./run.ts";

for (const seed of [1, 7, 8, 42, 1_000_003]) {
  it(`seed ${seed} has the same timeline every time`, async () => {
    const [one, other] = [await runSeed(seed, true), await runSeed(seed, true)];
    expect(one.world.timeline.lines.length).toBeGreaterThan(50);
    expect(other.world.timeline.lines).toStrictEqual(one.world.timeline.lines);
    expect(other.failure).toBe(one.failure);
  });

  it(`seed ${seed} does not depend on being watched`, async () => {
    const [watched, unwatched] = [await runSeed(seed, true), await runSeed(seed)];
    expect(unwatched.world.timeline.lines).toStrictEqual([]);
    expect(unwatched.world.schedule.steps).toBe(watched.world.schedule.steps);
    expect(unwatched.world.schedule.now_ms).toBe(watched.world.schedule.now_ms);
  });
}

it("other seeds are other worlds", async () => {
  const [one, other] = [await runSeed(1, true), await runSeed(2, true)];
  expect(other.world.timeline.lines).not.toStrictEqual(one.world.timeline.lines);
});

it("the generator is the same everywhere", () => {
  const random = new Random(42);
  expect([random.next(), random.next(), random.next()]).toMatchInlineSnapshot(`
    [
      1799304676,
      3068509964,
      2594925309,
    ]
  `);
});
