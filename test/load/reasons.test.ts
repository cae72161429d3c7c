/**
 * The access log tells the life of every connection: why it was opened and why it closed, to the last one of a drain.
 */
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { total } from "../interop/support/closes.ts";
import { Directory } from "../interop/support/directory.ts";
import { type Hopwise, startHopwise } from "../interop/support/hopwise.ts";
import { RawClient } from "../interop/support/raw-client.ts";
import { TemperedOrigin } from "../interop/support/tempered-origin.ts";
import { until } from "../interop/support/waiting.ts";

interface ExchangeLine {
  readonly type: "exchange";
  readonly status: number;
  readonly outcome: string;
  readonly downstream: { readonly id: number; readonly exchange: number };
  readonly upstream?: { readonly id: number; readonly exchange: number };
}

interface ConnectionLine {
  readonly type: "connection";
  readonly hop: "downstream" | "upstream";
  readonly id: number;
  readonly opened: string;
  readonly closed: string;
  readonly exchanges: number;
}

const CLIENTS = 8;
const REQUESTS = 25;

describe("--access-log with --log-connections", () => {
  let directory: Directory;
  let origin: TemperedOrigin;
  let hopwise: Hopwise;

  beforeEach(async () => {
    directory = new Directory();
    origin = await TemperedOrigin.start({ work_ms: 1 });
    hopwise = await startHopwise(["--to", origin.url, "--access-log", directory.at("log"), "--log-connections"]);
  });

  afterEach(async () => {
    await hopwise.stop("SIGKILL");
    origin.stop();
    directory.remove();
  });

  it("accounts for every connection of a loaded proxy that drains, and for every exchange on both hops", async () => {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => RawClient.open(hopwise.port)));
    await Promise.all(
      clients.map(async (client, index) => {
        for (let i = 0; i < REQUESTS; i++) await client.exchange(`GET /${index}/${i} HTTP/1.1\r\nHost: a\r\n\r\n`);
      }),
    );
    // Half of them leave; the others stay idle and are told by the drain.
    for (const client of clients.slice(0, CLIENTS / 2)) client.close();
    await until("they are gone", async () => (await hopwise.stats()).connections.downstream.open === CLIENTS / 2);
    const { connections } = await hopwise.stats();
    expect((await hopwise.stop()).code).toBe(0);

    const lines = readFileSync(directory.at("log"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as ExchangeLine | ConnectionLine);
    const exchanges = lines.filter((line) => line.type === "exchange");
    const closes = lines.filter((line) => line.type === "connection");
    const downstream = closes.filter(({ hop }) => hop === "downstream");
    const upstream = closes.filter(({ hop }) => hop === "upstream");

    expect(reasonsOf(downstream)).toEqual({ "peer-closed-idle": CLIENTS / 2, drained: CLIENTS / 2 });
    expect(reasonsOf(upstream)).toEqual({ drained: upstream.length });
    expect(upstream).toHaveLength(total(connections.upstream.opened));
    expect(downstream.every(({ opened }) => opened === "accepted")).toBe(true);
    expect(exchanges).toHaveLength(CLIENTS * REQUESTS);
    expect(exchanges.every(({ status, outcome }) => status === 200 && outcome === "completed")).toBe(true);
    // Each connection's exchanges are numbered without a gap, and counted when it closes.
    for (const { hop, id, exchanges: count } of closes) {
      const numbers = exchanges.flatMap((line) => (line[hop]?.id === id ? [line[hop].exchange] : []));
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    }
  });
});

function reasonsOf(closes: readonly ConnectionLine[]): Record<string, number> {
  const reasons: Record<string, number> = {};
  for (const { closed } of closes) reasons[closed] = (reasons[closed] ?? 0) + 1;
  return reasons;
}
