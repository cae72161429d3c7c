/**
 * Lines on their way to an output that may be slow, full or gone.
 *
 * What waits is bounded: beyond, lines are dropped and counted. One batch is written at a time, the first line at once and where there
 * are many a hundred times a second, since each write costs as much as a request; one that fails is tried again after a while, since disks are emptied and readers come back. Closing waits for a bounded time, and what is left then is
 * dropped and counted, too. Deliberately absent: what a line says, and how an output is written to, see line-sink.ts.
 */
import type { LineSink } from "./line-sink.ts";

/** What waits to be written, in characters. */
const WAITING_MAX = 8 * 1_048_576;
/** From here on those who can wait are asked to. */
const WAITING_HIGH = 1_048_576;
/** Lines that are kept together. */
const CHUNK_MAX = 65_536;
/** Of one batch. */
const BATCH_MAX = 262_144;
/** From one batch to the next, unless much waits. */
const PAUSE_MS = 10;
/** So much does not wait for that. */
const PAUSE_LENGTH_MAX = 65_536;
/** Between attempts of an output that fails. */
const RETRY_MS = 1_000;
/** How long closing waits for an output that takes lines slowly, or none. */
export const CLOSE_MS_MAX = 2_000;

/**
 * How an output does. `failing`: it cannot be written to. `dropping`: lines are lost. `writing`: neither any more.
 * `not-reopened`: it could not be opened anew, and what was open goes on.
 */
export type LogState = "failing" | "dropping" | "writing" | "not-reopened";

export interface LineQueueEvents {
  onState(state: LogState, fault: string | undefined): void;
  onDropped(lines: number): void;
  /** Fewer lines wait, after `isHigh`. */
  onRoom?(): void;
}

interface Chunk {
  text: string;
  lines: number;
}

export class LineQueue {
  private readonly events: LineQueueEvents;
  private sink: LineSink;
  private waiting: Chunk[] = [];
  private waitingLength = 0;
  /** Being written, or to be tried again. */
  private batch: Chunk | undefined;
  private isWriting = false;
  private state: LogState = "writing";
  private fault: string | undefined;
  private wasHigh = false;
  private retry: NodeJS.Timeout | undefined;
  private pause: NodeJS.Timeout | undefined;
  /** What it is written to from the next batch on. */
  private next: LineSink | undefined;
  /** Outputs that are being opened; until they are, lines wait. */
  private opening = 0;
  private isClosed = false;
  private onSettled: (() => void) | undefined;

  constructor(sink: LineSink, events: LineQueueEvents) {
    this.sink = sink;
    this.events = events;
  }

  /** More waits than should. */
  get isHigh(): boolean {
    return this.waitingLength >= WAITING_HIGH;
  }

  /** @param lines how many it is */
  add(text: string, lines = 1): void {
    if (this.isClosed && this.onSettled === undefined) return;
    if (this.waitingLength + text.length > WAITING_MAX || this.sink.isOver) return this.drop(lines);
    const last = this.waiting.at(-1);
    if (last !== undefined && last.text.length < CHUNK_MAX) {
      // The runtime puts the parts together when they are written, at once: that costs half of what joining a list does.
      last.text += text;
      last.lines += lines;
    } else this.waiting.push({ text, lines });
    this.waitingLength += text.length;
    this.wasHigh ||= this.isHigh;
    this.advance();
  }

  /** Goes on with another output, and closes the present one. What failed is written to the new one as a whole. */
  async replace(opening: Promise<LineSink>): Promise<void> {
    this.opening++;
    try {
      const sink = await opening;
      void this.next?.close();
      this.next = sink;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.events.onState("not-reopened", code ?? message);
    }
    this.opening--;
    if (!this.isWriting) this.tryNow();
  }

  /** Writes what waits, for a bounded time; the rest is dropped. */
  async close(limit_ms = CLOSE_MS_MAX): Promise<void> {
    if (this.isClosed) return;
    this.isClosed = true;
    const tooLate = new Promise<void>((resolve) => {
      setTimeout(resolve, limit_ms).unref();
    });
    const settled = new Promise<void>((resolve) => {
      this.onSettled = resolve;
    });
    if (!this.isWriting) this.tryNow();
    if (this.batch !== undefined || this.waiting.length > 0 || this.opening > 0) await Promise.race([settled, tooLate]);
    this.onSettled = undefined;
    clearTimeout(this.retry);
    clearTimeout(this.pause);
    const left = [...(this.batch === undefined ? [] : [this.batch]), ...this.waiting];
    this.waiting = [];
    this.batch = undefined;
    if (left.length > 0) this.drop(left.reduce((lines, chunk) => lines + chunk.lines, 0));
    await Promise.race([this.sink.close(), tooLate]);
  }

  private tryNow(): void {
    clearTimeout(this.retry);
    clearTimeout(this.pause);
    this.retry = undefined;
    this.pause = undefined;
    this.advance();
  }

  private advance(): void {
    if (this.isWriting || this.retry !== undefined || this.opening > 0) return;
    if (this.pause !== undefined && this.waitingLength < PAUSE_LENGTH_MAX) return;
    let isSame = this.batch !== undefined;
    if (this.next !== undefined) {
      void this.sink.close();
      this.sink = this.next;
      this.next = undefined;
      isSame = false;
    }
    if (this.batch === undefined) {
      if (this.waiting.length === 0) return this.onSettled?.();
      this.batch = this.nextBatch();
      this.tellRoom();
    }
    this.isWriting = true;
    const done = (error: NodeJS.ErrnoException | undefined) => this.onWritten(error);
    if (isSame) this.sink.retry(done);
    else this.sink.write(this.batch.text, done);
  }

  private nextBatch(): Chunk {
    let length = 0;
    let count = 0;
    let lines = 0;
    for (const chunk of this.waiting) {
      if (count > 0 && length + chunk.text.length > BATCH_MAX) break;
      length += chunk.text.length;
      lines += chunk.lines;
      count++;
    }
    const text = this.waiting
      .splice(0, count)
      .map((chunk) => chunk.text)
      .join("");
    this.waitingLength -= length;
    return { text, lines };
  }

  private onWritten(error: NodeJS.ErrnoException | undefined): void {
    this.isWriting = false;
    if (error === undefined) {
      this.batch = undefined;
      // An output that was only slow has caught up when nothing waits.
      if (this.state === "failing" || (this.state === "dropping" && !this.isHigh)) this.become("writing", undefined);
      if (!this.isClosed) this.pause ??= setTimeout(() => this.tryNow(), PAUSE_MS).unref();
      return this.advance();
    }
    this.fault = error.code ?? error.message;
    if (this.sink.isOver) this.dropAll();
    this.become("failing", this.fault);
    // The last attempt: nobody comes back within the time of closing.
    if (this.isClosed) return this.onSettled?.();
    if (this.next !== undefined) return this.advance();
    this.retry = setTimeout(() => this.tryNow(), RETRY_MS).unref();
  }

  private dropAll(): void {
    const all = [...(this.batch === undefined ? [] : [this.batch]), ...this.waiting];
    this.waiting = [];
    this.waitingLength = 0;
    this.batch = undefined;
    this.drop(all.reduce((lines, chunk) => lines + chunk.lines, 0));
    this.tellRoom();
  }

  private drop(lines: number): void {
    if (lines === 0) return;
    this.events.onDropped(lines);
    this.become("dropping", this.fault);
  }

  private tellRoom(): void {
    if (!this.wasHigh || this.isHigh) return;
    this.wasHigh = false;
    this.events.onRoom?.();
  }

  /** Dropping is worse than failing, and told once. */
  private become(state: LogState, fault: string | undefined): void {
    if (state === this.state || (state === "failing" && this.state === "dropping")) {
      this.fault = fault;
      return;
    }
    this.state = state;
    this.fault = fault;
    this.events.onState(state, fault);
  }
}
