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
    expect([health.standing(999, 0), health.standing(1_000, 0), health.standing(1_000, 1)]).toStrictEqual([
      "avoided",
      "on-trial",
      "avoided",
    ]);
    health.noteAnswered();
    expect(health.standing(1_001, 5)).toBe("well");
  });

  it.each([
    ["dial", "noteOpened", true],
    ["dial", "noteAnswered", true],
    ["answer", "noteOpened", false],
    ["answer", "noteAnswered", true],
    ["refusal", "noteOpened", false],
    ["refusal", "noteAnswered", false],
  ] as const)("by %s is well again by %s: %s", (failure, event, isRecovery) => {
    const health = new Health();
    health.fail(failure, 0);
    expect(health[event]()).toBe(isRecovery);
    const still = failure === "refusal" ? "refusing" : "avoided";
    expect(health.standing(0, 0)).toBe(isRecovery ? "well" : still);
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
    expect([health.standing(0, 0), health.standing(1_000, 1)]).toStrictEqual(["refusing", "refusing"]);
  });

  it("does not fail where others are answered in between", () => {
    const health = new Health();
    for (const status of [503, 503, 503, 503, 200, 503, 500, 503, 404]) health.noteStatus(status, 0);
    expect(health.standing(0, 3)).toBe("well");
  });

  it("is well again once one request was answered well; another refusal doubles the time", () => {
    const health = new Health();
    for (let i = 0; i < 5; i++) health.noteStatus(503, 0);
    expect(health.noteStatus(503, 1_000)).toBe("failed");
    expect(health.avoidUntil_ms).toBe(3_000);
    expect(health.noteStatus(200, 3_000)).toBe("recovered");
    expect(health.standing(3_000, 9)).toBe("well");
  });
});
