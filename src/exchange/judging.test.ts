/** Where a store of buckets is elsewhere, and takes time: requests wait for it, and are judged by what it says. */
import { expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { FakeClient } from "../../test/kit/fake-client.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { RequestHead } from "../wire/request-head.ts";
import { type Admission, admit } from "./admission.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ProxyContext } from "./context.ts";
import { beginJudged } from "./judging.ts";
import type { RateLimit } from "./policy.ts";
import { beginRecord } from "./record-notes.ts";

class Play {
  readonly asked: string[] = [];
  /** What was begun in the end. */
  begun: Admission | undefined;
  readonly exchange: ClientExchange;
  private readonly answers: ((wait_ms: number) => void)[] = [];

  constructor() {
    const client = new FakeClient();
    const limit = (name: string): RateLimit => ({ name, by: "client", interval_ms: 1, burst: 1, words: "" });
    const take = ({ name }: RateLimit, key: string, later: (wait_ms: number) => void) => {
      this.asked.push(`${name} ${key}`);
      this.answers.push(later);
      return undefined;
    };
    const context = {
      settings: { isTrusted: () => false, rateLimit: limit("all") },
      workings: { rates: { take } },
      clock: { now: () => 0 },
      observer: { exchangeEnded: () => undefined },
      newExchangeId: () => 1,
    } as unknown as ProxyContext;
    const head = new RequestHead(defaultHeadLimits);
    head.read(octets("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    const route = {
      name: "r",
      match: {},
      action: { kind: "refuse" },
      policy: { words: [], rate: limit("r") },
    } as const;
    const admission = { ...(admit(head, "test", true, client.connection) as Admission), route };
    const record = beginRecord(context, client.connection.record, head, "a");
    this.exchange = beginJudged({ context, client, head, admission, record }, (begun) => {
      this.begun = begun;
      return {} as ClientExchange;
    });
  }

  answer(wait_ms: number): void {
    this.answers.shift()?.(wait_ms);
  }
}

it("each limit is asked when the one before has let it pass, and then it begins", () => {
  const play = new Play();
  expect([play.asked, play.begun]).toStrictEqual([["all 192.0.2.1"], undefined]);
  play.answer(0);
  expect([play.asked, play.begun]).toStrictEqual([["all 192.0.2.1", "r 192.0.2.1"], undefined]);
  play.answer(0);
  expect(play.begun?.denied).toBe(undefined);
  expect(play.begun).toBeDefined();
});

it("one that does not is the end of it", () => {
  const play = new Play();
  play.answer(1_500);
  expect([play.begun?.denied, play.begun?.details]).toStrictEqual(["rate-limited", { retryAfter_s: 2 }]);
  expect(play.asked.length).toBe(1);
});

it("a client that is gone begins nothing", () => {
  const play = new Play();
  play.exchange.onClientGone();
  play.answer(0);
  expect([play.asked.length, play.begun]).toStrictEqual([1, undefined]);
});
