/**
 * The socket of plain TCP on Node, as a rule: on the connection's bare handle. What a `Socket` of `node:net` would do for it is done here.
 *
 * Idle connections are many, so what each of them keeps is little. The runtime calls from its event loop, and its ticks and
 * microtasks follow each call as ever. Deliberately absent: TLS, and runtimes whose handles are not known
 * (runtime-shape.ts); see node-socket.ts for these.
 */
import { getSystemErrorName } from "node:util";
import type { Octets } from "../../wire/octets.ts";
import { afterFinalReads } from "../final-reads.ts";
import { joined, keepJoined, TEXT_BYTES_MAX } from "../joining.ts";
import { beginTurn, endTurn } from "../node-clock.ts";
import type { Socket, SocketHandler } from "../ports.ts";
import { isShared, letGoOf, nextBuffer, sharedBuffer, unshared, viewOf } from "../read-buffers.ts";
import type { PieceReader } from "../slabs.ts";
import { HIGH_WATER_BYTES, nobody } from "../socket-options.ts";
import { type Handle, hasLostPeer, localNameOf, peerNameOf, type Writer } from "./handle.ts";
import { DONE, UNFINISHED, writeTo } from "./handle-writing.ts";
import { knownShape, type Reader, type ReadResult } from "./runtime-shape.ts";

/**
 * How far our side is closed: not at all; `due` when all writes are finished; the system is at it; it is, and RST is `due`
 * then, which it would refuse now; it is closed.
 */
type OurSide = "open" | "due" | "closing" | "reset-due" | "closed";

interface Gathered {
  readonly pieces: (string | Octets)[];
  bytes: number;
}

/** @param handle one that is known (runtime-shape.ts) */
export class HandleSocket implements Socket, Reader, Writer, PieceReader {
  handler: SocketHandler = nobody;
  remoteAddress: string;
  remotePort: number;
  private readonly handle: Handle;
  /** Where the next read goes. @internal */
  buffer = sharedBuffer;
  private ourSide: OurSide = "open";
  private isReading = false;
  private peerHasEnded = false;
  private isDestroyed = false;
  private fault: string | undefined;
  private unfinished_bytes = 0;
  private unsentMark = 0;
  private owesDrain = false;
  /** The peer takes nothing more. */
  private hasFailed = false;
  /** What is gathered for one write; not gathering: undefined. */
  private gathered: Gathered | undefined;

  constructor(handle: Handle) {
    this.handle = handle;
    ({ address: this.remoteAddress, port: this.remotePort } = peerNameOf(handle));
    knownShape().attach(handle, this);
    this.resume();
  }

  get localPort(): number {
    return localNameOf(this.handle).port ?? 0;
  }

  get localAddress(): string {
    return localNameOf(this.handle).address ?? "";
  }

  get unsentBytes(): number {
    return this.unfinished_bytes;
  }

  tookSome(): boolean {
    // A write counts until all of it is done; the handle knows how much of it the system has taken.
    const mark = this.unfinished_bytes + this.handle.writeQueueSize;
    const took = mark !== this.unsentMark;
    this.unsentMark = mark;
    return took;
  }

  // Reading.

  pause(): void {
    if (!this.isReading) return;
    this.isReading = false;
    this.handle.readStop();
  }

  resume(): void {
    if (this.isReading || this.peerHasEnded || this.isDestroyed) return;
    this.isReading = true;
    const status = this.handle.readStart();
    if (status !== 0) this.break(getSystemErrorName(status));
  }

  /** @internal */
  onRead(result: ReadResult): void {
    if (this.isDestroyed) return;
    if (typeof result === "number") {
      if (result > 0) this.onOctets(result);
    } else {
      this.isReading = false;
      if (result === "end") this.onPeerEnd();
      else this.break(result.fault);
    }
  }

  private onOctets(length: number): void {
    const { buffer } = this;
    beginTurn();
    try {
      this.handler.onData(viewOf(buffer, length));
    } finally {
      endTurn();
      this.buffer = nextBuffer(buffer, length, this);
    }
  }

  /** @internal */
  letGoOfPiece(): void {
    // There the system may be reading into it.
    if (process.platform === "win32") return;
    this.buffer = letGoOf(this.buffer);
    if (!this.isDestroyed) this.handle.useUserBuffer(this.buffer);
  }

  private onPeerEnd(): void {
    if (this.hasFailed || (this.ourSide === "open" && hasLostPeer(this.handle))) return this.break("ECONNRESET");
    this.peerHasEnded = true;
    this.handler.onEnd();
    if (this.ourSide === "closed") this.destroy();
  }

  // Writing.

  write(data: string | Octets): boolean {
    if (this.gathered !== undefined) return this.gather(this.gathered, data);
    if (typeof data === "string") return this.writeNow(data, data.length);
    if (data.length <= TEXT_BYTES_MAX) return this.writeNow(data.latin1Slice(), data.length);
    return isShared(data) ? this.writeJoined([data], data.length) : this.writeNow(data, data.length);
  }

  cork(): void {
    this.gathered = { pieces: [], bytes: 0 };
  }

  /** Whether the system takes what is gathered is not known yet, so the writer is told the worst. */
  private gather(gathered: Gathered, data: string | Octets): boolean {
    gathered.pieces.push(data);
    gathered.bytes += data.length;
    if (this.unfinished_bytes + gathered.bytes < HIGH_WATER_BYTES) return true;
    this.owesDrain = true;
    return false;
  }

  uncork(): void {
    const { gathered } = this;
    this.gathered = undefined;
    if (gathered === undefined || gathered.bytes === 0) return;
    this.writeJoined(gathered.pieces, gathered.bytes);
    if (this.owesDrain && this.unfinished_bytes === 0) process.nextTick(() => this.onWritten(0, DONE));
  }

  private writeJoined(pieces: readonly (string | Octets)[], byteCount: number): boolean {
    // Behind an unfinished write this one will not finish either: it must not keep more memory than it has octets.
    const octets = this.unfinished_bytes > 0 ? undefined : joined(pieces, byteCount);
    if (octets === undefined) {
      const own = pieces.map((piece) => (typeof piece === "string" ? piece : unshared(piece)));
      return this.writeNow(own, byteCount);
    }
    const mayGoOn = this.writeNow(octets, byteCount);
    if (this.unfinished_bytes > 0) keepJoined();
    return mayGoOn;
  }

  private writeNow(data: string | Octets | readonly (string | Octets)[], byteCount: number): boolean {
    if (this.ourSide !== "open" || this.isDestroyed || this.hasFailed) return true;
    const result = writeTo(this.handle, this, data, byteCount);
    if (result === DONE) return true;
    if (result !== UNFINISHED) {
      this.failToWrite(result);
      return true;
    }
    this.unfinished_bytes += byteCount;
    if (this.unfinished_bytes < HIGH_WATER_BYTES) return true;
    this.owesDrain = true;
    return false;
  }

  /** @internal */
  onWritten(byteCount: number, status: number): void {
    this.unfinished_bytes -= byteCount;
    if (this.isDestroyed) return;
    if (status < 0) return this.failToWrite(status);
    if (this.unfinished_bytes > 0) return;
    if (this.ourSide === "due") this.closeOurSide();
    if (!this.owesDrain) return;
    this.owesDrain = false;
    this.handler.onDrain();
  }

  private failToWrite(status: number): void {
    this.fault ??= getSystemErrorName(status);
    if (this.hasFailed) return;
    this.hasFailed = true;
    afterFinalReads(this.isReading, () => this.destroy());
  }

  // Closing.

  end(): void {
    if (this.ourSide !== "open" || this.isDestroyed || this.hasFailed) return;
    this.ourSide = "due";
    // The system would wait for unfinished writes by itself, but refuse RST meanwhile.
    if (this.unfinished_bytes === 0) this.closeOurSide();
  }

  private closeOurSide(): void {
    this.ourSide = "closing";
    const request = new (knownShape().Shutdown)();
    request.oncomplete = () => this.onOurSideClosed();
    const status = this.handle.shutdown(request);
    if (status === 0) return;
    const fault = status < 0 ? getSystemErrorName(status) : "ENOTCONN";
    // Without a connection there is nothing to close; what became of it the next read tells.
    if (fault === "ENOTCONN") this.onOurSideClosed();
    else this.break(fault);
  }

  private onOurSideClosed(): void {
    const isResetDue = this.ourSide === "reset-due";
    this.ourSide = "closed";
    if (isResetDue) this.handle.reset?.(() => this.onClosed());
    else if (this.peerHasEnded) this.destroy();
  }

  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.handle.close(() => this.onClosed());
  }

  reset(): void {
    if (this.isDestroyed) return;
    if (this.handle.reset === undefined) return this.destroy();
    this.pause();
    this.isDestroyed = true;
    if (this.ourSide === "closing") this.ourSide = "reset-due";
    else this.handle.reset(() => this.onClosed());
  }

  private break(fault: string): void {
    this.fault ??= fault;
    this.destroy();
  }

  private onClosed(): void {
    this.buffer = letGoOf(this.buffer);
    this.handler.onClose(this.fault);
  }
}
