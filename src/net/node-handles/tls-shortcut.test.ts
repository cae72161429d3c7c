/** That TLS connections take the shortcut where handles are known, and what the stream still does. */
import type { Socket as RawSocket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { TLSSocket } from "node:tls";
import { afterEach, describe, expect, it, vi } from "vitest";
import { noise, received, sha256 } from "../../../test/kit/heard.ts";
import { acceptedOverTls, dialedOverTls } from "../../../test/kit/real-sockets.ts";
import type { Octets } from "../../wire/octets.ts";
import { wasAnnounced, wasCutOff, watchClosure } from "./tls-closure.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Of the socket's own stream, and of none of its peer, which is one of the runtime's. */
function spyOnStreams(peer: RawSocket) {
  const streams = { writes: 0, reads: 0 };
  const { _write, push } = TLSSocket.prototype;
  vi.spyOn(TLSSocket.prototype, "_write").mockImplementation(function (this: RawSocket, ...said) {
    if (this !== peer) streams.writes++;
    return _write.apply(this, said);
  });
  vi.spyOn(TLSSocket.prototype, "push").mockImplementation(function (this: RawSocket, ...said) {
    if (this !== peer) streams.reads++;
    return push.apply(this, said);
  });
  return streams;
}

describe.each([
  ["dialed", dialedOverTls],
  ["accepted", acceptedOverTls],
] as const)("a TLS connection that was %s", (_how, pair) => {
  it("reads and writes small messages past its stream", async () => {
    const { ours, heard, peer } = await pair();
    const streams = spyOnStreams(peer);
    for (let message = 1; message <= 20; message++) {
      peer.write("question");
      await heard.until(() => heard.receivedBytes === 8 * message);
      ours.cork();
      ours.write("ans");
      ours.write(Buffer.from("wer\xe9", "latin1") as unknown as Octets);
      ours.uncork();
      await vi.waitFor(() => expect(ours.unsentBytes).toBe(0), { interval: 1 });
    }
    expect(streams).toEqual({ writes: 0, reads: 0 });
  });

  it("writes what comes before the last write has left behind it, and its end behind all", async () => {
    const { ours, peer } = await pair();
    const large = noise("large", 70_000);
    const sent: Buffer[] = [];
    const write = (data: string | Octets) => {
      sent.push(typeof data === "string" ? Buffer.from(data, "latin1") : Buffer.from(data));
      ours.write(data);
    };
    write("first");
    expect(ours.unsentBytes).toBe(5);
    write("second");
    write(large);
    write("");
    ours.cork();
    write("third");
    write(large.subarray(0, 30));
    ours.uncork();
    for (const length of [100, 16_300, 16_384, 16_385, 30_000]) {
      ours.cork();
      write("fourth");
      write(large.subarray(0, length));
      write("fifth");
      ours.uncork();
      ours.cork();
      ours.uncork();
    }
    ours.end();
    expect(ours.unsentBytes).toBe(Buffer.concat(sent).length);
    expect(await received(peer)).toEqual(Buffer.concat(sent));
    expect(ours.unsentBytes).toBe(0);
  });

  it("keeps what its transport had brought when it was paused, in order", async () => {
    const { ours, heard, peer } = await pair();
    // Three records, which are one read of the transport: the first one pauses the reader.
    const records = noise("records", 3 * 16_384);
    const onData = heard.onData.bind(heard);
    heard.onData = (octets) => {
      onData(octets);
      ours.pause();
    };
    peer.write(records);
    await heard.until(() => heard.receivedBytes > 0);
    await nextTurn();
    expect(heard.receivedBytes).toBe(16_384);
    heard.onData = onData;
    peer.end("four");
    ours.resume();
    await heard.hearing("end");
    expect(heard.digest.digest("hex")).toBe(sha256(Buffer.concat([records, Buffer.from("four")])));
    ours.end();
    await heard.hearing("close in order");
  });

  it.each([
    ["without an alert while a write has not left", true],
    ["with an alert when all has left", false],
  ])("is destroyed %s", async (_when, isUnsent) => {
    const { ours, heard, peer } = await pair();
    watchClosure(peer);
    ours.write("all there is");
    if (!isUnsent) await vi.waitFor(() => expect(ours.unsentBytes).toBe(0), { interval: 1 });
    ours.destroy();
    await received(peer);
    expect([wasCutOff(peer), wasAnnounced(peer)]).toEqual([isUnsent, !isUnsent]);
    peer.end();
    await heard.hearing("close in order");
    expect(heard.said).toEqual(["close in order"]);
  });
});
