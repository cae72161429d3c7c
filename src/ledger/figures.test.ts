/** Figures of several processes: what is added, what is not, and what remains of one that is gone. */
import { describe, expect, it } from "vitest";
import type { ExchangeRecord } from "../exchange/exchange-record.ts";
import type { Clock } from "../net/ports.ts";
import { avoided_ms, departed, type EndpointFigures, type Figures, figuresOf, lifetime_ms, sumOf } from "./figures.ts";
import { Ledger } from "./ledger.ts";
import { metricsText } from "./metrics.ts";
import { statsFrom } from "./stats.ts";

const clock: Clock = {
  now: () => 1_000,
  date: () => 1_700_000_000_000,
  after: () => () => {},
  afterArrivals: () => {},
};

/** Of a process that had `exchanges`, each of `duration_ms`. */
function figures(exchanges: number, duration_ms: number, some: Partial<Figures> = {}): Figures {
  const ledger = new Ledger(clock);
  const record = { outcome: "completed", status: 200, retries: 0, requestBodyBytes: 1, responseBodyBytes: 2 };
  for (let i = 0; i < exchanges; i++) {
    ledger.exchangeEnded({ ...record, arrivedAt_ms: 0, doneAt_ms: duration_ms } as unknown as ExchangeRecord);
  }
  return { ...figuresOf(ledger), ...some };
}

function endpoint(some: Partial<EndpointFigures> = {}): EndpointFigures {
  const durations = { counts: [], count: 0, sum_ms: 0 };
  const tally = { statuses: [], durations, failures: 0, checks: {} };
  const nothing = {
    weight: 1,
    isBackup: false,
    tally,
    failures: 0,
    idle: 0,
    bound: 0,
    inUse: 0,
    dialing: 0,
    minorVersion: 1,
    advertised_ms: undefined,
    conditions: [],
    avoided_ms: [0],
    lifetimes_ms: [],
  };
  return { endpoint: "http://127.0.0.1:3000", ...nothing, ...some };
}

const withEndpoint = (some: Partial<EndpointFigures>) => figures(0, 0, { endpoints: [endpoint(some)] });

describe("the sum of several processes", () => {
  it("knows what an endpoint says of its idle connections as soon as one process was told", () => {
    const told = withEndpoint({ advertised_ms: 5_000 });
    for (const all of [[told, withEndpoint({})] as const, [withEndpoint({}), told] as const]) {
      expect(statsFrom(sumOf(all)).endpoints[0]?.advertised_ms).toBe(5_000);
    }
    expect(departed(told).endpoints[0]?.advertised_ms).toBeUndefined();
  });

  it("adds what is counted, word by word and bucket by bucket", () => {
    const sum = sumOf([figures(3, 4), figures(2, 400), figures(0, 0)]);
    expect(sum).toMatchObject({ exchanges: 5, outcomes: { completed: 5, answered: 0 }, responseBodyBytes: 10 });
    expect(statsFrom(sum).exchanges).toMatchObject({
      total: 5,
      statuses: { "2xx": 5 },
      duration: { count: 5, mean_ms: 162.4 },
    });
    // Three of five were quick: the median of all is not the mean of medians.
    expect(statsFrom(sum).exchanges.duration?.p50_ms).toBeLessThan(5);
    expect(statsFrom(sum).exchanges.duration?.p90_ms).toBeGreaterThan(250);
  });

  it("survives being sent as JSON", () => {
    const sum = sumOf([figures(3, 4), withEndpoint({ lifetimes_ms: [5_000] })]);
    expect(sumOf([JSON.parse(JSON.stringify(sum)) as Figures])).toEqual(sum);
  });

  it("began with the first, and drains as soon as one drains", () => {
    const sum = sumOf([figures(0, 0, { startedAt_ms: 5, isDraining: true }), figures(0, 0, { startedAt_ms: 3 })]);
    expect(sum).toMatchObject({ startedAt_ms: 3, isDraining: true });
  });

  it("has each endpoint once", () => {
    const [one, ...none] = sumOf([withEndpoint({ idle: 2, failures: 1 }), withEndpoint({ idle: 3 })]).endpoints;
    expect([one, none]).toMatchObject([{ idle: 5, failures: 1 }, []]);
  });

  it("has each endpoint once for each group that has it, and metrics have it once", async () => {
    const [a, b] = [endpoint({ group: "a", weight: 1, idle: 2 }), endpoint({ group: "b", weight: 9, idle: 3 })];
    const sum = sumOf([figures(0, 0, { endpoints: [a, b] }), figures(0, 0, { endpoints: [b] })]);
    expect(statsFrom(sum).endpoints).toMatchObject([
      { group: "a", weight: 1, connections: { idle: 2 } },
      { group: "b", weight: 9, connections: { idle: 6 } },
    ]);
    const lines = (await metricsText(sum)).split("\n").filter((line) => line.startsWith("hopwise_endpoint_idle{"));
    expect(lines).toStrictEqual(['hopwise_endpoint_idle{endpoint="http://127.0.0.1:3000"} 8']);
  });

  it("avoids an endpoint only when every process does", () => {
    const of = (...times: number[]) =>
      avoided_ms(
        sumOf([withEndpoint({ avoided_ms: [] }), ...times.map((ms) => withEndpoint({ avoided_ms: [ms] }))])
          .endpoints[0] ?? endpoint(),
      );
    expect([of(), of(500, 0), of(500, 200)]).toEqual([0, 0, 200]);
  });

  it("tells the middle one of the lifetimes that processes have learned apart", () => {
    const of = (...lifetimes_ms: number[]) => lifetime_ms(endpoint({ lifetimes_ms }));
    expect([of(), of(7), of(9, 5), of(9, 100, 5)]).toEqual([undefined, 7, 5, 9]);
  });
});

it("a process that is gone leaves its counts, and nothing that it held", () => {
  const before = figures(3, 4, {
    waiting: 2,
    endpoints: [endpoint({ idle: 4, failures: 2, lifetimes_ms: [5] })],
    isDraining: true,
  });
  before.states.downstream.active = 3;
  before.opened.downstream.accepted = 10;
  before.closed.downstream["peer-reset"] = 7;
  before.opened.upstream["pool-empty"] = 2;
  before.closed.upstream["idle-timeout"] = 2;
  const after = departed(before);
  expect(statsFrom(after).connections).toMatchObject({
    downstream: { open: 0, opened: { accepted: 10 }, closed: { "peer-reset": 7, "worker-lost": 3 } },
    upstream: { open: 0, closed: { "idle-timeout": 2 } },
  });
  // Told once more, it is the same: none is counted twice.
  expect(departed(after).closed).toEqual(after.closed);
  expect(after).toMatchObject({ exchanges: 3, waiting: 0, isDraining: false, residentBytes: 0 });
  expect(statsFrom(after).exchanges.inProgress).toBe(0);
  expect(after.endpoints).toMatchObject([{ idle: 0, failures: 2, lifetimes_ms: [] }]);
});

it("workers are told of only where there are some", async () => {
  expect(statsFrom(figures(0, 0)).workers).toBeUndefined();
  expect(await metricsText(figures(0, 0))).not.toContain("hopwise_workers");
  const one = { worker: 1, pid: 101, connections: 5, exchanges: 7 };
  const two = { ...one, worker: 2, pid: 102 };
  const several = figures(0, 0, {
    workers: { running: [one, two], lost: { SIGKILL: 1, "exit code 1": 2 }, restarted: 3 },
  });
  expect(statsFrom(several).workers).toEqual({
    running: 2,
    lost: 3,
    lostBy: { SIGKILL: 1, "exit code 1": 2 },
    restarted: 3,
    processes: [one, two],
  });
  expect(await metricsText(several)).toContain('hopwise_workers_lost_total{how="exit code 1"} 2\n');
});
