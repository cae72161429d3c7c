/**
 * The access log: one line per exchange and, if wanted, one per connection when it is gone.
 *
 * Lines are written in batches behind the traffic, through a queue with a limit (line-queue.ts): an output that hangs, or is
 * full, costs lines, never memory, requests or the end of a drain. Deliberately absent: what a line says, see log-format.ts.
 */
import { LineQueue, type LineQueueEvents } from "./line-queue.ts";
import { openSink } from "./line-sink.ts";

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

  /** @param line with its end */
  write(line: string): void {
    // What comes late is no fault: nothing is written any more.
    if (!this.isClosed) this.lines.add(line);
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
