/** Sockets that write past the stream, on real connections: order, waiting, ending, failing. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Socket as RawSocket, type Server } from "node:net";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Octets } from "../wire/octets.ts";
import { writeHandleOf } from "./direct-writing.ts";
import type { Socket, SocketHandler } from "./ports.ts";
import { dialer } from "./runtime.ts";

const KIB = 1_024;

let server: Server;
let ours: Socket;
let peer: RawSocket;
/** What the socket said, beside data. */
let said: string[];
let tell: () => void;

class Listener implements SocketHandler {
  private readonly heard = said;
  onData(octets: Octets): void {
    this.note(`data ${octets.latin1Slice()}`);
  }
  onEnd(): void {
    this.note("end");
  }
  onDrain(): void {
    this.note("drain");
  }
  onClose(fault: string | undefined): void {
    this.note(`close ${fault ?? "in order"}`);
  }
  private note(what: string): void {
    this.heard.push(what);
    tell();
  }
}

/** Until the socket has said `what`. */
async function hearing(what: string): Promise<void> {
  while (!said.includes(what)) await new Promise<void>((resolve) => (tell = resolve));
}

beforeEach(async () => {
  said = [];
  tell = () => {};
  server = createServer({ pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const [[accepted], socket] = await Promise.all([
    once(server, "connection") as Promise<[RawSocket]>,
    new Promise<Socket>((resolve, reject) => {
      const address = { kind: "tcp", host: "127.0.0.1", port } as const;
      dialer.dial(address, { onConnected: resolve, onFailed: (fault) => reject(new Error(fault)) });
    }),
  ]);
  peer = accepted.on("error", () => {});
  ours = socket;
  ours.handler = new Listener();
});

afterEach(() => {
  ours.destroy();
  peer.destroy();
  server.close();
});

function octetsOf(seed: number, length: number): Octets {
  return Buffer.alloc(length, createHash("sha256").update(String(seed)).digest()) as unknown as Octets;
}

it.skipIf("bun" in process.versions)("Node's handles are of the shape that is written to", async () => {
  const { port } = server.address() as { port: number };
  const raw = connect(port, "127.0.0.1");
  await once(raw, "connect");
  expect(writeHandleOf(raw)).toBeDefined();
  raw.destroy();
});

it("texts, octets and gathered pieces arrive whole and in order, however slowly the peer reads, and then the end", async () => {
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
  const received: Buffer[] = [];
  peer.on("data", (octets: Buffer) => received.push(octets)).resume();
  await once(peer, "end");
  expect(Buffer.concat(received).equals(Buffer.concat(expected))).toBe(true);
  expect(ours.unsentBytes).toBe(0);
});

it("what was read may be written in the same event, and arrives whole, however slowly the peer reads", async () => {
  const expected = createHash("sha256");
  const received = createHash("sha256");
  let count = 0;
  ours.handler = {
    onData: (octets: Octets) => {
      // By itself, and gathered behind a text: both lie where the next read goes.
      const middle = octets.length >> 1;
      ours.write(octets.subarray(0, middle));
      ours.cork();
      ours.write("|");
      ours.write(octets.subarray(middle));
      ours.uncork();
      expected.update(octets.subarray(0, middle)).update("|").update(octets.subarray(middle));
      count += octets.length + 1;
      tell();
    },
    onEnd: () => ours.end(),
    onDrain: () => {},
    onClose: () => {},
  };
  for (let round = 0; round < 100; round++) peer.write(Buffer.from(octetsOf(round, 4_000 * round + 7)));
  while (ours.unsentBytes === 0) await new Promise<void>((resolve) => (tell = resolve));
  peer.end();
  for await (const octets of peer) {
    received.update(octets);
    count -= octets.length;
  }
  expect(count).toBe(0);
  expect(received.digest("hex")).toBe(expected.digest("hex"));
});

it("a drain follows once everything has left, and only then", async () => {
  while (ours.write(octetsOf(1, 64 * KIB)));
  expect(said).toStrictEqual([]);
  peer.resume();
  await hearing("drain");
  expect(ours.unsentBytes).toBe(0);
});

it("a drain follows gathered pieces that were too many, even if the system takes all of them at once", async () => {
  peer.resume();
  ours.cork();
  expect(ours.write(octetsOf(1, 100 * KIB))).toBe(true);
  expect(ours.write(octetsOf(2, 100 * KIB))).toBe(false);
  ours.uncork();
  expect(said).toStrictEqual([]);
  await hearing("drain");
});

it("a connection that was reset closes with its fault, whatever is still written", async () => {
  while (ours.write(octetsOf(1, 64 * KIB)));
  peer.resetAndDestroy();
  await hearing("close ECONNRESET");
  expect(ours.write("more")).toBe(true);
  expect(said).toStrictEqual(["close ECONNRESET"]);
});

it("what the peer said before it reset the connection is heard, although a write finds out first", async () => {
  ours.write(octetsOf(1, 64 * KIB));
  await setImmediate();
  peer.write("the answer");
  // With octets unread that is RST.
  peer.destroy();
  expect(ours.write("more of the question")).toBe(true);
  await hearing("close ECONNRESET");
  expect(said).toStrictEqual(["data the answer", "close ECONNRESET"]);
});
