/** One connection to an origin: what ends it while it idles, and who hears what while it is used. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { PoolStage } from "../../test/fuzz/kit/pool-stage.ts";

describe("while it is idle", () => {
  it("any octet ends it: it belongs to no exchange (RFC 9112 section 9.2)", () => {
    const stage = new PoolStage();
    const connection = stage.exchange();
    stage.socketOf(connection).sends("HTTP/1.1 408 Request Timeout\r\n\r\n");
    stage.later.settle();
    expect(connection.life.state).toBe("closed");
    expect(connection.life.closeReason).toBe("unexpected-octets");
    expect(connection.hasUnreadOctets).toBe(true);
    stage.expectNothingLeft();
  });

  it("a FIN ends it (section 9.5), and teaches its age", () => {
    const stage = new PoolStage();
    const connection = stage.exchange();
    stage.pass(5_000);
    stage.socketOf(connection).closesItsSide();
    stage.later.settle();
    expect(connection.life.closeReason).toBe("peer-closed-idle");
    expect(stage.socketOf(connection).acts).toContain("destroy");
    expect(stage.endpoint.lifetime.estimate_ms).toBe(5_000);
    stage.expectNothingLeft();
  });

  it("an RST ends it, and teaches its age", () => {
    const stage = new PoolStage();
    const connection = stage.exchange();
    stage.pass(5_000);
    stage.socketOf(connection).fails("ECONNRESET");
    expect(connection.life.state).toBe("closed");
    expect(connection.life.closeReason).toBe("peer-reset");
    expect(stage.endpoint.lifetime.estimate_ms).toBe(5_000);
    stage.expectNothingLeft();
  });

  it("octets and FIN of one packet end it once, for the octets", () => {
    const stage = new PoolStage();
    const connection = stage.exchange();
    const socket = stage.socketOf(connection);
    socket.handler.onData(octets("x"));
    socket.handler.onEnd();
    stage.later.settle();
    expect(connection.life.closeReason).toBe("unexpected-octets");
    expect(stage.news().filter((line) => line.includes("closed"))).toStrictEqual(["#1 closed: unexpected-octets"]);
    expect(stage.endpoint.lifetime.estimate_ms).toBeUndefined();
  });

  it("a close of a connection that carried nothing teaches nothing", () => {
    const stage = new PoolStage();
    const seeker = stage.seek();
    seeker.search?.cancel();
    expect(stage.dialer.pendingCount).toBe(0);
    expect(stage.endpoint.lifetime.estimate_ms).toBeUndefined();
    stage.expectNothingLeft();
  });
});

describe("while it is used", () => {
  it("its user hears everything", () => {
    const stage = new PoolStage();
    const seeker = stage.begin();
    const socket = stage.socketOf(stage.connectionOf(seeker));
    socket.sends("HTTP/1.1 200 OK\r\n");
    socket.handler.onDrain();
    socket.closesItsSide();
    socket.fails("ECONNRESET");
    expect(seeker.heard).toStrictEqual(["data", "drain", "end", "close ECONNRESET"]);
    expect(stage.connectionOf(seeker).life.closeReason).toBe("peer-reset");
    expect(stage.endpoint.inUse).toBe(0);
    stage.expectNothingLeft();
  });

  it("a transport that ends in order in the middle of an exchange was closed by the peer", () => {
    const stage = new PoolStage();
    const seeker = stage.begin();
    const socket = stage.socketOf(stage.connectionOf(seeker));
    socket.handler.onClose(undefined);
    expect(stage.connectionOf(seeker).life.closeReason).toBe("peer-closed");
  });

  it("its user's deadline is its user's", () => {
    const stage = new PoolStage();
    const seeker = stage.begin();
    const connection = stage.connectionOf(seeker);
    connection.armDeadline(1_000);
    stage.pass(1_100);
    expect(seeker.heard).toStrictEqual(["deadline"]);
    connection.armDeadline(1_000);
    connection.clearDeadline();
    stage.pass(2_000);
    expect(seeker.heard).toStrictEqual(["deadline"]);
    stage.expectNothingLeft([seeker]);
  });

  it("closing it leaves its user in peace", () => {
    const stage = new PoolStage();
    const seeker = stage.begin();
    stage.connectionOf(seeker).close("response-malformed");
    stage.connectionOf(seeker).close("client-gone");
    stage.connectionOf(seeker).reset("client-gone");
    stage.later.settle();
    expect(seeker.heard).toStrictEqual([]);
    expect(stage.news()).toContain("#1 closed: response-malformed");
    expect(stage.socketOf(stage.connectionOf(seeker)).acts).toStrictEqual(["destroy"]);
    stage.expectNothingLeft();
  });

  it("a reset is an RST", () => {
    const stage = new PoolStage();
    const seeker = stage.begin();
    stage.connectionOf(seeker).reset("client-gone");
    expect(stage.socketOf(stage.connectionOf(seeker)).acts).toStrictEqual(["reset"]);
    stage.later.settle();
    stage.expectNothingLeft();
  });

  it("a tunnel keeps it in use until its end", () => {
    const stage = new PoolStage();
    const seeker = stage.begin();
    const connection = stage.connectionOf(seeker);
    connection.beginTunnel(seeker);
    expect([connection.life.state, stage.endpoint.inUse]).toStrictEqual(["tunnel", 1]);
    connection.close("tunnel-ended");
    stage.later.settle();
    stage.expectNothingLeft();
  });
});

describe("terms of the origin", () => {
  it("are remembered with their usable part, and counted down", () => {
    const stage = new PoolStage();
    const connection = stage.exchange({}, { timeout_ms: 5_000, max: 2 });
    expect([connection.hintTimeout_ms, connection.hintUsable_ms, connection.hintRequestsLeft]).toStrictEqual([
      5_000, 4_000, 2,
    ]);
    const again = stage.exchange();
    expect(again).toBe(connection);
    expect(connection.hintRequestsLeft).toBe(1);
  });

  it("a later response without a timeout takes the hint back, without a max it goes on counting", () => {
    const stage = new PoolStage();
    stage.exchange({}, { timeout_ms: 5_000, max: 5 });
    const connection = stage.exchange({}, {});
    expect([connection.hintTimeout_ms, connection.hintUsable_ms, connection.hintRequestsLeft]).toStrictEqual([
      undefined,
      undefined,
      4,
    ]);
  });
});

it("knows whether it is reused, and how long it had idled", () => {
  const stage = new PoolStage();
  const first = stage.begin();
  expect([stage.connectionOf(first).isReused, stage.connectionOf(first).record.idled_ms]).toStrictEqual([false, 0]);
  stage.finish(first);
  stage.pass(700);
  const second = stage.begin();
  expect([stage.connectionOf(second).isReused, stage.connectionOf(second).record.idled_ms]).toStrictEqual([true, 700]);
});
