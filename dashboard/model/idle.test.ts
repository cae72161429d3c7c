/** From when on a connection idles: as it was told, which may be before its exchange has ended on the other hop. */
import { expect, it } from "vitest";
import { type Connection, createModel, type Exchange, type Model, type ProxyEvent } from "./model.ts";
import { segmentsOn } from "./phases.ts";

const T0 = Date.UTC(2026, 10, 30, 10, 0, 0);
const time = (at_ms: number) => new Date(T0 + at_ms).toISOString();
const client = { hop: "downstream", client: "192.0.2.1:4000", opened: "accepted" } as const;
const origin = { hop: "upstream", endpoint: "http://127.0.0.1:3000", opened: "pool-empty" } as const;
const carrier = { id: 2, exchange: 1, endpoint: origin.endpoint, reused: false };
const request = { client: "192.0.2.1", method: "GET", target: "/", version: "1.1" } as const;

/** An exchange whose response has begun 16 ms after it came. */
const begun: readonly ProxyEvent[] = [
  { type: "connection-open", time: time(0), id: 1, ...client },
  { type: "exchange-begin", time: time(10), id: 1, ...request, downstream: { id: 1, exchange: 1 } },
  { type: "connection-open", time: time(15), id: 2, ...origin },
  { type: "exchange-phase", time: time(16), id: 1, phase: "sent", after_ms: 6, upstream: carrier },
  { type: "exchange-phase", time: time(26), id: 1, phase: "first-byte", after_ms: 16, upstream: carrier },
];
const ended: ProxyEvent = {
  ...{ type: "exchange", time: time(10), id: 1, ...request, status: 200, outcome: "completed" },
  ...{ duration_ms: 20, sent_ms: 6, firstByte_ms: 10, wait_ms: 16, requestBytes: 0, responseBytes: 2, retries: 0 },
  ...{ downstream: { id: 1, exchange: 1 }, upstream: { ...carrier, opened: "pool-empty" } },
};

function modelOf(events: readonly ProxyEvent[]): Model {
  const model = createModel(() => T0 + 60_000);
  model.events(events);
  return model;
}

function known(model: Model, key: string): Connection {
  const connection = model.connections.get(key);
  if (connection === undefined) throw new Error(`no connection ${key}`);
  return connection;
}

it("an origin's from when it was told, though the client has not taken everything yet", () => {
  const model = modelOf(begun);
  model.apply({ type: "connection-idle", time: time(28), id: 2, exchanges: 1, ...origin });
  const [on, to] = [known(model, "1"), known(model, "2")];
  expect([on.state, to.state]).toStrictEqual(["active", "idle"]);
  expect(to.idleSince_ms).toBe(T0 + 28);
  const exchange = to.exchanges[0] as Exchange;
  expect(segmentsOn(exchange, to).at(-1)).toMatchObject({ activity: "answering", to_ms: T0 + 28 });
  expect(segmentsOn(exchange, on).at(-1)).toMatchObject({ activity: "answering", to_ms: undefined });
  model.apply(ended);
  expect([on.idleSince_ms, to.idleSince_ms]).toStrictEqual([T0 + 30, T0 + 28]);
  expect(segmentsOn(exchange, to).at(-1)?.to_ms).toBe(T0 + 28);
  expect(segmentsOn(exchange, on).at(-1)?.to_ms).toBe(T0 + 30);
});

it("as before, where only the end of its exchange was told", () => {
  const model = modelOf([...begun, ended]);
  expect(["1", "2"].map((key) => known(model, key).idleSince_ms)).toStrictEqual([T0 + 30, T0 + 30]);
});

it("not at all, where it has carried more since, or is gone", () => {
  const again: ProxyEvent = {
    ...{ type: "exchange-begin", time: time(40), id: 2, ...request, downstream: { id: 1, exchange: 2 } },
  };
  const gone: ProxyEvent = {
    ...{ type: "connection", time: time(50), id: 2, ...origin, closed: "peer-closed-idle", ended: "peer-fin" },
    ...{ exchanges: 1, age_ms: 35 },
  };
  const model = modelOf([...begun, ended, again, gone]);
  model.apply({ type: "connection-idle", time: time(30), id: 1, exchanges: 1, ...client });
  model.apply({ type: "connection-idle", time: time(30), id: 2, exchanges: 1, ...origin });
  expect(known(model, "1")).toMatchObject({ state: "active", idleSince_ms: undefined, exchangeCount: 2 });
  expect(known(model, "2")).toMatchObject({ state: "closed", idleSince_ms: undefined });
});

it("closes, and does not idle, from the end of the exchange behind which it closes", () => {
  const closing: ProxyEvent = {
    ...{ ...ended, type: "exchange", upstream: { ...carrier, opened: "pool-empty", closes: "close-received" } },
  } as ProxyEvent;
  const gone: ProxyEvent = {
    ...{ type: "connection", time: time(90), id: 2, ...origin, closed: "close-received", ended: "own-fin" },
    ...{ exchanges: 1, age_ms: 75 },
  };
  for (const events of [
    [closing, gone],
    [gone, closing],
  ]) {
    const model = modelOf([...begun, ...events]);
    expect(known(model, "2")).toMatchObject({ closesSince_ms: T0 + 30, closedAt_ms: T0 + 90 });
    expect(known(model, "1").closesSince_ms).toBeUndefined();
  }
});
