/**
 * The access log: one line of JSON per exchange and, if wanted, one per connection when it is gone.
 *
 * Lines are written in batches behind the traffic, through a queue with a limit (line-queue.ts): an output that hangs, or is
 * full, costs lines, never memory, requests or the end of a drain. What clients send can neither break a line nor speak to a
 * terminal. Deliberately absent: other formats.
 */
import type { ConnectionEntry, ExchangeEntry } from "./entries.ts";
import { LineQueue, type LineQueueEvents } from "./line-queue.ts";
import { openSink } from "./line-sink.ts";
import { safeJson } from "./safe-json.ts";

/** Of a target; the rest is cut off and marked with an ellipsis. */
const TARGET_LENGTH_MAX = 4_096;

export interface AccessLogOptions extends Pick<LineQueueEvents, "onState" | "onDropped"> {
  /** A path, or `-` for the standard output. */
  readonly file: string;
}

export class AccessLog {
  private readonly file: string;
  private readonly lines: LineQueue;
  private isClosed = false;

  private constructor(lines: LineQueue, file: string) {
    this.lines = lines;
    this.file = file;
  }

  /** Opens it, and creates the file where there is none. @throws the system's error */
  static async open(options: AccessLogOptions): Promise<AccessLog> {
    const { file } = options;
    return new AccessLog(new LineQueue(await openSink(file), options), file);
  }

  write(entry: ExchangeEntry | ConnectionEntry): void {
    // What comes late is no fault: nothing is written any more.
    if (!this.isClosed) this.lines.add(lineOf(entry));
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

/** One entry as a line. */
export function lineOf(entry: ExchangeEntry | ConnectionEntry): string {
  const short =
    entry.type === "exchange" && entry.target.length > TARGET_LENGTH_MAX
      ? { ...entry, target: `${entry.target.slice(0, TARGET_LENGTH_MAX)}…` }
      : entry;
  return `${safeJson(short)}\n`;
}
