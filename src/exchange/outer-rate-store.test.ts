/** A store of the application's own, whatever it does: what it says counts, and what it does wrong lets requests pass, is told, and costs little. */
import { expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { OuterRateStore, type SharedRateStore, STORE_ASKED_MAX, STORE_WAIT_MS } from "./outer-rate-store.ts";
import type { RateLimit } from "./policy.ts";

const limit: RateLimit = { name: "r", by: "client", interval_ms: 10, burst: 5, words: "not the store's business" };
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

class Play {
  readonly clock = new ManualClock();
  readonly told: string[] = [];
  /** What was said later, in order. */
  readonly later: number[] = [];
  private readonly store: OuterRateStore;

  constructor(take: SharedRateStore["take"]) {
    this.store = new OuterRateStore({ take }, this.clock, (problem) => this.told.push(problem));
  }

  take(key = "192.0.2.1"): number | undefined {
    return this.store.take(limit, key, (wait_ms) => this.later.push(wait_ms));
  }
}

it("is asked with the limit and the key, and what it says at once counts at once", () => {
  const asked: unknown[] = [];
  const play = new Play((...all) => {
    asked.push(all);
    return asked.length === 1 ? 0 : 1_500;
  });
  expect([play.take(), play.take("")]).toStrictEqual([0, 1_500]);
  expect(asked).toStrictEqual([
    [{ name: "r", interval_ms: 10, burst: 5 }, "192.0.2.1"],
    [{ name: "r", interval_ms: 10, burst: 5 }, ""],
  ]);
  expect([play.told, play.later]).toStrictEqual([[], []]);
});

it("may say it later, once", async () => {
  const play = new Play(async () => 700);
  expect(play.take()).toBe(undefined);
  await turn();
  play.clock.advance(2 * STORE_WAIT_MS);
  expect([play.later, play.told]).toStrictEqual([[700], []]);
});

it("that takes too long lets pass, and what it says then is not heard", async () => {
  let answer: (wait_ms: number) => void = () => {};
  const play = new Play(() => new Promise((resolve) => (answer = resolve)));
  expect(play.take()).toBe(undefined);
  play.clock.advance(STORE_WAIT_MS - 1);
  expect(play.later).toStrictEqual([]);
  play.clock.advance(1);
  answer(5_000);
  await turn();
  expect(play.later).toStrictEqual([0]);
  expect(play.told).toStrictEqual([
    "late: it has not answered within 250 ms; 1 passed uncounted since this was told last",
  ]);
});

const nonsense: readonly (readonly [what: string, take: () => unknown, told: string])[] = [
  [
    "throws",
    () => {
      throw new Error("no connection");
    },
    "no connection",
  ],
  [
    "throws something else than an error",
    () => {
      throw "down";
    },
    "down",
  ],
  ["says a text", () => "0", "it must say 0"],
  ["says nothing", () => undefined, "it must say 0"],
  ["says a time before now", () => -1, "it must say 0"],
  ["says a time that is none", () => Number.NaN, "it must say 0"],
  ["says never", () => Number.POSITIVE_INFINITY, "it must say 0"],
];

it.each(nonsense)("that %s lets pass", (_what, take, told) => {
  const play = new Play(take as SharedRateStore["take"]);
  expect(play.take()).toBe(0);
  expect(play.told).toStrictEqual([expect.stringContaining(`failed: ${told}`)]);
});

it.each(nonsense)("that %s in a promise lets pass", async (_what, take, told) => {
  const play = new Play((async () => take()) as unknown as SharedRateStore["take"]);
  expect(play.take()).toBe(undefined);
  await turn();
  expect(play.later).toStrictEqual([0]);
  expect(play.told).toStrictEqual([expect.stringContaining(`failed: ${told}`)]);
});

it("whose promise only looks like one lets pass, whatever it does", async () => {
  const play = new Play(
    () =>
      ({
        // biome-ignore lint/suspicious/noThenProperty: that is what is tried
        then(resolve: (value: unknown) => void, reject: (fault: unknown) => void) {
          reject(new Error("at once"));
          resolve(9);
          throw new Error("and then");
        },
      }) as unknown as PromiseLike<number>,
  );
  expect(play.take()).toBe(undefined);
  await turn();
  expect([play.later, play.told.length]).toStrictEqual([[0], 1]);
});

it("that never answers is asked so many times at once, and asked again when those were given up", async () => {
  let asked = 0;
  const play = new Play(() => {
    asked++;
    return new Promise<number>(() => {});
  });
  for (let i = 0; i < STORE_ASKED_MAX; i++) expect(play.take()).toBe(undefined);
  expect([play.take(), play.take(), asked]).toStrictEqual([0, 0, STORE_ASKED_MAX]);
  expect(play.told).toStrictEqual([expect.stringMatching(/^busy: 1024 questions are open; 1 passed/)]);
  play.clock.advance(STORE_WAIT_MS);
  expect([play.later.length, play.take(), asked]).toStrictEqual([STORE_ASKED_MAX, undefined, STORE_ASKED_MAX + 1]);
});

it("that fails is told of once a second at most, with how many have passed", () => {
  const play = new Play(() => {
    throw new Error("down");
  });
  for (let i = 0; i < 100; i++) play.take();
  play.clock.advance(999);
  play.take();
  expect(play.told.length).toBe(1);
  play.clock.advance(1);
  play.take();
  expect(play.told.slice(1)).toStrictEqual(["failed: down; 101 passed uncounted since this was told last"]);
});
