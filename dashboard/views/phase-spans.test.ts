/** The time of an exchange is divided among what it waited for, without gaps. */
import { expect, it } from "vitest";
import type { ExchangeEntry } from "../feed/api-types.ts";
import { spansOf } from "./phase-spans.ts";

const told = (some: Partial<ExchangeEntry>) =>
  spansOf(some as ExchangeEntry).map(({ name, duration_ms }) => `${name} ${Math.round(duration_ms)}`);

it("of one that opened a connection over TLS", () => {
  const entry = {
    duration_ms: 100,
    queued_ms: 10,
    connect_ms: 30,
    tls_ms: 20,
    sent_ms: 41,
    firstByte_ms: 50,
    wait_ms: 91,
  };
  expect(told(entry)).toStrictEqual(["queued 10", "connect 10", "tls 20", "send 1", "origin 50", "body 9"]);
});

it("of one that was sent and never answered: the origin has taken the rest", () => {
  const entry = { duration_ms: 805, connect_ms: 5, sent_ms: 5 };
  expect(told(entry)).toStrictEqual(["connect 5", "origin 800"]);
  expect(spansOf(entry as ExchangeEntry).at(-1)?.label).toBe("origin, without an answer");
});

it("of one for which no connection could be opened: it tried to in vain", () => {
  const labels = (some: Partial<ExchangeEntry>) => spansOf(some as ExchangeEntry).map(({ label }) => label);
  expect(labels({ duration_ms: 46, connect_ms: 46 })).toStrictEqual(["connecting, in vain"]);
  expect(labels({ duration_ms: 46, queued_ms: 46 })).toStrictEqual(["waited for a connection, in vain"]);
});

it("of one that never went anywhere: nothing is known", () => {
  expect(told({ duration_ms: 3 })).toStrictEqual([]);
});
