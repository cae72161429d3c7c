import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { afterEach, describe, expect, it, vi } from "vitest";
import { acceptedFacts, type EndpointRecord } from "../connection/connection-record.ts";
import { Life } from "../connection/life.ts";
import { beginRecord, endRecord, noteSearch, OwnRecord } from "../exchange/record-notes.ts";
import type { Clock } from "../net/ports.ts";
import type { ProxyEvents } from "./events.ts";
import { EventHub } from "./events.ts";
import { Observers, QuietObserver } from "./observers.ts";

const clock: Clock = { now: () => 0, date: () => 0, after: () => () => {}, afterArrivals: () => {} };

/** An endpoint that notes whether anybody has looked at it. */
function endpoint(): EndpointRecord & { readonly looks: number } {
  let looks = 0;
  return {
    isNamedByClients: false,
    get name() {
      looks++;
      return "http://127.0.0.1:3000";
    },
    get looks() {
      return looks;
    },
  };
}

afterEach(() => vi.restoreAllMocks());

describe("events", () => {
  it("are told in order, once the loop's turn is over", async () => {
    const hub = new EventHub(clock);
    const told: unknown[] = [];
    hub.on("endpoint", (event) => told.push([event.state, event.fault]));
    hub.on("drain", (event) => told.push(event.state));
    hub.endpointFailed(endpoint(), "ECONNREFUSED", 1_000);
    hub.drainBegan();
    hub.endpointRecovered(endpoint());
    expect(told).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual([["failed", "ECONNREFUSED"], "began", ["recovered", undefined]]);
  });

  it("are not even built when nobody listens", () => {
    const hub = new EventHub(clock);
    const subject = endpoint();
    const ignore = () => {};
    hub.on("endpoint", ignore);
    hub.off("endpoint", ignore);
    hub.endpointFailed(subject, "ECONNREFUSED", 1_000);
    hub.flush();
    expect(subject.looks).toBe(0);
  });

  it("are told on diagnostics channels, too, from the next connection on also those of begin and phases", async () => {
    const hub = new EventHub(clock);
    const observers = new Observers(new QuietObserver(), hub);
    const told: unknown[] = [];
    const listener = (event: unknown) => told.push(event);
    subscribe("hopwise:drain", listener);
    subscribe("hopwise:exchange-begin", listener);
    hub.drainBegan();
    hub.flush();
    expect(told).toMatchObject([{ type: "drain", state: "began" }]);
    expect(observers.exchangeBegan).toBeUndefined();
    const record = new OwnRecord(1, new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 1 }, 0)), 0);
    observers.connectionOpened(record.downstream);
    observers.exchangeBegan?.(record);
    hub.flush();
    expect(told).toMatchObject([{}, { type: "exchange-begin", id: 1 }]);
    unsubscribe("hopwise:drain", listener);
    unsubscribe("hopwise:exchange-begin", listener);
    observers.connectionOpened(record.downstream);
    expect(observers.exchangeBegan).toBeUndefined();
  });

  it("are all told to a watcher, until it leaves; what only it hears of becomes a warning all the same", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    const hub = new EventHub(clock);
    const told: unknown[] = [];
    const leave = hub.watch(() => (event) => told.push(event.type));
    hub.drainBegan();
    hub.internalError(new Error("oh"));
    hub.flush();
    expect(told).toEqual(["drain", "internal-error"]);
    expect(warn).toHaveBeenCalledOnce();
    leave();
    hub.drainBegan();
    hub.flush();
    expect(told).toHaveLength(2);
  });

  it("of an exchange's begin and phases are not even asked for while nobody listens", () => {
    const hub = new EventHub(clock);
    const observers = new Observers(new QuietObserver(), hub);
    const hears = () => [observers.exchangeBegan !== undefined, observers.exchangePhase !== undefined];
    const ignore = () => {};
    expect(hears()).toEqual([false, false]);
    hub.on("exchange", ignore);
    expect(hears()).toEqual([false, false]);
    hub.on("exchange-begin", ignore);
    expect(hears()).toEqual([true, false]);
    hub.on("exchange-phase", ignore, true);
    expect(hears()).toEqual([true, true]);
    const record = new OwnRecord(1, new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 1 }, 0)), 0);
    observers.exchangePhase?.(record, "sent");
    hub.flush();
    hub.off("exchange-begin", ignore);
    expect(hears()).toEqual([false, false]);
  });

  it("of an exchange are told from its begin to its end, in order", () => {
    const hub = new EventHub(clock);
    const told: unknown[] = [];
    hub.on("exchange-begin", ({ type, id }) => told.push([type, id]));
    hub.on("exchange-phase", ({ phase, id }) => told.push([phase, id]));
    hub.on("exchange", ({ type, id }) => told.push([type, id]));
    const context = { clock, observer: new Observers(hub), newExchangeId: () => 7 };
    const record = beginRecord(context, new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 1 }, 0)), undefined, "");
    noteSearch(context, record, "queued");
    endRecord(context, record);
    hub.flush();
    expect(told).toEqual([
      ["exchange-begin", 7],
      ["queued", 7],
      ["exchange", 7],
    ]);
  });

  it("say when a connection begins to idle, on either hop, and are not even asked for while nobody listens", () => {
    const hub = new EventHub({ ...clock, date: () => 1_000 });
    const observers = new Observers(new QuietObserver(), hub);
    const told: unknown[] = [];
    const listener = (event: ProxyEvents["connection-idle"]) => told.push(event);
    expect(observers.connectionIdled).toBeUndefined();
    hub.on("connection-idle", listener);
    const client = new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 9 }, 0));
    client.exchanges = 3;
    observers.connectionIdled?.(client);
    hub.flush();
    expect(told).toEqual([
      {
        ...{ type: "connection-idle", time: "1970-01-01T00:00:01.000Z", id: 1, opened: "accepted", exchanges: 3 },
        ...{ hop: "downstream", client: "192.0.2.1:9" },
      },
    ]);
    hub.off("connection-idle", listener);
    expect(observers.connectionIdled).toBeUndefined();
  });

  it("are told once to those who want them once", () => {
    const hub = new EventHub(clock);
    const told: ProxyEvents["drain"][] = [];
    hub.on("drain", (event) => told.push(event), true);
    hub.drainBegan();
    hub.drainEnded(2);
    hub.flush();
    expect(told).toMatchObject([{ type: "drain", state: "began" }]);
  });

  it("reach the other listeners when one throws, and the error is not swallowed", () => {
    const hub = new EventHub(clock);
    const thrown: (() => void)[] = [];
    vi.spyOn(process, "nextTick").mockImplementation((callback) => thrown.push(callback as () => void));
    const told: string[] = [];
    hub.on("drain", () => {
      throw new Error("a listener's own fault");
    });
    hub.on("drain", (event) => told.push(event.state));
    hub.drainBegan();
    hub.flush();
    vi.restoreAllMocks();
    expect(told).toEqual(["began"]);
    expect(thrown).toHaveLength(1);
    expect(thrown[0]).toThrow("a listener's own fault");
  });
});
