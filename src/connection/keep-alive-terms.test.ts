/** Keep-alive terms: as they are read, as they are used, and as they are given. */
import { describe, expect, it } from "vitest";
import { table } from "../../test/fuzz/kit/table.ts";
import {
  advertisedTimeout_s,
  formatKeepAlive,
  type KeepAliveTerms,
  parseKeepAlive,
  usableTimeout_ms,
} from "./keep-alive-terms.ts";

const unsaid: KeepAliveTerms = { timeout_ms: undefined, max: undefined };

const rows: { readonly name: string; readonly value: string; readonly gives: Partial<KeepAliveTerms> }[] = [
  { name: "nothing", value: "", gives: {} },
  { name: "a timeout", value: "timeout=5", gives: { timeout_ms: 5_000 } },
  { name: "a max", value: "max=100", gives: { max: 100 } },
  { name: "both", value: "timeout=5, max=100", gives: { timeout_ms: 5_000, max: 100 } },
  { name: "the other way round, without a space", value: "max=1,timeout=0", gives: { timeout_ms: 0, max: 1 } },
  { name: "any case", value: "TimeOut=5, MAX=2", gives: { timeout_ms: 5_000, max: 2 } },
  { name: "white space around the sign", value: "timeout = 5\t,\tmax\t=\t2", gives: { timeout_ms: 5_000, max: 2 } },
  { name: "quotes", value: 'timeout="5"', gives: { timeout_ms: 5_000 } },
  { name: "leading zeros", value: "timeout=005", gives: { timeout_ms: 5_000 } },
  { name: "unknown parameters", value: "x=1, timeout=5, y", gives: { timeout_ms: 5_000 } },
  { name: "the last one counts", value: "timeout=5, timeout=6", gives: { timeout_ms: 6_000 } },
  { name: "a unit", value: "timeout=5s", gives: {} },
  { name: "a fraction", value: "timeout=5.5", gives: {} },
  { name: "a sign", value: "timeout=-5", gives: {} },
  { name: "no number", value: "timeout=, max=x", gives: {} },
  { name: "ten digits", value: "timeout=9999999999", gives: {} },
  { name: "a semicolon", value: "timeout=5; max=2", gives: {} },
  { name: "the token instead of terms", value: "keep-alive", gives: {} },
  { name: "a bare number, as of old", value: "300", gives: {} },
];

describe("reading", () => {
  table(rows, ({ value, gives }) => expect(parseKeepAlive(value)).toStrictEqual({ ...unsaid, ...gives }));
});

describe("what is used of a neighbour's timeout: a fifth is left, at most a second", () => {
  it.each([
    [0, 0],
    [1_000, 800],
    [5_000, 4_000],
    [6_000, 5_000],
    [60_000, 59_000],
  ])("%i ms: %i ms", (hinted, usable) => {
    expect(usableTimeout_ms(hinted)).toBe(usable);
  });
});

describe("what is advertised of a timeout that is enforced", () => {
  it.each([
    [75_000, 74],
    [6_000, 5],
    [5_000, 4],
    [2_000, 1],
    [1_250, 1],
    [1_249, undefined],
    [1_000, undefined],
    [0, undefined],
  ])("%i ms: %s s", (enforced, advertised) => {
    expect(advertisedTimeout_s(enforced)).toBe(advertised);
  });

  it("is always less than is enforced", () => {
    for (let enforced = 0; enforced < 20_000; enforced += 7) {
      expect((advertisedTimeout_s(enforced) ?? -1) * 1_000).toBeLessThan(enforced === 0 ? 1 : enforced);
    }
  });
});

it("a list of more than 16 parameters is not a hint to go by, empty ones included", () => {
  expect(parseKeepAlive(`timeout=5, max=9${",".repeat(14)}`)).toStrictEqual({ timeout_ms: 5_000, max: 9 });
  expect(parseKeepAlive(`timeout=5, max=9${",".repeat(15)}`)).toStrictEqual({ timeout_ms: undefined, max: undefined });
});

describe("writing", () => {
  it.each([
    [5, 100, "timeout=5, max=100"],
    [5, undefined, "timeout=5"],
    [undefined, 100, "max=100"],
    [undefined, 0, "max=0"],
    [undefined, undefined, ""],
  ])("%s, %s: %j", (timeout, max, text) => {
    expect(formatKeepAlive(timeout, max)).toBe(text);
  });

  it("is read back as it was meant", () => {
    expect(parseKeepAlive(formatKeepAlive(74, 12))).toStrictEqual({ timeout_ms: 74_000, max: 12 });
  });
});
