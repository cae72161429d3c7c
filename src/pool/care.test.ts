/** A group whose endpoints are looked after: checks that begin and end, who may be ejected, retries. */
import { describe, expect, it } from "vitest";
import { FakeDialer, Later } from "../../test/fuzz/kit/net.ts";
import { TestSeeker } from "../../test/fuzz/kit/pool-stage.ts";
import { ejection, health } from "../../test/kit/care-plans.ts";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { CheckResult } from "../connection/connection-record.ts";
import { QuietObserver } from "../ledger/observers.ts";
import { Sweeper } from "../net/sweeper.ts";
import type { Group } from "./group.ts";
import { plainGroup } from "./group.ts";
import { parseOriginAddress } from "./origin-address.ts";
import { Pool } from "./pool.ts";

function play(care: Partial<Group>, count = 4) {
  const clock = new ManualClock();
  const later = new Later();
  const dialer = new FakeDialer(later);
  /** Endpoints that are being asked, and how each answers. */
  const asked: string[] = [];
  const results = new Map<string, CheckResult>();
  let open = 0;
  const origins = Array.from({ length: count }, (_, index) => parseOriginAddress(`http://o${index + 1}.test`));
  const pool = new Pool({
    group: { ...plainGroup("app", origins), ...care },
    ...{ size: 8, idleLimit_ms: 60_000, maxAge_ms: 0, connectTimeout_ms: 5_000 },
    ...{ dialer, clock, deadlines: new Sweeper(clock), observer: new QuietObserver(), nextId: () => 1 },
    check: ({ name }, _plan, tell) => {
      asked.push(name);
      open++;
      const stop = clock.after(10, () => {
        open--;
        tell(results.get(name) ?? "passed");
      });
      return () => {
        open--;
        stop();
      };
    },
  });
  const standings = () => pool.endpoints.map((endpoint) => endpoint.standing(clock.now()));
  return { clock, pool, asked, results, open: () => open, standings };
}

describe("health checks", () => {
  it("go on as they were when something else is decided anew, and begin anew when they are", () => {
    const { clock, pool, asked } = play({ health }, 2);
    pool.start();
    clock.advance(600);
    expect(asked).toHaveLength(2);
    const { group } = pool.options;
    const heavier = group.endpoints.map((plan) => ({ ...plan, weight: 5 }));
    for (let i = 0; i < 10; i++) pool.update({ ...group, endpoints: heavier, health: { ...health } });
    clock.advance(1_000);
    expect(asked).toHaveLength(2);
    pool.update({ ...group, health: { ...health, path: "/other" } });
    clock.advance(500);
    expect(asked).toHaveLength(4);
  });

  it("begin with the pool and end when it drains", () => {
    const { clock, pool, asked, open } = play({ health }, 2);
    clock.advance(10_000);
    expect(asked).toStrictEqual([]);
    pool.start();
    clock.advance(2_300);
    expect(asked).toStrictEqual(["http://o1.test", "http://o2.test", "http://o1.test", "http://o2.test"]);
    clock.advance(1_955);
    expect(open()).toBe(2);
    pool.drain();
    clock.advance(60_000);
    expect([open(), asked.length]).toStrictEqual([0, 6]);
    pool.start();
    clock.advance(60_000);
    expect(asked).toHaveLength(6);
  });

  it("begin and end with a plan that has them", () => {
    const { clock, pool, asked } = play({}, 1);
    pool.start();
    clock.advance(10_000);
    expect(asked).toHaveLength(0);
    pool.endpoints[0]?.replan({ health });
    clock.advance(300);
    expect(asked).toHaveLength(1);
    pool.endpoints[0]?.replan({});
    clock.advance(10_000);
    expect(asked).toHaveLength(1);
  });

  it("are made for no group that does not say so", () => {
    const { clock, pool, asked } = play({ ejection });
    pool.start();
    clock.advance(60_000);
    expect(asked).toStrictEqual([]);
  });

  it("take out whom they find ill, all of them if all are; then those are used all the same", () => {
    const { clock, pool, results, standings } = play({ health }, 2);
    results.set("http://o1.test", { failure: "connect-failed", detail: "ECONNREFUSED" });
    pool.start();
    clock.advance(300);
    expect(standings()).toStrictEqual(["avoided", "well"]);
    expect(pool.choose(clock.now(), undefined, undefined)?.record.name).toBe("http://o2.test");
    results.set("http://o2.test", { failure: "timeout", detail: "" });
    clock.advance(6_000);
    expect(standings()).toStrictEqual(["avoided", "avoided"]);
    expect(pool.choose(clock.now(), undefined, undefined)).toBeDefined();
  });
});

describe("ejection", () => {
  const failing = ({ pool }: ReturnType<typeof play>, index: number) => {
    for (let i = 0; i < 40; i++) pool.endpoints[index]?.noteFinal(1, 500);
  };

  it.each([
    [1, 0.5, ["well"]],
    [2, 0.5, ["refusing", "well"]],
    [3, 0.5, ["refusing", "well", "well"]],
    [4, 0.5, ["refusing", "refusing", "well", "well"]],
    [4, 0.25, ["refusing", "well", "well", "well"]],
    [4, 0, ["well", "well", "well", "well"]],
    [4, 1, ["refusing", "refusing", "refusing", "refusing"]],
  ] as const)("of %i endpoints that all fail takes out no more than its share: %d", (count, most, expected) => {
    const it = play({ ejection: { ...ejection, most } }, count);
    for (let index = 0; index < count; index++) failing(it, index);
    expect(it.standings()).toStrictEqual(expected);
  });

  it("counts those that are out for other reasons: what is left must carry everything", () => {
    const it = play({ ejection, health }, 4);
    it.pool.endpoints[0]?.onDialFailed("ECONNREFUSED");
    it.pool.endpoints[1]?.condition.noteCheck({ failure: "timeout", detail: "" }, 0, 0);
    failing(it, 2);
    expect(it.standings()).toStrictEqual(["avoided", "avoided", "well", "well"]);
  });
});

describe("retries", () => {
  const seek = (pool: Pool, isRetry: boolean) => pool.acquire(new TestSeeker(true, isRetry, "", 0))?.cancel();

  it("have room for a share of the requests that have come here", () => {
    const { pool, clock } = play({ retryBudget: { share: 0.2, perSecond: 0 } });
    expect(pool.hasRetryLeft).toBe(false);
    for (let i = 0; i < 10; i++) seek(pool, false);
    const granted = Array.from({ length: 3 }, () => {
      const hasRoom = pool.hasRetryLeft;
      if (hasRoom) seek(pool, true);
      return hasRoom;
    });
    expect(granted).toStrictEqual([true, true, false]);
    clock.advance(20_000);
    expect(pool.hasRetryLeft).toBe(false);
  });

  it("of a group that says nothing have no limit", () => {
    const { pool } = play({});
    for (let i = 0; i < 100; i++) seek(pool, true);
    expect(pool.hasRetryLeft).toBe(true);
  });
});
