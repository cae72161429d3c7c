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
      maxAge_ms: 0,
      connectTimeout_ms: 5_000,
      dialer: this.dialer,
      clock,
      deadlines: new Sweeper(clock),
      observer: {
        connectionOpened: ({ endpoint, opened }) => this.told.push(`${endpoint?.name} opened: ${opened}`),
        connectionReused: ({ endpoint }) => this.told.push(`${endpoint?.name} reused`),
        reuseRefused: () => undefined,
        connectionClosed: ({ endpoint, closeReason }) => this.told.push(`${endpoint?.name} closed: ${closeReason}`),
        lifetimeLearned: () => undefined,
        endpointFailed: () => undefined,
        internalError: () => undefined,
        endpointRecovered: () => undefined,
      },
      nextId: () => ++this.ids,
    });
  }

  pool(name: string, client = "192.0.2.1"): Pool | undefined {
    const { directory } = this;
    const pool = directory.find(name, client) ?? directory.add(name, parseOriginAddress(`http://${name}`), client);
    this.later.settle();
    return pool;
  }

  /** An exchange with an origin begins. */
  begin(name: string, client?: string): TestSeeker {
    const seeker = new TestSeeker(true, false, "", 0);
    seeker.search = this.pool(name, client)?.acquire(seeker);
    this.later.settle();
    if (seeker.search !== undefined && seeker.connection === undefined) this.dialer.connects();
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
    const active = stage.begin("a", "one");
    const dialing = new TestSeeker(true, false, "", 0);
    dialing.search = stage.pool("b", "two")?.acquire(dialing);
    expect(stage.pool("c", "three")).toBeUndefined();
    stage.end(active);
    expect(stage.pool("c", "three")).toBeDefined();
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

describe("one client", () => {
  /** How many origins each client gets into use, each as many as it can. */
  const shares = (stage: Stage, ...clients: readonly string[]) =>
    clients.map((client) => {
      let count = 0;
      while (stage.begin(`${client}-${count}`, client).connection !== undefined) count++;
      return count;
    });

  it("has a share that gets smaller as less is left: a newcomer finds something", () => {
    expect(shares(new Stage(100, 100), "a", "b", "c", "newcomer")).toEqual([39, 19, 11, 7]);
  });

  it("has something as long as anything is left: it takes many clients, however greedy, to shut others out", () => {
    const all = shares(new Stage(1_024, 1_024), ...Array.from({ length: 100 }, (_, i) => `client${i}`));
    expect([all[0], all.indexOf(0)]).toEqual([392, 61]);
  });

  it("counts what it uses, not what idles", () => {
    const stage = new Stage(10, 10);
    for (let i = 0; i < 20; i++) stage.exchange(`idle-${i}`);
    expect(shares(stage, "192.0.2.1")).toEqual([4]);
  });

  it("counts a pool that it takes into use, whoever had it made, and not one that another has come to use", () => {
    const stage = new Stage(5, 5);
    stage.exchange("a");
    stage.begin("a", "another");
    stage.begin("b");
    stage.begin("a");
    expect(stage.begin("c").connection).toBeDefined();
    expect(stage.begin("d").connection).toBeUndefined();
    expect(stage.begin("d", "third").connection).toBeDefined();
  });

  it("finds again what it has in use already, however little is left", () => {
    const stage = new Stage(2, 2);
    stage.begin("a");
    expect([stage.begin("b").connection, stage.begin("a").connection !== undefined]).toEqual([undefined, true]);
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
