/** Pools of many origins: made when asked for, bounded in number, and in what idles in all. */
import { describe, expect, it } from "vitest";
import { FakeDialer, Later } from "../../test/fuzz/kit/net.ts";
import { TestSeeker } from "../../test/fuzz/kit/pool-stage.ts";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { Sweeper } from "../net/sweeper.ts";
import { PoolDirectory } from "./directory.ts";
import { parseOriginAddress } from "./origin-address.ts";
import type { Pool } from "./pool.ts";

class Stage {
  readonly told: string[] = [];
  readonly directory: PoolDirectory;
  private readonly later = new Later();
  private readonly dialer = new FakeDialer(this.later);
  private ids = 0;

  constructor(poolsMax: number, idleMax: number) {
    const clock = new ManualClock();
    this.directory = new PoolDirectory({
      poolsMax,
      idleMax,
      size: 10,
      idleLimit_ms: 60_000,
      connectTimeout_ms: 5_000,
      dialer: this.dialer,
      clock,
      deadlines: new Sweeper(clock),
      observer: {
        upstreamOpened: ({ endpoint, openReason }) => this.told.push(`${endpoint.origin.name} opened: ${openReason}`),
        upstreamReused: ({ endpoint }) => this.told.push(`${endpoint.origin.name} reused`),
        reuseRefused: () => undefined,
        upstreamClosed: ({ endpoint, life }) => this.told.push(`${endpoint.origin.name} closed: ${life.closeReason}`),
        lifetimeLearned: () => undefined,
        endpointFailed: () => undefined,
        endpointRecovered: () => undefined,
      },
      nextId: () => ++this.ids,
    });
  }

  pool(name: string): Pool | undefined {
    const pool = this.directory.find(name) ?? this.directory.add(name, parseOriginAddress(`http://${name}`));
    this.later.settle();
    return pool;
  }

  /** An exchange with an origin begins. */
  begin(name: string): TestSeeker {
    const seeker = new TestSeeker(true, false, "", 0);
    seeker.search = this.pool(name)?.acquire(seeker);
    this.later.settle();
    if (seeker.connection === undefined) this.dialer.connects();
    return seeker;
  }

  exchange(name: string): void {
    this.end(this.begin(name));
  }

  end(seeker: TestSeeker): void {
    seeker.connection?.release();
    this.later.settle();
  }

  get names(): string[] {
    return this.directory.endpoints.map(({ origin }) => origin.name);
  }
}

describe("pools", () => {
  it("are one for each origin, and keep its connections", () => {
    const stage = new Stage(10, 10);
    for (const name of ["a", "b", "a", "b"]) stage.exchange(name);
    expect(stage.pool("a")).toBe(stage.pool("a"));
    expect(stage.told).toEqual([
      "http://a opened: pool-empty",
      "http://b opened: pool-empty",
      "http://a reused",
      "http://b reused",
    ]);
  });

  it("give way in the order in which they were asked for last", () => {
    const stage = new Stage(2, 10);
    for (const name of ["a", "b", "a", "c"]) stage.exchange(name);
    expect(stage.told).toContain("http://b closed: pool-evicted");
    expect(stage.names).toEqual(["http://a", "http://c"]);
  });

  it("do not give way while a connection is in use, being opened, or waited for", () => {
    const stage = new Stage(2, 10);
    const active = stage.begin("a");
    const dialing = new TestSeeker(true, false, "", 0);
    dialing.search = stage.pool("b")?.acquire(dialing);
    expect(stage.pool("c")).toBeUndefined();
    stage.end(active);
    expect(stage.pool("c")).toBeDefined();
    expect(stage.told).toContain("http://a closed: pool-evicted");
    dialing.search?.cancel();
  });

  it("that gave way are forgotten: what was learned of their origin, too", () => {
    const stage = new Stage(1, 10);
    const before = stage.pool("a");
    stage.exchange("b");
    expect(stage.pool("a")).not.toBe(before);
  });
});

describe("idle connections", () => {
  it("are no more in all than the limit: the one that idles longest closes, whosever it is", () => {
    const stage = new Stage(10, 2);
    const [a, b, c] = ["a", "b", "c"].map((name) => stage.begin(name)) as [TestSeeker, TestSeeker, TestSeeker];
    for (const seeker of [b, a, c]) stage.end(seeker);
    expect(stage.told.slice(3)).toEqual(["http://b closed: pool-surplus"]);
  });

  it("do not count while they are used", () => {
    const stage = new Stage(10, 1);
    stage.exchange("a");
    const again = stage.begin("a");
    stage.exchange("b");
    expect(stage.told.filter((line) => line.includes("closed"))).toEqual([]);
    stage.end(again);
    expect(stage.told.at(-1)).toBe("http://b closed: pool-surplus");
  });
});

describe("draining", () => {
  it("ends when the last connection of the last pool is gone", () => {
    const stage = new Stage(10, 10);
    stage.exchange("a");
    const active = stage.begin("b");
    let isEmpty = false;
    stage.directory.drain(() => {
      isEmpty = true;
    });
    expect(isEmpty).toBe(false);
    stage.end(active);
    expect(isEmpty).toBe(true);
    expect(stage.told.slice(-2)).toEqual(["http://a closed: drained", "http://b closed: drained"]);
  });

  it("serves who is late, and leaves nothing behind", () => {
    const stage = new Stage(10, 10);
    stage.directory.drain(() => undefined);
    stage.exchange("late");
    expect(stage.told).toEqual(["http://late opened: pool-empty", "http://late closed: drained"]);
  });

  it("is over at once where there is nothing", () => {
    let isEmpty = false;
    new Stage(10, 10).directory.drain(() => {
      isEmpty = true;
    });
    expect(isEmpty).toBe(true);
  });
});
