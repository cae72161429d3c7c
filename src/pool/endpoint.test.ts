/** One endpoint: which idle connection is used, when it is retired, and what is learned from how it ends. */
import { describe, expect, it } from "vitest";
import { PoolStage } from "../../test/fuzz/kit/pool-stage.ts";

describe("reuse", () => {
  it("the most recently used connection is used first, so that the surplus ages", () => {
    const stage = new PoolStage();
    const [first, second, third] = stage.idle(3);
    expect(stage.exchange()).toBe(third);
    const busy = stage.begin();
    expect(busy.connection).toBe(third);
    expect(stage.exchange()).toBe(second);
    stage.finish(busy);
    expect(stage.exchange()).toBe(third);
    expect(first?.life.exchanges).toBe(1);
    stage.expectNothingLeft();
  });

  it("an idle connection is not dialed again, a busy one is no idle one", () => {
    const stage = new PoolStage();
    stage.exchange();
    stage.exchange();
    const busy = stage.begin();
    expect(stage.dialer.dialed).toStrictEqual(["o1.test:80"]);
    stage.begin();
    expect(stage.dialer.dialed).toHaveLength(2);
    expect(stage.endpoint.inUse).toBe(2);
    expect(stage.news()).toStrictEqual(["#1 opened: pool-empty", "#1 reused", "#1 reused", "#2 opened: pool-empty"]);
    stage.finish(busy);
  });

  it("a request that may not be retried goes on a fresh connection when nothing is known of the lifetime", () => {
    const stage = new PoolStage();
    stage.exchange();
    stage.pass(501);
    const seeker = stage.begin({ isRetriable: false });
    expect(seeker.connection?.isReused).toBe(false);
    expect(stage.news()).toContain("#1 not reused: not-well-inside");
    expect(stage.news()).not.toContain("#1 closed");
    expect(stage.endpoint.idleCount).toBe(1);
    stage.expectNothingLeft([seeker]);
  });

  it("it goes on an idle one that is well inside what survived before", () => {
    const stage = new PoolStage();
    stage.exchange();
    stage.pass(4_000);
    stage.exchange();
    stage.pass(1_900);
    expect(stage.begin({ isRetriable: false }).connection?.isReused).toBe(true);
  });

  it("it goes on an idle one that is well inside the age of a neighbour that is still open", () => {
    const stage = new PoolStage();
    const [, second] = stage.idle(2);
    stage.pass(4_000);
    expect(stage.exchange()).toBe(second);
    stage.pass(100);
    expect(stage.begin({ isRetriable: false }).connection).toBe(second);
  });
});

describe("retiring", () => {
  it("at the pool's limit idle connections close", () => {
    const stage = new PoolStage({ idleLimit_ms: 10_000 });
    stage.exchange();
    stage.pass(9_900);
    expect(stage.endpoint.idleCount).toBe(1);
    stage.pass(200);
    expect(stage.news()).toContain("#1 closed: idle-timeout");
    stage.expectNothingLeft();
  });

  it("before the learned lifetime, after one close that was seen", () => {
    const stage = new PoolStage();
    const [first, second] = stage.idle(2);
    stage.pass(5_000);
    if (first !== undefined) stage.socketOf(first).closesItsSide();
    if (second !== undefined) stage.socketOf(second).closesItsSide();
    stage.later.settle();
    expect(stage.news()).toContain("learned: 5000");
    const third = stage.exchange();
    stage.pass(4_400);
    expect(stage.endpoint.idleCount).toBe(1);
    stage.pass(150);
    expect(stage.endpoint.idleCount).toBe(0);
    expect(third.isRetired).toBe(true);
    const next = stage.begin();
    expect(next.connection).not.toBe(third);
  });

  it("before the end of a hinted timeout", () => {
    const stage = new PoolStage();
    const connection = stage.exchange({}, { timeout_ms: 5_000 });
    stage.pass(3_900);
    expect(stage.endpoint.idleCount).toBe(1);
    stage.pass(150);
    expect(stage.endpoint.idleCount).toBe(0);
    expect(connection.isRetired).toBe(true);
  });

  it("a request that comes before the sweep finds it expired all the same", () => {
    const stage = new PoolStage();
    stage.exchange({}, { timeout_ms: 50 });
    stage.pass(45);
    const seeker = stage.begin();
    expect(seeker.connection?.isReused).toBe(false);
    expect(stage.news()).toContain("#1 not reused: hint-expired");
    expect(seeker.connection?.record.opened).toBe("none-fit");
  });

  it("at once when the origin said it takes no more", () => {
    const stage = new PoolStage();
    stage.exchange({}, { max: 0 });
    expect(stage.news()).toContain("#1 closed: hint-max");
    expect(stage.endpoint.size).toBe(0);
  });

  it("one is kept to see when the origin closes it, the rest are closed", () => {
    const stage = new PoolStage();
    const seekers = [stage.begin(), stage.begin(), stage.begin()];
    const connections = seekers.map((seeker) => stage.finish(seeker, { timeout_ms: 5_000 }));
    stage.pass(4_100);
    expect(connections.map(({ isRetired }) => isRetired)).toStrictEqual([true, false, false]);
    expect(stage.news().filter((line) => line.includes("closed"))).toStrictEqual([
      "#2 closed: hint-expired",
      "#3 closed: hint-expired",
    ]);
    expect(stage.endpoint.size).toBe(1);
    stage.expectNothingLeft();
  });

  it("what is kept teaches a lifetime that is longer than the hint, and makes room for the next", () => {
    const stage = new PoolStage();
    const probe = stage.exchange({}, { timeout_ms: 5_000 });
    stage.pass(7_000);
    stage.socketOf(probe).closesItsSide();
    stage.later.settle();
    expect(stage.endpoint.lifetime.estimate_ms).toBe(7_000);
    expect(probe.life.closeReason).toBe("peer-closed-idle");
    stage.exchange({}, { timeout_ms: 5_000 });
    stage.pass(4_100);
    expect(stage.endpoint.size).toBe(1);
    stage.expectNothingLeft();
  });

  it("what is kept is given up at the pool's limit", () => {
    const stage = new PoolStage({ idleLimit_ms: 10_000 });
    stage.exchange({}, { timeout_ms: 5_000 });
    stage.pass(9_900);
    expect(stage.endpoint.size).toBe(1);
    stage.pass(200);
    expect(stage.news()).toContain("#1 closed: idle-timeout");
    stage.expectNothingLeft();
  });

  it("a limit that grew meanwhile is waited for", () => {
    const stage = new PoolStage();
    const first = stage.exchange();
    const busy = stage.begin();
    const second = stage.begin();
    stage.finish(second);
    stage.finish(busy);
    stage.pass(5_000);
    stage.endpoint.lifetime.recordClose(5_000, stage.clock.now());
    const late = stage.exchange();
    for (let i = 1; i <= 8; i++) stage.endpoint.lifetime.recordClose(20_000, stage.clock.now() + i * 1_000);
    stage.pass(6_000);
    expect(late.isRetired).toBe(false);
    expect(first.life.isEnding).toBe(false);
    stage.expectNothingLeft();
  });

  it("a lifetime too short to be one of idleness is not believed", () => {
    const stage = new PoolStage();
    for (let i = 0; i < 3; i++) stage.endpoint.lifetime.recordClose(5, i * 1_000);
    stage.exchange();
    stage.pass(1_000);
    expect(stage.endpoint.idleCount).toBe(1);
    stage.expectNothingLeft();
  });

  it("a neighbour that idles for longer than was learned, and is still open, lets others idle as long", () => {
    const stage = new PoolStage();
    stage.endpoint.lifetime.recordClose(5_000, 0);
    stage.exchange();
    stage.pass(20_000);
    expect(stage.endpoint.size).toBe(1);
    stage.exchange();
    stage.pass(10_000);
    expect(stage.endpoint.idleCount).toBe(1);
    stage.expectNothingLeft();
  });
});

describe("an origin that closes right behind its responses", () => {
  /** Its FIN comes a millisecond later. */
  function exchangeAndClose(stage: PoolStage, wants = { isRetriable: false }): void {
    const connection = stage.exchange(wants);
    stage.pass(1);
    stage.socketOf(connection).closesItsSide();
    stage.later.settle();
  }

  function learn(stage: PoolStage): void {
    for (let i = 0; i < 3; i++) exchangeAndClose(stage);
    stage.news();
  }

  it("gets no request that may not be retried on a connection that it may be about to close", () => {
    const stage = new PoolStage();
    exchangeAndClose(stage);
    exchangeAndClose(stage);
    expect(stage.exchange({ isRetriable: false })).toBe(stage.exchange({ isRetriable: false }));
    exchangeAndClose(stage);
    stage.news();
    const connections = Array.from({ length: 300 }, () => stage.exchange({ isRetriable: false }));
    expect(connections.filter(({ isReused }) => isReused)).toStrictEqual([]);
    stage.expectNothingLeft();
  });

  it("is known, too, by requests that were put on its connections in vain", () => {
    const stage = new PoolStage();
    for (let i = 0; i < 3; i++) {
      stage.exchange();
      stage.pass(1);
      const seeker = stage.begin();
      const connection = stage.connectionOf(seeker);
      expect(connection.noteUnanswered(false)).toBe(true);
      connection.close("peer-closed");
      stage.later.settle();
    }
    expect(stage.endpoint.abruptCloses.isHabit).toBe(true);
    stage.expectNothingLeft();
  });

  it("gets those that may, and so shows when it has changed", () => {
    const stage = new PoolStage();
    learn(stage);
    const connection = stage.exchange();
    for (let i = 0; i < 16; i++) expect(stage.exchange()).toBe(connection);
    expect(stage.exchange({ isRetriable: false })).toBe(connection);
    stage.expectNothingLeft();
  });

  it("shows it by what it leaves open, too, where no request may be retried", async () => {
    const stage = new PoolStage({ size: 100 });
    learn(stage);
    const before = stage.dialer.dialed.length;
    for (let i = 0; i < 100; i++) {
      const seeker = stage.seek({ isRetriable: false });
      await stage.arrivals();
      if (seeker.connection === undefined) stage.dialer.connects();
      stage.finish(seeker);
      stage.pass(25);
    }
    const dials = stage.dialer.dialed.length - before;
    expect(dials).toBeLessThan(10);
    expect(stage.endpoint.abruptCloses.isHabit).toBe(false);
    stage.expectNothingLeft();
  });

  it("is told as the reason", () => {
    const stage = new PoolStage();
    learn(stage);
    stage.exchange();
    stage.begin({ isRetriable: false });
    expect(stage.news()).toContain("#4 not reused: close-expected");
  });
});

describe("growing old", () => {
  /** Up to a tenth less than the greatest age is a matter of the connection's number. */
  const MAX_AGE_MS = 10_000;

  it("a busy connection is closed at its greatest age, behind its exchange; the next request dials the name anew", () => {
    const stage = new PoolStage({ maxAge_ms: MAX_AGE_MS });
    const first = stage.exchange();
    for (let i = 0; i < 17; i++) {
      stage.pass(500);
      expect(stage.exchange()).toBe(first);
    }
    const busy = stage.begin();
    stage.pass(1_500);
    expect(stage.connectionOf(busy).life.state).toBe("active");
    stage.news();
    stage.finish(busy);
    expect(stage.news()).toStrictEqual(["#1 closed: max-age"]);
    stage.exchange();
    expect(stage.dialer.dialed).toStrictEqual(["o1.test:80", "o1.test:80"]);
    stage.expectNothingLeft();
  });

  it("so it follows its name: within the greatest age all requests go where that leads by then", () => {
    let address = "192.0.2.1";
    const names = {
      find: (_name: string, _client: string, found: (addresses: string[]) => void) => {
        found([address]);
        return () => {};
      },
    };
    const stage = new PoolStage({ maxAge_ms: MAX_AGE_MS, names });
    const pairs = () => {
      const seekers = [stage.begin(), stage.begin()];
      for (const seeker of seekers) stage.finish(seeker);
    };
    pairs();
    address = "192.0.2.2";
    for (let passed_ms = 0; passed_ms < MAX_AGE_MS; passed_ms += 500) {
      stage.pass(500);
      pairs();
    }
    expect(stage.dialer.dialed).toStrictEqual(["192.0.2.1:80", "192.0.2.1:80", "192.0.2.2:80", "192.0.2.2:80"]);
    stage.expectNothingLeft();
  });

  it("an idle one is not lent beyond it", () => {
    const stage = new PoolStage({ maxAge_ms: MAX_AGE_MS });
    stage.exchange();
    stage.pass(8_000);
    const first = stage.exchange();
    stage.pass(2_000);
    const seeker = stage.begin();
    expect(seeker.connection).not.toBe(first);
    expect(seeker.connection?.record.opened).toBe("none-fit");
    expect(stage.news().slice(-3)).toStrictEqual([
      "#1 not reused: max-age",
      "#1 closed: max-age",
      "#2 opened: none-fit",
    ]);
    stage.expectNothingLeft([seeker]);
  });

  it("one that nobody asks for closes, too, however long it might idle", () => {
    const stage = new PoolStage({ maxAge_ms: MAX_AGE_MS, idleLimit_ms: 3_600_000 });
    stage.exchange();
    stage.pass(MAX_AGE_MS + 100);
    expect(stage.news()).toContain("#1 closed: max-age");
    stage.expectNothingLeft();
  });

  it("whoever waits for room gets the place of one that has grown old", () => {
    const stage = new PoolStage({ maxAge_ms: MAX_AGE_MS, size: 1, connectTimeout_ms: 60_000 });
    const busy = stage.begin();
    stage.pass(MAX_AGE_MS);
    const next = stage.seek();
    stage.finish(busy);
    stage.dialer.connects();
    expect(next.connection?.isReused).toBe(false);
    stage.expectNothingLeft([next]);
  });

  it("a tunnel is no exchange: it goes on", () => {
    const stage = new PoolStage({ maxAge_ms: MAX_AGE_MS });
    const seeker = stage.begin();
    stage.connectionOf(seeker).beginTunnel(seeker);
    stage.pass(10 * MAX_AGE_MS);
    expect(stage.connectionOf(seeker).life.state).toBe("tunnel");
    stage.expectNothingLeft([seeker]);
  });

  it("without a limit they live as long as they are used", () => {
    const stage = new PoolStage({ maxAge_ms: 0 });
    const first = stage.exchange();
    for (let i = 0; i < 100; i++) {
      stage.pass(50_000);
      expect(stage.exchange()).toBe(first);
    }
    stage.expectNothingLeft();
  });
});

describe("a reused connection that was dead", () => {
  it("teaches the age it had, and takes those at least as old with it", () => {
    const stage = new PoolStage();
    const [first] = stage.idle(2);
    stage.pass(5_000);
    const stale = stage.begin();
    const fresh = stage.begin({ isRetry: true });
    stage.finish(fresh);
    const connection = stage.connectionOf(stale);
    stage.endpoint.onStale(connection);
    connection.close("peer-reset");
    stage.later.settle();
    expect(stage.endpoint.lifetime.estimate_ms).toBe(5_000);
    expect(first?.life.closeReason).toBe("retry-suspect");
    expect(fresh.connection?.life.state).toBe("idle");
    expect(stage.endpoint.idleCount).toBe(1);
    stage.expectNothingLeft();
  });
});

describe("draining", () => {
  it("closes what is idle at once and the rest when it is released", () => {
    const stage = new PoolStage();
    stage.idle(2);
    const busy = stage.begin();
    stage.pool.drain();
    stage.later.settle();
    expect(stage.endpoint.size).toBe(1);
    stage.finish(busy);
    expect(stage.endpoint.size).toBe(0);
    expect(busy.connection?.life.closeReason).toBe("drained");
    stage.expectNothingLeft();
  });

  it("closes what is kept for learning, too", () => {
    const stage = new PoolStage();
    stage.exchange({}, { timeout_ms: 1_000 });
    stage.pass(2_000);
    expect(stage.endpoint.size).toBe(1);
    stage.expectNothingLeft();
  });
});
