/** Buckets of tokens: what they let pass, against a model that counts tokens; and what they keep, whatever strangers send. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RateLimit } from "./policy.ts";
import { BUCKETS_MAX, TokenBuckets } from "./token-buckets.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

class Time {
  now_ms = 1_000;

  now(): number {
    return this.now_ms;
  }
}

const limit = (rest: Partial<RateLimit> = {}): RateLimit => ({
  name: "r",
  by: "client",
  interval_ms: 100,
  burst: 3,
  words: "",
  ...rest,
});

it("a full bucket lets a burst pass, and then says when there is a token", () => {
  const time = new Time();
  const buckets = new TokenBuckets(time);
  const take = (after_ms: number) => {
    time.now_ms += after_ms;
    return buckets.take(limit(), "a");
  };
  expect([0, 0, 0, 0, 40, 60, 0, 100, 250].map(take)).toStrictEqual([0, 0, 0, 100, 60, 0, 100, 0, 0]);
  // Two and a half had come back, one of them was taken.
  expect([0, 0].map(take)).toStrictEqual([0, 50]);
});

it("a key has a bucket for each limit, and what is refused takes nothing", () => {
  const buckets = new TokenBuckets(new Time());
  const one = limit({ burst: 1 });
  const other = limit({ name: "other", burst: 1 });
  const asked = [one, one, one, other, other].map((it) => buckets.take(it, "a"));
  expect(asked).toStrictEqual([0, 100, 100, 0, 100]);
  expect(buckets.take(one, "b")).toBe(0);
});

/** Tokens as people think of them: so many in a bucket, and a part of one more with each millisecond. */
class Model {
  private readonly tokens = new Map<string, { count: number; at_ms: number }>();

  take({ interval_ms, burst }: RateLimit, key: string, now: number): number {
    const { count, at_ms } = this.tokens.get(key) ?? { count: burst * interval_ms, at_ms: now };
    // In parts of a token, so that all numbers are whole.
    const parts = Math.min(burst * interval_ms, count + (now - at_ms));
    const isTaken = parts >= interval_ms;
    this.tokens.set(key, { count: isTaken ? parts - interval_ms : parts, at_ms: now });
    return isTaken ? 0 : interval_ms - parts;
  }
}

it("as the model has it, whoever asks when", () => {
  const asked = fc.array(fc.tuple(fc.nat(250), fc.constantFrom("a", "b", "c")), { maxLength: 200 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 6 }), asked, (interval_ms, burst, all) => {
      const time = new Time();
      const buckets = new TokenBuckets(time);
      const model = new Model();
      const terms = limit({ interval_ms, burst });
      for (const [after_ms, key] of all) {
        time.now_ms += after_ms;
        expect(buckets.take(terms, key)).toBe(model.take(terms, key, time.now_ms));
      }
    }),
  );
});

it("in any time no more pass than a burst and what comes back", () => {
  const times = fc.array(fc.nat(120), { minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(times, (all) => {
      const time = new Time();
      const buckets = new TokenBuckets(time);
      const passed: number[] = [];
      for (const after_ms of all) {
        time.now_ms += after_ms;
        if (buckets.take(limit(), "a") === 0) passed.push(time.now_ms);
      }
      for (const [first, from] of passed.entries()) {
        for (const [index, to] of passed.entries()) {
          if (index >= first) expect(index - first + 1).toBeLessThanOrEqual(3 + (to - from) / 100);
        }
      }
    }),
    { numRuns: 50 },
  );
});

describe("what strangers make it keep", () => {
  const GREEDY = 100_000;

  it("is bounded, and each of 100,000 keys gets its first request through", () => {
    const buckets = new TokenBuckets(new Time());
    const hourly = limit({ interval_ms: 3_600_000, burst: 1 });
    for (let index = 0; index < GREEDY; index++) expect(buckets.take(hourly, `key ${index}`)).toBe(0);
    expect(buckets.size).toBe(BUCKETS_MAX);
    // Those that asked last are still known; the first were forgotten, which refuses nobody.
    expect(buckets.take(hourly, `key ${GREEDY - 1}`)).toBe(3_600_000);
    expect(buckets.take(hourly, "key 0")).toBe(0);
  });

  it("does not have a client forgotten that goes on asking", () => {
    const buckets = new TokenBuckets(new Time(), 100);
    const hourly = limit({ interval_ms: 3_600_000, burst: 1 });
    buckets.take(hourly, "greedy");
    for (let index = 0; index < 1_000; index++) {
      buckets.take(hourly, `key ${index}`);
      if (index % 50 === 0) expect(buckets.take(hourly, "greedy")).toBeGreaterThan(0);
    }
  });

  it("costs the limit that has most of it, not another", () => {
    const buckets = new TokenBuckets(new Time(), 100);
    const flooded = limit({ name: "flooded", interval_ms: 3_600_000, burst: 1 });
    const quiet = limit({ name: "quiet", interval_ms: 3_600_000, burst: 1 });
    for (let index = 0; index < 30; index++) buckets.take(quiet, `client ${index}`);
    for (let index = 0; index < 1_000; index++) buckets.take(flooded, `key ${index}`);
    for (let index = 0; index < 30; index++) expect(buckets.take(quiet, `client ${index}`)).toBeGreaterThan(0);
    // A limit without a share gets one from it, and takes none from the quiet one.
    for (let index = 0; index < 50; index++) buckets.take(limit({ name: "new" }), `client ${index}`);
    for (let index = 0; index < 30; index++) expect(buckets.take(quiet, `client ${index}`)).toBeGreaterThan(0);
    expect(buckets.size).toBe(100);
  });

  it("goes when it is not needed any more", () => {
    const time = new Time();
    const buckets = new TokenBuckets(time);
    for (let index = 0; index < 1_000; index++) buckets.take(limit(), `key ${index}`);
    time.now_ms += 1_000;
    for (let index = 0; index < 1_000; index++) buckets.take(limit(), "one");
    expect(buckets.size).toBe(1);
  });

  it("goes with its limit, which a configuration has left out", () => {
    const time = new Time();
    const buckets = new TokenBuckets(time);
    for (let reload = 0; reload < 100; reload++) {
      buckets.forgetFull();
      for (let key = 0; key < 10; key++) buckets.take(limit({ name: `r${reload}` }), `${key}`);
      time.now_ms += 1_000;
    }
    expect([buckets.size, buckets.limitCount]).toStrictEqual([10, 1]);
  });

  it("is not the head that a key is a part of", () => {
    const heads = 64;
    const length = 1_000_000;
    const buckets = new TokenBuckets(new Time());
    const before = heapUsed();
    for (let index = 0; index < heads; index++) {
      const head = Buffer.alloc(length, 97 + (index % 26)).toString("latin1");
      buckets.take(limit(), head.slice(index, index + 30));
    }
    expect(buckets.size).toBe(26);
    expect(heapUsed() - before).toBeLessThan(2 * length);
  });
});
