/**
 * The access log of several processes, where it is no regular file: written by the supervisor alone, so that lines stay whole. Workers
 * write it to their standard output, which is read here.
 *
 * Another configuration may have another log. Deliberately absent: regular files, which each worker writes.
 */
import { statSync } from "node:fs";
import type { Readable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { accessLogError } from "../config/file-error.ts";
import { LineQueue, type LineQueueEvents } from "../ledger/line-queue.ts";
import { type LineSink, openSink } from "../ledger/line-sink.ts";
import { WholeLines } from "./whole-lines.ts";

/** For what workers that are gone have written to be read. */
const LAST_LINES_MS_MAX = 1_000;

/** A log that was opened and is not used yet. */
export interface PreparedLog {
  commit(): void;
  abandon(): void;
}

export class LogWriter {
  private readonly events: Pick<LineQueueEvents, "onState" | "onDropped">;
  private readonly lines: WholeLines;
  private queue: LineQueue | undefined;
  /** What is written here; workers write themselves, or there is no log: undefined. */
  private written: string | undefined;

  constructor(events: Pick<LineQueueEvents, "onState" | "onDropped">) {
    this.events = events;
    const current = () => this.queue;
    this.lines = new WholeLines({
      add: (text, lines) => current()?.add(text, lines),
      get isHigh() {
        return current()?.isHigh === true;
      },
    });
  }

  /** Passes on what a worker says. */
  readonly add = (source: Readable): void => this.lines.add(source);

  /** What workers are told to write, where the log is `file`. */
  static forWorkers(file: string | undefined): string | undefined {
    return isWrittenHere(file) ? "-" : file;
  }

  /** @throws HopwiseError `access-log-unwritable`; then nothing has changed */
  async prepare(file: string | undefined): Promise<PreparedLog> {
    const written = isWrittenHere(file) ? file : undefined;
    const follow = () => {
      this.written = written;
    };
    // Lines that are still on their way go where they were to go.
    if (written === undefined || written === this.written) return { commit: follow, abandon() {} };
    let sink: LineSink;
    try {
      sink = await openSink(written);
    } catch (error) {
      throw accessLogError(written, error);
    }
    const commit = () => {
      if (this.queue === undefined)
        this.queue = new LineQueue(sink, { ...this.events, onRoom: () => this.lines.resume() });
      else void this.queue.replace(Promise.resolve(sink));
      follow();
    };
    return { commit, abandon: () => void sink.close() };
  }

  /** Opens it anew, after it was rotated away. Returns whether it is written here. */
  reopen(): boolean {
    const { written } = this;
    if (written === undefined) return false;
    void this.queue?.replace(openSink(written));
    return true;
  }

  async close(): Promise<void> {
    // A grandchild may hold a worker's output open.
    await Promise.race([this.lines.end(), pause(LAST_LINES_MS_MAX)]);
    await this.queue?.close();
  }
}

function isWrittenHere(file: string | undefined): boolean {
  if (file === undefined || file === "-") return file === "-";
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && !stat.isFile() && !stat.isDirectory();
}
