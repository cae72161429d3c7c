/**
 * The socket port for a connection whose handle can be written to directly: reading, ending and closing are the stream's,
 * writing is not. All writes go to the handle, in order; `end` and `destroy` of the stream come behind them there.
 */
import type { Socket as RawSocket } from "node:net";
import { getSystemErrorName } from "node:util";
import type { Octets } from "../wire/octets.ts";
import { DONE, UNFINISHED, type WriteHandle, type Writer, writeDirectly, writeHandleOf } from "./direct-writing.ts";
import { joined, keepJoined, TEXT_BYTES_MAX } from "./joining.ts";
import { nodeClock } from "./node-clock.ts";
import { HIGH_WATER_BYTES, NodeSocket } from "./node-socket.ts";
import { isOfPresentRead, isShared, retainPresent } from "./read-buffers.ts";

/** The port for a connected `raw`. @param readsShared whether it was made with `sharedReading` */
export function socketOn(raw: RawSocket, readsShared: boolean): NodeSocket {
  const handle = readsShared ? writeHandleOf(raw) : undefined;
  return handle === undefined ? new NodeSocket(raw, readsShared) : new DirectSocket(raw, handle);
}

class DirectSocket extends NodeSocket implements Writer {
  private readonly handle: WriteHandle;
  private unfinished_bytes = 0;
  private owesDrain = false;
  private hasFailed = false;
  /** What is gathered for one write; not gathering: undefined. */
  private gathered: (string | Octets)[] | undefined;
  private gathered_bytes = 0;

  constructor(raw: RawSocket, handle: WriteHandle) {
    super(raw, true);
    this.handle = handle;
  }

  override get unsentBytes(): number {
    return this.unfinished_bytes;
  }

  protected override unsentNow(): number {
    return this.unfinished_bytes + this.handle.writeQueueSize;
  }

  override write(data: string | Octets): boolean {
    if (this.gathered !== undefined) return this.gather(this.gathered, data);
    if (typeof data === "string") return this.writeNow(data, data.length);
    if (data.length <= TEXT_BYTES_MAX) return this.writeNow(data.latin1Slice(), data.length);
    return isShared(data) ? this.writeJoined([data], data.length) : this.writeNow(data, data.length);
  }

  override cork(): void {
    this.gathered = [];
  }

  /** Whether the system takes what is gathered is not known yet, so the writer is told the worst. */
  private gather(gathered: (string | Octets)[], data: string | Octets): boolean {
    gathered.push(data);
    this.gathered_bytes += data.length;
    if (this.unfinished_bytes + this.gathered_bytes < HIGH_WATER_BYTES) return true;
    this.owesDrain = true;
    return false;
  }

  override uncork(): void {
    const { gathered, gathered_bytes } = this;
    this.gathered = undefined;
    this.gathered_bytes = 0;
    if (gathered === undefined || gathered_bytes === 0) return;
    this.writeJoined(gathered, gathered_bytes);
    if (this.owesDrain && this.unfinished_bytes === 0) process.nextTick(() => this.onWritten(0, DONE));
  }

  private writeJoined(pieces: readonly (string | Octets)[], byteCount: number): boolean {
    // Behind an unfinished write this one will not finish either: it must not keep more memory than it has octets.
    const octets = this.unfinished_bytes > 0 ? undefined : joined(pieces, byteCount);
    if (octets === undefined) return this.writeNow(pieces.map(unshared), byteCount);
    const mayGoOn = this.writeNow(octets, byteCount);
    if (this.unfinished_bytes > 0) keepJoined();
    return mayGoOn;
  }

  private writeNow(data: string | Octets | readonly (string | Octets)[], byteCount: number): boolean {
    const { raw } = this;
    if (!raw.writable || this.hasFailed) return true;
    const result = writeDirectly(this.handle, this, data, byteCount);
    if (result === DONE) return true;
    if (result !== UNFINISHED) {
      this.fail(result);
      return true;
    }
    this.unfinished_bytes += byteCount;
    if (typeof data !== "string") retainAll(data);
    if (this.unfinished_bytes < HIGH_WATER_BYTES) return true;
    this.owesDrain = true;
    return false;
  }

  /** @internal */
  onWritten(byteCount: number, status: number): void {
    this.unfinished_bytes -= byteCount;
    if (this.raw.destroyed) return;
    if (status < 0) return this.fail(status);
    if (!this.owesDrain || this.unfinished_bytes > 0) return;
    this.owesDrain = false;
    this.handler.onDrain();
  }

  /**
   * The peer takes nothing more. What it said before may have arrived and not been read yet: an answer to a request that was
   * still on its way, and the reason for closing (RFC 9112 section 9.6). So the reads that are due come first.
   */
  private fail(status: number): void {
    this.noteFault(getSystemErrorName(status));
    if (this.hasFailed) return;
    this.hasFailed = true;
    nodeClock.afterArrivals(() => this.raw.destroy());
  }
}

/** What may be written without being copied: no octets where the next read of any socket goes. */
function unshared(piece: string | Octets): string | Octets {
  return typeof piece !== "string" && isShared(piece) ? (Buffer.from(piece) as unknown as Octets) : piece;
}

/** What an unfinished write needs of the present read is not read into again. */
function retainAll(data: Octets | readonly (string | Octets)[]): void {
  const pieces = Array.isArray(data) ? (data as readonly (string | Octets)[]) : [data as Octets];
  if (pieces.some((piece) => typeof piece !== "string" && isOfPresentRead(piece))) retainPresent();
}
