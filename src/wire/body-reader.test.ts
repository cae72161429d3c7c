/** Bodies of every framing, and where they end. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { type BodyOutcome, bodyOutcome, readInEveryWay } from "../../test/fuzz/kit/reading.ts";
import { table } from "../../test/fuzz/kit/table.ts";
import { BodyReader } from "./body-reader.ts";
import type { Framing } from "./framing.ts";
import { defaultHeadLimits } from "./head-reader.ts";

const rows: {
  readonly name: string;
  readonly framing: Framing;
  readonly bytes: string;
  readonly gives: Omit<BodyOutcome, "trailers">;
}[] = [
  {
    name: "none: everything belongs to what follows",
    framing: { kind: "none", length: 0 },
    bytes: "GET",
    gives: { body: "", state: "complete", rest: "GET" },
  },
  {
    name: "length 0",
    framing: { kind: "length", length: 0 },
    bytes: "GET",
    gives: { body: "", state: "complete", rest: "GET" },
  },
  {
    name: "length, complete",
    framing: { kind: "length", length: 3 },
    bytes: "abcGET",
    gives: { body: "abc", state: "complete", rest: "GET" },
  },
  {
    name: "length, not complete",
    framing: { kind: "length", length: 4 },
    bytes: "abc",
    gives: { body: "abc", state: "more", rest: "" },
  },
  {
    name: "chunked",
    framing: { kind: "chunked", length: -1 },
    bytes: "3\r\nabc\r\n0\r\n\r\nGET",
    gives: { body: "abc", state: "complete", rest: "GET" },
  },
  {
    name: "close: everything belongs to it",
    framing: { kind: "close", length: -1 },
    bytes: "abcGET",
    gives: { body: "abcGET", state: "more", rest: "" },
  },
];

describe("reading", () => {
  table(rows, ({ framing, bytes, gives }) => {
    const outcome = readInEveryWay(bytes, (pieces) => bodyOutcome(new BodyReader(framing, defaultHeadLimits), pieces));
    expect(outcome).toStrictEqual({ ...gives, trailers: [] });
  });
});

describe("an orderly close by the sender", () => {
  const closes: { readonly name: string; readonly framing: Framing; readonly bytes: string; readonly ends: boolean }[] =
    [
      { name: "ends a body that lasts until then", framing: { kind: "close", length: -1 }, bytes: "abc", ends: true },
      { name: "ends even an empty one", framing: { kind: "close", length: -1 }, bytes: "", ends: true },
      { name: "leaves a complete one complete", framing: { kind: "length", length: 3 }, bytes: "abc", ends: true },
      { name: "truncates a shorter one", framing: { kind: "length", length: 4 }, bytes: "abc", ends: false },
      {
        name: "truncates chunks without the last one",
        framing: { kind: "chunked", length: -1 },
        bytes: "3\r\nabc\r\n",
        ends: false,
      },
      {
        name: "truncates trailers without their empty line",
        framing: { kind: "chunked", length: -1 },
        bytes: "0\r\nA: b\r\n",
        ends: false,
      },
      { name: "truncates a refused one", framing: { kind: "chunked", length: -1 }, bytes: "x", ends: false },
    ];
  table(closes, ({ framing, bytes, ends }) => {
    const reader = new BodyReader(framing, defaultHeadLimits);
    reader.read(octets(bytes), 0, { onBodyOctets() {} });
    expect(reader.endByClose()).toBe(ends);
    expect(reader.isComplete).toBe(ends);
  });
});

it("takes nothing more once it is complete", () => {
  const reader = new BodyReader({ kind: "length", length: 1 }, defaultHeadLimits);
  const sink = { onBodyOctets: () => {} };
  expect(reader.read(octets("xab"), 0, sink)).toBe(1);
  expect(reader.read(octets("xab"), 1, sink)).toBe(1);
});

it("hands on the buffers that were read, uncopied", () => {
  const reader = new BodyReader({ kind: "length", length: 5 }, defaultHeadLimits);
  const whole = octets("abc");
  const longer = octets("deGET");
  const seen: unknown[] = [];
  const sink = { onBodyOctets: (piece: unknown) => void seen.push(piece) };
  reader.read(whole, 0, sink);
  reader.read(longer, 0, sink);
  expect(seen[0]).toBe(whole);
  expect((seen[1] as Uint8Array).buffer).toBe(longer.buffer);
});
