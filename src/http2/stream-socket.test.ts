/** A stream that is a tunnel: what one read brings is told as one piece, before its end, and not behind a reset. */
import { EventEmitter } from "node:events";
import { expect, it } from "vitest";
import type { Socket } from "../net/ports.ts";
import { codes, type ServerHttp2Stream } from "./session.ts";
import { StreamSocket } from "./stream-socket.ts";

function opened() {
  const stream = Object.assign(new EventEmitter(), { aborted: false, rstCode: 0, resume: () => {}, writableLength: 0 });
  const sent = { bytes: 0 };
  const below = { isSecure: false, remoteAddress: "127.0.0.1", remotePort: 1, localPort: 2 } as Socket;
  const socket = new StreamSocket(stream as unknown as ServerHttp2Stream, below, codes.cancel, {
    onHeld: () => {},
    sentBytes: () => sent.bytes,
  });
  const told: string[] = [];
  socket.handler = {
    onData: (octets) => told.push(Buffer.from(octets).toString("latin1")),
    onEnd: () => told.push("end"),
    onDrain: () => {},
    onClose: (fault) => told.push(`closed ${fault}`),
  };
  const brings = (...pieces: string[]) => {
    for (const piece of pieces) stream.emit("data", Buffer.from(piece));
  };
  return { stream, socket, told, brings, sent };
}
const turn = () => new Promise<void>((resolve) => queueMicrotask(resolve));

it("tells small pieces of one turn as one, and all of them before the end", async () => {
  const { stream, told, brings } = opened();
  brings("a", "b", "c");
  await turn();
  brings("d", "e");
  stream.emit("end");
  stream.emit("close");
  expect(told).toEqual(["abc", "de", "end", "closed undefined"]);
});

it("has taken some where a part of a piece has left, of which the runtime tells when all of it has", () => {
  const { stream, socket, sent } = opened();
  stream.writableLength = 60_000;
  socket.tookSome();
  expect(socket.tookSome()).toBe(false);
  sent.bytes = 1_000;
  expect([socket.tookSome(), socket.tookSome()]).toEqual([true, false]);
  stream.writableLength = 0;
  expect([socket.tookSome(), socket.tookSome()]).toEqual([true, false]);
});

it("tells nothing more of what its client has broken off", async () => {
  const { stream, socket, told, brings } = opened();
  brings("a");
  socket.noteReset();
  // The runtime may not read so far for long.
  expect(told).toEqual(["closed ECONNRESET"]);
  await turn();
  stream.emit("end");
  stream.emit("close");
  expect(told).toEqual(["closed ECONNRESET"]);
});
