/** Of what is written, the faults of the client are counted, however the bytes are cut; and nothing else. */
import { expect, it } from "vitest";
import { frame } from "../../test/kit/http2-stage.ts";
import { types } from "../../test/kit/http2-wire.ts";
import type { Octets } from "../wire/octets.ts";
import { FramesSent } from "./frames-sent.ts";

const code = (value: number) => Buffer.of(0, 0, 0, value);
const reset = (value: number) => frame(types.reset, 0, 1, code(value));
const goaway = (value: number) => frame(types.goaway, 0, 0, Buffer.concat([code(1), code(value), Buffer.from("why")]));

it("counts the parts of responses", () => {
  const sent = new FramesSent();
  const parts = [
    frame(types.headers, 4, 1, Buffer.alloc(30)),
    frame(types.data, 0, 1, Buffer.from("x")),
    frame(types.data, 1, 1),
  ];
  const others = [frame(types.settings, 1, 0), frame(types.ping, 1, 0, Buffer.alloc(8)), reset(8)];
  sent.read(Buffer.concat([...parts, ...others]) as unknown as Octets);
  expect(sent.parts).toBe(3);
  sent.read(Buffer.concat(others) as unknown as Octets);
  expect(sent.parts).toBe(0);
});

it("counts what has left of bodies on the streams that are watched", () => {
  const sent = new FramesSent();
  const data = frame(types.data, 0, 3, Buffer.alloc(500));
  sent.read(data as unknown as Octets);
  sent.watched.set(3, 0);
  const others = [frame(types.headers, 4, 3, Buffer.alloc(30)), frame(types.data, 1, 5, Buffer.alloc(7))];
  const bytes = Buffer.concat([data, ...others, data]);
  for (let at = 0; at < bytes.length; at += 100) sent.read(bytes.subarray(at, at + 100) as unknown as Octets);
  expect([...sent.watched]).toEqual([[3, 1_000]]);
});

function faultsIn(bytes: Buffer, step: number): [faults: number, hasFailed: boolean] {
  const sent = new FramesSent();
  let faults = 0;
  for (let at = 0; at < bytes.length; at += step) {
    sent.read(bytes.subarray(at, at + step) as unknown as Octets);
    faults += sent.faults;
  }
  return [faults, sent.hasFailed];
}

it.each([1, 2, 9, 11, 1_000])("in pieces of %i bytes", (step) => {
  const answers = [frame(types.settings, 0, 0), frame(types.headers, 4, 1, Buffer.alloc(30)), frame(types.data, 1, 1)];
  const faults = [1, 3, 5, 6, 11].map(reset);
  // No error, our own error, one stream too many, cancelled, the tunnel's other end, HTTP/1.1 instead.
  const others = [0, 2, 7, 8, 10, 13].map(reset);
  const looksLikeOne = frame(types.data, 0, 1, Buffer.concat([reset(1), goaway(1)]));
  expect(faultsIn(Buffer.concat([...answers, ...faults, looksLikeOne, ...others, goaway(0)]), step)).toEqual([
    5,
    false,
  ]);
  expect(faultsIn(Buffer.concat([...answers, looksLikeOne, goaway(1), reset(1)]), step)).toEqual([1, true]);
});
