/** What becomes of lines whose output is slow, full or gone. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CLOSE_MS_MAX, LineQueue } from "./line-queue.ts";
import type { Done, LineSink } from "./line-sink.ts";

/** An output that answers when the test says so. */
class Sink implements LineSink {
  isOver = false;
  isClosed = false;
  readonly written: string[] = [];
  private done: Done | undefined;

  write(text: string, done: Done): void {
    this.written.push(text);
    this.done = done;
  }

  retry(done: Done): void {
    this.write("again", done);
  }

  take(): void {
    this.answer(undefined);
  }

  fail(code: string): void {
    this.answer(Object.assign(new Error(code), { code }));
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }

  private answer(error: NodeJS.ErrnoException | undefined): void {
    const { done } = this;
    this.done = undefined;
    done?.(error);
  }
}

const MEGABYTE = `${"x".repeat(1_048_575)}\n`;

function queue() {
  const sink = new Sink();
  const told: unknown[] = [];
  const lost = { lines: 0 };
  const lines = new LineQueue(sink, {
    onState: (state, fault) => told.push(fault === undefined ? state : `${state} ${fault}`),
    onDropped: (count) => {
      lost.lines += count;
    },
    onRoom: () => told.push("room"),
  });
  return { sink, told, lost, lines };
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("an output that takes what it is given", () => {
  it("gets the first line at once, and what comes within 10 ms behind that as one batch", () => {
    const { sink, lines, told } = queue();
    lines.add("1\n");
    lines.add("2\n");
    expect(sink.written).toEqual(["1\n"]);
    sink.take();
    vi.advanceTimersByTime(9);
    lines.add("3\n");
    expect(sink.written).toEqual(["1\n"]);
    vi.advanceTimersByTime(1);
    expect(sink.written).toEqual(["1\n", "2\n3\n"]);
    sink.take();
    expect([sink.written.length, told]).toEqual([2, []]);
  });

  it("gets much at once", () => {
    const { sink, lines } = queue();
    lines.add("1\n");
    sink.take();
    lines.add(MEGABYTE);
    expect(sink.written).toEqual(["1\n", MEGABYTE]);
  });

  it("gets everything before it is closed", async () => {
    const { sink, lines, lost } = queue();
    lines.add("1\n");
    lines.add("2\n");
    const closed = lines.close();
    sink.take();
    expect(sink.isClosed).toBe(false);
    sink.take();
    await closed;
    expect([sink.written, sink.isClosed, lost.lines]).toEqual([["1\n", "2\n"], true, 0]);
  });
});

describe("an output that is slow", () => {
  it("costs 8 MiB at most; the lines beyond are lost, counted, and told of once", () => {
    const { sink, lines, told, lost } = queue();
    for (let i = 0; i < 20; i++) lines.add(MEGABYTE);
    // One is being written, eight wait.
    expect(lost.lines).toBe(11);
    expect(told).toEqual(["room", "dropping"]);
    for (let i = 0; i < 9; i++) sink.take();
    expect(told).toEqual(["room", "dropping", "room", "writing"]);
    expect(sink.written).toHaveLength(9);
  });

  it("does not hold up the end for longer than a limit, and what is left is counted", async () => {
    const { sink, lines, lost, told } = queue();
    lines.add("1\n");
    lines.add("2\n3\n", 2);
    const closed = lines.close();
    await vi.advanceTimersByTimeAsync(CLOSE_MS_MAX - 1);
    expect(sink.isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closed;
    expect([sink.isClosed, lost.lines, told]).toEqual([true, 3, ["dropping"]]);
  });
});

describe("an output that fails", () => {
  it("is tried again each second, and what it could not take comes first", async () => {
    const { sink, lines, told, lost } = queue();
    lines.add("1\n");
    lines.add("2\n");
    sink.fail("ENOSPC");
    expect(sink.written).toEqual(["1\n"]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(sink.written).toEqual(["1\n", "again"]);
    sink.fail("ENOSPC");
    await vi.advanceTimersByTimeAsync(1_000);
    sink.take();
    vi.advanceTimersByTime(10);
    expect(sink.written).toEqual(["1\n", "again", "again", "2\n"]);
    expect([told, lost.lines]).toEqual([["failing ENOSPC", "writing"], 0]);
  });

  it("is tried once more at the end, and does not hold it up", async () => {
    const { sink, lines, lost } = queue();
    lines.add("1\n");
    sink.fail("ENOSPC");
    lines.add("2\n");
    const closed = lines.close();
    expect(sink.written).toEqual(["1\n", "again"]);
    sink.fail("ENOSPC");
    await closed;
    expect([sink.isClosed, lost.lines]).toEqual([true, 2]);
  });

  it("and is replaced: the new one gets what failed as a whole", async () => {
    const { sink, lines, lost } = queue();
    lines.add("1\n");
    sink.fail("ENOSPC");
    lines.add("2\n");
    const other = new Sink();
    await lines.replace(Promise.resolve(other));
    other.take();
    vi.advanceTimersByTime(10);
    expect([other.written, sink.isClosed, lost.lines]).toEqual([["1\n", "2\n"], true, 0]);
  });

  it("for ever: what waits is lost, and so is everything that comes", () => {
    const { sink, lines, lost, told } = queue();
    lines.add("1\n");
    lines.add("2\n");
    sink.isOver = true;
    sink.fail("EPIPE");
    lines.add("3\n");
    expect([sink.written, lost.lines, told]).toEqual([["1\n"], 3, ["dropping EPIPE"]]);
  });
});

it("lines wait while an output is opened anew, and go to the new one", async () => {
  const { sink, lines } = queue();
  lines.add("1\n");
  const other = new Sink();
  const replaced = lines.replace(Promise.resolve(other));
  lines.add("2\n");
  sink.take();
  expect(sink.written).toEqual(["1\n"]);
  await replaced;
  expect([sink.written, sink.isClosed, other.written]).toEqual([["1\n"], true, ["2\n"]]);
});
