/** The line of most exchanges is written at once, and is the text of their entry, character for character. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { ConnectionRecord } from "../connection/connection-record.ts";
import { closeReasons } from "../connection/reasons.ts";
import { type ExchangeRecord, outcomes } from "../exchange/exchange-record.ts";
import { EntryMaker } from "./entry-maker.ts";
import { usualLine } from "./exchange-line.ts";
import { lineOf } from "./log-format.ts";

const clock = new ManualClock();
const make = new EntryMaker(clock);

const lines = (record: ExchangeRecord) => ({
  usual: usualLine(record, make.arrivalTime(record)),
  entry: lineOf(make.logged(record)).trimEnd(),
});

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
/** Each character is one byte; and what a library's user may say. */
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)), maxLength: 20 }),
  fc.constantFrom(
    "/",
    "",
    '"',
    "\\",
    "http://user:secret@app.test/",
    "\u2028",
    "\u202e",
    "\ud800",
    "é",
    "x".repeat(301),
  ),
);
const closeReason = maybe(fc.constantFrom(...(Object.keys(closeReasons) as (keyof typeof closeReasons)[])));
const count = fc.nat({ max: 3 });
const ms = fc.oneof(
  fc.double({ min: 0, max: 100_000, noNaN: true }),
  fc.nat({ max: 10_000_000 }).map((us) => us / 1_000),
  fc.constantFrom(0, 0.0004, 0.0005, 0.9995, 999.9996, 2e9),
);

const connection = fc.record({
  ...{ id: fc.nat(), peer: text, opened: fc.constantFrom("accepted", "pool-empty"), exchanges: count, closeReason },
  ...{ boundTo: maybe(fc.nat()), endpoint: maybe(fc.record({ name: text })) },
}) as fc.Arbitrary<unknown> as fc.Arbitrary<ConnectionRecord>;

const record = fc
  .record({
    ...{
      id: fc.nat(),
      downstream: connection,
      upstream: connection,
      downstreamExchange: count,
      upstreamExchange: count,
    },
    ...{ method: text, target: text, authority: text, version: fc.constantFrom("1.0", "1.1", "2.0") },
    ...{ status: fc.integer({ min: 100, max: 999 }), outcome: fc.constantFrom(...outcomes), retries: fc.constant(0) },
    ...{ requestBodyBytes: fc.nat(), responseBodyBytes: fc.nat({ max: 2 ** 52 }) },
    kept: maybe(fc.record({ userAgent: maybe(text), referer: maybe(text), requestId: maybe(text) })),
    // In their order, each some time behind the one before.
    after: fc.tuple(ms, maybe(ms), maybe(ms), maybe(ms), maybe(ms), maybe(ms), ms),
  })
  .map(({ after, ...rest }) => {
    let at_ms = 0;
    const times = after.map((more) => {
      if (more === undefined) return undefined;
      at_ms += more;
      return at_ms;
    });
    const [arrivedAt_ms, queuedAt_ms, connectingAt_ms, securingAt_ms, sentAt_ms, firstByteAt_ms, doneAt_ms] = times;
    return { ...rest, arrivedAt_ms, queuedAt_ms, connectingAt_ms, securingAt_ms, sentAt_ms, firstByteAt_ms, doneAt_ms };
  }) as fc.Arbitrary<unknown> as fc.Arbitrary<ExchangeRecord>;

const plain = fc.sample(record, { numRuns: 1, seed: 1 })[0] as ExchangeRecord;

describe("the line of an exchange as most are", () => {
  it("is the text of its entry", () => {
    fc.assert(
      fc.property(record, (record) => {
        const { usual, entry } = lines(record);
        const isLong = record.target.length > 300 || record.authority.length > 300;
        expect(usual).toBe(isLong ? undefined : entry);
      }),
      { seed: 20261130, numRuns: 5_000 },
    );
  });

  it.each<[string, Partial<ExchangeRecord>]>([
    ["was answered by hopwise", { reason: "no-route" }],
    ["has a fault", { fault: "ECONNRESET" }],
    ["was sent again", { retries: 1, lost: [] }],
    ["has a user", { user: "ada" }],
    ["could not be read", { received: "\\x16" }],
    ["found no connection", { endpoint: { name: "http://127.0.0.1:1", isNamedByClients: false } }],
    ["went to no origin", { upstream: undefined }],
  ])("is none of one that %s", (_, some) => {
    expect(lines({ ...plain, target: "/", authority: "", ...some }).usual).toBeUndefined();
  });
});
