/**
 * A client of HTTP/2 that takes what it is sent, and slowly, is not one that takes nothing: of a large piece the runtime tells only when all
 * of it has left, and that may take longer than a limit of time.
 */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { frame, Http2Stage } from "../kit/http2-stage.ts";
import { fieldBlock, flags, framesIn, GREETING, heardOn, types } from "../kit/http2-wire.ts";

const STREAM = 1;
const BYTES = 200_000;
const LIMIT = "3s";
/** So a piece of 64 KiB, or of half as much, takes longer than the limit, and no step takes a tenth of it. */
const STEP_MS = 100;
const STEP_BYTES = 1_600;
const STEPS = 60;

const number = (value: number) => Buffer.from([value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]);
const more = (bytes: number, stream: number) => frame(types.window, 0, stream, number(bytes));
/** Windows of streams are closed until they are opened (RFC 9113 section 6.9.2). */
const CLOSED = frame(types.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]));

/** Takes a little now and then, and all of the rest in the end. */
async function takeSlowly(stage: Http2Stage, fields: readonly string[], ends: boolean) {
  const client = await stage.raw();
  const pieces: Buffer[] = [];
  client.on("data", (piece) => pieces.push(piece));
  const head = frame(types.headers, flags.endHeaders | (ends ? flags.endStream : 0), STREAM, fieldBlock(fields));
  client.write(Buffer.concat([GREETING, CLOSED, more(10_000_000, 0), head]));
  for (let step = 0; step < STEPS; step++) {
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    client.write(more(STEP_BYTES, STREAM));
  }
  client.write(more(1_000_000, STREAM));
  const heard = () => heardOn(STREAM, framesIn(Buffer.concat(pieces)));
  for (;;) {
    const { hasEnded, reset } = heard();
    if (hasEnded || reset !== undefined) return heard();
    await once(client, "data");
  }
}

it.concurrent("gets all of a response", async () => {
  const stage = new Http2Stage();
  await stage.begin({ bodyTimeout: LIMIT });
  const get = [":method", "GET", ":scheme", "http", ":path", `/large?bytes=${BYTES}`, ":authority", "a.test"];
  const { hasEnded, reset, body } = await takeSlowly(stage, get, true);
  await stage.end();
  expect([reset, hasEnded, body.length]).toEqual([undefined, true, BYTES]);
});

it.concurrent("gets all that comes through a tunnel", async () => {
  const target = createServer((socket) => {
    socket.on("error", () => {});
    socket.end(Buffer.alloc(BYTES));
  });
  target.listen(0, "127.0.0.1");
  await once(target, "listening");
  const stage = new Http2Stage();
  await stage.beginForward({ tunnelTimeout: LIMIT, bodyTimeout: LIMIT });
  const connect = [":method", "CONNECT", ":authority", `127.0.0.1:${(target.address() as AddressInfo).port}`];
  const { hasEnded, reset, body } = await takeSlowly(stage, connect, false);
  await stage.end();
  target.close();
  expect([reset, hasEnded, body.length]).toEqual([undefined, true, BYTES]);
});
