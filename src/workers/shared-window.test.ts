/** What several workers answer is one answer; what happens in any of them is told; without processes. */
import { describe, expect, it, vi } from "vitest";
import { ManualClock } from "../../test/kit/manual-clock.ts";
import { QueryError } from "../admin/api.ts";
import { EventStream } from "../admin/event-stream.ts";
import type { ExchangeEntry } from "../ledger/entries.ts";
import type { AskWatcher, ProxyEvent } from "../ledger/events.ts";
import { sampleOf } from "../ledger/sampling.ts";
import type { ConnectionView, WindowEvent, WindowSource } from "../ledger/window.ts";
import { LongLife } from "./long-life.ts";
import { firstId, type ToSupervisor, type ToWorker } from "./protocol.ts";
import { WorkersWindow } from "./shared-window.ts";
import { WorkerWindow } from "./worker-window.ts";

function exchange(id: number, endsAt_s: number, connection = firstId(1)): ExchangeEntry {
  return {
    ...{
      type: "exchange",
      time: new Date(endsAt_s * 1_000 - 10).toISOString(),
      id,
      client: "192.0.2.1",
      method: "GET",
    },
    ...{ target: `/${endsAt_s}`, version: "1.1", status: 200, outcome: "answered", duration_ms: 10, requestBytes: 0 },
    ...{ responseBytes: 0, retries: 0, downstream: { id: connection, exchange: 1 } },
  } as ExchangeEntry;
}

const nothingLost = { missed: 0, leftOut: 0, oneIn: 1 };

/** Each with what ended in it, the latest first. */
function workers(...ended: readonly (readonly ExchangeEntry[])[]) {
  const window: WorkersWindow = new WorkersWindow(() => all);
  const all = ended.map((exchanges, index) => {
    const number = index + 1;
    const watchers = new Set<AskWatcher<WindowEvent>>();
    const said: ToWorker[] = [];
    const source: WindowSource = {
      connections: () => [{ id: firstId(number), hop: "downstream" } as ConnectionView],
      exchanges: () => exchanges,
      watch(watcher) {
        watchers.add(watcher);
        return () => watchers.delete(watcher);
      },
    };
    const own = new WorkerWindow(source, async (message: ToSupervisor) => {
      if (message.type === "answered") window.answered(message.ask, message.answer);
      if (message.type === "events") window.happened(number, message);
    });
    return {
      ...{ number, said, life: new LongLife(new Promise<void>(() => {})), isSilent: false },
      tell(message: ToWorker) {
        said.push(message);
        if (this.isSilent) return;
        if (message.type === "ask") void own.answer(message);
        if (message.type === "watch") own.watch(message.isOn);
      },
      happens: (event: ProxyEvent) => {
        for (const watcher of watchers) watcher(event.type, sampleOf(event))?.(event);
      },
      get isWatched() {
        return watchers.size > 0;
      },
    };
  });
  const ask = (query: string, path: "/api/exchanges" | "/api/connections" = "/api/exchanges") =>
    window.ask(path, new URLSearchParams(query), { showsQueries: true }) as Promise<{
      readonly exchanges: readonly (ExchangeEntry & { readonly worker: number })[];
      readonly connections: readonly (ConnectionView & { readonly worker: number })[];
      readonly more: boolean;
      readonly unanswered?: readonly number[];
    }>;
  return { window, all, ask };
}

describe("/api of several workers", () => {
  const two = () =>
    workers(
      [exchange(firstId(1) + 1, 9), exchange(firstId(1), 3)],
      [exchange(firstId(2) + 1, 5, firstId(2)), exchange(firstId(2), 4, firstId(2))],
    );

  it("is the latest first over all, and each row has the number of its worker", async () => {
    const { exchanges, more } = await two().ask("");
    expect(exchanges.map(({ worker, target }) => `${worker}${target}`)).toEqual(["1/9", "2/5", "2/4", "1/3"]);
    expect(more).toBe(false);
  });

  it("has a limit over the sum", async () => {
    const { exchanges, more } = await two().ask("limit=3");
    expect([exchanges.map(({ target }) => target), more]).toEqual([["/9", "/5", "/4"], true]);
    expect((await two().ask("limit=4")).more).toBe(false);
  });

  it("knows connections and exchanges by their ids, which say whose they are", async () => {
    const { ask } = two();
    expect((await ask(`connection=${firstId(2)}`)).exchanges.map(({ target }) => target)).toEqual(["/5", "/4"]);
    expect((await ask(`id=${firstId(1)}`)).exchanges.map(({ target }) => target)).toEqual(["/3"]);
    expect((await ask("", "/api/connections")).connections.map(({ worker, id }) => [worker, id])).toEqual([
      [1, firstId(1)],
      [2, firstId(2)],
    ]);
  });

  it("is asked of one alone", async () => {
    const { ask, all } = two();
    expect((await ask("worker=2")).exchanges.map(({ worker }) => worker)).toEqual([2, 2]);
    expect(all.map(({ said }) => said.length)).toEqual([0, 1]);
    expect((await ask("worker=7")).exchanges).toEqual([]);
  });

  it("that cannot be understood is asked of nobody", async () => {
    const { ask, all } = two();
    await expect(ask("limit=0")).rejects.toThrow(QueryError);
    await expect(ask("colour=red")).rejects.toThrow(QueryError);
    expect(all.map(({ said }) => said)).toEqual([[], []]);
  });

  it("leaves nothing behind of what was asked, however often somebody asks", async () => {
    const { ask, all } = two();
    for (let i = 0; i < 100; i++) await ask("");
    expect(all.map(({ life }) => life.waits)).toEqual([0, 0]);
  });

  it("names those that do not answer beside what the others have", async () => {
    vi.useFakeTimers();
    try {
      const { ask, all } = two();
      if (all[1] !== undefined) all[1].isSilent = true;
      const asked = ask("");
      await vi.advanceTimersByTimeAsync(2_000);
      const { exchanges, unanswered } = await asked;
      expect([exchanges.map(({ worker }) => worker), unanswered]).toEqual([[1, 1], [2]]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe("/api/events of several workers", () => {
  const drain = (state: string) => ({ type: "drain", time: "", state }) as unknown as ProxyEvent;

  it("is told by nobody while nobody watches, and by all when somebody does", () => {
    const { window, all } = workers([], []);
    expect(all.map(({ isWatched }) => isWatched)).toEqual([false, false]);
    const [first, second] = [window.watch(() => undefined), window.watch(() => undefined)];
    first();
    expect(all.map(({ isWatched }) => isWatched)).toEqual([true, true]);
    second();
    expect(all.map(({ isWatched }) => isWatched)).toEqual([false, false]);
  });

  it("comes in batches, each event with its worker; what is too much for one is counted", async () => {
    vi.useFakeTimers();
    try {
      const { window, all } = workers([], []);
      const heard: WindowEvent[] = [];
      let missed = 0;
      window.watch(() => (event) => heard.push(event), { onMissed: (count) => (missed += count), onLeftOut: () => {} });
      for (let i = 0; i < 1_000; i++) all[0]?.happens(drain(`${i}`));
      all[1]?.happens(drain("other"));
      expect(heard).toEqual([]);
      await vi.advanceTimersByTimeAsync(50);
      expect([heard.length + missed, missed]).toEqual([1_001, 800]);
      expect(heard.filter(({ worker }) => worker === 2)).toEqual([{ ...drain("other"), worker: 2 }]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is of a part of a busy worker's exchanges, which the worker chooses and says", async () => {
    vi.useFakeTimers();
    try {
      const { window, all } = workers([]);
      const told: string[] = [];
      let sampled = { leftOut: 0, oneIn: 1 };
      window.watch(
        () =>
          ({ type }) =>
            void told.push(type),
        {
          onMissed: () => {},
          onLeftOut: (count, oneIn) => (sampled = { leftOut: sampled.leftOut + count, oneIn }),
        },
      );
      let id = 0;
      const second = async () => {
        for (let turn = 0; turn < 20; turn++) {
          for (let i = 0; i < 100; i++) all[0]?.happens({ type: "exchange-begin", id: ++id } as ProxyEvent);
          all[0]?.happens(drain("each turn"));
          await vi.advanceTimersByTimeAsync(50);
        }
      };
      await second();
      const [first, next] = [told.length, told.splice(0) && second()];
      await next;
      expect(first).toBe(2_020);
      expect(sampled).toStrictEqual({ leftOut: 4_020 - first - told.length + 20, oneIn: 4 });
      expect(told.filter((type) => type === "drain")).toHaveLength(20);
      expect(told.length - 20).toBeLessThan(700);
    } finally {
      vi.useRealTimers();
    }
  });

  it("waits for a supervisor that takes nothing with one batch, and no more", async () => {
    vi.useFakeTimers();
    try {
      let taken: () => void = () => {};
      const told: ToSupervisor[] = [];
      let happens: (event: WindowEvent) => void = () => {};
      const source: WindowSource = {
        connections: () => [],
        exchanges: () => [],
        watch(watcher) {
          happens = (event) => watcher(event.type, sampleOf(event))?.(event);
          return () => {};
        },
      };
      const window = new WorkerWindow(source, (message) => {
        told.push(message);
        return new Promise((resolve) => (taken = resolve));
      });
      window.watch(true);
      for (let turn = 0; turn < 20; turn++) {
        for (let i = 0; i < 100; i++) happens(drain(`${turn}`));
        await vi.advanceTimersByTimeAsync(50);
      }
      expect(told.length).toBe(1);
      taken();
      await vi.advanceTimersByTimeAsync(50);
      expect(told.map((one) => one.type === "events" && [one.events.length, one.missed])).toEqual([
        [100, 0],
        [200, 1_700],
      ]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("says that a worker is gone, and is numbered over all, so that a reader can come back", () => {
    const { window } = workers([], []);
    const clock = new ManualClock();
    const stream = new EventStream(window, clock);
    const read = (lastEventId?: string) => {
      const output = {
        text: "",
        writableLength: 0,
        write(text: string) {
          output.text += text;
        },
        destroy() {},
      };
      return { output, leave: stream.join(output, undefined, lastEventId) };
    };
    const first = read();
    window.happened(1, { events: [drain("one")], ...nothingLost });
    window.noteWorker({ state: "lost", worker: 2, pid: 42, how: "SIGKILL" });
    clock.advance(50);
    expect(first.output.text).toContain('"state":"lost","worker":2,"pid":42,"how":"SIGKILL"');
    const [, id] = /id: (\S+)\n/.exec(first.output.text) ?? [];
    first.leave();
    window.happened(2, { events: [drain("two")], ...nothingLost });
    const again = read(id).output.text;
    expect([again.includes("one"), again.includes("lost"), again.includes("two")]).toEqual([false, true, true]);
    stream.close();
  });
});
