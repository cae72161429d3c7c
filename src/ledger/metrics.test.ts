import { describe, expect, it, vi } from "vitest";
import type { ConnectionRecord } from "../connection/connection-record.ts";
import { closeReasons, openReasons, reuseRefusals } from "../connection/reasons.ts";
import { answerReasons } from "../exchange/answers.ts";
import { type ExchangeRecord, outcomes } from "../exchange/exchange-record.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { Clock } from "../net/ports.ts";
import { Condition, type ConditionOptions } from "../pool/condition.ts";
import type { Endpoint } from "../pool/endpoint.ts";
import { departed, figuresOf, sumOf } from "./figures.ts";
import { Ledger } from "./ledger.ts";
import { metricsText } from "./metrics.ts";
import { QuietObserver } from "./observers.ts";
import { statsOf } from "./stats.ts";

const clock: Clock = {
  now: () => 1_000,
  date: () => 1_700_000_000_000,
  after: () => () => {},
  afterArrivals: () => {},
};

/** Series and their values. */
async function scrape(ledger: Ledger): Promise<Map<string, number>> {
  const lines = (await metricsText(figuresOf(ledger)))
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ")))]),
  );
}

function record(some: Partial<ExchangeRecord>): ExchangeRecord {
  const normal = { outcome: "completed", status: 200, retries: 0, requestBodyBytes: 0, responseBodyBytes: 0 };
  return { ...normal, arrivedAt_ms: 0, doneAt_ms: 3, ...some } as ExchangeRecord;
}

describe("the first scrape", () => {
  it("has every word of every closed list, with 0", async () => {
    const series = await scrape(new Ledger(clock));
    for (const reason of Object.keys(closeReasons)) {
      expect(series.get(`hopwise_connections_closed_total{hop="downstream",reason="${reason}"}`), reason).toBe(0);
      expect(series.get(`hopwise_connections_closed_total{hop="upstream",reason="${reason}"}`), reason).toBe(0);
    }
    for (const reason of Object.keys(openReasons)) {
      const hop = reason === "accepted" ? "downstream" : "upstream";
      expect(series.get(`hopwise_connections_opened_total{hop="${hop}",reason="${reason}"}`), reason).toBe(0);
    }
    for (const reason of Object.keys(reuseRefusals)) {
      expect(series.get(`hopwise_upstream_reuse_refused_total{reason="${reason}"}`), reason).toBe(0);
    }
    for (const reason of answerReasons) expect(series.get(`hopwise_answers_total{reason="${reason}"}`), reason).toBe(0);
    for (const outcome of outcomes) expect(series.get(`hopwise_exchanges_total{outcome="${outcome}"}`)).toBe(0);
    for (const state of ["opening", "idle", "active", "tunnel", "closing"]) {
      expect(series.get(`hopwise_connections{hop="upstream",state="${state}"}`)).toBe(0);
    }
    expect(series.get("hopwise_upstream_reuse_total")).toBe(0);
    expect(series.get("hopwise_draining")).toBe(0);
  });
});

it("a step of the clock is no restart", async () => {
  const startedAt = async () => (await scrape(new Ledger(clock))).get("process_start_time_seconds");
  const before = await startedAt();
  vi.spyOn(Date, "now").mockReturnValue(Date.now() + 3_600_000);
  const after = await startedAt();
  vi.restoreAllMocks();
  expect([after, Math.abs(Number(before) - (Date.now() / 1_000 - process.uptime())) < 2]).toStrictEqual([before, true]);
});

describe("a later scrape", () => {
  it("has what happened, once, however often it is scraped", async () => {
    const ledger = new Ledger(clock);
    ledger.connectionReused();
    ledger.reuseRefused({} as ConnectionRecord, "lifetime-learned");
    ledger.connectionClosed({ hop: "upstream", closeReason: "idle-timeout" } as ConnectionRecord);
    ledger.exchangeEnded(record({ requestBodyBytes: 5, responseBodyBytes: 7, firstByteAt_ms: 2 }));
    ledger.exchangeEnded(record({ outcome: "answered", status: 502, reason: "connect-failed", retries: 1 }));
    ledger.exchangeEnded(record({ outcome: "tunnel", status: 101, doneAt_ms: 1e9 }));
    ledger.acceptFailed("EMFILE");
    await scrape(ledger);
    const series = await scrape(ledger);
    const expected: Readonly<Record<string, number>> = {
      hopwise_upstream_reuse_total: 1,
      'hopwise_upstream_reuse_refused_total{reason="lifetime-learned"}': 1,
      'hopwise_connections_closed_total{hop="upstream",reason="idle-timeout"}': 1,
      'hopwise_exchanges_total{outcome="completed"}': 1,
      'hopwise_exchanges_total{outcome="answered"}': 1,
      'hopwise_exchanges_total{outcome="tunnel"}': 1,
      'hopwise_answers_total{reason="connect-failed"}': 1,
      'hopwise_responses_total{class="5xx"}': 1,
      'hopwise_responses_total{class="1xx"}': 1,
      hopwise_retries_total: 1,
      hopwise_request_body_bytes_total: 5,
      hopwise_response_body_bytes_total: 7,
      'hopwise_accept_failures_total{fault="EMFILE"}': 1,
      // Tunnels have no duration worth comparing; buckets are cumulative.
      hopwise_exchange_duration_seconds_count: 2,
      hopwise_exchange_duration_seconds_sum: 0.006,
      'hopwise_exchange_duration_seconds_bucket{le="0.0025"}': 0,
      'hopwise_exchange_duration_seconds_bucket{le="0.005"}': 2,
      'hopwise_exchange_duration_seconds_bucket{le="+Inf"}': 2,
      hopwise_response_wait_seconds_count: 1,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]))).toEqual(expected);
  });
});

it("every status has a class: 600 to 999, which clients take for errors, are `other`", async () => {
  const ledger = new Ledger(clock);
  for (const status of [599, 600, 700, 999]) ledger.exchangeEnded(record({ status }));
  const series = await scrape(ledger);
  expect(series.get('hopwise_responses_total{class="5xx"}')).toBe(1);
  expect(series.get('hopwise_responses_total{class="other"}')).toBe(3);
});

it("what was tolerated is counted by kind, from 0 on", async () => {
  const ledger = new Ledger(clock);
  ledger.responseTolerated("bare-lf");
  const series = await scrape(ledger);
  expect(series.get('hopwise_tolerated_total{kind="bare-lf"}')).toBe(1);
  expect(series.get('hopwise_tolerated_total{kind="control-characters"}')).toBe(0);
  expect(statsOf(ledger).exchanges.tolerated).toEqual({ "bare-lf": 1 });
});

const health = {
  host: undefined,
  interval_ms: 1_000,
  timeout_ms: 1_000,
  statuses: [[200, 399]],
  healthy: 2,
  unhealthy: 3,
} as const;

function condition(name: string, plan: ConditionOptions["plan"] = {}, observer = new QuietObserver()): Condition {
  const record = { name, isNamedByClients: false };
  return new Condition({ record, observer, plan, isAlone: () => false, mayEject: () => true }, 0);
}

describe("endpoints", () => {
  const endpoint = (name: string, isNamedByClients = false, itsCondition = condition(name)) =>
    ({
      ...{
        record: { name, isNamedByClients },
        idleCount: 1,
        idleBoundCount: 1,
        inUse: 2,
        dialing: 0,
        condition: itsCondition,
      },
      ...{ minorVersion: 1, lifetime: { estimate_ms: 5_000 }, connections: new Set() },
    }) as unknown as Endpoint;

  /** A proxy with these endpoints, each of which answered once in 3 ms, and could not be dialed once. */
  function used(endpoints: readonly Endpoint[], later = endpoints): Ledger {
    const ledger = new Ledger(clock);
    const gateway = {
      clients: { connections: new Set() },
      routing: { endpoints: later, waiting: 0 },
      isDraining: false,
    };
    ledger.watch(gateway as unknown as Gateway);
    for (const each of endpoints) {
      ledger.exchangeEnded(record({ upstream: { endpoint: each.record } as ConnectionRecord }));
      ledger.endpointFailed(each.record);
    }
    return ledger;
  }

  it("have the classes of their statuses, and how long they took", async () => {
    const endpoints = [endpoint("http://a"), endpoint("http://b")];
    const ledger = used(endpoints);
    ledger.exchangeEnded(
      record({ status: 503, doneAt_ms: 40, upstream: { endpoint: endpoints[1]?.record } as ConnectionRecord }),
    );
    ledger.exchangeEnded(
      record({ outcome: "tunnel", status: 101, upstream: { endpoint: endpoints[1]?.record } as ConnectionRecord }),
    );
    const series = await scrape(ledger);
    const expected: Readonly<Record<string, number>> = {
      'hopwise_endpoint_responses_total{endpoint="http://a",class="2xx"}': 1,
      'hopwise_endpoint_responses_total{endpoint="http://a",class="5xx"}': 0,
      'hopwise_endpoint_responses_total{endpoint="http://b",class="1xx"}': 1,
      'hopwise_endpoint_responses_total{endpoint="http://b",class="2xx"}': 1,
      'hopwise_endpoint_responses_total{endpoint="http://b",class="5xx"}': 1,
      'hopwise_endpoint_duration_seconds_bucket{endpoint="http://a",le="0.005"}': 1,
      'hopwise_endpoint_duration_seconds_bucket{endpoint="http://b",le="0.005"}': 1,
      'hopwise_endpoint_duration_seconds_bucket{endpoint="http://b",le="+Inf"}': 2,
      'hopwise_endpoint_duration_seconds_sum{endpoint="http://b"}': 0.043,
      'hopwise_endpoint_duration_seconds_count{endpoint="http://b"}': 2,
      'hopwise_endpoint_dial_failures_total{endpoint="http://a"}': 1,
      'hopwise_endpoint_available{endpoint="http://a"}': 1,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]))).toEqual(expected);
  });

  it("have what their health checks say, and why the last that failed did", async () => {
    const checked = { ...health, path: "/" };
    const [well, ill, fresh] = ["http://a", "http://b", "http://c"].map((name) => {
      const its = condition(name, { health: checked });
      return Object.assign(endpoint(name, false, its), { its });
    });
    const ledger = used([well, ill, fresh].filter((one) => one !== undefined));
    well?.its.noteCheck("passed", 0, 400);
    ill?.its.noteCheck({ failure: "status", detail: "503" }, 0, 600);
    for (const [one, result] of [
      [well, "passed"],
      [ill, { failure: "status", detail: "503" }],
    ] as const) {
      if (one !== undefined) ledger.endpointChecked(one.record, { result, state: "healthy", hasChanged: true });
    }
    const series = await scrape(ledger);
    const expected: Readonly<Record<string, number | undefined>> = {
      'hopwise_endpoint_available{endpoint="http://a"}': 1,
      'hopwise_endpoint_available{endpoint="http://b"}': 0,
      'hopwise_endpoint_available{endpoint="http://c"}': 1,
      'hopwise_endpoint_healthy{endpoint="http://a"}': 1,
      'hopwise_endpoint_healthy{endpoint="http://b"}': 0,
      'hopwise_endpoint_healthy{endpoint="http://c"}': undefined,
      'hopwise_endpoint_checks_total{endpoint="http://a",result="passed"}': 1,
      'hopwise_endpoint_checks_total{endpoint="http://b",result="status"}': 1,
      'hopwise_endpoint_checks_total{endpoint="http://b",result="timeout"}': 0,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]))).toEqual(expected);
    // The clock says 1,000 ms, and the date 22:13:20.
    const at = "2023-11-14T22:13:19.600Z";
    expect(statsOf(ledger).endpoints.slice(0, 2)).toMatchObject([
      { state: "available", check: { state: "healthy", since: "2023-11-14T22:13:19.400Z", results: { passed: 1 } } },
      {
        state: "unhealthy",
        since: at,
        check: { state: "unhealthy", since: at, lastFailure: { reason: "status", detail: "503", at } },
      },
    ]);
  });

  it("that clients name are one, however many they name, and are counted when they are gone, too", async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => endpoint(`http://${index}.test`, true));
    const few = await scrape(used(many.slice(0, 1)));
    const ledger = used(many, many.slice(0, 3));
    const series = await scrape(ledger);
    expect([...series.keys()]).toEqual([...few.keys()]);
    const named = [...series].filter(([name]) => name.includes("endpoint="));
    for (const [name] of named) expect(name).toContain('endpoint="named-by-clients"');
    const expected: Readonly<Record<string, number>> = {
      'hopwise_endpoint_responses_total{endpoint="named-by-clients",class="2xx"}': 2_000,
      'hopwise_endpoint_duration_seconds_count{endpoint="named-by-clients"}': 2_000,
      'hopwise_endpoint_dial_failures_total{endpoint="named-by-clients"}': 2_000,
      'hopwise_endpoint_in_use{endpoint="named-by-clients"}': 6,
      'hopwise_endpoint_idle{endpoint="named-by-clients"}': 3,
      'hopwise_endpoint_bound{endpoint="named-by-clients"}': 3,
    };
    expect(Object.fromEntries(Object.keys(expected).map((name) => [name, series.get(name)]))).toEqual(expected);
    // Workers that come and go leave no list of them either.
    const gone = sumOf([departed(figuresOf(ledger)), departed(figuresOf(ledger))]);
    expect(gone.endpoints).toEqual([]);
    expect(gone.named).toMatchObject({ failures: 4_000, durations: { count: 4_000 } });
  });
});

describe("stats", () => {
  it("leave out what never happened", () => {
    const ledger = new Ledger(clock);
    ledger.connectionClosed({ hop: "upstream", closeReason: "idle-timeout" } as ConnectionRecord);
    ledger.exchangeEnded(record({ outcome: "client-gone", status: 0 }));
    const stats = statsOf(ledger);
    expect(stats.connections.upstream.closed).toEqual({ "idle-timeout": 1 });
    expect(stats.connections.downstream.closed).toEqual({});
    expect(stats.exchanges).toMatchObject({ total: 1, statuses: { none: 1 }, answers: {} });
    expect(stats.reuse).toEqual({ reused: 0, ratio: undefined, refused: {} });
  });
});
