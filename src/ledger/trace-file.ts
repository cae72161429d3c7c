/**
 * The file of `--trace`: Chrome trace events in the JSON Array Format, which Perfetto (ui.perfetto.dev) and chrome://tracing open.
 *
 * The format's closing bracket may be missing (Trace Event Format, "JSON Array Format"), so a file is whole at any moment: events are
 * only ever added, each a line with a comma behind it. It begins anew with each process, and grows up to a limit; then it is ended, and
 * that is said. It is written through a queue that may drop lines (line-queue.ts), so nothing waits for it. Deliberately absent: what
 * happens, see trace-events.ts; rotation, since half a trace cannot be opened.
 */
import { truncate } from "node:fs/promises";
import type { ProxyObserver } from "../exchange/observer.ts";
import type { Clock } from "../net/ports.ts";
import type { TraceState } from "./entries.ts";
import { LineQueue } from "./line-queue.ts";
import { type LineSink, openSink } from "./line-sink.ts";
import { cutTornLine } from "./torn-lines.ts";
import { TraceEvents } from "./trace-events.ts";

/** More than 100,000 exchanges. Perfetto opens several times as much, and no disk is filled by a trace that was forgotten. */
export const TRACE_BYTES_MAX = 128 * 1_048_576;

export interface TraceFileOptions {
  readonly file: string;
  readonly clock: Clock;
  /** Its number; there are none: 0. */
  readonly worker?: number | undefined;
  readonly bytesMax?: number;
  onState(state: TraceState, fault: string | undefined): void;
  onDropped(events: number): void;
}

export class TraceFile {
  /** What is to hear what happens. */
  readonly observer: ProxyObserver;
  private readonly events: TraceEvents;
  private readonly lines: LineQueue;
  private readonly options: TraceFileOptions;
  private bytesLeft: number;
  private isEnded = false;
  private hasLost = false;

  private constructor(sink: LineSink, options: TraceFileOptions) {
    this.options = options;
    this.lines = new LineQueue(sink, {
      onState: options.onState,
      onDropped: (events) => {
        this.hasLost = true;
        options.onDropped(events);
      },
    });
    this.bytesLeft = options.bytesMax ?? TRACE_BYTES_MAX;
    this.write("[\n");
    this.events = new TraceEvents(options.clock, (text) => this.write(text), options.worker);
    this.observer = this.events;
  }

  /** Opens it, and empties it. @throws the system's error */
  static async open(options: TraceFileOptions): Promise<TraceFile> {
    const { file } = options;
    const sink = await openSink(file);
    // What is no regular file cannot be emptied, and need not be.
    await truncate(file, 0).catch(() => {});
    return new TraceFile(sink, options);
  }

  private write(text: string): void {
    if (this.isEnded) return;
    const bytes = Buffer.byteLength(text);
    if (bytes > this.bytesLeft) return this.fill();
    this.bytesLeft -= bytes;
    this.add(text);
  }

  private add(text: string): void {
    this.lines.add(text, text.split("\n").length - 1);
  }

  private fill(): void {
    const bytesMax = this.options.bytesMax ?? TRACE_BYTES_MAX;
    this.isEnded = true;
    this.addLast(`the trace is full: ${bytesMax} bytes`);
    this.options.onState("full", undefined);
  }

  /** The one event without a comma, and the bracket. */
  private addLast(name: string): void {
    const { clock } = this.options;
    this.add(`${JSON.stringify({ name, ph: "i", s: "g", ts: Math.round(clock.date() * 1_000), pid: 0, tid: 0 })}\n]\n`);
  }

  /** Writes what has not ended yet, ends the file, and closes it, all for a bounded time. */
  async close(): Promise<void> {
    if (!this.isEnded) this.events.end();
    if (!this.isEnded) {
      this.isEnded = true;
      this.addLast("the trace ends");
    }
    await this.lines.close();
    // Of the last event a full disk may have taken half, and half an event cannot be read.
    if (this.hasLost) await cutTornLine(this.options.file);
  }
}

/** A worker's own file, since two would write into each other's lines: `trace.json` is `trace.3.json`. @param worker none: 0 */
export function traceFileOf(file: string, worker: number): string {
  if (worker === 0) return file;
  const [, stem = file, ending = ""] = /^(.*?)(\.[^./]*)?$/s.exec(file) ?? [];
  return `${stem}.${worker}${ending}`;
}
