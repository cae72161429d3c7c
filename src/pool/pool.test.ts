/** The pool: dialing, limits, the waiting line, and several endpoints. */
import { describe, expect, it } from "vitest";
import { PoolStage, type TestSeeker } from "../../test/fuzz/kit/pool-stage.ts";

describe("dialing", () => {
  it("a connection is opened for the first request", () => {
    const stage = new PoolStage({ origins: ["http://127.0.0.1:3000"] });
    const seeker = stage.seek();
    expect(stage.dialer.dialed).toStrictEqual(["127.0.0.1:3000"]);
    expect([stage.endpoint.dialing, stage.endpoint.inUse]).toStrictEqual([1, 0]);
    stage.dialer.connects();
    expect([stage.endpoint.dialing, stage.endpoint.inUse]).toStrictEqual([0, 1]);
    expect(seeker.connection?.life.state).toBe("active");
    stage.expectNothingLeft([seeker]);
  });

  it("a refusal is told with its fault", () => {
    const stage = new PoolStage();
    const seeker = stage.seek();
    stage.dialer.refuses("ECONNREFUSED");
    expect(seeker.failure).toStrictEqual(["connect-failed", "ECONNREFUSED"]);
    stage.expectNothingLeft();
  });

  it("a dial that takes too long is given up", () => {
    const stage = new PoolStage({ connectTimeout_ms: 5_000 });
    const seeker = stage.seek();
    stage.pass(4_900);
    expect(seeker.failure).toBeUndefined();
    stage.pass(200);
    expect(seeker.failure).toStrictEqual(["connect-timeout", "ETIMEDOUT"]);
    expect(stage.dialer.pendingCount).toBe(0);
    stage.expectNothingLeft();
  });

  it("a search that is given up stops dialing", () => {
    const stage = new PoolStage();
    const seeker = stage.seek();
    seeker.search?.cancel();
    seeker.search?.cancel();
    expect(stage.dialer.pendingCount).toBe(0);
    expect(stage.endpoint.dialing).toBe(0);
    expect([seeker.connection, seeker.failure]).toStrictEqual([undefined, undefined]);
    stage.expectNothingLeft();
  });

  it("a retry takes no idle connection", () => {
    const stage = new PoolStage();
    stage.exchange();
    const seeker = stage.begin({ isRetry: true });
    expect(seeker.connection?.record.opened).toBe("retry");
    expect(seeker.connection?.isReused).toBe(false);
  });
});

describe("the limit of connections", () => {
  it("holds: whoever comes beyond waits, and gets the next one that is free", () => {
    const stage = new PoolStage({ size: 2 });
    const [first, second] = [stage.begin(), stage.begin()];
    const third = stage.seek();
    expect([stage.pool.waiting, stage.dialer.pendingCount]).toStrictEqual([1, 0]);
    const freed = stage.finish(first);
    expect(third.connection).toBe(freed);
    expect(stage.pool.waiting).toBe(0);
    stage.expectNothingLeft([first, second, third]);
  });

  it("those who wait are served in their order", () => {
    const stage = new PoolStage({ size: 1 });
    const first = stage.begin();
    const waiting = [stage.seek(), stage.seek(), stage.seek()];
    const served: number[] = [];
    let current: TestSeeker = first;
    for (let i = 0; i < 3; i++) {
      stage.finish(current);
      const index = waiting.findIndex((seeker, at) => seeker.connection !== undefined && !served.includes(at));
      served.push(index);
      current = waiting[index] as TestSeeker;
    }
    expect(served).toStrictEqual([0, 1, 2]);
    stage.expectNothingLeft([current]);
  });

  it("a connection that closes makes room to dial", () => {
    const stage = new PoolStage({ size: 1 });
    const first = stage.begin();
    const second = stage.seek();
    first.connection?.close("response-malformed");
    stage.later.settle();
    expect(stage.dialer.pendingCount).toBe(1);
    stage.dialer.connects();
    expect(second.connection?.record.opened).toBe("pool-empty");
    stage.expectNothingLeft([second]);
  });

  it("an idle connection that does not fit gives way", () => {
    const stage = new PoolStage({ size: 1 });
    stage.exchange();
    stage.pass(501);
    const seeker = stage.seek({ isRetriable: false });
    expect(stage.dialer.pendingCount).toBe(1);
    expect(stage.news()).toContain("#1 closed: pool-surplus");
    stage.dialer.connects();
    expect(seeker.connection).toBeDefined();
    stage.expectNothingLeft([seeker]);
  });

  it("no more idle connections give way than are needed", () => {
    const stage = new PoolStage({ size: 3 });
    stage.idle(3);
    stage.pass(501);
    // Both look for a connection before the first one that gives way is gone.
    const endpoint = stage.endpoint;
    const seekers = [stage.pool, stage.pool].map((pool) => {
      const seeker = { ...quietSeeker };
      pool.acquire(seeker);
      return seeker;
    });
    stage.later.settle();
    expect(seekers).toHaveLength(2);
    expect(stage.dialer.pendingCount).toBe(2);
    expect(endpoint.idleCount).toBe(1);
  });

  it("a connection kept for learning gives way first", () => {
    const stage = new PoolStage({ size: 2 });
    const busy = stage.begin();
    stage.exchange({}, { timeout_ms: 1_000 });
    stage.pass(2_000);
    const seeker = stage.seek();
    expect(stage.news()).toContain("#2 closed: pool-surplus");
    expect(stage.dialer.pendingCount).toBe(1);
    stage.dialer.connects();
    expect(seeker.connection).toBeDefined();
    stage.expectNothingLeft([busy, seeker]);
  });

  it("a connection that is retired on its release gives way to whoever waits", () => {
    const stage = new PoolStage({ size: 1 });
    const first = stage.begin();
    const second = stage.seek();
    stage.finish(first, { timeout_ms: 0 });
    expect(stage.dialer.pendingCount).toBe(1);
    stage.dialer.connects();
    expect(second.connection).toBeDefined();
  });

  it("a dial that fails makes room for whoever waits", () => {
    const stage = new PoolStage({ size: 1 });
    const first = stage.seek();
    const second = stage.seek();
    expect(stage.pool.waiting).toBe(1);
    stage.dialer.refuses("ECONNREFUSED");
    expect(first.failure).toStrictEqual(["connect-failed", "ECONNREFUSED"]);
    expect([stage.pool.waiting, stage.dialer.pendingCount]).toStrictEqual([0, 1]);
    stage.expectNothingLeft([second]);
  });

  it("a dial that is given up makes room for whoever waits", () => {
    const stage = new PoolStage({ size: 1 });
    const first = stage.seek();
    const second = stage.seek();
    first.search?.cancel();
    expect([stage.pool.waiting, stage.dialer.pendingCount]).toStrictEqual([0, 1]);
    stage.dialer.connects();
    expect(second.connection).toBeDefined();
    stage.expectNothingLeft([second]);
  });
});

describe("the waiting line", () => {
  it("is bounded in time", () => {
    const stage = new PoolStage({ size: 1, connectTimeout_ms: 5_000 });
    const busy = stage.begin();
    const seeker = stage.seek();
    stage.pass(4_900);
    expect(seeker.failure).toBeUndefined();
    stage.pass(200);
    expect(seeker.failure).toStrictEqual(["pool-line-timeout", ""]);
    expect(stage.pool.waiting).toBe(0);
    stage.expectNothingLeft([busy]);
  });

  it("is bounded in length", () => {
    const stage = new PoolStage({ size: 1 });
    const busy = stage.begin();
    const seekers = Array.from({ length: 1_025 }, () => stage.seek());
    expect(stage.pool.waiting).toBe(1_024);
    expect(seekers.map((seeker) => seeker.failure?.[0])).toStrictEqual([
      ...Array(1_024).fill(undefined),
      "pool-line-full",
    ]);
    stage.expectNothingLeft([busy, ...seekers]);
  });

  it("can be left", () => {
    const stage = new PoolStage({ size: 1 });
    const busy = stage.begin();
    const seekers = [stage.seek(), stage.seek()];
    seekers[0]?.search?.cancel();
    expect(stage.pool.waiting).toBe(1);
    const freed = stage.finish(busy);
    expect(seekers.map((seeker) => seeker.connection)).toStrictEqual([undefined, freed]);
    stage.expectNothingLeft(seekers);
  });
});

describe("several endpoints", () => {
  const origins = ["http://o1.test", "http://o2.test", "http://o3.test"];

  it("equally busy ones take turns", () => {
    const stage = new PoolStage({ origins });
    const seekers = Array.from({ length: 6 }, () => stage.begin());
    expect(stage.dialer.dialed.toSorted()).toStrictEqual([
      "o1.test:80",
      "o1.test:80",
      "o2.test:80",
      "o2.test:80",
      "o3.test:80",
      "o3.test:80",
    ]);
    stage.expectNothingLeft(seekers);
  });

  it("idle ones take turns, so that each keeps its connections warm", () => {
    const stage = new PoolStage({ origins });
    for (let i = 0; i < 9; i++) stage.exchange();
    expect(stage.pool.endpoints.map(({ size }) => size)).toStrictEqual([1, 1, 1]);
    expect(
      stage.pool.endpoints.flatMap(({ connections }) => [...connections].map(({ life }) => life.exchanges)),
    ).toStrictEqual([3, 3, 3]);
    stage.expectNothingLeft();
  });

  it("the one with least outstanding is taken", () => {
    const stage = new PoolStage({ origins });
    const seekers = [stage.begin(), stage.begin(), stage.begin()];
    const [, second] = seekers;
    const endpoint = stage.connectionOf(second as TestSeeker).endpoint;
    stage.finish(second as TestSeeker);
    for (let i = 0; i < 4; i++) {
      const seeker = stage.begin();
      expect(seeker.connection?.endpoint).toBe(endpoint);
      stage.finish(seeker);
    }
    stage.expectNothingLeft(seekers);
  });

  it("one that refuses is passed over at once, since nothing was sent yet", () => {
    const stage = new PoolStage({ origins: origins.slice(0, 2) });
    const seeker = stage.seek();
    const [firstDialed] = stage.dialer.dialed;
    stage.dialer.refuses();
    expect(seeker.failure).toBeUndefined();
    expect(stage.dialer.dialed).toHaveLength(2);
    expect(stage.dialer.dialed[1]).not.toBe(firstDialed);
    stage.dialer.connects();
    expect(seeker.connection).toBeDefined();
    stage.expectNothingLeft([seeker]);
  });

  it("when all refuse, the last fault is told", () => {
    const stage = new PoolStage({ origins: origins.slice(0, 2) });
    const seeker = stage.seek();
    stage.dialer.refuses("ECONNREFUSED");
    stage.dialer.refuses("EHOSTUNREACH");
    expect(seeker.failure).toStrictEqual(["connect-failed", "EHOSTUNREACH"]);
    stage.expectNothingLeft();
  });
});

describe("an endpoint that cannot be dialed", () => {
  /** Fails `times`, each when it is due to be tried again, and returns how long it is avoided. */
  function avoidedAfter(times: number): number {
    const stage = new PoolStage({ origins: ["http://o1.test"] });
    const avoided_ms = () => stage.endpoint.avoidUntil_ms - stage.clock.now();
    for (let i = 0; i < times; i++) {
      if (i > 0) stage.pass(avoided_ms());
      stage.seek();
      stage.dialer.refuses();
    }
    return avoided_ms();
  }

  it("has failed once, however many fail together", () => {
    const stage = new PoolStage({ origins: ["http://o1.test"] });
    for (let i = 0; i < 8; i++) stage.seek();
    for (let i = 0; i < 8; i++) stage.dialer.refuses();
    expect(stage.endpoint.avoidUntil_ms - stage.clock.now()).toBe(1_000);
  });

  it("is tried again by one request, while the others go elsewhere", () => {
    const stage = new PoolStage({ origins: ["http://o1.test", "http://o2.test"] });
    const first = stage.seek();
    const failing = stage.dialer.dialed[0];
    stage.dialer.refuses();
    stage.dialer.connects();
    stage.pass(1_100);
    const before = stage.dialer.dialed.length;
    const crowd = Array.from({ length: 10 }, () => stage.seek());
    expect(stage.dialer.dialed.slice(before).filter((name) => name === failing)).toHaveLength(1);
    while (stage.dialer.pendingCount > 0) stage.dialer.connects();
    stage.expectNothingLeft([first, ...crowd]);
  });

  it.each([
    [1, 1_000],
    [2, 2_000],
    [3, 4_000],
    [5, 16_000],
    [6, 30_000],
    [50, 30_000],
  ])("after %i failures in a row is avoided for %i ms", (times, avoided_ms) => {
    expect(avoidedAfter(times)).toBe(avoided_ms);
  });

  it("is avoided while there are others, then tried again, and recovers with the first answer", () => {
    const stage = new PoolStage({ origins: ["http://o1.test", "http://o2.test"] });
    const first = stage.seek();
    const failing = stage.dialer.dialed[0];
    stage.dialer.refuses();
    stage.dialer.connects();
    const others = [stage.begin(), stage.begin()];
    expect(stage.dialer.dialed.filter((name) => name === failing)).toHaveLength(1);
    stage.pass(1_100);
    const again = stage.begin();
    expect(stage.dialer.dialed.at(-1)).toBe(failing);
    stage.connectionOf(again).noteAlive();
    expect(stage.news().filter((line) => /failed|recovered/.test(line))).toStrictEqual([
      `http://${failing?.replace(":80", "")} failed: ECONNREFUSED`,
      `http://${failing?.replace(":80", "")} recovered`,
    ]);
    stage.expectNothingLeft([first, ...others, again]);
  });

  it("comes behind those that answer badly, which share the load", () => {
    const stage = new PoolStage({ origins: ["http://o1.test", "http://o2.test", "http://o3.test"] });
    const [dead, ...busy] = stage.pool.endpoints;
    dead?.onUnanswered("ECONNRESET");
    for (const endpoint of busy) for (let i = 0; i < 5; i++) endpoint.noteFinal(1, 503);
    const seekers = Array.from({ length: 6 }, () => stage.begin());
    expect(stage.pool.endpoints.map(({ inUse }) => inUse)).toStrictEqual([0, 3, 3]);
    stage.expectNothingLeft(seekers);
  });

  it("is dialed all the same when it is the only one", () => {
    const stage = new PoolStage();
    stage.seek();
    stage.dialer.refuses();
    const seeker = stage.begin();
    expect(seeker.connection).toBeDefined();
    stage.expectNothingLeft([seeker]);
  });

  it.each(["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOBUFS", "ENOMEM"])("%s is no fault of its own", (fault) => {
    const stage = new PoolStage({ origins: ["http://o1.test", "http://o2.test"] });
    const seeker = stage.seek();
    stage.dialer.refuses(fault);
    expect(stage.pool.endpoints.map(({ avoidUntil_ms }) => avoidUntil_ms)).toStrictEqual([-Infinity, -Infinity]);
    stage.expectNothingLeft([seeker]);
  });
});

describe("counting", () => {
  it("after ten thousand random events nothing is negative, limits hold, and everything returns to zero", () => {
    const stage = new PoolStage({ origins: ["http://o1.test", "http://o2.test"], size: 3, idleLimit_ms: 2_000 });
    let state = 12_345;
    const random = (below: number) => {
      state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((state / 2_147_483_648) * below);
    };
    const seekers = new Set<TestSeeker>();
    const pick = () => [...seekers][random(seekers.size)];
    const active = () => [...seekers].find((seeker) => seeker.connection?.life.state === "active");
    const acts: (() => void)[] = [
      () => seekers.add(stage.seek({ isRetriable: random(2) === 0, isRetry: random(8) === 0 })),
      () => seekers.add(stage.seek()),
      () => stage.dialer.pendingCount > 0 && stage.dialer.connects(),
      () => stage.dialer.pendingCount > 0 && random(3) === 0 && stage.dialer.refuses(),
      () => {
        const seeker = active();
        if (seeker !== undefined)
          stage.finish(seeker, random(3) === 0 ? { timeout_ms: random(3_000), max: random(5) } : undefined);
      },
      () => active()?.connection?.close("client-gone"),
      () => active()?.connection?.reset("client-gone"),
      () => pick()?.search?.cancel(),
      () => stage.dialer.sockets[random(stage.dialer.sockets.length)]?.sends("x"),
      () => stage.dialer.sockets[random(stage.dialer.sockets.length)]?.closesItsSide(),
      () => stage.dialer.sockets[random(stage.dialer.sockets.length)]?.fails(),
      () => stage.pass(random(700)),
    ];
    for (let i = 0; i < 10_000; i++) {
      acts[random(acts.length)]?.();
      stage.later.settle();
      for (const endpoint of stage.pool.endpoints) {
        expect(endpoint.inUse).toBeGreaterThanOrEqual(0);
        expect(endpoint.dialing).toBeGreaterThanOrEqual(0);
        expect(endpoint.closing).toBeGreaterThanOrEqual(0);
        expect(endpoint.closing).toBeLessThanOrEqual(endpoint.connections.size);
        expect(endpoint.size).toBeLessThanOrEqual(3);
        expect(endpoint.idleCount + endpoint.inUse).toBeLessThanOrEqual(endpoint.connections.size);
      }
      for (const seeker of seekers) {
        if (seeker.failure !== undefined || seeker.connection?.life.isEnding) seekers.delete(seeker);
      }
    }
    for (const seeker of seekers) seeker.search?.cancel();
    stage.expectNothingLeft([...seekers].filter((seeker) => seeker.connection?.life.state === "active"));
  });
});

const quietSeeker = {
  isRetriable: false,
  isRetry: false,
  onConnection() {},
  onNoConnection() {},
  onData() {},
  onEnd() {},
  onDrain() {},
  onClose() {},
  onDeadline() {},
  place: { client: "", since_ms: 0, movedBytes: 0, isSlow: false, giveWay() {} },
};
