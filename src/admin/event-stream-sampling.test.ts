/** Of too many exchanges a watcher is told of a part, each from its begin to its end; of connections and failures always. */
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { ProxyEvent } from "../ledger/events.ts";
import { type SampledType, sampleOf } from "../ledger/sampling.ts";
import { EventStream, type StreamOutput } from "./event-stream.ts";

interface Told {
  readonly type: string;
  readonly id?: number;
  readonly missed?: number;
  readonly oneIn?: number;
}

/** Whether what is told of comes through the gate that the stream has given, as of a proxy, or not, as of several workers. */
const sources = ["behind its gate", "asked of everything"] as const;

/** A stream of a proxy, and what one watcher is told. */
function watched(source: (typeof sources)[number]) {
  let tell: (event: ProxyEvent) => void = () => {};
  let made = 0;
  let asked = 0;
  const clock = new ManualClock();
  const stream = new EventStream(
    {
      watch(watcher, _losses, gate) {
        tell = (event) => {
          const sample = sampleOf(event);
          const isGated = source === "behind its gate" && sample !== undefined;
          if (isGated && gate?.leavesOut(event.type as SampledType, sample) === true) return;
          asked++;
          const hear = watcher(event.type, sample);
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
  /** How many events the stream was asked of since this was asked last. */
  const asking = (): number => {
    const count = asked;
    asked = 0;
    return count;
  };
  return { second, news, making, asking };
}

const idsOf = (told: readonly Told[], type: string) => told.flatMap((one) => (one.type === type ? [one.id] : []));

describe.each(sources)("a watcher of events, %s,", (source) => {
  it("of a quiet proxy is told everything", () => {
    const { second, news } = watched(source);
    second(200);
    second(200);
    expect(news().filter(({ type }) => type === "exchange")).toHaveLength(400);
  });

  it("of a busy one: from the second second on of whole exchanges alone, and of every connection", () => {
    const { second, news } = watched(source);
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
    const { second, news, making } = watched(source);
    second(10_000);
    expect(making()).toBe(1_000);
    second(10_000);
    making();
    news();
    second(10_000);
    expect(making()).toBe(news().filter(({ type }) => type !== "missed").length);
  });

  it("is told of every failure", () => {
    const { second, news } = watched(source);
    second(2_000);
    second(2_000);
    news();
    second(300, 502);
    expect(idsOf(news(), "exchange")).toHaveLength(300);
  });

  it("is told everything again when it is quiet again", () => {
    const { second, news } = watched(source);
    second(2_000);
    second(2_000);
    second(100);
    news();
    second(100);
    expect(idsOf(news(), "exchange")).toHaveLength(100);
  });
});

it("A stream behind its gate is asked of little more than its watchers are told", () => {
  const { second, news, making, asking } = watched("behind its gate");
  second(10_000);
  second(10_000);
  making();
  asking();
  second(10_000);
  expect(news().length).toBeGreaterThan(0);
  expect(asking()).toBe(making());
});
