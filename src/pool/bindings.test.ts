/** Connections that authentication has bound to one client: for that client, for nobody else, and within all limits. */
import { describe, expect, it } from "vitest";
import { PoolStage, type TestSeeker } from "../../test/fuzz/kit/pool-stage.ts";
import { Bindings } from "./bindings.ts";
import { DOUBT_MS, type PooledConnection } from "./pooled-connection.ts";

/** A client that has logged in: its connection idles. */
function login(stage: PoolStage, client = new Bindings(1), isMidway = false): [Bindings, PooledConnection] {
  const seeker = stage.begin({ bindings: client });
  const connection = stage.connectionOf(seeker);
  client.bind(connection);
  if (connection.binding !== undefined) connection.binding.isMidway = isMidway;
  stage.finish(seeker);
  return [client, connection];
}

describe("a bound connection", () => {
  it("is not lent to another client, nor to one that has none", () => {
    const stage = new PoolStage();
    const [, connection] = login(stage);
    const stranger = stage.begin();
    const other = stage.begin({ bindings: new Bindings(2) });
    expect([stranger.connection, other.connection]).not.toContain(connection);
    expect(stranger.connection?.record.opened).toBe("none-fit");
    expect(stage.news()).toContain("#1 not reused: bound-to-another");
    stage.expectNothingLeft([stranger, other]);
  });

  it("is not lent to a client that waits for room either", () => {
    const stage = new PoolStage({ size: 1 });
    const client = new Bindings(1);
    const owner = stage.begin({ bindings: client });
    const stranger = stage.seek();
    client.bind(stage.connectionOf(owner));
    const connection = stage.finish(owner);
    expect(stranger.connection).toBeUndefined();
    expect(stage.news()).toContain("#1 closed: pool-surplus");
    stage.dialer.connects();
    expect(stranger.connection).not.toBe(connection);
    stage.expectNothingLeft([stranger]);
  });

  it("is taken by its own client before one that was used more recently", () => {
    const stage = new PoolStage();
    const [busy] = [stage.begin()];
    const [client, connection] = login(stage);
    stage.finish(busy);
    expect(stage.begin({ bindings: client }).connection).toBe(connection);
  });

  it("is on the endpoint that its client goes on being served by", () => {
    const stage = new PoolStage({ origins: ["http://o1.test", "http://o2.test", "http://o3.test"] });
    const [client, connection] = login(stage);
    for (let i = 0; i < 5; i++) expect(stage.exchange({ bindings: client })).toBe(connection);
    expect(stage.dialer.dialed).toHaveLength(1);
  });

  it("carries requests that may not be retried however long it idled: anywhere else they would be a stranger's", () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    stage.pass(30_000);
    expect(stage.begin({ isRetriable: false, bindings: client }).connection).toBe(connection);
  });

  it("is retired as any other, and then its client is a stranger", () => {
    const stage = new PoolStage({ idleLimit_ms: 10_000 });
    const [client] = login(stage);
    stage.pass(10_100);
    expect(stage.news()).toContain("#1 closed: idle-timeout");
    expect(stage.begin({ bindings: client }).connection?.isReused).toBe(false);
  });

  it("grows old as any other, but not in the middle of its handshake: on another one that would begin anew", () => {
    const stage = new PoolStage({ maxAge_ms: 10_000 });
    const [midway, inHandshake] = login(stage, new Bindings(1), true);
    const [done] = login(stage, new Bindings(2));
    stage.pass(9_000);
    for (const bindings of [midway, done]) stage.exchange({ bindings });
    stage.pass(1_000);
    const seekers = [midway, done].map((bindings) => stage.begin({ bindings }));
    expect(seekers.map(({ connection }) => connection?.isReused)).toStrictEqual([true, false]);
    expect(stage.news()).toContain("#2 closed: max-age");
    if (inHandshake.binding !== undefined) inHandshake.binding.isMidway = false;
    for (const seeker of seekers) stage.finish(seeker);
    expect(stage.news()).toContain("#1 closed: max-age");
    stage.expectNothingLeft();
  });

  it("is not kept for learning", () => {
    const stage = new PoolStage();
    const client = new Bindings(1);
    const seeker = stage.begin({ bindings: client });
    client.bind(stage.connectionOf(seeker));
    stage.finish(seeker, { timeout_ms: 2_000 });
    stage.pass(2_000);
    expect(stage.news()).toContain("#1 closed: hint-expired");
    stage.expectNothingLeft();
  });

  it("is not used again where its origin's max is used up", () => {
    const stage = new PoolStage();
    const client = new Bindings(1);
    const seeker = stage.begin({ bindings: client });
    client.bind(stage.connectionOf(seeker));
    stage.finish(seeker, { max: 0 });
    expect(stage.news()).toContain("#1 closed: hint-max");
    expect(stage.begin({ bindings: client }).connection?.isReused).toBe(false);
  });

  it("goes nowhere on a retry: that is on a fresh connection", () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    expect(stage.begin({ isRetry: true, bindings: client }).connection).not.toBe(connection);
  });

  it("is counted apart from those that anybody may use", () => {
    const stage = new PoolStage();
    login(stage);
    expect([stage.endpoint.idleCount, stage.endpoint.idleBoundCount, stage.endpoint.size]).toStrictEqual([0, 1, 1]);
    stage.expectNothingLeft();
    expect(stage.endpoint.idleBoundCount).toBe(0);
  });

  it("cannot be bound to a second client", () => {
    const stage = new PoolStage();
    const [, connection] = login(stage);
    expect(() => new Bindings(2).bind(connection)).toThrow("bound to another");
  });
});

describe("when its client's connection takes no more requests", () => {
  it("an idle one closes", () => {
    const stage = new PoolStage();
    const [client] = login(stage);
    client.end();
    stage.later.settle();
    expect(stage.news()).toContain("#1 closed: binding-ended");
    stage.expectNothingLeft();
  });

  it("one that is in use closes when it is released", () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    const seeker = stage.begin({ bindings: client });
    client.end();
    expect(connection.life.state).toBe("active");
    stage.finish(seeker);
    expect(stage.news()).toContain("#1 closed: binding-ended");
    stage.expectNothingLeft();
  });

  it("the room is for those who wait", () => {
    const stage = new PoolStage({ size: 1 });
    const [client] = login(stage, new Bindings(1), true);
    const stranger = stage.seek();
    client.end();
    stage.later.settle();
    stage.dialer.connects();
    expect(stranger.connection).toBeDefined();
    stage.expectNothingLeft([stranger]);
  });

  it("a connection to each of several endpoints closes", () => {
    const stage = new PoolStage({ origins: ["http://o1.test", "http://o2.test"] });
    const client = new Bindings(1);
    const seekers = [stage.begin(), stage.begin()];
    for (const seeker of seekers) client.bind(stage.finish(seeker));
    client.end();
    stage.later.settle();
    expect(stage.news().filter((line) => line.includes("closed: binding-ended"))).toHaveLength(2);
  });

  it("one that another has taken the place of is closed before", () => {
    const stage = new PoolStage();
    const [client] = login(stage);
    const seeker = stage.begin();
    client.bind(stage.connectionOf(seeker));
    stage.later.settle();
    expect(stage.news()).toContain("#1 closed: binding-ended");
    expect(stage.begin({ bindings: client }).connection).not.toBe(seeker.connection);
  });
});

describe("at the limit of connections", () => {
  it("those that anybody may use give way first", () => {
    const stage = new PoolStage({ size: 2 });
    const shared = stage.begin();
    login(stage);
    stage.finish(shared);
    stage.pass(2_000);
    stage.seek({ isRetriable: false });
    expect(stage.news()).toContain("#1 closed: pool-surplus");
  });

  it("the bound one that has idled for longest gives way to a request that needs a connection", () => {
    const stage = new PoolStage({ size: 2 });
    login(stage, new Bindings(1));
    login(stage, new Bindings(2));
    const stranger = stage.seek();
    expect(stage.news()).toContain("#1 closed: pool-surplus");
    stage.dialer.connects();
    expect(stranger.connection?.id).toBe(3);
    stage.expectNothingLeft([stranger]);
  });

  it("a handshake has a second to end; then it gives way", () => {
    const stage = new PoolStage({ size: 1 });
    const [client, connection] = login(stage, new Bindings(1), true);
    const stranger = stage.seek();
    stage.pass(900);
    expect(stage.begin({ bindings: client }).connection).toBe(connection);
    connection.release();
    stage.pass(49);
    expect(stage.dialer.pendingCount).toBe(0);
    stage.pass(150);
    expect(stage.news()).toContain("#1 closed: pool-surplus");
    stage.dialer.connects();
    expect(stranger.connection).toBeDefined();
    stage.expectNothingLeft([stranger]);
  });

  it("a handshake in progress does not protect another connection", () => {
    const stage = new PoolStage({ size: 2 });
    login(stage, new Bindings(1), true);
    login(stage, new Bindings(2));
    stage.seek();
    expect(stage.news()).toContain("#2 closed: pool-surplus");
  });

  it("several who wait get the places of several handshakes, one after the other", () => {
    const stage = new PoolStage({ size: 2 });
    login(stage, new Bindings(1), true);
    stage.pass(300);
    login(stage, new Bindings(2), true);
    const strangers = [stage.seek(), stage.seek()];
    stage.pass(750);
    expect(stage.dialer.pendingCount).toBe(1);
    stage.pass(300);
    expect(stage.dialer.pendingCount).toBe(2);
    stage.expectNothingLeft(strangers);
  });

  it("its own client does not wait in line for it", () => {
    const stage = new PoolStage({ size: 1 });
    const [client, connection] = login(stage, new Bindings(1), true);
    const strangers = [stage.seek(), stage.seek()];
    expect(stage.pool.waiting).toBe(2);
    const owner = stage.begin({ bindings: client });
    expect(owner.connection).toBe(connection);
    stage.expectNothingLeft([owner, ...strangers]);
  });
});

describe("behind its last response", () => {
  /** A request that comes while the response before it is being dealt with. */
  function seekWhileHeard(stage: PoolStage, client: Bindings, connection: PooledConnection): TestSeeker {
    connection.isBeingHeard = true;
    const seeker = stage.prepare({ bindings: client });
    seeker.search = stage.pool.acquire(seeker, client);
    connection.isBeingHeard = false;
    return seeker;
  }

  it("its client waits until what came with it has been read", async () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    const seeker = seekWhileHeard(stage, client, connection);
    expect([seeker.connection, stage.pool.isInUse]).toStrictEqual([undefined, true]);
    await stage.arrivals();
    expect(seeker.connection).toBe(connection);
    stage.expectNothingLeft([seeker]);
  });

  it("its client finds another where something more came", async () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    const seeker = seekWhileHeard(stage, client, connection);
    stage.socketOf(connection).sends("HTTP/1.1 200 OK\r\n");
    stage.later.settle();
    await stage.arrivals();
    expect(stage.news()).toContain("#1 closed: unexpected-octets");
    stage.dialer.connects();
    expect(seeker.connection?.id).toBe(2);
    stage.expectNothingLeft([seeker]);
  });

  it("a client that leaves meanwhile gets nothing", async () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    const seeker = seekWhileHeard(stage, client, connection);
    seeker.search?.cancel();
    await stage.arrivals();
    expect([seeker.connection, stage.pool.isInUse]).toStrictEqual([undefined, false]);
    stage.expectNothingLeft();
  });

  it("its client waits while its end is in doubt, as briefly as others are refused it", () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    const first = stage.begin({ bindings: client });
    connection.doubtEnd();
    stage.finish(first);
    const second = stage.seek({ bindings: client });
    stage.pass(DOUBT_MS - 1);
    expect(second.connection).toBeUndefined();
    stage.pass(1);
    expect(second.connection).toBe(connection);
    stage.expectNothingLeft([second]);
  });

  it("a client that leaves in doubt leaves no timer, nor one that looked on for another connection", () => {
    const stage = new PoolStage();
    const [client, connection] = login(stage);
    const first = stage.begin({ bindings: client });
    connection.doubtEnd();
    stage.finish(first);
    const second = stage.seek({ bindings: client });
    connection.close("drained");
    stage.later.settle();
    stage.pass(DOUBT_MS);
    expect(stage.dialer.pendingCount).toBe(1);
    second.search?.cancel();
    expect(stage.dialer.pendingCount).toBe(0);
    stage.expectNothingLeft();
  });
});
