/** How an endpoint is, all told. */
import { describe, expect, it } from "vitest";
import { ejection, health } from "../../test/kit/care-plans.ts";
import type { CheckResult } from "../connection/connection-record.ts";
import { Condition, type ConditionOptions } from "./condition.ts";
import type { Care } from "./group.ts";

const bad: CheckResult = { failure: "status", detail: "503" };

function play(plan: Care, mayEject = () => true) {
  const told: string[] = [];
  const observer: ConditionOptions["observer"] = {
    endpointFailed: (_endpoint, fault, until_ms) => told.push(`failed: ${fault} until ${until_ms}`),
    endpointRecovered: () => told.push("recovered"),
    endpointChecked: (_endpoint, { state, hasChanged }) => hasChanged && told.push(state),
  };
  const record = { name: "http://a", isNamedByClients: false };
  const condition = new Condition({ record, observer, plan, isAlone: () => false, mayEject }, 0);
  const check = (results: readonly CheckResult[], at_ms: number) => {
    for (const result of results) condition.noteCheck(result, at_ms, at_ms);
  };
  /** `.` 200, `5` 500, `x` no answer. */
  const answers = (signs: string, at_ms: number) => {
    for (const sign of signs) {
      if (sign === "x") condition.noteUnanswered("ECONNRESET", at_ms);
      else condition.noteStatus(sign === "." ? 200 : 500, at_ms);
    }
  };
  return { condition, told, check, answers };
}

describe("health checks", () => {
  it("are not needed: until the first has ended, an endpoint is used", () => {
    const { condition } = play({ health });
    expect([condition.standing(0), condition.state(0), condition.isOut]).toStrictEqual(["well", "available", false]);
  });

  it("that fail take an endpoint out until others pass, whatever its traffic shows", () => {
    const { condition, told, check, answers } = play({ health });
    check(["passed", bad, bad, bad], 100);
    answers("....", 200);
    condition.noteAnswered(200);
    expect([condition.standing(1e9), condition.state(1e9), condition.since_ms(1e9)]).toStrictEqual([
      "avoided",
      "unhealthy",
      100,
    ]);
    // Those that are ill for longer than anybody knows come behind those that are avoided for a while.
    expect(condition.avoidUntil_ms).toBe(Number.POSITIVE_INFINITY);
    check(["passed", "passed"], 300);
    expect([condition.standing(300), condition.since_ms(300)]).toStrictEqual(["well", 300]);
    expect(told).toStrictEqual(["healthy", "unhealthy", "healthy"]);
  });

  it("that pass take back at once that it could not be dialed", () => {
    const { condition, told, check } = play({ health });
    check(["passed"], 0);
    condition.noteDialFailed("ECONNREFUSED", 10);
    expect(condition.standing(5_000)).toBe("avoided");
    check(["passed"], 20);
    expect(condition.standing(20)).toBe("well");
    expect(told).toStrictEqual(["healthy", "failed: ECONNREFUSED until 1010", "recovered"]);
  });

  it("that pass do not outweigh what requests have shown before the time for that is over", () => {
    const { condition, check } = play({ health });
    check(["passed"], 0);
    condition.noteUnanswered("ETIMEDOUT", 10);
    check(["passed"], 500);
    expect(condition.standing(500)).toBe("avoided");
    check(["passed"], 1_010);
    expect(condition.standing(1_010)).toBe("well");
  });
});

describe("too many errors", () => {
  it.each([
    ["nineteen of nineteen say nothing", "5".repeat(19), "well"],
    ["the twentieth does", "5".repeat(20), "refusing"],
    ["half of them are enough", ".5".repeat(10), "refusing"],
    ["less is not", `${".5".repeat(9)}..${"..5".repeat(5)}`, "well"],
    ["no answer is a failure, too", `${".".repeat(10)}${"5".repeat(9)}x`, "avoided"],
  ] as const)("take an endpoint out: %s", (_what, signs, standing) => {
    const { condition, answers } = play({ ejection });
    answers(signs, 0);
    expect(condition.standing(0)).toBe(standing);
  });

  it("are those of the window alone", () => {
    const { condition, answers } = play({ ejection });
    answers("5".repeat(19), 0);
    answers("5", 10_000);
    expect(condition.standing(10_000)).toBe("well");
  });

  it("take nobody out whom the group cannot spare; nor does no answer then", () => {
    const { condition, told, answers } = play({ ejection }, () => false);
    answers("5x".repeat(100), 0);
    expect([condition.standing(0), told]).toStrictEqual(["well", []]);
  });

  it("and a dead endpoint is avoided whether it can be spared or not", () => {
    const { condition } = play({ ejection }, () => false);
    condition.noteDialFailed("ECONNREFUSED", 0);
    expect(condition.standing(0)).toBe("avoided");
  });

  it("are told, and what they are counted from begins anew when it comes back", () => {
    const { condition, told, answers } = play({ ejection });
    answers("5".repeat(20), 0);
    expect([condition.state(29_999), condition.since_ms(29_999)]).toStrictEqual(["ejected", 0]);
    expect(condition.standing(30_000)).toBe("on-trial");
    answers(".", 30_000);
    answers("5".repeat(19), 30_001);
    expect([condition.standing(30_001), condition.since_ms(30_001)]).toStrictEqual(["well", 30_000]);
    answers("5", 30_002);
    expect(told).toStrictEqual(["failed: HTTP 5xx until 30000", "recovered", "failed: HTTP 5xx until 60002"]);
  });

  it("do nothing where the group does not say so; 502 to 504 in a row do", () => {
    const { condition, answers } = play({});
    answers("5".repeat(100), 0);
    expect(condition.standing(0)).toBe("well");
    for (let i = 0; i < 5; i++) condition.noteStatus(503, 1);
    expect(condition.standing(1)).toBe("refusing");
  });
});

describe("another plan", () => {
  it("keeps what checks have said, with thresholds of its own from then on", () => {
    const { condition, check } = play({ health });
    check([bad], 10);
    condition.replan({ health: { ...health, healthy: 1 } }, 20);
    expect([condition.state(20), condition.since_ms(20)]).toStrictEqual(["unhealthy", 10]);
    check(["passed"], 30);
    expect(condition.state(30)).toBe("available");
  });

  it("without checks leaves requests to try again what they failed at", () => {
    const { condition, check } = play({ health });
    check([bad], 0);
    condition.noteDialFailed("ECONNREFUSED", 10);
    condition.replan({}, 20);
    expect([condition.standing(20), condition.standing(1_010)]).toStrictEqual(["avoided", "on-trial"]);
  });

  it("goes on counting answers in the same window, and begins anew in another", () => {
    const { condition, answers } = play({ ejection });
    answers("5".repeat(19), 0);
    condition.replan({ ejection: { ...ejection, time_ms: 1_000 } }, 0);
    answers("5", 0);
    expect(condition.avoidUntil_ms).toBe(1_000);
    const anew = play({ ejection });
    anew.answers("5".repeat(19), 0);
    anew.condition.replan({ ejection: { ...ejection, window_ms: 5_000 } }, 0);
    anew.answers("5", 0);
    expect(anew.condition.standing(0)).toBe("well");
  });
});

describe("an endpoint that comes back", () => {
  it("gets a tenth of its part at first, and all of it when its time is over", () => {
    const { condition } = play({ slowStart_ms: 10_000 });
    expect(condition.part(0)).toBe(1);
    condition.noteDialFailed("ECONNREFUSED", 0);
    condition.noteAnswered(1_000);
    expect(
      [1_000, 1_500, 3_000, 6_000, 10_999, 11_000].map((now) => Number(condition.part(now).toFixed(4))),
    ).toStrictEqual([0.1, 0.1, 0.2, 0.5, 0.9999, 1]);
  });

  it("by its checks does so, too; one that is seen well for the first time has not been away", () => {
    const { condition, check } = play({ health, slowStart_ms: 10_000 });
    check(["passed"], 0);
    expect(condition.part(0)).toBe(1);
    check([bad, bad, bad, "passed"], 10);
    expect(condition.part(10)).toBe(1);
    check(["passed"], 20);
    expect(condition.part(20)).toBe(0.1);
  });

  it("gets all at once where nothing is said", () => {
    const { condition } = play({});
    condition.noteDialFailed("ECONNREFUSED", 0);
    condition.noteAnswered(1_000);
    expect(condition.part(1_000)).toBe(1);
  });
});
