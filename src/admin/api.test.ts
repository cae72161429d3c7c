/** What is told of single connections and exchanges: filters, limits, and what is not shown. */
import { describe, expect, it } from "vitest";
import type { ExchangeEntry } from "../ledger/entries.ts";
import { sourceOf } from "../ledger/figures.ts";
import { Ledger } from "../ledger/ledger.ts";
import type { ConnectionView, WindowSource } from "../ledger/window.ts";
import { nodeClock } from "../net/node-clock.ts";
import { type AdminFigures, adminAnswer } from "./answers.ts";
import { shownIn } from "./api.ts";
import { EventStream } from "./event-stream.ts";

function exchange(id: number, some: Partial<ExchangeEntry> = {}): ExchangeEntry {
  return {
    type: "exchange",
    time: "2026-11-29T12:00:00.000Z",
    id,
    client: "192.0.2.1",
    method: "GET",
    target: "/",
    version: "1.1",
    status: 200,
    outcome: "completed",
    duration_ms: 1,
    requestBytes: 0,
    responseBytes: 0,
    retries: 0,
    downstream: { id: 1, exchange: id },
    ...some,
  };
}

function connection(id: number, some: Partial<ConnectionView> = {}): ConnectionView {
  return {
    ...{ id, hop: "downstream", state: "idle", client: "192.0.2.1:4000", secure: false, opened: "accepted" },
    ...{ age_ms: 1, exchanges: 0, ...some },
  };
}

const upstream = { id: 7, exchange: 1, endpoint: "http://app:3000", reused: false, opened: "pool-empty" } as const;
const exchanges = [
  exchange(4, { status: 502, reason: "connect-failed", outcome: "answered", host: "b.test" }),
  exchange(3, { status: 404, upstream, target: "/search?q=secret#part" }),
  exchange(2, { method: "POST", client: "192.0.2.2", status: 503, upstream: { ...upstream, id: 8 } }),
  exchange(1),
];
const connections = [
  connection(1),
  connection(2, { state: "active", client: "[2001:db8::1]:4000" }),
  { ...connection(7, { hop: "upstream", endpoint: "http://app:3000", opened: "pool-empty" }), client: "" },
];
const source: WindowSource = { connections: () => connections, exchanges: () => exchanges, watch: () => () => {} };
const window = { source, events: new EventStream(source, nodeClock) };
const figures = { source: sourceOf(new Ledger(nodeClock)), host: "127.0.0.1" };

async function ask(
  target: string,
  from: AdminFigures = { ...figures, window },
): Promise<[number, Record<string, unknown>]> {
  const { status, body } = await adminAnswer({ method: "GET", target, hosts: ["127.0.0.1"] }, from);
  return [status, JSON.parse(body)];
}

async function idsOf(target: string): Promise<number[]> {
  const [, { exchanges, connections }] = await ask(target);
  return ((exchanges ?? connections) as { id: number }[]).map(({ id }) => id);
}

describe("/api", () => {
  it.each([
    ["/api/exchanges", [4, 3, 2, 1]],
    ["/api/exchanges?status=404", [3]],
    ["/api/exchanges?status=5xx", [4, 2]],
    ["/api/exchanges?status=5xx&method=POST", [2]],
    ["/api/exchanges?reason=connect-failed", [4]],
    ["/api/exchanges?outcome=answered", [4]],
    ["/api/exchanges?endpoint=http%3A%2F%2Fapp%3A3000", [3, 2]],
    ["/api/exchanges?host=b.test", [4]],
    ["/api/exchanges?client=192.0.2.2", [2]],
    ["/api/exchanges?connection=8", [2]],
    ["/api/exchanges?connection=1&id=1", [1]],
    ["/api/exchanges?limit=2", [4, 3]],
    ["/api/exchanges?status=0", []],
    ["/api/connections", [1, 2, 7]],
    ["/api/connections?hop=upstream", [7]],
    ["/api/connections?state=active", [2]],
    ["/api/connections?client=%5B2001:db8::1%5D", [2]],
    ["/api/connections?client=192.0.2.1:4000", [1]],
    ["/api/connections?endpoint=http://app:3000", [7]],
    ["http://127.0.0.1/api/connections?id=2", [2]],
  ])("%s", async (target, ids) => expect(await idsOf(target)).toEqual(ids));

  it("says whether there are more", async () => {
    expect((await ask("/api/exchanges?limit=3"))[1].more).toBe(true);
    expect((await ask("/api/exchanges?limit=4"))[1].more).toBe(false);
  });

  it("shows no queries, which may be secret", async () => {
    const [, { exchanges }] = await ask("/api/exchanges?id=3");
    expect(exchanges).toMatchObject([{ target: "/search?…" }]);
  });

  it("shows them where the operator wants it", async () => {
    const [, { exchanges }] = await ask("/api/exchanges?id=3", { ...figures, window, view: { showsQueries: true } });
    expect(exchanges).toMatchObject([{ target: "/search?q=secret#part" }]);
  });

  it("shows neither the query of what could not be read, nor values of fields, wherever they are kept", () => {
    const kept = { received: "GET /?secret \\x16", referer: "http://a/?secret", userAgent: "secret", status: 400 };
    expect(shownIn({ showsQueries: false }, kept)).toStrictEqual({ received: "GET /?…", status: 400 });
    expect(shownIn({ showsQueries: true }, kept)).toStrictEqual(kept);
  });

  it.each([
    "exchanges?status=nothing",
    "exchanges?status=xxx",
    "exchanges?status=40",
    "exchanges?status=",
    "exchanges?outcome=complete",
    "exchanges?reason=upstream-close",
    "connections?hop=up",
    "connections?state=available",
    "origins?state=idle",
  ])("%s, which there cannot be: 400, with what there is", async (asked) =>
    expect(await ask(`/api/${asked}`)).toMatchObject([
      400,
      { reason: "query-invalid", detail: expect.stringMatching(/^Write /) },
    ]));

  it.each([
    "?limit=0",
    "?limit=-1",
    "?limit=x",
    "?limit=10001",
    "?stauts=404",
    "?__proto__=1",
    "?constructor=1",
  ])("%s: 400, with what there is", async (query) =>
    expect(await ask(`/api/exchanges${query}`)).toMatchObject([400, { reason: "query-invalid" }]));

  it("says so where there is no window", async () => {
    const { status } = await adminAnswer({ method: "GET", target: "/api/events", hosts: ["127.0.0.1"] }, figures);
    expect(status).toBe(501);
  });
});
