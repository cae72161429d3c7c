/**
 * Two things that the runtime's streams do by themselves lose what a peer said last, so here they do not do them; and what goes
 * past them (tls-shortcut.ts) they wait for.
 *
 * A stream that is paused reads on until it holds enough, and a reset throws away what it holds. And a write that fails ends a
 * stream at once, with what had arrived and was not read yet: an answer to a request that was still on its way. So reading
 * stops when it is paused, and a failed write is told to the socket's owner alone. The methods that are replaced are those
 * which Node documents for classes of streams. Deliberately absent: what the owner does then (node-socket.ts).
 */
import type { Socket as RawSocket } from "node:net";
import { stopHandle } from "../node-handles/handle.ts";

export interface StreamOwner {
  readonly isPaused: boolean;
  /** A write has failed: what is still to be written is dropped. */
  readonly hasFailed: boolean;
  onWriteFailed(error: NodeJS.ErrnoException): void;
  /** Calls `step` when nothing is being written past the stream, or now. */
  whenFree(step: () => void): void;
}

type Done = (error?: Error | null) => void;

/** https://nodejs.org/api/stream.html#api-for-stream-implementers */
interface StreamMethods {
  _read(size: number): void;
  _write(chunk: unknown, encoding: string, done: Done): void;
  _writev?(chunks: unknown, done: Done): void;
  _final?(done: Done): void;
}

const owner = Symbol("hopwise.stream-owner");
type OwnedStream = StreamMethods & { [owner]: StreamOwner };

/** From now on `raw` reads nothing while it is paused, and tells `itsOwner` of failed writes. */
export function overrideStream(raw: RawSocket, itsOwner: StreamOwner): void {
  const stream = raw as unknown as OwnedStream;
  const canWriteMany = typeof stream._writev === "function";
  stream[owner] = itsOwner;
  stream._read = read;
  stream._write = write;
  if (canWriteMany) stream._writev = writeMany;
  if (typeof stream._final === "function") stream._final = final;
}

export function stopReading(raw: RawSocket): void {
  raw.pause();
  stopHandle(raw);
}

export function startReading(raw: RawSocket): void {
  raw.resume();
  // A stream that has asked for more and got nothing does not ask again.
  raw._read(0);
}

function read(this: OwnedStream, size: number): void {
  if (!this[owner].isPaused) originalOf(this)._read.call(this, size);
}

function write(this: OwnedStream, chunk: unknown, encoding: string, done: Done): void {
  const itsOwner = this[owner];
  itsOwner.whenFree(() => {
    if (itsOwner.hasFailed) return done();
    originalOf(this)._write.call(this, chunk, encoding, (error) => settle(itsOwner, error, done));
  });
}

function writeMany(this: OwnedStream, chunks: unknown, done: Done): void {
  const itsOwner = this[owner];
  itsOwner.whenFree(() => {
    if (itsOwner.hasFailed) return done();
    originalOf(this)._writev?.call(this, chunks, (error) => settle(itsOwner, error, done));
  });
}

function final(this: OwnedStream, done: Done): void {
  this[owner].whenFree(() => originalOf(this)._final?.call(this, done));
}

function settle(itsOwner: StreamOwner, error: Error | null | undefined, done: Done): void {
  if (error !== null && error !== undefined) itsOwner.onWriteFailed(error);
  done();
}

function originalOf(stream: OwnedStream): StreamMethods {
  return Object.getPrototypeOf(stream) as StreamMethods;
}
