/** An answer is waited for until the end of who gives it at most, and no wait outlives its answer. */
import { describe, expect, it, vi } from "vitest";
import { LongLife } from "./long-life.ts";

function life() {
  let end: (how: string) => void = () => {};
  const long = new LongLife(
    new Promise<string>((resolve) => {
      end = resolve;
    }),
  );
  const wait = { limit_ms: 1_000, tooLate: "too late", atEnd: (how: string) => `ended: ${how}` };
  return { long, end, wait };
}

describe("an answer of something that lives long", () => {
  it("leaves nothing behind, however many there were", async () => {
    const { long, wait } = life();
    for (let i = 0; i < 1_000; i++) expect(await long.answer((answered) => answered("now"), wait)).toBe("now");
    expect(long.waits).toBe(0);
  });

  it("that comes too late does not count, and leaves nothing behind either", async () => {
    vi.useFakeTimers();
    try {
      const { long, wait } = life();
      const answer = long.answer((answered) => void setTimeout(() => answered("at last"), 2_000), wait);
      expect(long.waits).toBe(1);
      await vi.advanceTimersByTimeAsync(1_000);
      expect([await answer, long.waits]).toEqual(["too late", 0]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("is not waited for beyond the end, nor asked in vain behind it", async () => {
    const { long, end, wait } = life();
    const before = [long.answer(() => {}, wait), long.answer(() => {}, wait)];
    end("SIGKILL");
    expect(await Promise.all(before)).toEqual(["ended: SIGKILL", "ended: SIGKILL"]);
    expect(await long.answer(() => {}, wait)).toBe("ended: SIGKILL");
    expect(long.waits).toBe(0);
  });
});
