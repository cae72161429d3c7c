/** What an exchange decides between its two ports, without a socket and without HTTP/1 on either side. */
import { describe, expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { FakeClient } from "../../test/kit/fake-client.ts";
import { FakeOrigin } from "../../test/kit/fake-origin.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { RequestHead } from "../wire/request-head.ts";
import { type Admission, admit } from "./admission.ts";
import type { AnswerReason } from "./answers.ts";
import type { ProxyContext } from "./context.ts";
import { Exchange } from "./exchange.ts";
import { noHooks } from "./hooks.ts";
import type { OriginListener } from "./origin-side.ts";
import { beginRecord } from "./record-notes.ts";

class Play {
  readonly client = new FakeClient();
  /** One for each attempt. */
  readonly origins: FakeOrigin[] = [];
  readonly exchange: Exchange;
  now = 0;
  private readonly http10: boolean;
  private readonly isGateway: boolean;

  constructor(request: string, { http10 = false, isGateway = true, refusal = "" as AnswerReason | "" } = {}) {
    this.http10 = http10;
    this.isGateway = isGateway;
    const context = {
      settings: { headLimits: defaultHeadLimits, isTrusted: () => false },
      isGateway: this.isGateway,
      clock: { now: () => this.now },
      observer: { exchangeEnded: () => undefined },
      newExchangeId: () => 1,
      hooks: noHooks,
      openOrigin: (_context: unknown, listener: OriginListener) => (refusal === "" ? this.open(listener) : refusal),
    } as unknown as ProxyContext;
    const head = new RequestHead(defaultHeadLimits);
    const received = octets(request);
    const bodyStart = head.read(received, 0);
    expect(bodyStart).toBeGreaterThan(0);
    const admission = admit(head, "test", true, this.client.connection) as Admission;
    this.client.noteRequest(admission.framing.length === 0);
    const record = beginRecord(context, this.client.connection.record, head, "a");
    this.exchange = new Exchange(context, this.client, head, admission, record);
    if (bodyStart < received.length) this.exchange.readRequest(received, bodyStart);
    this.exchange.seek();
  }

  private open(listener: OriginListener): FakeOrigin {
    const origin = new FakeOrigin(listener);
    origin.speaksHttp10 = this.http10;
    this.origins.push(origin);
    return origin;
  }

  /** The latest. */
  get origin(): FakeOrigin {
    const latest = this.origins.at(-1);
    if (latest === undefined) throw new Error("no origin was asked for");
    return latest;
  }

  send(text: string): void {
    this.exchange.readRequest(octets(text), 0);
  }

  get outcome() {
    const { outcome, reason, status, retries } = this.exchange.record;
    return { outcome, reason, status, retries };
  }
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
const CHUNKED_PUT = "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

describe("the way through", () => {
  it("from a request to the end of its response", () => {
    const play = new Play(GET);
    const { origin, client } = play;
    expect(origin.told).toStrictEqual(["seek"]);
    expect(origin.isReady()).toBe(true);
    expect(origin.answers(200)).toBe(true);
    origin.sends("ok");
    origin.isDone();
    expect(origin.told).toStrictEqual(["seek", "request", "end of body", "end"]);
    expect(client.told).toStrictEqual(["final 200, length", "body ok", "end of body", "end"]);
    expect(play.outcome).toStrictEqual({ outcome: "completed", reason: undefined, status: 200, retries: 0 });
  });

  it("an origin is asked for when something of the body has come", () => {
    const play = new Play(POST);
    expect(play.origins).toHaveLength(0);
    play.send("he");
    expect(play.origin.told).toStrictEqual(["seek"]);
    play.origin.isReady();
    play.send("llo");
    expect(play.origin.told).toStrictEqual(["seek", "request", "body hello", "end of body"]);
  });

  it("or when nothing has come for too long", () => {
    const play = new Play(POST);
    play.exchange.onClientLate();
    expect(play.origin.told).toStrictEqual(["seek"]);
  });

  it("a route that leads nowhere is answered for", () => {
    const play = new Play(GET, { refusal: "host-invalid" });
    expect(play.client.told).toStrictEqual(["answer host-invalid", "end"]);
  });

  it("so is an origin that has no connection", () => {
    const play = new Play(GET);
    play.origin.isNotThere("connect-failed", "ECONNREFUSED");
    expect(play.client.told).toStrictEqual(["answer connect-failed, ECONNREFUSED", "end"]);
    expect(play.origin.told).toStrictEqual(["seek", "close"]);
  });
});

describe("a connection that is lost before its response", () => {
  it("is made up for once", () => {
    const play = new Play(GET);
    play.origin.isReady();
    play.origin.isLost("ECONNRESET", true);
    expect(play.origins).toHaveLength(2);
    expect(play.origins[0]?.told.at(-1)).toBe("close, peer-reset");
    play.origin.isReady();
    expect(play.origin.told).toStrictEqual(["seek", "request", "end of body"]);
    play.origin.isLost(undefined, true);
    expect(play.origins).toHaveLength(2);
    expect(play.client.told).toStrictEqual(["answer upstream-closed", "end"]);
    expect(play.outcome).toMatchObject({ reason: "upstream-closed", retries: 1 });
  });

  it("is made up for with the body that is held", () => {
    const play = new Play(`${CHUNKED_PUT}2\r\nok\r\n0\r\n\r\n`);
    play.origin.isReady();
    play.origin.isLost("ECONNRESET", true);
    play.origin.isReady();
    expect(play.origin.told).toStrictEqual(["seek", "request", "body ok", "end of body"]);
  });

  it.each<[string, string, boolean]>([
    ["a request that must not be done twice", `${POST}hello`, true],
    ["a body that is not all there", `${CHUNKED_PUT}2\r\nok\r\n`, true],
    ["an endpoint that has no better connection", GET, false],
  ])("is not made up for: %s", (_what, request, isWorthAnother) => {
    const play = new Play(request);
    play.origin.isReady();
    play.origin.isLost("ECONNRESET", isWorthAnother);
    expect(play.origins).toHaveLength(1);
    expect(play.client.told[0]).toMatch(/^answer upstream-closed, ECONNRESET/);
  });

  it("is not made up for once the response has begun", () => {
    const play = new Play(GET);
    play.origin.isReady();
    play.origin.answers(103);
    play.origin.isLost("ECONNRESET", false);
    expect(play.client.told).toStrictEqual(["interim 103", "answer response-incomplete, ECONNRESET", "end"]);
  });
});

describe("an origin that speaks HTTP/1.0", () => {
  it("gets a chunked body when its length is known", () => {
    const play = new Play(`${CHUNKED_PUT}2\r\nok\r\n`, { http10: true });
    expect(play.origin.told).toStrictEqual([]);
    play.send("0\r\n\r\n");
    expect(play.origin.told).toStrictEqual(["seek"]);
    play.origin.isReady();
    expect(play.origin.told).toStrictEqual(["seek", "request, 2 held", "body ok", "end of body"]);
  });

  it("does not get one that is too long to hold", () => {
    const play = new Play(CHUNKED_PUT, { http10: true });
    for (let i = 0; i < 3; i++) play.send(`8000\r\n${"x".repeat(0x8000)}\r\n`);
    expect(play.client.told[0]).toBe("answer length-required, request incomplete, request-refused");
  });

  it("shows that only on its connection: the request waits for another one", () => {
    const play = new Play(`${CHUNKED_PUT}2\r\nok\r\n`);
    play.origin.speaksHttp10 = true;
    expect(play.origin.isReady()).toBe(false);
    play.send("0\r\n\r\n");
    expect(play.origins).toHaveLength(2);
  });
});

describe("a side that takes nothing for now holds the other back", () => {
  it("the origin the client", () => {
    const play = new Play(`${CHUNKED_PUT}2\r\nok\r\n`);
    play.origin.isBlocked = true;
    play.origin.isReady();
    expect(play.client.isPaused).toBe(true);
    play.origin.takesMore();
    expect(play.client.isPaused).toBe(false);
  });

  it("the client the origin", () => {
    const play = new Play(GET);
    play.origin.isReady();
    play.origin.answers(200);
    play.client.isBlocked = true;
    play.origin.sends("ok");
    expect(play.origin.isPaused).toBe(true);
    play.client.isBlocked = false;
    play.exchange.onClientDrain();
    expect(play.origin.isPaused).toBe(false);
  });
});

describe("a response that comes before the request is complete", () => {
  it("ends the exchange where its origin takes no more", () => {
    const play = new Play(`${POST}he`);
    play.origin.isReady();
    play.origin.takesRest = false;
    play.origin.answers(413);
    play.origin.isDone();
    expect(play.client.told).toStrictEqual([
      "final 413, length, request-unfinished",
      "end of body",
      "end, request incomplete",
    ]);
    play.send("llo");
    expect(play.origin.told).toStrictEqual(["seek", "request", "body he", "end"]);
  });

  it("otherwise waits for the rest", () => {
    const play = new Play(`${POST}he`);
    play.origin.isReady();
    play.origin.answers(200);
    play.origin.isDone();
    expect(play.client.told.at(-1)).toBe("end of body");
    play.send("llo");
    expect(play.client.told.at(-1)).toBe("end");
    expect(play.origin.told).toStrictEqual(["seek", "request", "body hello", "end of body", "end"]);
  });
});

describe("an origin that may answer the head alone", () => {
  const waiting = (request: string) => {
    const play = new Play(request);
    play.origin.awaitsWord = true;
    play.origin.isReady();
    return play;
  };

  it("gets the body when it has had the time to", () => {
    const play = waiting(`${POST}he`);
    expect(play.origin.told).toStrictEqual(["seek", "request"]);
    play.send("ll");
    play.origin.takesMore();
    play.send("o");
    expect(play.origin.told).toStrictEqual(["seek", "request", "body hello", "end of body"]);
  });

  it("does not get it when it has refused it", () => {
    const play = waiting(`${POST}he`);
    play.origin.takesRest = false;
    play.origin.answers(413);
    play.origin.takesMore();
    play.origin.isDone();
    expect(play.origin.told).toStrictEqual(["seek", "request", "end"]);
    expect(play.client.told.at(-1)).toBe("end, request incomplete");
  });

  it("gets it when it has answered and still takes it", () => {
    const play = waiting(`${POST}he`);
    play.origin.answers(200);
    play.origin.isDone();
    play.origin.takesMore();
    play.send("llo");
    expect(play.origin.told).toStrictEqual(["seek", "request", "body hello", "end of body", "end"]);
    expect(play.client.told.at(-1)).toBe("end");
  });

  it("holds its client back when that sends more than is held", () => {
    const play = waiting(`PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n${"x".repeat(60_000)}`);
    expect(play.client.isPaused).toBe(false);
    play.send("x".repeat(10_000));
    expect(play.client.isPaused).toBe(true);
    play.origin.takesMore();
    expect(play.client.isPaused).toBe(false);
  });
});

it("interim responses are many at once, or slow, but no flood", () => {
  const play = new Play(GET);
  play.origin.isReady();
  for (let i = 0; i < 32; i++) expect(play.origin.answers(102)).toBe(true);
  play.now = 1_000;
  expect(play.origin.answers(102)).toBe(true);
  expect(play.origin.answers(102)).toBe(false);
  expect(play.outcome).toMatchObject({ outcome: "answered", reason: "too-many-interim-responses" });
});

it("a forward proxy passes on no 407: it would be taken for its own", () => {
  const play = new Play("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", { isGateway: false });
  play.origin.isReady();
  expect(play.origin.answers(407)).toBe(false);
  expect(play.client.told).toStrictEqual(["answer proxy-authentication-unexpected", "end"]);
});

it("a client that is gone is told nothing, and its origin is let go of", () => {
  const play = new Play(GET);
  play.origin.isReady();
  play.exchange.onClientGone();
  expect(play.client.told).toStrictEqual([]);
  expect(play.origin.told.at(-1)).toBe("close, client-gone");
  expect(play.outcome).toMatchObject({ outcome: "client-gone" });
});
