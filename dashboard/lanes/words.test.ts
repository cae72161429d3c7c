/** The word for why a connection closed stands where nothing else is drawn, wherever its lane ends. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Ended, placeOfWord } from "./words.ts";

const plot = { plotLeft: 100, plotRight: 500 };
const lane = (ends: number, more: Partial<Ended> = {}): Ended => ({
  ...{ ...plot, begins: undefined, lastBarEnds: undefined, ends },
  ...more,
});

it.each<[string, Ended, number | undefined]>([
  ["behind the cap, where there is room", lane(300), 310],
  ["before the beginning, where the cap is too near to now", lane(480, { begins: 450, lastBarEnds: 470 }), 340],
  ["in the time in which it idled last", lane(480, { lastBarEnds: 200 }), 370],
  ["not over the last exchange", lane(480, { lastBarEnds: 400 }), undefined],
  ["in idle time behind a beginning that has no room before it", lane(480, { begins: 120, lastBarEnds: 150 }), 370],
  ["not over the circle of one that carried nothing", lane(490, { begins: 400 - 20 }), 270],
  ["not left of the plot", lane(490, { begins: 180, lastBarEnds: 470 }), undefined],
])("%s", (_what, ended, left) => {
  expect(placeOfWord(ended, 100)).toBe(left);
});

it("it never lies over an exchange, the circle, the cap, or the edges", () => {
  const x = fc.integer({ min: 60, max: 500 });
  fc.assert(
    fc.property(
      x,
      x,
      x,
      fc.boolean(),
      fc.boolean(),
      fc.integer({ min: 20, max: 200 }),
      (a, b, c, isSeen, carried, width) => {
        const [begins, bar, ends] = [a, b, c].sort((one, other) => one - other) as [number, number, number];
        const ended = lane(ends, { begins: isSeen ? begins : undefined, lastBarEnds: carried ? bar : undefined });
        const left = placeOfWord(ended, width);
        if (left === undefined) return;
        const right = left + width;
        const isClear = (from: number, to: number) => right <= from || left >= to;
        expect(left).toBeGreaterThanOrEqual(Math.min(plot.plotLeft, ends + 10));
        expect(right).toBeLessThan(plot.plotRight);
        expect(isClear(ends - 5, ends + 5)).toBe(true);
        if (isSeen) expect(isClear(begins - 3, begins + 3)).toBe(true);
        if (carried) expect(isClear(isSeen ? begins : Number.NEGATIVE_INFINITY, bar)).toBe(true);
      },
    ),
  );
});
