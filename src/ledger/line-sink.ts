/**
 * Outputs that lines are written to, each in the way that cannot hold up the process.
 *
 * Regular files are written by a thread of the runtime. A pipe or a socket is not: its reader may stop reading, the thread would
 * stay in the system, and the runtime waits for its threads when it ends. So these are written as any connection is, without
 * blocking; a terminal, which can be stopped with Ctrl-S, by a descriptor of its own that does not block. Deliberately absent: what
 * waits, see line-queue.ts.
 */
import { close, closeSync, constants, fstatSync, open as openWithCallback, write } from "node:fs";
import { stat } from "node:fs/promises";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { promisify } from "node:util";
import { bun } from "../net/bun-api.ts";
import { endTornLine } from "./torn-lines.ts";

/** Its owner may write it, its group may read it: a log tells who wanted what. */
const MODE = 0o640;
const STDOUT = 1;
/** Where the system does not tell that there is room. */
const POLL_MS = 20;
/** Of a text, encoded at once. A whole batch of the queue mostly fits (line-queue.ts). */
const ENCODED_BYTES = 128 * 1_024;
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

class FileSink implements LineSink {
  readonly isOver = false;
  private readonly descriptor: DescriptorWriter;

  private constructor(fd: number) {
    this.descriptor = new DescriptorWriter(fd);
  }

  static async open(dest: string | number): Promise<FileSink> {
    return new FileSink(typeof dest === "number" ? dest : await open(dest, O_WRONLY | O_APPEND | O_CREAT, MODE));
  }

  write(text: string, done: Done): void {
    this.descriptor.write(text, done);
  }

  /** It goes on where it could not. */
  retry(done: Done): void {
    this.descriptor.goOn(done);
  }

  close(): Promise<void> {
    return this.descriptor.destroy();
  }
}

/** Writes texts to a descriptor in UTF-8, one at a time, and however little of one it takes at once. */
class DescriptorWriter implements PipeEnd {
  private readonly fd: number;
  private readonly encoder = new TextEncoder();
  private encoded = new Uint8Array(0);
  /** What of `text` is not encoded yet, and what of `encoded` is not written yet. */
  private text = "";
  private begin = 0;
  private end = 0;
  private done: Done = () => {};
  private isWriting = false;
  /** Called behind what is being written. It goes on: undefined. */
  private close: (() => void) | undefined;

  constructor(fd: number) {
    this.fd = fd;
  }

  write(text: string, done: Done): void {
    this.text = text;
    this.goOn(done);
  }

  /** With what could not be written. */
  goOn(done: Done): void {
    this.done = done;
    this.writeSome();
  }

  /**
   * Nothing is told any more. A descriptor that is being written to is closed behind that: its number could be another file's by then.
   * The standard output stays open.
   */
  destroy(): Promise<void> {
    return new Promise((resolve) => {
      this.close = () => (this.fd === STDOUT ? resolve() : close(this.fd, () => resolve()));
      if (!this.isWriting) this.close();
    });
  }

  private writeSome(): void {
    if (this.close !== undefined) return;
    if (this.begin === this.end) this.encodeSome();
    if (this.begin === this.end) return this.done(undefined);
    this.isWriting = true;
    write(this.fd, this.encoded, this.begin, this.end - this.begin, null, this.onWritten);
  }

  private encodeSome(): void {
    if (this.text === "") return;
    if (this.encoded.length === 0) this.encoded = new Uint8Array(ENCODED_BYTES);
    const { read, written } = this.encoder.encodeInto(this.text, this.encoded);
    this.text = read === this.text.length ? "" : this.text.slice(read);
    this.begin = 0;
    this.end = written;
  }

  private readonly onWritten = (error: NodeJS.ErrnoException | null, count: number): void => {
    this.isWriting = false;
    if (this.close !== undefined) this.close();
    else if (error?.code === "EAGAIN") setTimeout(() => this.writeSome(), POLL_MS).unref();
    else if (error !== null) this.done(error);
    else {
      this.begin += count;
      this.writeSome();
    }
  };
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
  destroy(): unknown;
}

async function openPipe(file: string): Promise<PipeEnd> {
  const fd = await open(file, O_WRONLY | O_NONBLOCK);
  // Bun takes a pipe that is full for one that fails: there it is asked again until there is room.
  if (bun !== undefined) return new DescriptorWriter(fd);
  return new Socket({ fd, readable: false, writable: true }).on("error", () => {});
}
