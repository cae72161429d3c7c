/** The simulated socket keeps the port's contract, to the letter and to its harshest reading. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Octets } from "../../wire/octets.ts";
import { Link, type LinkTraits } from "./link.ts";
import { Random } from "./random.ts";
import { Schedule } from "./schedule.ts";
import type { SimSocket } from "./socket.ts";

const plain: LinkTraits = {
  latency_ms: 1,
  jitter_ms: 0,
  windowBytes: 10,
  highWaterBytes: 5,
  readBytesMax: 100,
  segmentation: "whole",
  rstHarm: 0.5,
};

let schedule: Schedule;
let random: Random;

beforeEach(() => {
  schedule = new Schedule();
  random = new Random(1);
});

/** Notes what a socket is told. */
function listen(socket: SimSocket): string[] {
  const told: string[] = [];
  socket.handler = {
    onData: (octets) => void told.push(octets.latin1Slice()),
    onEnd: () => void told.push("END"),
    onDrain: () => void told.push("DRAIN"),
    onClose: (fault) => void told.push(`CLOSE ${fault ?? "in order"}`),
  };
  return told;
}

function open(traits: Partial<LinkTraits> = {}): {
  link: Link;
  a: SimSocket;
  b: SimSocket;
  atA: string[];
  atB: string[];
} {
  const link = new Link({
    name: "link",
    traits: { ...plain, ...traits },
    schedule,
    random: random.fork(),
    near: { address: "203.0.113.1", port: 10_000 },
    far: { address: "192.0.2.1", port: 30_000 },
  });
  const { near: a, far: b } = link;
  return { link, a, b, atA: listen(a), atB: listen(b) };
}

function runAll(ms = 1_000): void {
  const until_ms = schedule.now_ms + ms;
  while (schedule.step(until_ms));
}

describe("octets", () => {
  it("arrive later, never within the call, in order", () => {
    const { a, atB } = open();
    a.write("one");
    a.write("two");
    expect(atB).toStrictEqual([]);
    runAll();
    expect(atB.join("")).toBe("onetwo");
  });

  it("are scribbled over when the handler returns", () => {
    const { a, b } = open();
    let kept: Octets | undefined;
    b.handler = {
      onData(octets) {
        kept = octets;
      },
      onEnd() {},
      onDrain() {},
      onClose() {},
    };
    a.write("secret");
    runAll();
    expect(kept?.latin1Slice()).toBe("\xee".repeat(6));
  });

  it("are copied when they are written", () => {
    const { a, atB } = open();
    const octets = Buffer.from("before");
    a.write(octets as unknown as Octets);
    octets.fill("x");
    runAll();
    expect(atB.join("")).toBe("before");
  });

  it("wait while the receiver does not read, and so does the sender", () => {
    const { a, b, atA, atB } = open();
    b.pause();
    expect(a.write("0123456789abcdefg")).toBe(false);
    expect(a.unsentBytes).toBe(7);
    runAll();
    expect([atA, atB]).toStrictEqual([[], []]);
    b.resume();
    runAll();
    expect([atA, atB.join("")]).toStrictEqual([["DRAIN"], "0123456789abcdefg"]);
  });

  it("that are few need no drain", () => {
    const { a, atA } = open();
    expect(a.write("1234")).toBe(true);
    runAll();
    expect(atA).toStrictEqual([]);
  });

  it("tell whether some were taken since they were asked last", () => {
    const { a, b } = open();
    b.pause();
    a.write("0123456789abc");
    expect([a.tookSome(), a.tookSome()]).toStrictEqual([true, false]);
    b.resume();
    runAll();
    expect([a.tookSome(), a.tookSome()]).toStrictEqual([true, false]);
  });
});

describe("closing", () => {
  it("half: the other half goes on", () => {
    const { a, b, atA, atB } = open();
    a.write("last");
    a.end();
    runAll();
    expect(atB).toStrictEqual(["last", "END"]);
    b.write("answer");
    runAll();
    expect(atA).toStrictEqual(["answer"]);
  });

  it("both halves: both are told once, in order", () => {
    const { a, b, atA, atB } = open();
    a.end();
    b.end();
    runAll();
    expect([atA, atB]).toStrictEqual([
      ["END", "CLOSE in order"],
      ["END", "CLOSE in order"],
    ]);
  });

  it("after what is unsent has left", () => {
    const { a, atB } = open();
    a.write("0123456789abcdefg");
    a.end();
    a.write("too late");
    runAll();
    expect(atB.join("|")).toMatch(/^[0-9a-g|]+\|END$/);
    expect(atB.join("").replace("END", "")).toBe("0123456789abcdefg");
  });

  it("at once: what the system has not taken is lost, the rest arrives with FIN", () => {
    const { a, atA, atB } = open();
    a.write("0123456789abcdefg");
    a.destroy();
    runAll();
    expect(atA).toStrictEqual(["CLOSE in order"]);
    expect(atB).toStrictEqual(["0123456789", "END"]);
  });

  it("at once with unread octets: RST", () => {
    const { a, b, atB } = open();
    a.pause();
    b.write("new");
    runAll();
    a.destroy();
    runAll();
    expect(atB).toStrictEqual(["CLOSE ECONNRESET"]);
  });

  it("by RST: the other side learns it, and nothing follows", () => {
    const { a, b, atA, atB } = open();
    a.reset();
    b.write("nobody reads this");
    runAll();
    expect(atA).toStrictEqual(["CLOSE in order"]);
    expect(atB).toStrictEqual(["CLOSE ECONNRESET"]);
  });

  it("a peer that is gone answers octets with RST", () => {
    const { a, b, atB } = open();
    a.destroy();
    runAll();
    expect(atB).toStrictEqual(["END"]);
    b.write("you?");
    runAll();
    expect(atB).toStrictEqual(["END", "CLOSE ECONNRESET"]);
  });
});

describe("the network", () => {
  it("loses everything: nobody is told anything", () => {
    const { link, a, atA, atB } = open();
    link.isSevered = true;
    a.write("0123456789abcdefg");
    a.end();
    runAll();
    expect([atA, atB, a.unsentBytes]).toStrictEqual([[], [], 7]);
  });

  it("cuts into octets", () => {
    const { b, atA } = open({ segmentation: "octets" });
    b.write("abc");
    runAll();
    expect(atA).toStrictEqual(["a", "b", "c"]);
  });
});

describe("RST without harm", () => {
  it("comes in its order: what was sent before it is read first", () => {
    const { a, b, atB } = open({ rstHarm: 0 });
    b.write("unfinished business that fills the window");
    a.write("answer");
    a.reset();
    runAll();
    expect(atB).toStrictEqual(["answer", "CLOSE ECONNRESET"]);
  });

  it("fails the writes of who does not read, and what arrived is lost with them", () => {
    const { a, b, atB } = open({ rstHarm: 0 });
    b.pause();
    b.write("unfinished business that fills the window");
    a.write("answer");
    a.reset();
    runAll();
    expect(atB).toStrictEqual(["CLOSE ECONNRESET"]);
  });
});
