/** When endpoints are checked. */
import { expect, it } from "vitest";
import { health as plan } from "../../test/kit/care-plans.ts";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { CheckResult } from "../connection/connection-record.ts";
import { Random } from "../net/simulated/random.ts";
import { Checking } from "./checking.ts";
import { parseOriginAddress } from "./origin-address.ts";

/** @param takes_ms how long each check takes */
function play(random: () => number, takes_ms = 10) {
  const clock = new ManualClock();
  const began: number[] = [];
  const results: [CheckResult, number][] = [];
  let open = 0;
  const checking = new Checking({
    origin: parseOriginAddress("http://127.0.0.1:3000"),
    ...{ plan, clock, random },
    check: (_origin, _plan, tell) => {
      began.push(clock.now());
      open++;
      const stop = clock.after(takes_ms, () => {
        open--;
        tell("passed");
      });
      return () => {
        open--;
        stop();
      };
    },
    onResult: (result, began_ms) => results.push([result, began_ms]),
  });
  return { clock, checking, began, results, open: () => open };
}

it("the first one comes soon, the others with the interval from beginning to beginning", () => {
  const { clock, checking, began, results } = play(() => 0.5);
  checking.start();
  checking.start();
  clock.advance(6_300);
  expect(began).toStrictEqual([250, 2_250, 4_250, 6_250]);
  expect(results).toStrictEqual([250, 2_250, 4_250, 6_250].map((at) => ["passed", at]));
});

it("one that takes as long as the interval is followed at once by the next, and never by two", () => {
  const { clock, checking, began, open } = play(() => 0.5, 2_500);
  checking.start();
  clock.advance(10_000);
  expect(began).toStrictEqual([250, 2_750, 5_250, 7_750]);
  expect(open()).toBe(1);
});

it("each wait is a little longer or shorter, so that several do not march in step", () => {
  const random = new Random(11);
  const plays = Array.from({ length: 20 }, () => play(() => random.unit()));
  for (const { clock, checking } of plays) {
    checking.start();
    clock.advance(60_000);
  }
  const waits = plays.flatMap(({ began }) => began.slice(1).map((at, index) => at - (began[index] ?? 0)));
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(1_800);
  expect(Math.max(...waits)).toBeLessThanOrEqual(2_200);
  expect(new Set(waits.map((wait) => Math.round(wait / 20))).size).toBeGreaterThan(10);
  const firsts = plays.map(({ began }) => began[0] ?? Number.NaN);
  expect(Math.max(...firsts)).toBeLessThanOrEqual(500);
  expect(new Set(firsts).size).toBe(20);
});

it.each([
  ["waits", 200],
  ["checks", 255],
])("nothing is left of it when it is stopped while it %s, and it may start again", (_what, at_ms) => {
  const { clock, checking, began, results, open } = play(() => 0.5);
  checking.start();
  clock.advance(at_ms);
  checking.stop();
  checking.stop();
  clock.advance(100_000);
  expect([open(), results, began.length]).toStrictEqual([0, [], at_ms > 250 ? 1 : 0]);
  checking.start();
  clock.advance(260);
  expect(results).toHaveLength(1);
});
