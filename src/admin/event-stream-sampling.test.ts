/** Of too many exchanges a watcher is told of a part, each from its begin to its end; of connections and failures always. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { ProxyEvent } from "../ledger/events.ts";
import { sampleOf } from "../ledger/sampling.ts";
import { EventStream, type StreamOutput } from "./event-stream.ts";

interface Told {
  readonly type: string;
  readonly id?: number;
  readonly missed?: number;
  readonly oneIn?: number;
}

/** A stream of a proxy, and what one watcher is told. */
function watched() {
  let tell: (event: ProxyEvent) => void = () => {};
  let made = 0;
  const clock = new ManualClock();
  const stream = new EventStream(
    {
      watch(watcher) {
        tell = (event) => {
          const hear = watcher(event.type, sampleOf(event));
          if (hear !== undefined) made++;
          hear?.(event);
        };
        return () => {};
      },
    },
    clock,
  );
  let text = "";
  const output: StreamOutput = { writableLength: 0, destroy: () => {}, write: (more: string) => (text += more) };
  stream.join(output, undefined, undefined);
  /** What it was told since this was asked last. */
  const news = (): Told[] => {
    const all = [...text.matchAll(/^event: (.*)\ndata: (.*)$/gm)];
    text = "";
    return all.map(([, type = "", data = "{}"]) => ({ ...(JSON.parse(data) as Told), type }));
  };
  let exchanges = 0;
  /** Exchanges of a second, with three events each; one connection opens and closes beside each hundred. */
  const second = (count: number, status = 200): void => {
    for (let i = 0; i < count; i++) {
      const id = ++exchanges;
      const facts = { time: "", id, client: "", method: "GET", target: "/", version: "1.1" as const };
      const on = { downstream: { id: 1, exchange: id } };
      tell({ type: "exchange-begin", ...facts, ...on });
      tell({ type: "exchange-phase", time: "", id, phase: "sent", after_ms: 1 });
      tell({
        ...{ type: "exchange", ...facts, ...on, status, outcome: "completed", duration_ms: 1 },
        ...{ requestBytes: 0, responseBytes: 0, retries: 0 },
      });
      if (i % 100 > 0) continue;
      const open = { time: "", id, opened: "accepted", hop: "downstream", client: "" } as const;
      tell({ type: "connection-open", ...open });
      tell({ type: "connection", ...open, closed: "drained", ended: "own-fin", exchanges: 1, age_ms: 1 });
    }
    clock.advance(1_000);
  };
  /** How many events were made since this was asked last. */
  const making = (): number => {
    const count = made;
    made = 0;
    return count;
  };
  return { second, news, making };
}

const idsOf = (told: readonly Told[], type: string) => told.flatMap((one) => (one.type === type ? [one.id] : []));

describe("a watcher of events", () => {
  it("of a quiet proxy is told everything", () => {
    const { second, news } = watched();
    second(200);
    second(200);
    expect(news().filter(({ type }) => type === "exchange")).toHaveLength(400);
  });

  it("of a busy one: from the second second on of whole exchanges alone, and of every connection", () => {
    const { second, news } = watched();
    second(2_000);
    second(2_000);
    news();
    second(2_000);
    const told = news();
    const begun = idsOf(told, "exchange-begin");
    expect(begun.length).toBeGreaterThan(100);
    expect(idsOf(told, "exchange-phase")).toStrictEqual(begun);
    expect(idsOf(told, "exchange")).toStrictEqual(begun);
    expect(idsOf(told, "connection-open")).toHaveLength(20);
    expect(idsOf(told, "connection")).toHaveLength(20);
    const [missed] = told.filter(({ type }) => type === "missed");
    expect(missed).toMatchObject({ missed: 6_000 - 3 * begun.length, oneIn: 16 });
  });

  it("costs no event that it is not told, however busy the proxy is", () => {
    const { second, news, making } = watched();
    second(10_000);
    expect(making()).toBe(1_000);
    second(10_000);
    making();
    news();
    second(10_000);
    expect(making()).toBe(news().filter(({ type }) => type !== "missed").length);
  });

  it("is told of every failure", () => {
    const { second, news } = watched();
    second(2_000);
    second(2_000);
    news();
    second(300, 502);
    expect(idsOf(news(), "exchange")).toHaveLength(300);
  });

  it("is told everything again when it is quiet again", () => {
    const { second, news } = watched();
    second(2_000);
    second(2_000);
    second(100);
    news();
    second(100);
    expect(idsOf(news(), "exchange")).toHaveLength(100);
  });
});
