/** Server-sent events: in order, resumable, bounded for each watcher, and nothing while nobody watches. */
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import type { AskWatcher, ProxyEvent } from "../ledger/events.ts";
import { sampleOf } from "../ledger/sampling.ts";
import type { WindowEvent, WindowSource } from "../ledger/window.ts";
import { EventStream, type StreamOutput } from "./event-stream.ts";

let tell: ((event: ProxyEvent) => void) | undefined;
let asked: AskWatcher<WindowEvent>;
/** Whether an event of this type would be made. */
const asks = (type: ProxyEvent["type"]) => asked(type, undefined) !== undefined;
const source: WindowSource = {
  connections: () => [],
  exchanges: () => [],
  watch(watcher) {
    asked = watcher;
    tell = (event) => watcher(event.type, sampleOf(event))?.(event);
    return () => {
      tell = undefined;
    };
  },
};

class Output implements StreamOutput {
  writableLength = 0;
  text = "";
  isDestroyed = false;
  destroy(): void {
    this.isDestroyed = true;
  }
  write(text: string): void {
    this.text += text;
  }
  /** With what was to be written in a moment. */
  told(): this {
    clock.advance(50);
    return this;
  }
  /** The numbers of the events since this was asked last. */
  news(): string[] {
    const { text } = this.told();
    this.text = "";
    return [...text.matchAll(/"reason":"(.*?)"|"missed":([0-9]+)/g)].map(
      ([, reason, missed]) => reason ?? `-${missed}`,
    );
  }
}

const happen = (name: string) =>
  tell?.({ type: "reuse-refused", time: "", id: 1, endpoint: "", idle_ms: 0, reason: name as "retired" });

let clock: ManualClock;
let stream: EventStream;
beforeEach(() => {
  tell = undefined;
  clock = new ManualClock();
  stream = new EventStream(source, clock);
});

describe("a stream of events", () => {
  it("is one event after the other", () => {
    const output = new Output();
    stream.join(output, undefined, undefined);
    happen("a");
    expect(output.told().text).toMatch(
      /^retry: 1000\n\nid: [0-9a-z]+-1\nevent: reuse-refused\ndata: \{"type":"reuse-refused",.*"reason":"a".*\}\n\n$/,
    );
  });

  it("is of the types that are wanted", () => {
    const output = new Output();
    stream.join(output, new Set(["exchange"]), undefined);
    happen("a");
    expect(output.news()).toEqual([]);
  });

  it("goes on where it was for one that comes back, also behind a pause in which nobody watched", () => {
    const output = new Output();
    const leave = stream.join(output, undefined, undefined);
    happen("a");
    const last = /id: (.*)\n/.exec(output.told().text)?.[1];
    leave();
    clock.advance(20_000);
    happen("b");
    const again = new Output();
    stream.join(again, undefined, last);
    happen("c");
    expect(again.news()).toEqual(["b", "c"]);
  });

  it("says how much one has missed that was away for too long", () => {
    const output = new Output();
    stream.join(output, undefined, undefined);
    happen("a");
    const last = /id: (.*)\n/.exec(output.told().text)?.[1];
    for (let i = 0; i < 6_000; i++) {
      if (i % 500 === 0) clock.advance(1_000);
      happen(`${i}`);
    }
    const again = new Output();
    stream.join(again, undefined, last);
    const [missed, first] = again.news();
    expect(Number(missed)).toBeLessThan(-3_000);
    expect(Number(missed)).toBe(-Number(first));
  });

  it("says so, too, of what was too much for one second", () => {
    const output = new Output();
    stream.join(output, undefined, undefined);
    happen("a");
    const last = /id: (.*)\n/.exec(output.told().text)?.[1];
    for (let i = 0; i < 3_000; i++) happen(`${i}`);
    const again = new Output();
    stream.join(again, undefined, last);
    const news = again.news();
    expect([news.length - 1, news[0], news.at(-1)]).toEqual([999, "-2001", "998"]);
  });

  it("keeps less of what is long", () => {
    const first = new Output();
    const leave = stream.join(first, undefined, undefined);
    happen("a");
    const last = /id: (.*)\n/.exec(first.told().text)?.[1];
    leave();
    for (let i = 0; i < 500; i++) happen("x".repeat(64 * 1024));
    const again = new Output();
    stream.join(again, undefined, last);
    expect(again.text.length).toBeLessThan(2.1 * 1024 * 1024);
    const told = again.news();
    expect(Number(told[0])).toBe(-(501 - told.length));
  });

  it("keeps what one that has left wants, whatever those want that stay", () => {
    const wanted = new Set(["reuse-refused"]);
    const first = new Output();
    const leave = stream.join(first, wanted, undefined);
    stream.join(new Output(), new Set(["drain"]), undefined);
    happen("a");
    const last = /id: (.*)\n/.exec(first.told().text)?.[1];
    leave();
    happen("b");
    const again = new Output();
    const leaveAgain = stream.join(again, wanted, last);
    happen("c");
    expect(again.news()).toEqual(["b", "c"]);
    leaveAgain();
    clock.advance(30_000);
    expect(asks("reuse-refused")).toBe(false);
    expect(asks("drain")).toBe(true);
  });

  it("tells nobody who has left since it was asked about an event", () => {
    const [leaving, staying] = [new Output(), new Output()];
    const leave = stream.join(leaving, undefined, undefined);
    stream.join(staying, undefined, undefined);
    const hear = asked("reuse-refused", undefined);
    leave();
    const event = { type: "reuse-refused", time: "", id: 1, endpoint: "", idle_ms: 0, reason: "retired" } as const;
    hear?.(event);
    expect([leaving.news(), staying.news()]).toEqual([[], ["retired"]]);
    const again = asked("reuse-refused", undefined);
    stream.close();
    again?.(event);
    expect(staying.news()).toEqual([]);
  });

  it("does not take ids of another run for its own", () => {
    stream.join(new Output(), undefined, undefined);
    happen("a");
    const output = new Output();
    stream.join(output, undefined, "zzz-0");
    stream.join(output, undefined, "0-0x1");
    expect(output.news()).toEqual([]);
  });

  it("waits for nobody: who does not read misses events, and is told how many", () => {
    const output = new Output();
    stream.join(output, undefined, undefined);
    output.writableLength = 1024 * 1024;
    happen("a");
    happen("b");
    clock.advance(1_000);
    expect(output.news()).toEqual([]);
    output.writableLength = 0;
    happen("c");
    expect(output.news()).toEqual(["-2", "c"]);
  });

  it("ends for one that takes nothing for a minute", () => {
    const [stuck, slow] = [new Output(), new Output()];
    for (const output of [stuck, slow]) stream.join(output, undefined, undefined);
    stuck.writableLength = 1024 * 1024;
    for (let second = 1; second < 60; second++) {
      slow.writableLength = second % 10 === 0 ? 0 : 1024 * 1024;
      clock.advance(1_000);
    }
    expect([stuck, slow].map(({ isDestroyed }) => isDestroyed)).toEqual([false, false]);
    clock.advance(1_000);
    expect([stuck, slow].map(({ isDestroyed }) => isDestroyed)).toEqual([true, false]);
  });

  it("is no more than a person can look at", () => {
    const output = new Output();
    stream.join(output, undefined, undefined);
    for (let i = 0; i < 1_500; i++) happen("a");
    expect(output.news()).toHaveLength(1_000);
    clock.advance(1_000);
    expect(output.news()).toEqual(["-500"]);
  });

  it("says something now and then, so that a watcher that is gone is noticed", () => {
    const output = new Output();
    stream.join(output, undefined, undefined);
    output.text = "";
    clock.advance(60_000);
    expect(output.text).toBe(":\n\n".repeat(4));
  });

  it("costs nothing half a minute behind the last watcher", () => {
    const leave = stream.join(new Output(), undefined, undefined);
    expect(tell).toBeDefined();
    leave();
    clock.advance(29_000);
    expect(tell).toBeDefined();
    clock.advance(1_000);
    expect(tell).toBeUndefined();
  });
});
