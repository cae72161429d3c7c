/**
 * What the port on Node's sockets must take care of beyond what every implementation promises (sockets.test.ts): on handles;
 * and on streams, where handles are not known.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket as RawSocket, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Heard, received } from "../../../test/kit/heard.ts";
import type { Octets } from "../../wire/octets.ts";
import type { Address, Dialer, Listener, Socket } from "../ports.ts";

const KIB = 1_024;

type Implementation = "handle" | "stream";

interface Ports {
  readonly listen: typeof import("../runtime.ts").listen;
  readonly dialer: Dialer;
}

/** The ports on one implementation: a runtime of unknown shape has streams only. */
async function portsOn(implementation: Implementation): Promise<Ports> {
  vi.resetModules();
  if (implementation === "stream") {
    vi.doMock("../node-handles/runtime-shape.ts", () => ({ knownHandle: () => undefined }));
  }
  const { dialer, listen } = await import("../runtime.ts");
  vi.doUnmock("../node-handles/runtime-shape.ts");
  return { listen, dialer };
}

interface Connection {
  readonly ours: Socket;
  readonly hearing: Heard;
  readonly peer: RawSocket;
}

/** How a connection comes about. */
type Way = "accepted" | "dialed";

const servers = new Set<Server | Listener>();
const connections = new Set<Connection>();

/** Closes all connections, and who listened for them. */
function closeAll(): void {
  for (const { ours, peer } of connections) {
    ours.destroy();
    peer.destroy();
  }
  connections.clear();
  for (const server of servers) server.close();
  servers.clear();
}

async function accept({ listen }: Ports): Promise<Connection> {
  let came: (socket: Socket) => void = () => {};
  const coming = new Promise<Socket>((resolve) => {
    came = resolve;
  });
  const hearing = new Heard();
  const listener = await listen({
    host: "127.0.0.1",
    port: 0,
    onSocket(socket) {
      socket.handler = hearing;
      came(socket);
    },
    onFault() {},
  });
  servers.add(listener);
  const peer = connect({ port: listener.address.port, host: "127.0.0.1", allowHalfOpen: true }).pause();
  await once(peer, "connect");
  return keep({ ours: await coming, hearing, peer });
}

async function dial({ dialer }: Ports, path?: string): Promise<Connection> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true });
  servers.add(server);
  server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
  await once(server, "listening");
  const address: Address =
    path === undefined
      ? { kind: "tcp", host: "127.0.0.1", port: (server.address() as { port: number }).port }
      : { kind: "unix", path };
  const hearing = new Heard();
  const [[peer], ours] = await Promise.all([
    once(server, "connection") as Promise<[RawSocket]>,
    new Promise<Socket>((resolve, reject) => {
      dialer.dial(address, {
        onConnected(socket) {
          socket.handler = hearing;
          resolve(socket);
        },
        onFailed: (fault) => reject(new Error(fault)),
      });
    }),
  ]);
  return keep({ ours, hearing, peer });
}

function keep(connection: Connection): Connection {
  connection.peer.on("error", () => {});
  connections.add(connection);
  return connection;
}

afterEach(closeAll);

function octetsOf(seed: number, length: number): Octets {
  return Buffer.alloc(length, createHash("sha256").update(String(seed)).digest()) as unknown as Octets;
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
      await hearing.hearing("data");
      expect(hearing.text).toBe("answer");
      ours.reset();
      await Promise.all([hearing.hearing("close in order"), once(peer, "end")]);
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
  let hearing: Heard;
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
    ours.destroy();
    expect(ours.localPort).toBe(0);
  });

  describe("closing", () => {
    it("a connection that is just destroyed is not reset", async () => {
      ours.destroy();
      await hearing.hearing("close in order");
      expect(await wasReset(peer)).toBe(false);
    });

    it("a reset behind our end drops what is unsent, and still is one", async () => {
      fill(ours);
      ours.end();
      await turn();
      ours.reset();
      await hearing.hearing("close in order");
      expect(await wasReset(peer)).toBe(true);
    });

    it("a reset right behind our end, while the system is at it, closes the connection all the same", async () => {
      ours.end();
      ours.reset();
      ours.reset();
      ours.destroy();
      await hearing.hearing("close in order");
      expect(hearing.said).toStrictEqual(["close in order"]);
    });
  });

  describe("faults", () => {
    it("a peer that resets right behind its last octets is heard, and has not ended in order", async () => {
      peer.write("last words");
      peer.resetAndDestroy();
      await hearing.hearing("close ECONNRESET");
      expect(hearing.text).toBe("last words");
      expect(hearing.said).toStrictEqual(["data", "close ECONNRESET"]);
    });

    it("a connection that was reset closes with its fault, whatever is still written", async () => {
      fill(ours);
      peer.resetAndDestroy();
      await hearing.hearing("close ECONNRESET");
      expect(ours.write("more")).toBe(true);
      expect(hearing.said).toStrictEqual(["close ECONNRESET"]);
    });
  });

  describe("waiting", () => {
    it("a slow reader shows in tookSome", async () => {
      fill(ours);
      ours.tookSome();
      expect(ours.tookSome()).toBe(false);
      peer.resume();
      while (!ours.tookSome()) await turn();
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
      const next = new Heard();
      hearing.onData = () => {
        ours.handler = next;
      };
      peer.write("first");
      await vi.waitFor(() => expect(ours.handler).toBe(next));
      peer.end("second");
      await next.hearing("end");
      expect(next.text).toBe("second");
      expect(hearing.said).toStrictEqual([]);
    });

    it("hear of nothing but the close behind a destroy from within an event", async () => {
      hearing.onData = () => {
        hearing.said.push("data");
        ours.destroy();
      };
      peer.end(octetsOf(1, 300 * KIB));
      await hearing.hearing("close in order");
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
        await vi.waitFor(() => expect(relayed.reduce((sum, { length }) => sum + length, 0)).toBe(total), 20_000);
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
