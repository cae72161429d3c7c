/**
 * Outputs that lines are written to, each in the way that cannot hold up the process.
 *
 * Regular files are written by a thread of the runtime, through pino's destination. A pipe or a socket is not: its reader may
 * stop reading, the thread would stay in the system, and the runtime waits for its threads when it ends. So these are written as
 * any connection is, without blocking; a terminal, which can be stopped with Ctrl-S, by a descriptor of its own that does not
 * block. Deliberately absent: what waits, see line-queue.ts.
 */
import { once } from "node:events";
import { close, closeSync, constants, fstatSync, open as openWithCallback, write } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import type { DestinationStream } from "pino";
import { bun } from "../net/bun-api.ts";
import { endTornLine } from "./torn-lines.ts";

/** Its owner may write it, its group may read it: a log tells who wanted what. */
const MODE = 0o640;
const STDOUT = 1;
/** Where a pipe's room is not told of. */
const POLL_MS = 20;
const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;

/** A bare descriptor, which nobody closes but us. */
const open = promisify(openWithCallback);

/** The error, or none: all of it was taken. */
export type Done = (error: NodeJS.ErrnoException | undefined) => void;

export interface LineSink {
  /** It takes nothing any more, ever. */
  readonly isOver: boolean;
  /** Writes all of `text`. One at a time. */
  write(text: string, done: Done): void;
  /** Writes what `write` could not. */
  retry(done: Done): void;
  /** Nothing is being written. */
  close(): Promise<void>;
}

/** @param file a path, or `-` for the standard output. @throws the system's error */
export async function openSink(file: string): Promise<LineSink> {
  if (file === "-") return standardOutput();
  const found = await stat(file).catch(() => undefined);
  if (found?.isFIFO() === true) return PipeSink.open(file);
  closeSync(await open(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, MODE));
  await endTornLine(file);
  return FileSink.open(file);
}

async function standardOutput(): Promise<LineSink> {
  if (isatty(STDOUT)) {
    try {
      return await FileSink.open(await open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY));
    } catch {
      return new StandardSink();
    }
  }
  const found = fstatSync(STDOUT);
  return found.isFIFO() || found.isSocket() ? new StandardSink() : FileSink.open(STDOUT);
}

/** What pino gives as its destination (a SonicBoom). */
type Destination = DestinationStream & NodeJS.EventEmitter & { destroy(): void };

class FileSink implements LineSink {
  readonly isOver = false;
  private readonly destination: Destination;
  private done: Done = () => {};

  private constructor(destination: Destination) {
    this.destination = destination;
    destination.on("drain", () => this.done(undefined));
    destination.on("error", (error: NodeJS.ErrnoException) => this.done(error));
  }

  static async open(dest: string | number): Promise<FileSink> {
    const { pino } = await import("pino");
    const destination = pino.destination({ dest, sync: false, mode: MODE } as never) as unknown as Destination;
    await once(destination, "ready");
    return new FileSink(destination);
  }

  write(text: string, done: Done): void {
    this.done = done;
    this.destination.write(text);
  }

  /** It holds what it could not write, and tries that first. */
  retry(done: Done): void {
    this.write("", done);
  }

  async close(): Promise<void> {
    this.done = () => {};
    const closed = once(this.destination, "close").catch(() => {});
    this.destination.destroy();
    await closed;
  }
}

/** The standard output, where it leads to a reader. Nobody else comes when that one is gone. */
class StandardSink implements LineSink {
  isOver = false;

  constructor() {
    // What is wrong is heard of when it is written to.
    process.stdout.on("error", () => {});
  }

  write(text: string, done: Done): void {
    process.stdout.write(text, (error) => {
      this.isOver = error != null;
      done(error ?? undefined);
    });
  }

  retry(done: Done): void {
    done(undefined);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A named pipe. Its reader may go, and another one come. */
class PipeSink implements LineSink {
  readonly isOver = false;
  private readonly file: string;
  private stream: PipeEnd;
  private text = "";

  private constructor(file: string, stream: PipeEnd) {
    this.file = file;
    this.stream = stream;
  }

  /** @throws the system's error; without a reader, too: none is waited for */
  static async open(file: string): Promise<PipeSink> {
    return new PipeSink(file, await openPipe(file));
  }

  write(text: string, done: Done): void {
    this.text = text;
    this.stream.write(text, (error) => done(error ?? undefined));
  }

  /** What the last reader had of it is not known: the next one gets it as a whole. */
  retry(done: Done): void {
    openPipe(this.file).then((stream) => {
      this.stream.destroy();
      this.stream = stream;
      this.write(this.text, done);
    }, done);
  }

  close(): Promise<void> {
    this.stream.destroy();
    return Promise.resolve();
  }
}

interface PipeEnd {
  write(text: string, done: (error?: NodeJS.ErrnoException | null) => void): void;
  destroy(): void;
}

async function openPipe(file: string): Promise<PipeEnd> {
  const fd = await open(file, O_WRONLY | O_NONBLOCK);
  if (bun !== undefined) return new PolledPipe(fd);
  return new Socket({ fd, readable: false, writable: true }).on("error", () => {});
}

/** Bun takes a pipe that is full for one that fails: it is asked again until there is room. */
class PolledPipe implements PipeEnd {
  private readonly fd: number;
  private isDestroyed = false;

  constructor(fd: number) {
    this.fd = fd;
  }

  write(text: string, done: (error?: NodeJS.ErrnoException | null) => void): void {
    this.writeRest(Buffer.from(text), done);
  }

  destroy(): void {
    this.isDestroyed = true;
    close(this.fd, () => {});
  }

  private writeRest(octets: Buffer, done: (error?: NodeJS.ErrnoException | null) => void): void {
    if (this.isDestroyed) return;
    write(this.fd, octets, (error, count) => {
      if (error?.code === "EAGAIN") setTimeout(() => this.writeRest(octets, done), POLL_MS).unref();
      else if (error !== null || count === octets.length) done(error);
      else this.writeRest(octets.subarray(count), done);
    });
  }
}
