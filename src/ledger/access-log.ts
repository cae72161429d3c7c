/**
 * The access log: one line of JSON per exchange and, if wanted, one per connection when it is gone.
 *
 * Lines are written in batches behind the traffic, through a buffer with a limit: a disk that hangs costs lines, never
 * memory or requests. What clients send can neither break a line nor speak to a terminal. Deliberately absent: other
 * formats.
 */
import { once } from "node:events";
import { open } from "node:fs/promises";
import type { DestinationStream } from "pino";
import type { ConnectionEntry, ExchangeEntry } from "./entries.ts";
import { safeJson } from "./safe-json.ts";

/** What waits to be written; beyond, lines are dropped and counted. */
const BUFFER_BYTES_MAX = 8 * 1_048_576;
/** For the last lines when it closes. */
const CLOSE_MS_MAX = 2_000;
/** Of a target; the rest is cut off and marked with an ellipsis. */
const TARGET_LENGTH_MAX = 4_096;

/** What pino gives as its destination (a SonicBoom). */
type Destination = DestinationStream & NodeJS.EventEmitter & { reopen(): void; end(): void };

export interface AccessLogOptions {
  /** A path, or `-` for the standard output. */
  readonly file: string;
  /** The first fault of several in a row: what could not be done. */
  readonly onFault: (error: Error) => void;
}

export class AccessLog {
  /** Lines that were not written because the destination did not take them. */
  dropped = 0;
  private readonly destination: Destination;
  private readonly isFile: boolean;
  private hasFault = false;
  /** Settled once the file is open again. */
  private reopened: Promise<void> = Promise.resolve();
  /** Nobody reads the standard output any more; pino ignores what is written from then on. */
  private isBroken = false;
  /** What comes late is no fault: nothing is written any more. */
  private isClosed = false;

  private constructor(destination: Destination, options: AccessLogOptions) {
    this.destination = destination;
    this.isFile = options.file !== "-";
    destination.on("drop", () => this.dropped++);
    destination.on("drain", () => {
      this.hasFault = false;
    });
    destination.on("error", (error: NodeJS.ErrnoException) => {
      this.isBroken ||= error.code === "EPIPE";
      if (!this.hasFault) options.onFault(error);
      this.hasFault = true;
    });
  }

  /** Opens it, and creates the file where there is none. @throws the system's error */
  static async open(options: AccessLogOptions): Promise<AccessLog> {
    const { pino } = await import("pino");
    if (options.file !== "-") await (await open(options.file, "a")).close();
    const destination = pino.destination({
      dest: options.file === "-" ? 1 : options.file,
      sync: false,
      maxLength: BUFFER_BYTES_MAX,
    }) as unknown as Destination;
    if (options.file !== "-") await once(destination, "ready");
    return new AccessLog(destination, options);
  }

  write(entry: ExchangeEntry | ConnectionEntry): void {
    if (!this.isClosed) this.destination.write(lineOf(entry));
  }

  /** Opens the file anew, for log rotation. The standard output stays. */
  reopen(): void {
    if (!this.isFile) return;
    // What goes wrong is heard of as any other fault.
    const nothing = () => {};
    this.reopened = once(this.destination, "ready").then(nothing, nothing);
    this.destination.reopen();
  }

  /** Writes what is still to be written, for a bounded time, and closes. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.isBroken) return;
    const { destination } = this;
    await new Promise<void>((resolve) => {
      const giveUp = setTimeout(resolve, CLOSE_MS_MAX);
      // A SonicBoom that is ended before it is open again loses what it holds.
      void this.reopened.then(() => destination.end());
      destination.on("error", resolve).on("close", () => {
        clearTimeout(giveUp);
        resolve();
      });
    });
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
