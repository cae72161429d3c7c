/** What is told of a record: durations of its phases, the attempts before the last one, and on which connections it went. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { acceptedFacts } from "../connection/connection-record.ts";
import { Life, UpstreamLife } from "../connection/life.ts";
import { OwnRecord } from "../exchange/record-notes.ts";
import type { Clock } from "../net/ports.ts";
import { EntryMaker } from "./entry-maker.ts";

const clock: Clock = {
  now: () => 1_000,
  date: () => 1_700_000_000_000,
  after: () => () => {},
  afterArrivals: () => {},
};
const make = new EntryMaker(clock);

function upstream(id: number, some: Partial<UpstreamLife> = {}): UpstreamLife {
  const endpoint = { name: "http://127.0.0.1:3000", isNamedByClients: false };
  const facts = { id, hop: "upstream", peer: "127.0.0.1", peerPort: 3000, isSecure: false, endpoint } as const;
  return Object.assign(new UpstreamLife({ ...facts, opened: "pool-empty", openedAt_ms: 0 }), some);
}

/** Arrived at 100, done at 900. */
function record(some: Partial<OwnRecord>): OwnRecord {
  const downstream = new Life(acceptedFacts(1, "192.0.2.1", { remotePort: 4711 }, 0));
  downstream.exchanges = 2;
  const request = { method: "GET", target: "/a", authority: "a.test", status: 200, doneAt_ms: 900 };
  return Object.assign(new OwnRecord(7, downstream, 100), request, some);
}

const durations = (some: Partial<OwnRecord>) => {
  const { queued_ms, connect_ms, tls_ms, sent_ms, firstByte_ms, wait_ms, duration_ms } = make.exchange(record(some));
  return { queued_ms, connect_ms, tls_ms, sent_ms, firstByte_ms, wait_ms, duration_ms };
};
const none = { queued_ms: undefined, connect_ms: undefined, tls_ms: undefined };

describe("an exchange", () => {
  it("is told with its id, its host, both connections, and when it arrived", () => {
    const told = make.exchange(record({ upstream: upstream(2, { exchanges: 3 }), upstreamExchange: 3, user: "ann" }));
    expect(told).toStrictEqual({
      ...{ type: "exchange", time: "2023-11-14T22:13:19.100Z", id: 7, client: "192.0.2.1" },
      ...{ method: "GET", target: "/a", host: "a.test", version: "1.1", user: "ann", status: 200 },
      ...{ outcome: "completed", duration_ms: 800, requestBytes: 0, responseBytes: 0, retries: 0 },
      downstream: { id: 1, exchange: 2 },
      upstream: { id: 2, exchange: 3, endpoint: "http://127.0.0.1:3000", reused: true, opened: "pool-empty" },
    });
  });

  it("has what is not known of it left out", () => {
    const told = make.exchange(record({ authority: "", fault: "", received: "" }));
    expect(Object.keys(told)).not.toContain("host");
    expect(Object.keys(told)).not.toContain("user");
    expect(Object.keys(told)).not.toContain("fault");
    expect(Object.keys(told)).not.toContain("received");
    expect(Object.keys(told)).not.toContain("lost");
  });

  it("says where its time went", () => {
    expect(durations({ sentAt_ms: 150, firstByteAt_ms: 400 })).toStrictEqual({
      ...none,
      ...{ sent_ms: 50, firstByte_ms: 250, wait_ms: 300, duration_ms: 800 },
    });
    const all = { queuedAt_ms: 110, connectingAt_ms: 140, securingAt_ms: 170, sentAt_ms: 250, firstByteAt_ms: 400 };
    expect(durations(all)).toStrictEqual({
      ...{ queued_ms: 30, connect_ms: 110, tls_ms: 80, sent_ms: 150, firstByte_ms: 150, wait_ms: 300 },
      duration_ms: 800,
    });
    expect(durations({ queuedAt_ms: 110, sentAt_ms: 250 })).toMatchObject({ queued_ms: 140, sent_ms: 150 });
  });

  it("that was never sent says what it waited for until its end", () => {
    const unsent = { sent_ms: undefined, firstByte_ms: undefined, wait_ms: undefined, duration_ms: 800 };
    expect(durations({ queuedAt_ms: 200 })).toStrictEqual({ ...none, ...unsent, queued_ms: 700 });
    expect(durations({ connectingAt_ms: 200 })).toStrictEqual({ ...none, ...unsent, connect_ms: 700 });
    expect(durations({})).toStrictEqual({ ...none, ...unsent });
  });

  it("that was sent again tells the attempts before", () => {
    const dead = upstream(2, { exchanges: 4, closeReason: "peer-reset" });
    const lost = [{ upstream: dead, upstreamExchange: 4, sentAt_ms: 100, lostAt_ms: 130, fault: "ECONNRESET" }];
    const told = make.exchange(record({ lost, retries: 1, upstream: upstream(3), upstreamExchange: 1 }));
    expect(told.lost).toStrictEqual([
      {
        ...{ id: 2, exchange: 4, endpoint: "http://127.0.0.1:3000", reused: true },
        ...{ after_ms: 30, fault: "ECONNRESET", closes: "peer-reset" },
      },
    ]);
    expect(told.upstream).toMatchObject({ id: 3, reused: false });
  });

  it("tells that a connection closes behind it, and not that it closed behind a later one", () => {
    const own = record({ upstream: upstream(2, { exchanges: 3, closeReason: "hint-max" }), upstreamExchange: 3 });
    expect(make.exchange(own).upstream?.closes).toBe("hint-max");
    own.upstreamExchange = 2;
    expect(make.exchange(own).upstream?.closes).toBeUndefined();
  });
});

describe("a phase", () => {
  it("is told with the time since the exchange began, and from `sent` on with its connection", () => {
    const own = record({ upstream: upstream(2), upstreamExchange: 1 });
    const time = "2023-11-14T22:13:20.000Z";
    const queued = { type: "exchange-phase", time, id: 7, phase: "queued", after_ms: 900 };
    expect(make.exchangePhase(own, "queued")).toStrictEqual(queued);
    own.sentAt_ms = 1_000;
    expect(make.exchangePhase(own, "sent")).toMatchObject({
      phase: "sent",
      upstream: { id: 2, exchange: 1, reused: false },
    });
  });
});

describe("a connection", () => {
  it("that is gone says why, and how its end began", () => {
    const gone = upstream(2, { exchanges: 3, closeReason: "idle-timeout", ending: "own-fin", boundTo: 1 });
    expect(make.closed(gone)).toStrictEqual({
      ...{ type: "connection", time: "2023-11-14T22:13:20.000Z", id: 2, opened: "pool-empty", hop: "upstream" },
      ...{ endpoint: "http://127.0.0.1:3000", closed: "idle-timeout", ended: "own-fin", exchanges: 3 },
      ...{ age_ms: 1_000, boundTo: 1 },
    });
  });

  it("of a client says its address and port", () => {
    const { hop, ...rest } = make.opened(new Life(acceptedFacts(1, "2001:db8::1", { remotePort: 4711 }, 0)));
    expect([hop, rest]).toMatchObject(["downstream", { id: 1, client: "[2001:db8::1]:4711", opened: "accepted" }]);
  });
});

it("times are those of the calendar, to the millisecond, in whatever order they come", () => {
  let date_ms = 0;
  const moving: Clock = { ...clock, now: () => 0, date: () => date_ms };
  const making = new EntryMaker(moving);
  const whole = fc.integer({ min: 0, max: 4_102_444_800_000 });
  const near = fc.integer({ min: 1_799_999_997_000, max: 1_800_000_003_000 });
  fc.assert(
    fc.property(fc.oneof(whole, near), fc.double({ min: 0, max: 0.999, noNaN: true }), (ms, part) => {
      date_ms = ms + part;
      expect(making.acceptFailed("EMFILE").time).toBe(new Date(ms).toISOString());
    }),
    { seed: 20261130, numRuns: 2_000 },
  );
});
