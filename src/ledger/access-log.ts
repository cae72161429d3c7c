/**
 * The access log: one line per exchange and, if wanted, one per connection when it is gone.
 *
 * Lines are written in batches behind the traffic, through a queue with a limit (line-queue.ts): an output that hangs, or is
 * full, costs lines, never memory, requests or the end of a drain. What clients send can neither break a line nor speak to a
 * terminal. Deliberately absent: what a line says, see log-format.ts.
 */
import type { ConnectionEntry, LoggedExchange } from "./entries.ts";
import { LineQueue, type LineQueueEvents } from "./line-queue.ts";
import { openSink } from "./line-sink.ts";
import { type FormatLine, formatFor, formatterOf, type LogFormat } from "./log-format.ts";

export interface AccessLogOptions extends Pick<LineQueueEvents, "onState" | "onDropped"> {
  /** A path, or `-` for the standard output. */
  readonly file: string;
  /** Nothing is said: as suits the file (log-format.ts). */
  readonly format?: LogFormat | undefined;
}

export class AccessLog {
  private readonly file: string;
  private readonly lines: LineQueue;
  private readonly lineOf: FormatLine;
  private isClosed = false;

  private constructor(lines: LineQueue, file: string, lineOf: FormatLine) {
    this.lines = lines;
    this.file = file;
    this.lineOf = lineOf;
  }

  /** Opens it, and creates the file where there is none. @throws the system's error */
  static async open(options: AccessLogOptions): Promise<AccessLog> {
    const { file, format } = options;
    const lineOf = formatterOf(formatFor(format, file), file);
    return new AccessLog(new LineQueue(await openSink(file), options), file, lineOf);
  }

  write(entry: LoggedExchange | ConnectionEntry): void {
    // What comes late is no fault: nothing is written any more.
    if (this.isClosed) return;
    const line = this.lineOf(entry);
    if (line !== undefined) this.lines.add(line);
  }

  /** Opens the file anew, for log rotation. The standard output stays. */
  reopen(): void {
    if (this.file !== "-" && !this.isClosed) void this.lines.replace(openSink(this.file));
  }

  /** Writes what is still to be written, for a bounded time, and closes. What is left then is dropped, and counted. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.lines.close();
  }
}
