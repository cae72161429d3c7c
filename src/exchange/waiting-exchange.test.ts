/** What a request waits for may come to nothing by a fault of our own: it goes on as a refusal, once, and nobody else is harmed. */
import { expect, it } from "vitest";
import { octets } from "../../test/fuzz/kit/octets.ts";
import { FakeClient } from "../../test/kit/fake-client.ts";
import { defaultHeadLimits } from "../wire/head-reader.ts";
import { RequestHead } from "../wire/request-head.ts";
import type { ClientExchange } from "./client-exchange.ts";
import type { ProxyContext } from "./context.ts";
import { beginRecord } from "./record-notes.ts";
import { WaitingExchange } from "./waiting-exchange.ts";

function play() {
  const told: unknown[] = [];
  const client = new FakeClient();
  client.goOn = (...begun: unknown[]) => void told.push(...begun);
  const context = {
    clock: { now: () => 0 },
    observer: { internalError: (fault: unknown) => told.push(fault) },
    newExchangeId: () => 1,
  } as unknown as ProxyContext;
  const head = new RequestHead(defaultHeadLimits);
  head.read(octets("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
  const record = beginRecord(context, client.connection.record, head, "a");
  const deny = (reason: string) => `denied for ${reason}` as unknown as ClientExchange;
  return { told, waiting: new WaitingExchange(context, client, record, deny) };
}

it("a fault in what it begins is told, and its client is refused", () => {
  const { told, waiting } = play();
  const fault = new RangeError("a fault");
  waiting.goOn(() => {
    throw fault;
  });
  waiting.goOn(() => "too late" as unknown as ClientExchange);
  expect(told).toStrictEqual([fault, "denied for internal-error"]);
});

it("at the end of a drain its client is refused", () => {
  const { told, waiting } = play();
  waiting.cut();
  expect(told).toStrictEqual(["denied for drain-deadline"]);
});
