/** Chrome trace events: what a viewer makes of them, by the rules of the format, and that these rules notice what breaks them. */
import { describe, expect, it } from "vitest";
import { readTrace, slicesOf, type TraceEvent } from "../../test/kit/read-trace.ts";
import { formatFaults } from "../../test/kit/trace-format.ts";
import { acceptedFacts } from "../connection/connection-record.ts";
import { Life, UpstreamLife } from "../connection/life.ts";
import { beginRecord, endRecord, noteFirstByte, noteSent } from "../exchange/record-notes.ts";
import type { Clock } from "../net/ports.ts";
import { TraceEvents } from "./trace-events.ts";

/** One exchange, whose origin has said all at 6 ms, and whose client has taken it at 9 ms; then the next one, at once. */
function played(): TraceEvent[] {
  let now = 0;
  const clock: Clock = { now: () => now, date: () => 1_000 + now, after: () => () => {}, afterArrivals: () => {} };
  let text = "[\n";
  const events = new TraceEvents(clock, (more) => {
    text += more;
  });
  let id = 0;
  const context = { clock, observer: events, newExchangeId: () => ++id } as unknown as Parameters<
    typeof beginRecord
  >[0];
  const client = new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 4_000 }, now));
  const origin = new UpstreamLife({
    ...{ id: 2, hop: "upstream", peer: "192.0.2.9", peerPort: 80, isSecure: false, opened: "pool-empty" },
    ...{ endpoint: { name: "http://o.test", isNamedByClients: false }, openedAt_ms: 3 },
  });
  const at = (time: number, ...steps: (() => unknown)[]) => {
    now = time;
    for (const step of steps) step();
  };
  at(0, () => events.connectionOpened(client));
  const record = beginRecord(context, client, undefined, "a.test");
  const exchange = () => noteSent(context, record, origin);
  at(3, () => events.connectionOpened(origin), exchange);
  at(5, () => noteFirstByte(context, record));
  at(6, () => events.connectionIdled(origin));
  at(
    9,
    () => endRecord(context, record),
    () => events.connectionIdled(client),
  );
  at(12, () => events.end());
  return readTrace(text);
}

describe("a trace", () => {
  it("keeps to the rules of the format", () => {
    expect(formatFaults(played())).toEqual([]);
  });

  it("has the origin's connection idle from when it idles, though the client takes its time", () => {
    const lanes = slicesOf(played()).filter(({ cat }) => cat !== "phase");
    expect(lanes.map(({ pid, cat, ts, dur }) => [pid, cat, (ts - 1_000_000) / 1_000, dur / 1_000])).toEqual([
      [1, "exchange", 0, 9],
      [2, "exchange", 3, 3],
      [1, "idle", 9, 3],
      [2, "idle", 6, 6],
    ]);
  });
});

describe("the rules notice", () => {
  it.each<[string, (event: TraceEvent) => TraceEvent | undefined]>([
    ["an arrow without its end", (event) => (event.ph === "f" ? undefined : event)],
    ["an arrow that goes back in time", (event) => (event.ph === "f" ? { ...event, ts: event.ts - 2_500 } : event)],
    ["an arrow at nothing", (event) => (event.ph === "f" ? { ...event, ts: event.ts + 100_000 } : event)],
    ["two arrows of one number", (event) => (event.ph === "f" ? { ...event, ph: "s" } : event)],
    ["a phase that ends behind its exchange", (event) => (event.cat === "phase" ? { ...event, dur: 99_000 } : event)],
    ["a slice without a duration", ({ dur: _, ...event }) => event],
    ["an instant without a scope", (event) => ("s" in event ? { ...event, s: "x" } : event)],
    ["a lane without its name", (event) => (event.name === "thread_name" ? { ...event, args: {} } : event)],
  ])("%s", (_what, change) => {
    const events = played().flatMap((event) => change(event) ?? []);
    expect(formatFaults(events)).not.toEqual([]);
  });
});
