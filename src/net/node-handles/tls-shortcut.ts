/**
 * The shortest way through a TLS connection whose handshake is over: what it reads comes in the buffer that all sockets share, and
 * small writes go to its handle, both past the runtime's stream. The stream stays what opens and closes the connection.
 *
 * The handle encrypts what it is given within the call, and then lets the transport write; it can be given the next thing
 * only when that has been written. So the stream, which has what is large and what comes meanwhile, waits (`whenFree`).
 * Handles are no public interface of Node: where they are not as known (runtime-shape.ts), there is no shortcut.
 */
import type { Socket as RawSocket } from "node:net";
import { getSystemErrorName } from "node:util";
import type { Octets } from "../../wire/octets.ts";
import { sharedBuffer, viewOf } from "../read-buffers.ts";
import { type Handle, handleOf, type Writer } from "./handle.ts";
import { DONE, UNFINISHED, writeTo } from "./handle-writing.ts";
import { knownHandle, knownShape } from "./runtime-shape.ts";

export interface ShortcutOwner {
  /** @param octets there for the duration of the call */
  onOctets(octets: Octets): void;
  onWriteFailed(error: NodeJS.ErrnoException): void;
}

export class TlsShortcut implements Writer {
  /** Of the write that has not finished. */
  unfinishedBytes = 0;
  private readonly handle: Handle;
  private readonly owner: ShortcutOwner;
  /** What the stream has to do when the write has finished: one thing at a time. */
  private next: (() => void) | undefined;

  /** Undefined: this runtime's handles are not known. */
  static through(raw: RawSocket, owner: ShortcutOwner): TlsShortcut | undefined {
    const handle = knownHandle(handleOf(raw));
    return handle && new TlsShortcut(handle, owner);
  }

  private constructor(handle: Handle, owner: ShortcutOwner) {
    this.handle = handle;
    this.owner = owner;
    const { onread: onReadOfStream } = handle;
    const shape = knownShape();
    handle.useUserBuffer(sharedBuffer);
    handle.onread = function (): undefined {
      const result = shape.latestRead();
      if (typeof result !== "number") onReadOfStream.call(this);
      else if (result > 0) owner.onOctets(viewOf(sharedBuffer, result));
    };
  }

  /** @param text not empty; only while nothing is unfinished, here and in the stream */
  write(text: string): void {
    const result = writeTo(this.handle, this, text, text.length);
    if (result === UNFINISHED) this.unfinishedBytes = text.length;
    else if (result !== DONE) this.fail(result);
  }

  /** Calls `step` when no write is unfinished any more, or now. */
  whenFree(step: () => void): void {
    if (this.unfinishedBytes > 0) this.next = step;
    else step();
  }

  /** @internal */
  onWritten(_byteCount: number, status: number): void {
    const { next } = this;
    this.unfinishedBytes = 0;
    this.next = undefined;
    if (status < 0) this.fail(status);
    next?.();
  }

  private fail(status: number): void {
    const code = getSystemErrorName(status);
    this.owner.onWriteFailed(Object.assign(new Error(code), { code }));
  }
}
