/** How long a search may take: one time for all of it, however many endpoints there are. */
import { describe, expect, it } from "vitest";
import { PoolStage } from "../../test/fuzz/kit/pool-stage.ts";
import { LOOKUP_TIMEOUT } from "../net/ports.ts";
import { Bindings } from "./bindings.ts";

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

describe("a request with a time of its own", () => {
  const seeking = (connectTimeout_ms: number, count = 2) => {
    const stage = new PoolStage({ origins: originsOf(count), connectTimeout_ms: 6_000 });
    const seeker = Object.assign(stage.prepare({}), { connectTimeout_ms });
    stage.pool.acquire(seeker);
    return { stage, seeker };
  };

  it("has each endpoint's part of that", () => {
    const { stage, seeker } = seeking(12_000);
    stage.pass(6_100);
    expect(stage.dialer.dialed).toHaveLength(2);
    stage.pass(5_800);
    expect(seeker.failure).toBeUndefined();
    stage.pass(200);
    expect(seeker.failure).toEqual(["connect-timeout", "ETIMEDOUT"]);
    expect(stage.told).toHaveLength(2);
    stage.expectNothingLeft();
  });

  it("shows nothing of endpoints if it is much shorter than others': these would have waited", () => {
    const { stage, seeker } = seeking(1_000);
    stage.pass(1_100);
    expect([seeker.failure, stage.dialer.dialed.length, stage.told]).toEqual([["connect-timeout", "ETIMEDOUT"], 2, []]);
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
    expect(stage.told.slice(1)).toEqual(["#1 opened: pool-empty"]);
    stage.connectionOf(seeker).noteAlive();
    expect(stage.told.slice(2)).toEqual([`http://${slow?.replace(":80", "")} recovered`]);
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

describe("how it goes on is told", () => {
  it("not at all where an idle connection is there", () => {
    const stage = new PoolStage();
    stage.exchange();
    expect(stage.begin().phases).toEqual([]);
  });

  it("where a connection is opened, and where it is secured", () => {
    const stage = new PoolStage();
    const seeker = stage.seek();
    stage.dialer.reaches();
    stage.dialer.connects();
    expect(seeker.phases).toEqual(["connecting", "securing"]);
  });

  it("where there is no room: it is queued, and may get what comes free, or open one", () => {
    const stage = new PoolStage({ size: 1 });
    const busy = stage.begin();
    const [second, third] = [stage.seek(), stage.seek()];
    stage.finish(busy);
    stage.pass(1);
    expect([second.phases, second.connection?.isReused]).toEqual([["queued"], true]);
    stage.connectionOf(second).close("close-received");
    stage.pass(1);
    stage.dialer.connects();
    expect([third.phases, third.connection?.isReused]).toEqual([["queued", "connecting"], false]);
  });

  it("where one endpoint after the other is tried: connecting again", () => {
    const stage = new PoolStage({ origins: originsOf(2) });
    const seeker = stage.seek();
    stage.dialer.refuses();
    stage.dialer.connects();
    expect(seeker.phases).toEqual(["connecting", "connecting"]);
  });

  it("where two are dialed at once: connecting, and in line beside a dial it is not queued", () => {
    const stage = new PoolStage({ origins: originsOf(2), size: 1, connectTimeout_ms: 5_000 });
    stage.begin();
    const seeker = stage.seek();
    stage.pass(2_600);
    expect([seeker.phases, stage.pool.waiting]).toEqual([["connecting"], 1]);
    stage.dialer.refuses();
    expect(seeker.phases).toEqual(["connecting", "queued"]);
  });

  it("where the connection that is bound to the client is not sure yet to be fit", () => {
    const stage = new PoolStage();
    const bindings = new Bindings(1);
    const connection = stage.connectionOf(stage.begin({ bindings }));
    bindings.bind(connection);
    connection.doubtEnd();
    connection.release();
    expect(stage.seek({ bindings }).phases).toEqual(["queued"]);
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
