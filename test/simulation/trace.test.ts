/** A trace of whole simulated worlds, with their retries, resets, tunnels and drains: it can be read, and nothing in it contradicts itself. */
import { describe, expect, it } from "vitest";
import type { ExchangeRecord } from "../../src/exchange/exchange-record.ts";
import { Observers, QuietObserver } from "../../src/ledger/observers.ts";
import { TraceEvents } from "../../src/ledger/trace-events.ts";
import { faultsOf, readTrace, slicesOf, type TraceEvent } from "../kit/read-trace.ts";
import { World } from "./world.ts";

class Counting extends QuietObserver {
  opened = 0;
  closed = 0;
  attempts = 0;
  exchanges = 0;
  override connectionOpened(): void {
    this.opened++;
  }
  override connectionClosed(): void {
    this.closed++;
  }
  override exchangeEnded({ sentAt_ms, lost = [] }: ExchangeRecord): void {
    this.exchanges++;
    this.attempts += lost.length + (sentAt_ms === undefined ? 0 : 1);
  }
}

function traced(seed: number): { readonly events: TraceEvent[]; readonly count: Counting; readonly cut: TraceEvent[] } {
  const count = new Counting();
  const pieces: string[] = ["[\n"];
  const world = new World(
    seed,
    false,
    (clock) => new Observers(count, new TraceEvents(clock, (text) => pieces.push(text))),
  );
  world.run();
  // As if the process had died somewhere.
  const some = pieces.join("").slice(0, pieces.join("").length >> 1);
  return { events: readTrace(pieces.join("")), count, cut: readTrace(some) };
}

const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

const traces = seeds.map((seed) => ({ seed, ...traced(seed) }));

describe.each(traces)("the trace of seed $seed", ({ events, count, cut }) => {
  it("contradicts itself nowhere, wherever it ends", () => {
    expect(faultsOf(events)).toEqual([]);
    // Arrows and their slices are one piece, which half a trace may have a part of.
    expect(faultsOf(cut).filter((fault) => !fault.startsWith("arrow"))).toEqual([]);
  });

  it("has every connection, exchange and attempt", () => {
    const named = (start: string) => events.filter(({ name, ph }) => ph === "i" && name.startsWith(start)).length;
    expect({ opened: named("opened: "), closed: named("closed: ") }).toEqual({
      opened: count.opened,
      closed: count.closed,
    });
    const clients = slicesOf(events, "exchange").filter(({ pid }) => pid === 1);
    const origins = slicesOf(events, "exchange").filter(({ pid }) => pid === 2);
    expect({ exchanges: clients.length, attempts: origins.length }).toEqual({
      ...{ exchanges: count.exchanges, attempts: count.attempts },
    });
    expect(events.filter(({ ph }) => ph === "f").length).toBe(count.attempts);
  });
});

it("these worlds have what makes traces hard", () => {
  const all = traces.flatMap(({ events }) => events);
  const names = new Set(all.map(({ name }) => name.replace(/^[A-Z]+ .* \(lost\)$/, "lost")));
  for (const name of ["idle", "lost", "in line", "connecting", "response"]) expect(names).toContain(name);
});
