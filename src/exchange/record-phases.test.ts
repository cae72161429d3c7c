/** The record of an exchange between two fakes: which phases are written and told, and when, on each way that it can go. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { FakeClient } from "../../test/kit/fake-client.ts";
import { FakeOrigin } from "../../test/kit/fake-origin.ts";
import type { NoConnection } from "../pool/pool.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { RequestHead } from "../wire/request-head.ts";
import { type Admission, admit } from "./admission.ts";
import type { CheckedAnswer } from "./answers.ts";
import type { ProxyContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { type ExchangeRecord, phaseTimes } from "./exchange-record.ts";
import { noHooks } from "./hooks.ts";
import type { OriginListener } from "./origin-side.ts";
import { beginRecord } from "./record-notes.ts";
import { TunnelRequest } from "./tunnel-request.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a.test\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\n";

/** Each step takes a millisecond, so that two phases never have the same time. */
class Play {
  readonly client = new FakeClient();
  readonly origins: FakeOrigin[] = [];
  readonly exchange: Exchange;
  readonly record: ExchangeRecord;
  /** What the observer heard, each with the time. */
  readonly told: string[] = [];
  now = 0;

  constructor(request: string, some: Partial<Admission> = {}) {
    const note = (what: string) => this.told.push(`${this.now} ${what}`);
    const context = {
      settings: { headLimits: defaultHeadLimits, isTrusted: () => false },
      isGateway: true,
      clock: { now: () => this.now },
      observer: {
        exchangeBegan: () => note("begin"),
        exchangePhase: (_record: ExchangeRecord, phase: string) => note(phase),
        exchangeEnded: () => note("end"),
      },
      newExchangeId: () => 7,
      hooks: noHooks,
      openOrigin: (_context: unknown, listener: OriginListener) => this.open(listener),
    } as unknown as ProxyContext;
    const head = new RequestHead(defaultHeadLimits);
    const received = octets(request);
    const bodyStart = head.read(received, 0);
    const admission = { ...(admit(head, "test", true, this.client.connection) as Admission), ...some };
    const record = beginRecord(context, this.client.connection.record, head, admission.target.authority);
    this.record = record;
    this.exchange = new Exchange(context, this.client, head, admission, record);
    if (bodyStart < received.length) this.exchange.readRequest(received, bodyStart);
    this.next(() => this.exchange.seek());
  }

  private open(listener: OriginListener): FakeOrigin {
    const origin = new FakeOrigin(listener, 20 + this.origins.length, 3 - 2 * this.origins.length);
    this.origins.push(origin);
    return origin;
  }

  next(step: (origin: FakeOrigin) => unknown): this {
    this.now++;
    step(this.origins.at(-1) as FakeOrigin);
    return this;
  }

  /** The phases that the record has, in order. */
  get times() {
    const set = phaseTimes.map((name) => [name.replace(/At_ms$/, ""), this.record[name]] as const);
    return Object.fromEntries(set.filter(([, time]) => time !== undefined));
  }
}

const answered = (play: Play) =>
  play
    .next((origin) => origin.answers(200))
    .next((origin) => {
      origin.sends("ok");
      origin.isDone();
    });

describe("the phases of an exchange", () => {
  it("on a connection that is there: arrived, sent, first byte, done", () => {
    const play = answered(new Play(GET).next((origin) => origin.isReady()));
    expect(play.times).toStrictEqual({ arrived: 0, sent: 2, firstByte: 3, done: 4 });
    expect(play.told).toStrictEqual(["0 begin", "2 sent", "3 first-byte", "4 end"]);
    expect(play.record).toMatchObject({
      ...{ id: 7, method: "GET", target: "/a", authority: "a.test", status: 200, outcome: "completed" },
      ...{ downstream: { id: 1, peer: "192.0.2.1", peerPort: 4711 }, downstreamExchange: 1, responseBodyBytes: 2 },
      ...{ upstream: { id: 20, endpoint: { name: "http://o.test" } }, upstreamExchange: 3, retries: 0 },
    });
  });

  it("on a new one: connecting, and over TLS securing, come before sent", () => {
    const play = new Play(GET).next((origin) => origin.searches("connecting"));
    play.next((origin) => origin.searches("securing")).next((origin) => origin.isReady());
    answered(play);
    expect(play.times).toStrictEqual({ arrived: 0, connecting: 2, securing: 3, sent: 4, firstByte: 5, done: 6 });
    expect(play.told).toStrictEqual(["0 begin", "2 connecting", "3 securing", "4 sent", "5 first-byte", "6 end"]);
  });

  it("at a full pool: queued, and connecting if it gets room and no connection", () => {
    const play = new Play(GET).next((origin) => origin.searches("queued"));
    play.next((origin) => origin.searches("connecting")).next((origin) => origin.isReady());
    answered(play);
    expect(play.times).toStrictEqual({ arrived: 0, queued: 2, connecting: 3, sent: 4, firstByte: 5, done: 6 });
  });

  it("where nobody answers and there is no room for another try: queued again, and what came to nothing is gone", () => {
    const play = new Play(GET).next((origin) => origin.searches("connecting"));
    play.next((origin) => origin.searches("securing")).next((origin) => origin.searches("queued"));
    play.next((origin) => origin.isReady());
    expect(play.times).toStrictEqual({ arrived: 0, queued: 4, sent: 5, done: 0 });
  });

  it("where one endpoint after the other is dialed: connecting since the first of them", () => {
    const play = new Play(GET).next((origin) => origin.searches("connecting"));
    play.next((origin) => origin.searches("securing")).next((origin) => origin.searches("connecting"));
    play.next((origin) => origin.isReady());
    expect(play.times).toStrictEqual({ arrived: 0, connecting: 2, sent: 5, done: 0 });
  });

  it("of a request that was sent again: the later attempt's, and the earlier one is told", () => {
    const play = new Play(GET).next((origin) => origin.isReady());
    play.next((origin) => origin.isLost("ECONNRESET", true));
    play.next((origin) => origin.searches("connecting")).next((origin) => origin.isReady());
    answered(play);
    expect(play.times).toStrictEqual({ arrived: 0, connecting: 4, sent: 5, firstByte: 6, done: 7 });
    const told = ["0 begin", "2 sent", "3 retrying", "4 connecting", "5 sent", "6 first-byte", "7 end"];
    expect(play.told).toStrictEqual(told);
    const lost = { upstream: { id: 20 }, upstreamExchange: 3, sentAt_ms: 2, lostAt_ms: 3, fault: "ECONNRESET" };
    expect(play.record).toMatchObject({ retries: 1, fault: undefined, lost: [lost] });
    expect(play.record).toMatchObject({ upstream: { id: 21 }, upstreamExchange: 1 });
  });

  it("of a request whose body comes late: nothing is sought before it", () => {
    const play = new Play(POST).next(() => {});
    play.next(() => play.exchange.readRequest(octets("hello"), 0)).next((origin) => origin.isReady());
    expect(play.times).toStrictEqual({ arrived: 0, sent: 4, done: 0 });
  });

  it("of one that has to wait for its length, where an origin that was reached turns out to speak HTTP/1.0", () => {
    const play = new Play("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    play.next((origin) => origin.searches("connecting"));
    play.next((origin) => {
      origin.speaksHttp10 = true;
      expect(origin.isReady()).toBe(false);
    });
    expect(play.times).toStrictEqual({ arrived: 0, done: 0 });
    play.next(() => play.exchange.readRequest(octets("0\r\n\r\n"), 0)).next((origin) => origin.isReady());
    expect(play.times).toStrictEqual({ arrived: 0, sent: 5, done: 0 });
    expect(play.told).toStrictEqual(["0 begin", "2 connecting", "3 held", "5 sent"]);
  });

  it.each<[NoConnection, string]>([
    ["connect-failed", "ECONNREFUSED"],
    ["connect-timeout", "ETIMEDOUT"],
  ])("of one that gets no connection (%s): connecting, done", (why, fault) => {
    const play = new Play(GET).next((origin) => origin.searches("connecting"));
    play.next((origin) => origin.isNotThere(why, fault));
    expect(play.times).toStrictEqual({ arrived: 0, connecting: 2, done: 3 });
    expect(play.told).toStrictEqual(["0 begin", "2 connecting", "3 end"]);
    expect(play.record).toMatchObject({ outcome: "answered", reason: why, fault, upstream: undefined });
  });

  it("of one that waited in vain: queued, done", () => {
    const play = new Play(GET).next((origin) => origin.searches("queued"));
    play.next((origin) => origin.isNotThere("pool-line-timeout", ""));
    expect(play.times).toStrictEqual({ arrived: 0, queued: 2, done: 3 });
  });

  it("of one whose client leaves while it is queued: queued, done", () => {
    const play = new Play(GET).next((origin) => origin.searches("queued"));
    play.next(() => play.exchange.onClientGone());
    expect(play.times).toStrictEqual({ arrived: 0, queued: 2, done: 3 });
    expect(play.told).toStrictEqual(["0 begin", "2 queued", "3 end"]);
    expect(play.record.outcome).toBe("client-gone");
  });

  it("of one that the application answers: arrived and done, since nothing is sent", () => {
    const message = { status: 200, minorVersion: 1, fields: {} };
    const answer = { message, body: octets("ok") } as unknown as CheckedAnswer;
    const play = new Play(GET, { answer });
    expect(play.times).toStrictEqual({ arrived: 0, done: 1 });
    expect(play.told).toStrictEqual(["0 begin", "1 end"]);
    expect(play.record).toMatchObject({ outcome: "answered", reason: "hook-answered", upstream: undefined });
  });

  it("of one that is refused: arrived and done", () => {
    const play = new Play(GET, { denied: "too-many-origins" });
    expect(play.times).toStrictEqual({ arrived: 0, done: 1 });
    expect(play.record).toMatchObject({ outcome: "answered", reason: "too-many-origins" });
  });

  it("of a response that breaks off: all of them", () => {
    const play = new Play(GET).next((origin) => origin.isReady()).next((origin) => origin.answers(200));
    play.next((origin) => origin.isLost("ECONNRESET", false));
    expect(play.times).toStrictEqual({ arrived: 0, sent: 2, firstByte: 3, done: 4 });
    expect(play.record).toMatchObject({ outcome: "truncated", reason: "response-incomplete", fault: "ECONNRESET" });
  });
});

describe("the phases of a CONNECT", () => {
  /** One whose search is at `now` 1, and then goes on as `steps` say. */
  function connect(...steps: ((request: TunnelRequest) => void)[]) {
    const told: string[] = [];
    let now = 0;
    const context = {
      clock: { now: () => now },
      observer: {
        exchangeBegan: () => told.push(`${now} begin`),
        exchangePhase: (_record: ExchangeRecord, phase: string) => told.push(`${now} ${phase}`),
        exchangeEnded: () => told.push(`${now} end`),
      },
      newExchangeId: () => 7,
      routing: { poolFor: () => ({ acquire: () => ({ cancel: () => undefined }) }) },
    } as unknown as ProxyContext;
    const client = new FakeClient();
    const record = beginRecord(context, client.connection.record, undefined, "a.test:443");
    const request = new TunnelRequest(context, client, {} as RequestHead, {} as Admission, record);
    for (const step of [(it: TunnelRequest) => it.seek(), ...steps]) {
      now++;
      step(request);
    }
    return { told, record };
  }

  it("that is refused a connection: connecting, done", () => {
    const { told, record } = connect(
      (request) => request.onSearch("connecting"),
      (request) => request.onNoConnection("connect-failed", "ECONNREFUSED", undefined),
    );
    expect(told).toStrictEqual(["0 begin", "2 connecting", "3 end"]);
    expect(record).toMatchObject({ connectingAt_ms: 2, sentAt_ms: undefined, doneAt_ms: 3, reason: "connect-failed" });
  });

  it("whose client leaves while it is queued: queued, done", () => {
    const { told, record } = connect(
      (request) => request.onSearch("queued"),
      (request) => request.onClientGone(),
    );
    expect(told).toStrictEqual(["0 begin", "2 queued", "3 end"]);
    expect(record).toMatchObject({ queuedAt_ms: 2, doneAt_ms: 3, outcome: "client-gone" });
  });
});
