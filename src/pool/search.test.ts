/** How long a search may take: one time for all of it, however many endpoints there are. */
import { describe, expect, it } from "vitest";
import { PoolStage } from "../../test/fuzz/kit/pool-stage.ts";
import { LOOKUP_TIMEOUT } from "../net/ports.ts";

const originsOf = (count: number) => Array.from({ length: count }, (_, index) => `http://o${index + 1}.test`);

describe("the time to connect is for the whole search", () => {
  it.each([1, 2, 6])("of %i silent endpoints all are dialed within it", (count) => {
    const stage = new PoolStage({ origins: originsOf(count), connectTimeout_ms: 6_000 });
    const seeker = stage.seek();
    stage.pass(5_900);
    expect([seeker.failure, new Set(stage.dialer.dialed).size]).toEqual([undefined, count]);
    stage.pass(200);
    expect(seeker.failure).toEqual(["connect-timeout", "ETIMEDOUT"]);
    expect(stage.told).toHaveLength(count);
    stage.expectNothingLeft();
  });

  it("waiting in line is a part of it", () => {
    const stage = new PoolStage({ size: 1, connectTimeout_ms: 5_000 });
    const busy = stage.begin();
    const seeker = stage.seek();
    stage.pass(4_000);
    stage.connectionOf(busy).close("close-received");
    stage.pass(900);
    expect([seeker.failure, stage.dialer.pendingCount]).toEqual([undefined, 1]);
    stage.pass(200);
    expect(seeker.failure).toEqual(["connect-timeout", "ETIMEDOUT"]);
    // It had one second of five: that says nothing about the endpoint.
    expect(stage.told.filter((line) => line.includes("failed"))).toEqual([]);
    stage.expectNothingLeft();
  });
});

describe("an endpoint that is slow to connect", () => {
  it("is avoided, and still taken if it is the first to open", () => {
    const stage = new PoolStage({ origins: originsOf(2), connectTimeout_ms: 5_000 });
    const seeker = stage.seek();
    const [slow] = stage.dialer.dialed;
    stage.pass(2_600);
    expect([stage.dialer.pendingCount, stage.told]).toEqual([
      2,
      [`http://${slow?.replace(":80", "")} failed: ETIMEDOUT`],
    ]);
    stage.dialer.connects();
    expect(seeker.connection?.endpoint.origin.name).toBe(`http://${slow?.replace(":80", "")}`);
    expect(stage.dialer.pendingCount).toBe(0);
    expect(stage.told.slice(1)).toEqual([`http://${slow?.replace(":80", "")} recovered`, "#1 opened: pool-empty"]);
    stage.expectNothingLeft([seeker]);
  });

  it("is waited for when all others have failed", () => {
    const stage = new PoolStage({ origins: originsOf(3), connectTimeout_ms: 6_000 });
    const seeker = stage.seek();
    stage.pass(2_100);
    stage.pass(2_100);
    expect(stage.dialer.pendingCount).toBe(3);
    stage.dialer.refuses();
    stage.dialer.refuses();
    expect(seeker.failure).toBeUndefined();
    stage.dialer.connects();
    expect(seeker.connection).toBeDefined();
    stage.expectNothingLeft([seeker]);
  });

  it("leaves nothing behind when the search is given up", () => {
    const stage = new PoolStage({ origins: originsOf(3), connectTimeout_ms: 6_000 });
    const seeker = stage.seek();
    stage.pass(2_100);
    expect(stage.dialer.pendingCount).toBe(2);
    seeker.search?.cancel();
    expect(stage.dialer.pendingCount).toBe(0);
    stage.expectNothingLeft();
  });

  it("gives room to those who wait, also when it loses", () => {
    const stage = new PoolStage({ origins: originsOf(2), size: 1, connectTimeout_ms: 5_000 });
    const first = stage.seek();
    stage.pass(2_600);
    const second = stage.seek();
    expect([stage.dialer.pendingCount, stage.pool.waiting]).toEqual([2, 1]);
    stage.dialer.connects();
    expect(first.connection).toBeDefined();
    expect([stage.dialer.pendingCount, stage.pool.waiting]).toEqual([1, 0]);
    stage.dialer.connects();
    expect(second.connection).toBeDefined();
    stage.expectNothingLeft([first, second]);
  });
});

describe("names", () => {
  it("that no server answered for in time are told apart from addresses that did not answer", () => {
    const stage = new PoolStage({ connectTimeout_ms: 5_000 });
    stage.dialer.waitsFor = "name";
    const seeker = stage.seek();
    stage.pass(5_100);
    expect(seeker.failure).toEqual(["connect-timeout", LOOKUP_TIMEOUT]);
    const another = stage.seek();
    stage.dialer.refuses(LOOKUP_TIMEOUT);
    expect(another.failure).toEqual(["connect-timeout", LOOKUP_TIMEOUT]);
    stage.expectNothingLeft();
  });

  it("are looked up on behalf of the client that asked", () => {
    const stage = new PoolStage();
    const seeker = stage.seek({}, "192.0.2.7");
    expect(stage.dialer.clients).toEqual(["192.0.2.7"]);
    stage.dialer.refuses("too-many-lookups");
    expect(seeker.failure).toEqual(["too-many-lookups", ""]);
    stage.expectNothingLeft();
  });
});
