/** What is said of connections and exchanges: whole stories, word for word. */
import { describe, expect, it } from "vitest";
import { closeReasons } from "../../src/connection/reasons.ts";
import type { ExchangeEntry } from "../../src/ledger/entries.ts";
import { capOf } from "./caps.ts";
import { createModel, type Model, type ProxyEvent } from "./model.ts";
import { exchangeLine, exchangeStory, laneLine, storyOf } from "./story.ts";
import { toneOf } from "./tones.ts";
import type { CloseReason, Connection, Ending, Exchange } from "./types.ts";

const T0 = Date.UTC(2026, 10, 30, 10, 3, 2);
const time = (at_ms: number) => new Date(T0 + at_ms).toISOString();
const ENDPOINT = "http://127.0.0.1:3000";
const carrier = { id: 2, exchange: 1, endpoint: ENDPOINT, reused: false } as const;

const ended = (at_ms: number, number: number, some: Partial<ExchangeEntry> = {}): ExchangeEntry => ({
  ...{ type: "exchange", time: time(at_ms), id: number, client: "192.0.2.1", method: "GET", target: "/cart" },
  ...{ host: "shop.example", version: "1.1", status: 200, outcome: "completed", duration_ms: 20, sent_ms: 1 },
  ...{ firstByte_ms: 12, wait_ms: 13, requestBytes: 0, responseBytes: 2, retries: 0 },
  ...{ downstream: { id: 1, exchange: number } },
  upstream: { ...carrier, exchange: number, reused: number > 1, opened: "pool-empty" },
  ...some,
});
const opens: ProxyEvent[] = [
  { type: "connection-open", time: time(0), id: 1, opened: "accepted", hop: "downstream", client: "192.0.2.1:4000" },
  { type: "connection-open", time: time(5), id: 2, opened: "pool-empty", hop: "upstream", endpoint: ENDPOINT },
];
const closes = (at_ms: number, closed: CloseReason, ended: Ending, exchanges: number): ProxyEvent => ({
  ...{ type: "connection", time: time(at_ms), id: 2, opened: "pool-empty", hop: "upstream", endpoint: ENDPOINT },
  ...{ closed, ended, exchanges, age_ms: at_ms - 5 },
});

function modelOf(...events: readonly ProxyEvent[]): Model {
  const model = createModel(() => T0);
  model.events([...opens, ...events]);
  return model;
}

const telling = (at_ms: number) => ({
  now_ms: T0 + at_ms,
  clockText: (at: number) => new Date(at).toISOString().slice(11, 19),
});
const connection = (model: Model, key: string) => model.connections.get(key) as Connection;
const told = (model: Model, key: string, at_ms: number) =>
  storyOf(connection(model, key), telling(at_ms)).sentences.map(({ text }) => text);

describe("the story of a connection", () => {
  it("to an origin, from its opening to its end", () => {
    const twelve = Array.from({ length: 12 }, (_, index) => ended(10 + index * 100, index + 1));
    const model = modelOf(
      ...twelve,
      {
        ...{
          type: "reuse-refused",
          time: time(4_130),
          id: 2,
          endpoint: ENDPOINT,
          reason: "not-well-inside",
          idle_ms: 3_000,
        },
      },
      closes(6_130, "hint-expired", "own-fin", 12),
    );
    const story = storyOf(connection(model, "2"), telling(9_000));
    expect(story.title).toBe("Origin http://127.0.0.1:3000, connection 2");
    expect(story.others.map(({ key }) => key)).toStrictEqual(["1"]);
    expect(story.sentences.map(({ text }) => text)).toStrictEqual([
      "Opened at 10:03:02: no idle connection to this origin (pool-empty).",
      "It carried 12 exchanges: it was lent again 11 times.",
      "It was not lent once at 10:03:06, when it had idled for 3 s: the request may not be retried and the connection is not well inside its known lifetime (not-well-inside).",
      "Closed at 10:03:08, after 6.13 s, by hopwise, in order (FIN): the origin's `Keep-Alive` timeout, less a margin, had passed (hint-expired).",
    ]);
  });

  it("of a client that idles: since when, and what ends it", () => {
    const model = modelOf(ended(10, 1));
    model.snapshot(
      {
        connections: {
          more: false,
          connections: [
            {
              ...{
                id: 1,
                hop: "downstream",
                state: "idle",
                client: "192.0.2.1:4000",
                secure: true,
                opened: "accepted",
              },
              ...{ age_ms: 30, idle_ms: 0, idleLeft_ms: 5_000, idleLimit: "idle-timeout", exchanges: 1 },
            },
          ],
        },
      },
      T0 + 10_000,
    );
    expect(told(model, "1", 830)).toStrictEqual([
      "Opened at 10:03:02: a client connected (accepted). TLS secures it.",
      "It carried 1 exchange.",
      "It has idled for 800 ms. In 4.2 s, unless a request comes, hopwise closes it: idle for longer than the limit (idle-timeout).",
    ]);
  });

  it("at work: on what, for how long, and what it waits for", () => {
    const model = modelOf(
      {
        type: "exchange-begin",
        time: time(10),
        id: 1,
        client: "192.0.2.1",
        method: "GET",
        target: "/",
        version: "1.1",
        downstream: { id: 1, exchange: 1 },
      },
      { type: "exchange-phase", time: time(11), id: 1, phase: "sent", after_ms: 1, upstream: carrier },
    );
    for (const key of ["1", "2"]) {
      expect(told(model, key, 1_210).at(-1)).toBe(
        "It carries exchange 1 (GET /) now, for 1.2 s: waiting for the origin.",
      );
    }
  });

  it("on which an exchange failed: with its cause, and what to do", () => {
    const model = modelOf(
      ended(10, 1),
      ended(100, 2, { status: 502, outcome: "answered", reason: "upstream-closed" }),
      closes(120, "peer-closed", "peer-fin", 2),
    );
    expect(told(model, "2", 9_000).slice(2)).toStrictEqual([
      "Exchange 2 (GET shop.example/cart) at 10:03:02 failed: The origin closed the connection before it answered. (upstream-closed)",
      "The connection had carried others before. If the origin closes those that idle, let it keep them longer or say its timeout in Keep-Alive; if not, look into its log at that time.",
      "Closed at 10:03:02, after 115 ms, by the origin, in order (FIN): the peer closed in the middle of an exchange (peer-closed).",
    ]);
  });

  it("whose end was missed says so", () => {
    const model = modelOf();
    model.snapshot({ connections: { connections: [], more: false } }, T0 + 9_000);
    expect(told(model, "1", 9_000).at(-1)).toBe("It was gone by 10:03:06, after 4.5 s; how it ended was missed.");
  });

  it("that was there before says so", () => {
    const model = createModel(() => T0);
    model.apply(ended(10, 3));
    expect(told(model, "1", 30)[0]).toBe("It was there before this page looked.");
  });

  it("closing, for every reason there is: a sentence", () => {
    for (const reason of Object.keys(closeReasons) as CloseReason[]) {
      const last = told(modelOf(closes(100, reason, "own-reset", 0)), "2", 200).at(-1) ?? "";
      expect(last).toContain(`with a reset (RST): ${closeReasons[reason]} (${reason}).`);
    }
  });
});

describe("the story of an exchange", () => {
  it("that was sent again says where it was lost, and where it went", () => {
    const lost = [{ ...carrier, id: 7, exchange: 4, reused: true, after_ms: 3, fault: "ECONNRESET" }];
    const model = modelOf(ended(10, 1, { retries: 1, lost, connect_ms: 2, sent_ms: 6, wait_ms: 18 }));
    const sentences = exchangeStory(model.exchanges.get("1") as Exchange, telling(9_000)).map(({ text }) => text);
    expect(sentences).toStrictEqual([
      "GET shop.example/cart came at 10:03:02, as exchange 1 of client 192.0.2.1:4000 (connection 1).",
      "It was sent as exchange 4 of connection 7 to http://127.0.0.1:3000, which was lost after 3 ms (ECONNRESET); so it was sent again.",
      "It went as exchange 1 of connection 2 to http://127.0.0.1:3000, which was new.",
      "Its time: before it was sent 4 ms, connecting 2 ms, waiting for the origin 12 ms, passing the response on 2 ms.",
      "Answered 200 after 20 ms.",
    ]);
  });

  it("in one line, from either side", () => {
    const model = modelOf(
      ended(10, 1),
      ended(100, 2, { status: 504, outcome: "answered", reason: "response-timeout" }),
    );
    const [first, second] = [...model.exchanges.values()] as [Exchange, Exchange];
    expect(exchangeLine(first, connection(model, "1"), telling(0))).toBe(
      "Exchange 1 (GET shop.example/cart): 200 in 20 ms; went as exchange 1 of origin http://127.0.0.1:3000, connection 2.",
    );
    expect(exchangeLine(second, connection(model, "2"), telling(0))).toContain(
      "failed with 504 after 20 ms: The origin took the request and did not begin to answer in time. Check what it waits for. (response-timeout)",
    );
    expect(laneLine(connection(model, "1"), telling(1_120))).toBe(
      "Client 192.0.2.1:4000, connection 1: 2 exchanges. It has idled for 1 s.",
    );
  });
});

describe("what a drawing tells apart", () => {
  it.each<[CloseReason, Ending, string]>([
    ["peer-closed-idle", "peer-fin", "fin, the peer's"],
    ["close-received", "own-fin", "fin"],
    ["peer-reset", "peer-reset", "reset, the peer's, RST"],
    ["client-gone", "own-reset", "reset, RST"],
    ["idle-timeout", "own-fin", "timeout"],
    ["lifetime-learned", "own-fin", "timeout"],
    ["response-timeout", "own-reset", "timeout, RST"],
    ["evicted", "own-fin", "evicted"],
    ["drained", "own-fin", "drained"],
    ["response-malformed", "own-fin", "fault"],
  ])("ends: %s, %s", (closed, ended, expected) => {
    const cap = capOf({ closedAt_ms: 1, closed, ended });
    expect(`${cap?.kind}${cap?.isPeers ? ", the peer's" : ""}${cap?.isReset ? ", RST" : ""}`).toBe(expected);
  });

  it("ends: open, and missed", () => {
    expect(capOf({ closedAt_ms: undefined, closed: undefined, ended: undefined })).toBeUndefined();
    expect(capOf({ closedAt_ms: 1, closed: undefined, ended: undefined })?.kind).toBe("unknown");
  });

  it.each<[Partial<ExchangeEntry>, string]>([
    [{}, "well"],
    [{ status: 404 }, "refused"],
    [{ status: 404, reason: "no-route", outcome: "answered" }, "failed"],
    [{ status: 503 }, "failed"],
    [{ outcome: "truncated" }, "failed"],
    [{ status: 0, outcome: "client-gone" }, "gone"],
    [{ method: "CONNECT", outcome: "tunnel" }, "tunnel"],
  ])("exchanges: %o", (some, expected) => {
    const model = modelOf(ended(10, 1, some));
    expect(toneOf(model.exchanges.get("1") as Exchange)).toBe(expected);
  });
});
