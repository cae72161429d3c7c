/** The graceful end (RFC 9112 section 9.6): half-close, read on within limits, close. */
import { describe, expect, it } from "vitest";
import { FakeSocket, Later } from "../../test/fuzz/kit/net.ts";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { Lingering } from "./lingering.ts";
import { Sweeper } from "./sweeper.ts";

/** How late a limit may be noticed. */
const SWEEP_MS = 50;

function linger({ unsentBytes = 0, isTruncated = false } = {}) {
  const clock = new ManualClock();
  const later = new Later();
  const deadlines = new Sweeper(clock);
  const socket = new FakeSocket(later);
  socket.unsentBytes = unsentBytes;
  const closed: (string | undefined)[] = [];
  const lingering = new Lingering(socket, {
    deadlines,
    clock,
    writeTimeout_ms: 60_000,
    isTruncated,
    onClosed: (fault) => closed.push(fault),
  });
  const pass = (ms: number) => {
    clock.advance(ms);
    later.settle();
  };
  const isCut = () => socket.acts.includes("destroy") || socket.acts.includes("reset");
  return { socket, deadlines, lingering, closed, pass, isCut, later };
}

it("closes our side at once and reads on", () => {
  const { socket, closed } = linger();
  expect(socket.acts).toStrictEqual(["end", "resume"]);
  socket.sends("late octets");
  expect(socket.acts).toStrictEqual(["end", "resume"]);
  expect(closed).toStrictEqual([]);
});

it("is over when the peer closes too, and leaves no deadline", () => {
  const { socket, deadlines, closed } = linger();
  socket.closesItsSide();
  socket.handler.onClose(undefined);
  expect(closed).toStrictEqual([undefined]);
  expect(deadlines.size).toBe(0);
});

it("passes the peer's fault on", () => {
  const { socket, closed } = linger();
  socket.fails("ECONNRESET");
  expect(closed).toStrictEqual(["ECONNRESET"]);
});

describe("silence", () => {
  it("of five seconds ends it", () => {
    const { isCut, pass, closed, deadlines } = linger();
    pass(4_999);
    expect(isCut()).toBe(false);
    pass(1 + SWEEP_MS);
    expect(isCut()).toBe(true);
    expect(closed).toStrictEqual([undefined]);
    expect(deadlines.size).toBe(0);
  });

  it("is broken by octets", () => {
    const { socket, isCut, pass } = linger();
    for (let i = 0; i < 3; i++) {
      pass(4_900);
      socket.sends("x");
    }
    expect(isCut()).toBe(false);
    pass(5_000 + SWEEP_MS);
    expect(isCut()).toBe(true);
  });
});

it("a peer that never stops sending is cut off after thirty seconds", () => {
  const { socket, isCut, pass } = linger();
  for (let i = 0; i < 29; i++) {
    pass(1_000);
    socket.sends("x");
    expect(isCut()).toBe(false);
  }
  pass(1_000);
  socket.sends("x");
  expect(isCut()).toBe(true);
});

describe("a peer that has not taken everything yet", () => {
  it("is not cut while it takes some", () => {
    const { socket, isCut, pass } = linger({ unsentBytes: 100_000 });
    for (let i = 0; i < 10; i++) {
      socket.hasTaken = true;
      pass(60_000 + SWEEP_MS);
      expect(isCut()).toBe(false);
    }
  });

  it("is cut when it takes nothing within the limit for writing", () => {
    const { isCut, pass } = linger({ unsentBytes: 100_000 });
    pass(59_999);
    expect(isCut()).toBe(false);
    pass(1 + SWEEP_MS);
    expect(isCut()).toBe(true);
  });

  it("is not cut after five seconds of silence: it reads", () => {
    const { isCut, pass } = linger({ unsentBytes: 1 });
    pass(10_000);
    expect(isCut()).toBe(false);
  });

  it("has five seconds more once everything has left", () => {
    const { socket, isCut, pass } = linger({ unsentBytes: 100_000 });
    pass(59_000);
    socket.hasTaken = true;
    socket.unsentBytes = 0;
    pass(1_000 + SWEEP_MS);
    expect(isCut()).toBe(false);
    pass(5_000 + SWEEP_MS);
    expect(isCut()).toBe(true);
  });

  it("and sends at the same time: taking what it is sent counts, the thirty seconds do not", () => {
    const { socket, isCut, pass } = linger({ unsentBytes: 100_000 });
    for (let i = 0; i < 40; i++) {
      pass(1_000);
      socket.hasTaken = true;
      socket.sends("x");
    }
    expect(isCut()).toBe(false);
  });
});

it("can be cut at once", () => {
  const { lingering, isCut, deadlines, later, closed } = linger();
  lingering.cut();
  later.settle();
  expect(isCut()).toBe(true);
  expect(deadlines.size).toBe(0);
  expect(closed).toStrictEqual([undefined]);
});

describe("behind a truncated response, of which only RST tells", () => {
  it("there is no FIN, and RST comes half a second after the last octet has left", () => {
    const { socket, pass, isCut } = linger({ unsentBytes: 5, isTruncated: true });
    pass(59_000);
    expect(isCut()).toBe(false);
    socket.unsentBytes = 0;
    socket.handler.onDrain();
    pass(499);
    expect(isCut()).toBe(false);
    pass(1 + SWEEP_MS);
    expect(socket.acts).toStrictEqual(["resume", "reset"]);
  });

  it("what the client sends meanwhile does not put it off", () => {
    const { socket, pass } = linger({ isTruncated: true });
    pass(400);
    socket.sends("late octets");
    pass(100 + SWEEP_MS);
    expect(socket.acts).toStrictEqual(["resume", "reset"]);
  });

  it("a client that takes nothing is reset all the same", () => {
    const { socket, pass } = linger({ unsentBytes: 5, isTruncated: true });
    pass(60_000 + SWEEP_MS);
    expect(socket.acts).toStrictEqual(["resume", "reset"]);
  });
});
