/**
 * What every implementation of the socket port does, on real connections, for sockets that were dialed and accepted. On other
 * runtimes the same file is run by test/runtimes/port.test.ts.
 */
import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Heard, noise, received, sha256 } from "../../test/kit/heard.ts";
import { accepted, acceptedOverTls, dialed, dialedOverTls, HOST } from "../../test/kit/real-sockets.ts";
import { isKeptAlive, tellsTimers } from "../../test/kit/tcp-timers.ts";
import type { Octets } from "../wire/octets.ts";
import { nodeClock } from "./node-clock.ts";
import type { Socket, SocketHandler } from "./ports.ts";

const KIB = 1_024;
const MIB = 1_024 * KIB;
/** Every octet there is. */
const ALL = Buffer.from(Array.from({ length: 256 }, (_, code) => code));

/** What no noise holds: its octets are below 128. */
const MARK = "\xe9=";

/** A runtime's streams say no drain behind an end (sockets-on-streams.test.ts). */
const isOnStreams = process.env.TESTS_STREAMS !== undefined;

const isBun = "bun" in process.versions;

async function until(isReached: () => boolean): Promise<void> {
  while (!isReached()) await nextTurn();
}

/** Whose peer takes nothing more. */
const LOST = /^close (ECONNRESET|EPIPE)$/;

function isClosed({ said }: Heard): boolean {
  return said.at(-1)?.startsWith("close") === true;
}

/** Writes as fast as it leaves, to the end of the connection. */
function goOnWriting(ours: Socket, heard: Heard): void {
  const piece = noise("more", 64 * KIB);
  const write = () => {
    while (!isClosed(heard) && ours.write(piece) && ours.unsentBytes > 0);
    if (ours.unsentBytes === 0 && !isClosed(heard)) setImmediate(write);
  };
  heard.onDrain = write;
  write();
}

describe.each([
  ["dialed", () => dialed()],
  ["accepted", accepted],
  ["dialed over TLS", dialedOverTls],
  ...(isBun ? [] : [["accepted over TLS", acceptedOverTls] as const]),
] as const)("a socket that was %s", (how, pair) => {
  const isTls = how.endsWith("over TLS");

  it("knows both ends", async () => {
    const { ours, peer } = await pair();
    const ends = [ours.remoteAddress, ours.remotePort, ours.localPort];
    expect(ends).toEqual([peer.localAddress, peer.localPort, peer.remotePort]);
    ours.destroy();
    expect(ours.remoteAddress).toBe(HOST);
  });

  it.skipIf(!tellsTimers)("asks a silent peer whether it is still there (only Linux shows it)", async () => {
    const { ours, peer } = await pair();
    expect(await isKeptAlive(ours.localPort, peer.localPort ?? 0)).toBe(true);
  });

  it("passes every octet both ways, as text and as octets", async () => {
    const { ours, heard, peer } = await pair();
    peer.write(ALL);
    await heard.until(() => heard.receivedBytes === 256);
    expect(heard.text).toBe(ALL.toString("latin1"));
    ours.write(ALL.toString("latin1"));
    ours.write(ALL as unknown as Octets);
    ours.write(`plain ${"text ".repeat(10)}`);
    ours.write("");
    ours.end();
    const expected = [ALL, ALL, Buffer.from(`plain ${"text ".repeat(10)}`)];
    expect(Buffer.compare(await received(peer), Buffer.concat(expected))).toBe(0);
  });

  it("writes on what it has just read, however slowly it leaves: large and small", async () => {
    const { ours, heard, peer } = await pair();
    peer.pause();
    const echo: SocketHandler = {
      onData(octets) {
        heard.onData(octets);
        ours.write(octets);
        ours.cork();
        ours.write(MARK);
        ours.write(octets.subarray(0, 10));
        ours.uncork();
      },
      onEnd: () => ours.end(),
      onDrain() {},
      onClose() {},
    };
    ours.handler = echo;
    const sent: Octets[] = [];
    let expectedBytes = 0;
    // Until the systems of both ends keep no more.
    for (let i = 0; ours.unsentBytes === 0 || i % 9 !== 0; i++) {
      const piece = noise(`piece ${i}`, i % 3 === 0 ? 400 * KIB : 100 + i);
      sent.push(piece);
      expectedBytes += piece.length;
      peer.write(piece);
      await heard.until(() => heard.receivedBytes === expectedBytes);
    }
    peer.end();
    const got = await received(peer);
    // Pieces may be read in parts, each of which was marked: without its marks the echo is what was sent.
    let from = 0;
    const unmarked: Buffer[] = [];
    for (let at = got.indexOf(MARK, from, "latin1"); at >= 0; at = got.indexOf(MARK, from, "latin1")) {
      unmarked.push(got.subarray(from, at));
      from = at + MARK.length + Math.min(10, at - from);
    }
    expect(sha256(Buffer.concat(unmarked))).toBe(sha256(Buffer.concat(sent)));
  });

  it("takes texts, octets and gathered pieces in order, says when to wait, and ends when all has left", async () => {
    const { ours, heard, peer } = await pair();
    peer.pause();
    const expected: Buffer[] = [];
    let mayGoOn = true;
    const write = (data: string | Octets) => {
      expected.push(typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data));
      mayGoOn = ours.write(data);
    };
    for (let round = 0; round < 60; round++) {
      write(`head ${round} \xe9\r\n`);
      write(noise(`small ${round}`, 300));
      write(noise(`large ${round}`, 100 * KIB));
      ours.cork();
      for (let i = 0; i < 5; i++) write(`gathered ${i} \xff`);
      write(noise(`gathered ${round}`, 90 * KIB));
      write("its end");
      ours.uncork();
    }
    expect(mayGoOn).toBe(false);
    const unsent = ours.unsentBytes;
    expect(unsent).toBeGreaterThan(128 * KIB);
    ours.end();
    expect(ours.write("too late")).toBe(true);
    expect(heard.said).toEqual([]);
    ours.tookSome();
    const got = await received(peer);
    expect(sha256(got)).toBe(sha256(Buffer.concat(expected)));
    expect([ours.unsentBytes, ours.tookSome(), ours.tookSome()]).toEqual([0, true, false]);
    peer.end();
    await heard.hearing("close in order");
    expect(heard.said).toEqual([...(isOnStreams || isTls ? [] : ["drain"]), "end", "close in order"]);
  });

  it("keeps little more than what is unsent, in however many pieces", async () => {
    const { ours, peer } = await pair();
    peer.pause();
    const large = noise("large", 64 * KIB);
    while (ours.unsentBytes === 0) ours.write(large);
    const before = process.memoryUsage().arrayBuffers;
    const piece = noise("piece", 2 * KIB);
    for (let i = 0; i < 100; i++) {
      ours.cork();
      ours.write("head");
      ours.write(piece);
      ours.uncork();
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(MIB);
  });

  it("says drain once for each time it said wait", async () => {
    const { ours, heard, peer } = await pair();
    peer.pause();
    while (ours.write(noise("x", 64 * KIB)));
    await nextTurn();
    // Over TLS it is seen a turn later only that the system has taken all.
    if (!isTls) expect(heard.said).toEqual([]);
    peer.resume();
    await heard.hearing("drain");
    expect(ours.unsentBytes).toBe(0);
    ours.cork();
    expect(ours.write(noise("x", 100 * KIB))).toBe(true);
    expect(ours.write(noise("y", 100 * KIB))).toBe(false);
    ours.uncork();
    await heard.until(() => heard.said.length === 2);
    expect(heard.said).toEqual(["drain", "drain"]);
  });

  const uncounted = isBun && isTls ? " (skipped: node:tls does not count it on Bun)" : "";
  it.skipIf(uncounted !== "")(`says that its peer has taken some of one large write, not all${uncounted}`, async () => {
    const { ours, peer } = await pair();
    peer.pause();
    ours.write(noise("large", 24 * MIB));
    for (let still = 0; still < 20; still++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (ours.tookSome()) still = 0;
    }
    expect(ours.unsentBytes).toBeGreaterThan(0);
    let got = 0;
    peer.on("data", (octets: Buffer) => {
      got += octets.length;
      if (got > 8 * MIB) peer.pause();
    });
    peer.resume();
    await until(() => ours.tookSome());
    expect(ours.unsentBytes).toBeGreaterThan(0);
  });

  it("stays open for writing when its peer has closed", async () => {
    const { ours, heard, peer } = await pair();
    peer.end("a question");
    await heard.hearing("end");
    await nextTurn();
    const got = received(peer);
    ours.write("an answer");
    await nextTurn();
    ours.end();
    expect((await got).toString()).toBe("an answer");
    await heard.hearing("close in order");
    expect(heard.said).toEqual(["data", "end", "close in order"]);
  });

  it("reads on when it has closed its own side", async () => {
    const { ours, heard, peer } = await pair();
    ours.end();
    peer.resume();
    await once(peer, "end");
    const last = noise("last words", 3 * MIB);
    peer.end(last);
    await heard.hearing("close in order");
    expect(heard.said).toEqual(["data", "end", "close in order"]);
    expect(heard.digest.digest("hex")).toBe(sha256(last));
  });

  it("tells a reset from an end", async () => {
    const { ours, heard, peer, transport } = await pair();
    peer.write("some");
    await heard.hearing("data");
    transport.resetAndDestroy();
    await heard.hearing("close ECONNRESET");
    expect(heard.said).toEqual(["data", "close ECONNRESET"]);
    expect(ours.write("more")).toBe(true);
  });

  const untold = isBun && isTls ? " (skipped: node:tls does not tell it on Bun)" : "";
  it.skipIf(untold !== "")(`tells a reset when it has closed its own side${untold}`, async () => {
    const { ours, heard, peer, transport } = await pair();
    ours.end();
    peer.resume();
    await once(peer, "end");
    transport.resetAndDestroy();
    await heard.hearing("close ECONNRESET");
    expect(heard.said).toEqual(["close ECONNRESET"]);
  });

  it("hears what its peer said before the reset, although a write finds out first", async () => {
    const { ours, heard, peer, transport } = await pair();
    peer.pause();
    // More than a peer over TLS reads while it is paused, and no more than the systems of both ends keep.
    for (let part = 0; part < 4; part++) {
      ours.write(noise(`question ${part}`, 64 * KIB));
      while (ours.unsentBytes > 0) await nextTurn();
    }
    peer.write("the answer");
    // With octets unread that is RST.
    transport.destroy();
    expect(ours.write("more of the question")).toBe(true);
    await heard.until(() => isClosed(heard));
    expect(ours.write("and more")).toBe(true);
    expect([heard.said, heard.text]).toEqual([["data", expect.stringMatching(LOST)], "the answer"]);
  });

  // A reset throws away what its sender's system has not sent yet, and on a busy machine that is now and then some of the answer.
  const resets = { retry: 2 };

  it("hears an early answer to the end, however much more it has to say", resets, async () => {
    const answer = noise("answer", 32 * KIB);
    for (let round = 0; round < 5; round++) {
      const { ours, heard, peer, transport } = await pair();
      peer.pause();
      goOnWriting(ours, heard);
      await nextTurn();
      await new Promise<void>((resolve) => peer.write(answer, () => resolve()));
      transport.destroy();
      await heard.until(() => isClosed(heard));
      expect([heard.receivedBytes, heard.digest.digest("hex")]).toEqual([answer.length, sha256(answer)]);
      expect(heard.said).toEqual(["data", expect.stringMatching(LOST)]);
    }
  });

  it("hears an early answer to the end although its reader pauses meanwhile", resets, async () => {
    const { ours, heard, peer, transport } = await pair();
    // Its system keeps more for a connection that was read much from.
    peer.write(noise("before", 16 * MIB));
    await heard.until(() => heard.receivedBytes === 16 * MIB);
    const answer = noise("answer", 96 * KIB);
    const read: Buffer[] = [];
    heard.onData = (octets) => {
      read.push(Buffer.from(octets));
      ours.pause();
      setTimeout(() => ours.resume(), 5);
    };
    peer.pause();
    for (let part = 0; part < 4; part++) {
      ours.write(noise(`question ${part}`, 64 * KIB));
      while (ours.unsentBytes > 0) await nextTurn();
    }
    peer.write(answer);
    transport.destroy();
    ours.write("more of the question");
    await heard.until(() => isClosed(heard));
    expect(sha256(Buffer.concat(read))).toBe(sha256(answer));
  });

  it("hears an early answer that ends in order, and then that its peer takes nothing more", async () => {
    const { ours, heard, peer, transport } = await pair();
    peer.pause();
    goOnWriting(ours, heard);
    peer.end("an early answer");
    await heard.hearing("end");
    transport.destroy();
    await heard.until(() => isClosed(heard));
    expect([heard.text, heard.said]).toEqual(["an early answer", ["data", "end", expect.stringMatching(LOST)]]);
  });

  const toldAtOnce = isBun ? " (skipped: Bun tells of a reset at once, and drops what it has not told yet)" : "";
  it.skipIf(isBun).each([
    ["right behind it", 0],
    ["a moment later", 5],
  ])(`hears what its peer said before a reset once it reads on${toldAtOnce}: %s`, async (_when, turns) => {
    const { ours, heard, peer, transport } = await pair();
    ours.pause();
    const said = noise("said", 32 * KIB);
    await new Promise<void>((resolve) => peer.write(said, () => resolve()));
    for (let i = 0; i < turns; i++) await nextTurn();
    transport.resetAndDestroy();
    await once(transport, "close");
    for (let i = 0; i < 5; i++) await nextTurn();
    expect(heard.said).toEqual([]);
    ours.resume();
    await heard.hearing("close ECONNRESET");
    expect([heard.said, heard.digest.digest("hex")]).toEqual([["data", "close ECONNRESET"], sha256(said)]);
  });

  const noReset = isTls && isBun ? " (skipped: Bun's TLS sockets have no RST)" : "";
  it.skipIf(isTls && isBun)(`resets, and says so later${noReset}`, async () => {
    const { ours, heard, peer } = await pair();
    peer.removeAllListeners("error").resume();
    ours.write("said before");
    await once(peer, "data");
    heard.isWithinCall = true;
    ours.reset();
    heard.isWithinCall = false;
    const [error] = (await once(peer, "error")) as [NodeJS.ErrnoException];
    expect(error.code).toBe("ECONNRESET");
    await heard.hearing("close in order");
    expect(heard.said).toEqual(["close in order"]);
  });

  it("drops what is unsent when it resets", async () => {
    const { ours, heard, peer } = await pair();
    peer.pause();
    let writtenBytes = 64 * KIB;
    while (ours.write(noise("x", 64 * KIB))) writtenBytes += 64 * KIB;
    let receivedBytes = 0;
    const over = new Promise((resolve) => peer.once("end", resolve).once("close", resolve));
    ours.reset();
    await heard.hearing("close in order");
    peer.on("data", (octets: Buffer) => (receivedBytes += octets.length));
    peer.resume();
    await over;
    expect(receivedBytes).toBeLessThan(writtenBytes);
  });

  it("destroys both sides, after what the system has taken, and says so later", async () => {
    const { ours, heard, peer } = await pair();
    const got = received(peer);
    ours.write("last words");
    heard.isWithinCall = true;
    ours.destroy();
    ours.destroy();
    ours.reset();
    ours.end();
    ours.pause();
    ours.resume();
    expect(ours.write("too late")).toBe(true);
    heard.isWithinCall = false;
    expect((await got).toString()).toBe("last words");
    await heard.hearing("close in order");
    expect(heard.said).toEqual(["close in order"]);
  });

  it("says nothing within any call to it", async () => {
    const { ours, heard, peer } = await pair();
    peer.end("waits to be read");
    await nextTurn();
    heard.isWithinCall = true;
    ours.pause();
    ours.resume();
    ours.write("x");
    ours.cork();
    while (ours.write(noise("x", 64 * KIB)));
    ours.uncork();
    ours.end();
    heard.isWithinCall = false;
    const got = await received(peer);
    expect(got.length).toBeGreaterThan(64 * KIB);
    await heard.hearing("close in order");
  });

  it("holds its peer back while it is paused, and loses nothing", async () => {
    const { ours, heard, peer } = await pair();
    ours.pause();
    const large = noise("large", 24 * MIB);
    peer.end(large);
    // What both systems keep for a connection is all that leaves.
    for (let still = 0, before = -1; still < 20; still++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const left = peer.bytesWritten - peer.writableLength;
      if (left !== before) still = 0;
      before = left;
    }
    expect(peer.writableLength).toBeGreaterThan(0);
    expect(heard.said).toEqual([]);
    ours.resume();
    await heard.hearing("end");
    expect(heard.digest.digest("hex")).toBe(sha256(large));
  });

  it("tells nothing of what was said before a reset while it is paused", async () => {
    const { ours, heard, peer, transport } = await pair();
    ours.pause();
    await new Promise<void>((resolve) => peer.write("unheard", () => resolve()));
    transport.resetAndDestroy();
    await once(peer, "close");
    await nextTurn();
    ours.write("finds out, where nobody else does");
    await heard.hearing("close ECONNRESET");
    expect(heard.said).toEqual(["close ECONNRESET"]);
  });

  it("pauses in the middle of what it reads", async () => {
    const { ours, heard, peer } = await pair();
    let reads = 0;
    ours.handler = {
      onData(octets) {
        heard.onData(octets);
        reads++;
        ours.pause();
        setImmediate(() => ours.resume());
      },
      onEnd: () => heard.onEnd(),
      onDrain() {},
      onClose() {},
    };
    const large = noise("large", 4 * MIB);
    peer.end(large);
    await heard.hearing("end");
    expect(reads).toBeGreaterThan(1);
    expect(heard.digest.digest("hex")).toBe(sha256(large));
  });
});

/** Which runtime test/runtimes/port.test.ts has these tests run on; by themselves they run on the one at hand. */
const expectedRuntime = process.env.TESTS_EXPECTS_RUNTIME;
if (expectedRuntime !== undefined) {
  it("runs on the runtime that it is meant to test", () => {
    const { bun, node } = process.versions;
    expect(bun === undefined ? `Node ${node.split(".")[0]}` : "Bun").toBe(expectedRuntime);
  });
}

it("afterArrivals comes behind the FIN that arrived right behind what was just read", async () => {
  for (let round = 0; round < 20; round++) {
    const { ours, heard, peer } = await accepted();
    const said = await new Promise((resolve) => {
      ours.handler = {
        onData(octets) {
          heard.onData(octets);
          nodeClock.afterArrivals(() => resolve([...heard.said]));
        },
        onEnd: () => heard.onEnd(),
        onDrain() {},
        onClose() {},
      };
      peer.end("octets");
    });
    expect(said).toEqual(["data", "end"]);
  }
});
