import { describe, expect, it } from "vitest";
import { Health } from "./health.ts";

describe("an endpoint that fails", () => {
  it("is avoided for a second, then twice as long with each further failure, at most 30 s", () => {
    const health = new Health();
    let now = 0;
    const spans = Array.from({ length: 7 }, () => {
      health.fail("dial", now);
      const span = health.avoidUntil_ms - now;
      now = health.avoidUntil_ms;
      return span;
    });
    expect(spans).toStrictEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("has failed once, however many notice together", () => {
    const health = new Health();
    for (let i = 0; i < 8; i++) health.fail("dial", i);
    expect(health.avoidUntil_ms).toBe(1_000);
  });

  it("is tried again by one request, not by everybody", () => {
    const health = new Health();
    health.fail("answer", 0);
    expect([health.standing(999), health.standing(1_000)]).toStrictEqual(["avoided", "on-trial"]);
    const trial = health.begin();
    expect(health.standing(1_000)).toBe("avoided");
    health.end(trial);
    expect(health.standing(1_000)).toBe("on-trial");
    health.noteAnswered();
    expect(health.standing(1_001)).toBe("well");
  });

  it("is tried again, however much has been going on there since before it failed", () => {
    const health = new Health();
    const streams = [health.begin(), health.begin()];
    health.fail("dial", 0);
    expect(health.standing(1_000)).toBe("on-trial");
    const trial = health.begin();
    for (const stream of streams) health.end(stream);
    expect(health.standing(1_000)).toBe("avoided");
    health.end(trial);
    expect(health.standing(1_000)).toBe("on-trial");
  });

  it("is tried again though the request that tried it last time became a stream", () => {
    const health = new Health();
    health.fail("dial", 0);
    health.begin();
    health.noteAnswered();
    health.fail("dial", 5_000);
    expect(health.standing(6_000)).toBe("on-trial");
  });

  it("has still to answer when it could not be dialed and a connection opens; alone it has not", () => {
    const health = new Health();
    health.fail("dial", 0);
    health.begin();
    expect([health.noteOpened(false), health.standing(1_000)]).toStrictEqual([false, "avoided"]);
    expect([health.noteAnswered(), health.standing(1_000)]).toStrictEqual([true, "well"]);
    health.fail("dial", 2_000);
    expect([health.noteOpened(true), health.standing(2_000)]).toStrictEqual([true, "well"]);
  });

  it.each([
    ["dial", true],
    ["answer", true],
    ["refusal", false],
    ["errors", false],
  ] as const)("by %s is well again when a response begins: %s", (failure, isRecovery) => {
    const health = new Health();
    health.fail(failure, 0, { time_ms: 30_000 });
    expect(health.noteAnswered()).toBe(isRecovery);
    expect(health.standing(0)).toBe(isRecovery ? "well" : "refusing");
  });
});

describe("an endpoint that answers at once that it cannot", () => {
  it("fails with the fifth such answer in a row", () => {
    const health = new Health();
    expect([503, 502, 504, 503, 503, 503].map((status) => health.noteStatus(status, 0))).toStrictEqual([
      ...[undefined, undefined, undefined, undefined],
      "failed",
      undefined,
    ]);
    health.begin();
    expect([health.standing(0), health.standing(1_000)]).toStrictEqual(["refusing", "refusing"]);
  });

  it("does not fail where others are answered in between", () => {
    const health = new Health();
    for (const status of [503, 503, 503, 503, 200, 503, 500, 503, 404]) health.noteStatus(status, 0);
    expect(health.standing(0)).toBe("well");
  });

  it("is well again once one request was answered well; another refusal doubles the time", () => {
    const health = new Health();
    for (let i = 0; i < 5; i++) health.noteStatus(503, 0);
    expect(health.noteStatus(503, 1_000)).toBe("failed");
    expect(health.avoidUntil_ms).toBe(3_000);
    expect(health.noteStatus(200, 3_000)).toBe("recovered");
    expect(health.standing(3_000)).toBe("well");
  });
});

describe("an endpoint of whose answers too many are errors", () => {
  const ejected = { time_ms: 30_000 };

  it("is out for as long as its group says, twice as long with each time, up to eight times as long", () => {
    const health = new Health();
    let now = 0;
    const spans = Array.from({ length: 6 }, () => {
      health.fail("errors", now, ejected);
      const span = health.avoidUntil_ms - now;
      now = health.avoidUntil_ms;
      return span;
    });
    expect(spans).toStrictEqual([30_000, 60_000, 120_000, 240_000, 240_000, 240_000]);
  });

  it("is not well again by what it was asked before", () => {
    const health = new Health();
    health.fail("errors", 0, ejected);
    expect([health.noteStatus(200, 29_999, ejected), health.noteStatus(500, 29_999, ejected)]).toStrictEqual([
      undefined,
      undefined,
    ]);
    expect([health.avoidUntil_ms, health.standing(29_999)]).toStrictEqual([30_000, "refusing"]);
  });

  it.each([
    [200, "recovered", "well"],
    [404, "recovered", "well"],
    [500, "failed", "refusing"],
  ] as const)("is tried by one request, whose %i shows whether it is: %s", (status, shown, standing) => {
    const health = new Health();
    health.fail("errors", 0, ejected);
    expect(health.standing(30_000)).toBe("on-trial");
    health.begin();
    expect(health.standing(30_000)).toBe("refusing");
    expect(health.noteStatus(status, 30_001, ejected)).toBe(shown);
    expect(health.standing(30_001)).toBe(standing);
  });
});

describe("an endpoint that has health checks", () => {
  it.each(["dial", "answer", "refusal", "errors"] as const)("and fails by %s is not tried by requests", (failure) => {
    const health = new Health(true);
    health.fail(failure, 0, { time_ms: 30_000 });
    expect(health.standing(1_000_000)).not.toBe("on-trial");
  });

  it.each([
    ["dial", 10, true],
    ["answer", 10, false],
    ["answer", 1_000, true],
    ["refusal", 999, false],
    ["refusal", 1_000, true],
    ["errors", 29_999, false],
    ["errors", 30_000, true],
  ] as const)("and fails by %s is believed by %i ms when one passes: %s", (failure, at_ms, isRecovery) => {
    const health = new Health(true);
    health.fail(failure, 0, { time_ms: 30_000 });
    expect(health.notePassed(1, at_ms)).toBe(isRecovery);
    expect(health.isWell).toBe(isRecovery);
  });

  it("is not believed by one that began before it failed", () => {
    const health = new Health(true);
    health.fail("dial", 10);
    expect(health.notePassed(9, 20)).toBe(false);
  });

  it("is avoided for longer when it fails again before it has answered a request well", () => {
    const health = new Health(true);
    for (const at_ms of [0, 2_000]) {
      health.fail("answer", at_ms);
      health.notePassed(at_ms + 1_900, at_ms + 2_000);
    }
    health.fail("answer", 4_000);
    expect(health.avoidUntil_ms).toBe(8_000);
    health.notePassed(8_000, 8_000);
    health.noteStatus(200, 8_000);
    health.fail("answer", 9_000);
    expect(health.avoidUntil_ms).toBe(10_000);
  });
});
