/** Frames that ask for nothing: each kind has a budget, which fills again, and nothing else is counted. */
import { describe, expect, it } from "vitest";
import type { Octets } from "../wire/octets.ts";
import { type Flood, FrameMeter } from "./frame-meter.ts";

const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const END_STREAM = 0x1;
const END_HEADERS = 0x4;

function frame(type: number, flags = 0, length = 0): Buffer {
  const bytes = Buffer.alloc(9 + length);
  bytes.writeUIntBE(length, 0, 3);
  bytes[3] = type;
  bytes[4] = flags;
  bytes[8] = 1;
  return bytes;
}

function padded(content: number, padding: number, flags = 0): Buffer {
  const bytes = frame(0, flags | 0x8, 1 + content + padding);
  bytes[9] = padding;
  return bytes;
}

function meter(): { readonly meter: FrameMeter; read(bytes: Buffer, now?: number): Flood | undefined } {
  const made = new FrameMeter(PREFACE.length);
  made.read(PREFACE as unknown as Octets, 0);
  return { meter: made, read: (bytes, now = 0) => made.read(bytes as unknown as Octets, now) };
}

/** How many there may be at once. */
function allowance(one: Buffer, now = 0, { read } = meter()): [count: number, flood: Flood | undefined] {
  for (let count = 0; count < 5_000; count++) {
    const flood = read(one, now);
    if (flood !== undefined) return [count, flood];
  }
  return [5_000, undefined];
}

describe("at once there may be", () => {
  it.each<[what: string, one: Buffer, count: number, flood: Flood | undefined]>([
    ["resets", frame(3, 0, 4), 200, "resets"],
    ["settings", frame(4), 20, "settings"],
    ["pings", frame(6, 0, 8), 100, "pings"],
    ["priorities", frame(2, 0, 5), 500, "priorities"],
    ["window updates", frame(8, 0, 4), 1_000, "window-updates"],
    ["empty pieces of a body", frame(0), 50, "empty-data"],
    ["pieces that are padding", padded(0, 200), 50, "empty-data"],
    ["padded pieces", padded(1, 200), 5_000, undefined],
    ["ends that are padding", padded(0, 200, END_STREAM), 5_000, undefined],
    ["frames of one head", Buffer.concat([frame(9, 0, 1)]), 8, "continuations"],
    ["frames that nobody knows", frame(0xfa, 0, 3), 200, "other-frames"],
    ["ends of bodies, as many as there are streams", frame(0, END_STREAM), 5_000, undefined],
    ["pieces of bodies", frame(0, 0, 1), 5_000, undefined],
    ["heads of a stream that has ended, behind its own", frame(1, END_HEADERS | END_STREAM, 10), 201, "resets"],
  ])("%s", (_what, one, count, flood) => {
    expect(allowance(one)).toEqual([count, flood]);
  });
});

it("requests are as many as the limit of streams lets in, with trailers or without; the end of one is one", () => {
  const { meter: made, read } = meter();
  const on = (stream: number, bytes: Buffer) => {
    bytes.writeUInt32BE(stream, 5);
    return bytes;
  };
  for (let id = 1; id < 4_000; id += 8) {
    const whole = on(id, frame(1, END_HEADERS | END_STREAM, 10));
    const withTrailers = [frame(1, END_HEADERS, 10), frame(0, 0, 3), frame(1, END_HEADERS | END_STREAM, 10)];
    const withBody = [frame(1, END_HEADERS, 10), frame(0, END_STREAM, 3)];
    expect(read(Buffer.concat([whole, ...withTrailers.map((it) => on(id + 2, it))]))).toBeUndefined();
    expect(read(Buffer.concat(withBody.map((it) => on(id + 4, it))))).toBeUndefined();
    expect(read(on(id + 6, frame(1, END_HEADERS, 10)))).toBeUndefined();
    made.noteReset(id + 6);
  }
  // Whatever has ended, by itself or by a reset of ours, has ended.
  for (let id = 1; id <= 199; id += 2) expect(read(on(id, frame(1, END_HEADERS | END_STREAM, 10)))).toBeUndefined();
  const [, flood] = allowance(on(3_999, frame(1, END_HEADERS | END_STREAM, 10)), 0, { meter: made, read });
  expect(flood).toBe("resets");
});

it("budgets fill again with time, each by itself", () => {
  const one = meter();
  expect(allowance(frame(3), 0, one)).toEqual([200, "resets"]);
  expect(one.read(frame(6))).toBeUndefined();
  expect(allowance(frame(3), 1_000, one)).toEqual([50, "resets"]);
  expect(allowance(frame(3), 100_000, one)).toEqual([200, "resets"]);
});

it("streams that are reset for what the client sent count as if it had reset them", () => {
  const one = meter();
  expect(one.meter.noteFaults(150, 0)).toBeUndefined();
  expect(allowance(frame(3, 0, 4), 0, one)).toEqual([50, "resets"]);
  expect(one.meter.noteFaults(51, 1_000)).toBe("resets");
});

it("what was sent may be acknowledged", () => {
  const one = meter();
  one.meter.noteSent(512 * 500, 0);
  expect(allowance(frame(8), 0, one)).toEqual([1_000, "window-updates"]);
  one.meter.noteSent(512 * 500, 0);
  expect(allowance(frame(8), 0, one)).toEqual([500, "window-updates"]);
});

it("each part of a response may be answered by a ping, as measuring clients do, and by two window updates", () => {
  const one = meter();
  expect(allowance(frame(6), 0, one)).toEqual([100, "pings"]);
  expect(allowance(frame(8), 0, one)).toEqual([1_000, "window-updates"]);
  for (let i = 0; i < 2_000; i++) {
    one.meter.noteSent(20, 1);
    for (const answer of [frame(6), frame(8), frame(8)]) expect(one.read(answer)).toBeUndefined();
  }
  one.meter.noteSent(0, 30);
  expect(allowance(frame(6), 0, one)).toEqual([30, "pings"]);
});

it("what was sent lets nobody save more than there may be at once", () => {
  const one = meter();
  one.meter.noteSent(1_000_000, 1_000);
  expect(allowance(frame(6), 0, one)).toEqual([100, "pings"]);
  expect(allowance(frame(8), 0, one)).toEqual([1_000, "window-updates"]);
});

it("a head begins anew with each request", () => {
  const { read } = meter();
  for (let i = 0; i < 100; i++) {
    expect(read(Buffer.concat([frame(1, 0, 5), frame(9, 0, 5), frame(9, END_HEADERS, 5)]))).toBeUndefined();
  }
});

it("does not depend on how the bytes were cut", () => {
  const bytes = Buffer.concat([
    PREFACE,
    frame(4),
    frame(1, END_HEADERS, 300),
    ...Array.from({ length: 201 }, () => frame(3, 0, 4)),
  ]);
  for (const step of [1, 2, 7, 1_000]) {
    const made = new FrameMeter(PREFACE.length);
    let flooded = -1;
    for (let at = 0; at < bytes.length && flooded < 0; at += step) {
      const piece = bytes.subarray(at, at + step) as unknown as Octets;
      if (made.read(piece, 0) !== undefined) flooded = at + piece.length;
    }
    // Its head says what it is.
    expect(Math.abs(flooded - (bytes.length - 4)) <= step).toBe(true);
  }
});

it("knows from where to where a head goes, wherever it is cut", () => {
  const { meter: made, read } = meter();
  const head = Buffer.concat([frame(1, 0, 3), frame(9, 0, 2), frame(9, END_HEADERS, 4)]);
  const seen = [...head].map((byte) => {
    read(Buffer.of(byte));
    return made.isWithinHead;
  });
  const begunAt = 8;
  expect(seen).toEqual(seen.map((_, at) => at >= begunAt && at < seen.length - 1));
  expect(made.heads).toBe(1);
  read(frame(0, 0, 100).subarray(0, 20));
  expect(made.isWithinHead).toBe(false);
});
