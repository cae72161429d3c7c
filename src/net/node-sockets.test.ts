/**
 * The socket port on real connections, by both implementations for Node: on handles; and on streams, where handles are not
 * known.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { Socket as RawSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import {
  accept,
  closeAll,
  closeListeners,
  dial,
  Hearing,
  type Implementation,
  type Ports,
  portsOn,
  type Way,
} from "../../test/kit/socket-pair.ts";
import type { Octets } from "../wire/octets.ts";
import type { Socket } from "./ports.ts";

const KIB = 1_024;

afterEach(closeAll);

function octetsOf(seed: number, length: number): Octets {
  return Buffer.alloc(length, createHash("sha256").update(String(seed)).digest()) as unknown as Octets;
}

/** All that the peer receives until our end; rejects at a RST. */
async function received(peer: RawSocket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  peer.on("data", (octets: Buffer) => pieces.push(octets)).resume();
  await once(peer, "end");
  return Buffer.concat(pieces);
}

function thrown(error: Error): never {
  throw error;
}

/** Whether RST has come, not FIN, which one may still write after. */
function wasReset(peer: RawSocket): Promise<boolean> {
  return new Promise((resolve) => peer.write("x", (error) => resolve(error instanceof Error)));
}

/** More than the system takes. */
function fill(ours: Socket): void {
  while (ours.write(octetsOf(1, 64 * KIB)));
}

for (const implementation of ["handle", "stream"] as const) {
  it(`a Unix socket on its ${implementation} has no name, and no RST: it is closed instead`, async () => {
    const directory = mkdtempSync(join(tmpdir(), "hopwise-net-"));
    try {
      const path = join(directory, "socket");
      const { ours, hearing, peer } = await dial(await portsOn(implementation), path);
      expect([ours.remoteAddress, ours.remotePort, ours.localPort]).toStrictEqual(["", 0, 0]);
      ours.write("question");
      expect(String((await once(peer.resume(), "data"))[0])).toBe("question");
      peer.write("answer");
      await hearing.hears("data");
      expect(hearing.text).toBe("answer");
      ours.reset();
      await Promise.all([hearing.hears("close in order"), once(peer, "end")]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  for (const way of ["accepted", "dialed"] as const) {
    describe(`on its ${implementation}, ${way}`, () => behaviours(implementation, way));
  }
}

function behaviours(implementation: Implementation, way: Way): void {
  let ports: Ports;
  let ours: Socket;
  let hearing: Hearing;
  let peer: RawSocket;
  const open = () => (way === "accepted" ? accept(ports) : dial(ports));

  beforeAll(async () => {
    ports = await portsOn(implementation);
  });
  beforeEach(async () => {
    ({ ours, hearing, peer } = await open());
  });

  it("is what it is said to be", () => {
    expect(ours.constructor.name).toBe(implementation === "handle" ? "HandleSocket" : "NodeSocket");
    expect([ours.remoteAddress, ours.remotePort, ours.localPort]).toStrictEqual([
      "127.0.0.1",
      peer.localPort,
      peer.remotePort,
    ]);
  });

  describe("closing", () => {
    it("the peer's end leaves our side open; with ours the connection is closed in order", async () => {
      peer.end("question");
      await hearing.hears("end");
      expect(hearing.text).toBe("question");
      ours.write("answer");
      ours.end();
      expect((await received(peer)).toString()).toBe("answer");
      await hearing.hears("close in order");
      expect(hearing.said).toStrictEqual(["data", "end", "close in order"]);
    });

    it("our end leaves the peer's side open; with its own the connection is closed in order", async () => {
      ours.end();
      expect(ours.write("too late")).toBe(true);
      expect(await received(peer)).toHaveLength(0);
      peer.end("goodbye");
      await hearing.hears("close in order");
      expect(hearing.text).toBe("goodbye");
      expect(hearing.said).toStrictEqual(["data", "end", "close in order"]);
    });

    it("our end comes behind all that is written, however slowly the peer reads", async () => {
      const expected: Buffer[] = [];
      let mayGoOn = true;
      const write = (data: string | Octets) => {
        expected.push(typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data));
        mayGoOn = ours.write(data);
      };
      for (let round = 0; round < 40; round++) {
        write(`head ${round} \xe9\r\n`);
        write(octetsOf(round, 300));
        write(octetsOf(-round, 100 * KIB));
        ours.cork();
        write(`gathered ${round}`);
        write(octetsOf(round, 50 * KIB));
        write("its end");
        ours.uncork();
      }
      expect(mayGoOn).toBe(false);
      expect(ours.unsentBytes).toBeGreaterThan(0);
      ours.end();
      expect((await received(peer)).equals(Buffer.concat(expected))).toBe(true);
      expect(ours.unsentBytes).toBe(0);
    });

    it("a reset is told to the peer as one", async () => {
      ours.reset();
      await hearing.hears("close in order");
      expect(await wasReset(peer)).toBe(true);
    });

    it("a connection that is just destroyed is not reset", async () => {
      ours.destroy();
      await hearing.hears("close in order");
      expect(await wasReset(peer)).toBe(false);
    });

    it("a reset behind our end drops what is unsent, and still is one", async () => {
      fill(ours);
      ours.end();
      await turn();
      ours.reset();
      await hearing.hears("close in order");
      expect(await wasReset(peer)).toBe(true);
    });

    it("a reset right behind our end, while the system is at it, closes the connection all the same", async () => {
      ours.end();
      ours.reset();
      ours.reset();
      ours.destroy();
      await hearing.hears("close in order");
      expect(hearing.said).toStrictEqual(["close in order"]);
    });

    it("it is told once, and never from within the call, with writes unfinished", async () => {
      fill(ours);
      ours.destroy();
      ours.destroy();
      ours.reset();
      ours.end();
      ours.pause();
      ours.resume();
      expect(ours.write("more")).toBe(true);
      expect(hearing.said).toStrictEqual([]);
      await hearing.hears("close in order");
      await turn();
      expect(hearing.said).toStrictEqual(["close in order"]);
      ours.destroy();
      ours.reset();
      ours.resume();
      expect(ours.localPort).toBe(0);
    });

    it("a listener has none left to wait for when it is closed", async () => {
      closeListeners();
      ours.write("still here");
      const [octets] = await once(peer.resume(), "data");
      expect(String(octets)).toBe("still here");
    });
  });

  describe("faults", () => {
    it("a peer that resets", async () => {
      peer.resetAndDestroy();
      await hearing.hears("close ECONNRESET");
      expect(hearing.said).toStrictEqual(["close ECONNRESET"]);
    });

    it("a peer that resets right behind its last octets is heard, and has not ended in order", async () => {
      peer.write("last words");
      peer.resetAndDestroy();
      await hearing.hears("close ECONNRESET");
      expect(hearing.text).toBe("last words");
      expect(hearing.said).toStrictEqual(["data", "close ECONNRESET"]);
    });

    it("a connection that was reset closes with its fault, whatever is still written", async () => {
      fill(ours);
      peer.resetAndDestroy();
      await hearing.hears("close ECONNRESET");
      expect(ours.write("more")).toBe(true);
      expect(hearing.said).toStrictEqual(["close ECONNRESET"]);
    });

    // A stream is closed by the first fault of a write.
    it.runIf(implementation === "handle")(
      "what the peer said before it reset the connection is heard, although a write finds out first",
      async () => {
        ours.write(octetsOf(1, 64 * KIB));
        await turn();
        peer.write("the answer");
        // With octets unread that is RST.
        peer.destroy();
        expect(ours.write("more of the question")).toBe(true);
        ours.end();
        await hearing.hears("close ECONNRESET");
        expect(hearing.text).toBe("the answer");
        expect(hearing.said).toStrictEqual(["data", "close ECONNRESET"]);
      },
    );
  });

  describe("waiting", () => {
    it("a drain follows once everything has left, and only then", async () => {
      fill(ours);
      expect(hearing.said).toStrictEqual([]);
      peer.resume();
      await hearing.hears("drain");
      expect(ours.unsentBytes).toBe(0);
    });

    it("a drain follows gathered pieces that were too many, even if the system takes all of them at once", async () => {
      peer.resume();
      ours.cork();
      expect(ours.write(octetsOf(1, 100 * KIB))).toBe(true);
      expect(ours.write(octetsOf(2, 100 * KIB))).toBe(false);
      ours.uncork();
      expect(hearing.said).toStrictEqual([]);
      await hearing.hears("drain");
    });

    it("a slow reader shows in tookSome", async () => {
      fill(ours);
      ours.tookSome();
      expect(ours.tookSome()).toBe(false);
      peer.resume();
      while (!ours.tookSome()) await turn();
    });

    it("pausing holds the peer back; resuming lets all of it come", async () => {
      const all = octetsOf(3, 16 * KIB * KIB);
      ours.pause();
      ours.pause();
      peer.end(all);
      for (let i = 0; i < 50; i++) await turn();
      const before = Buffer.concat(hearing.octets).length;
      // A stream has read once by then.
      expect(before).toBeLessThanOrEqual(implementation === "handle" ? 0 : 64 * KIB);
      expect(peer.writableLength).toBeGreaterThan(0);
      ours.resume();
      ours.resume();
      await hearing.hears("end");
      expect(Buffer.concat(hearing.octets).equals(all as unknown as Buffer)).toBe(true);
    });

    it("pausing from within an event stops the next", async () => {
      let count = 0;
      hearing.onData = () => {
        count++;
        ours.pause();
      };
      peer.write(octetsOf(3, 1024 * KIB));
      for (let i = 0; i < 50; i++) await turn();
      expect(count).toBe(1);
    });
  });

  describe("handlers", () => {
    it("are replaced at any time, from within an event, too", async () => {
      const next = new Hearing();
      hearing.onData = () => {
        ours.handler = next;
      };
      peer.write("first");
      await vi.waitFor(() => expect(ours.handler).toBe(next));
      peer.end("second");
      await next.hears("end");
      expect(next.text).toBe("second");
      expect(hearing.said).toStrictEqual([]);
    });

    it("hear of nothing but the close behind a destroy from within an event", async () => {
      hearing.onData = () => {
        hearing.said.push("data");
        ours.destroy();
      };
      peer.end(octetsOf(1, 300 * KIB));
      await hearing.hears("close in order");
      expect(hearing.said).toStrictEqual(["data", "close in order"]);
    });

    it("have their ticks and microtasks run before anything else happens", async () => {
      const happened: string[] = [];
      hearing.onData = () => {
        setImmediate(() => happened.push("next turn"));
        Promise.resolve().then(() => happened.push("microtask"));
        process.nextTick(() => happened.push("tick"));
      };
      peer.write("x");
      await vi.waitFor(() => expect(happened).toHaveLength(3));
      expect(happened).toStrictEqual(["tick", "microtask", "next turn"]);
    });

    it.each([
      ["in an event", (error: Error) => thrown(error)],
      ["in the ticks behind it", (error: Error) => process.nextTick(thrown, error)],
    ])("that throw %s are the process's fault; the octets of others are safe", async (_where, fail) => {
      const listeners = process.listeners("uncaughtException");
      const other = await open();
      process.removeAllListeners("uncaughtException");
      const uncaught: unknown[] = [];
      process.on("uncaughtException", (error) => uncaught.push(error));
      try {
        const relayed: Buffer[] = [];
        hearing.onData = (octets) => {
          relayed.push(Buffer.from(octets));
          other.ours.write(octets);
          if (octets.length > 32 * KIB) fail(new Error("a defect"));
        };
        const all = Array.from({ length: 100 }, (_, seed) => octetsOf(seed, 64 * KIB));
        for (const octets of all) peer.write(octets);
        const total = 100 * 64 * KIB;
        await vi.waitFor(() => expect(relayed.reduce((sum, { length }) => sum + length, 0)).toBe(total));
        expect(uncaught.length).toBeGreaterThan(0);
        other.ours.end();
        expect((await received(other.peer)).equals(Buffer.concat(all as unknown as Buffer[]))).toBe(true);
      } finally {
        process.removeAllListeners("uncaughtException");
        for (const listener of listeners) process.on("uncaughtException", listener);
      }
    });
  });
}
