/**
 * The socket port on the streams of `node:net` and `node:tls`: for TLS, and where handles are not known (handle-socket.ts).
 *
 * Sockets are half-open on both hops: a peer's FIN never closes our side. Small writes go out as one latin1 string,
 * which the runtime hands to the system without an intermediate buffer. Deliberately absent: closures per socket.
 */
import type { Socket as RawSocket } from "node:net";
import type { Octets } from "../../wire/octets.ts";
import { afterFinalReads } from "../final-reads.ts";
import { beginTurn, endTurn } from "../node-clock.ts";
import { handleOf, hasLostPeer, untakenBytes } from "../node-handles/handle.ts";
import { destroy, wasAnnounced, wasCutOff, watchClosure } from "../node-handles/tls-closure.ts";
import { type ShortcutOwner, TlsShortcut } from "../node-handles/tls-shortcut.ts";
import type { Socket, SocketHandler } from "../ports.ts";
import { unshared } from "../read-buffers.ts";
import { pieceOf } from "../slabs.ts";
import { HIGH_WATER_BYTES, nobody } from "../socket-options.ts";
import { overrideStream, type StreamOwner, startReading, stopReading } from "./stream-overrides.ts";

/** Up to here octets are written as a string, which the runtime copies only if the system does not take it at once. */
const TEXT_BYTES_MAX = 16 * 1024;

const owner = Symbol("hopwise.socket");
type OwnedSocket = RawSocket & { [owner]: NodeSocket | undefined };

export class NodeSocket implements Socket, StreamOwner, ShortcutOwner {
  handler: SocketHandler = nobody;
  remoteAddress: string;
  remotePort: number;
  readonly isSecure: boolean;
  private readonly raw: RawSocket;
  /** What `raw` stands on, where that is known; otherwise `raw` itself. */
  private readonly transport: RawSocket;
  /** Past the stream, where there is a way. */
  private shortcut: TlsShortcut | undefined;
  private fault: string | undefined;
  private unsentMark = 0;
  private isCorked = false;
  /** What is gathered for one write past the stream; nothing is, or too much: undefined. */
  private gathered: string | undefined;
  /** We have ended both sides: nothing but the close is told any more. @internal */
  isGone = false;
  /** @internal */
  isPaused = false;
  /** The peer takes nothing more. @internal */
  hasFailed = false;

  /** Over TLS of our own, whose handshake is over. Of what another server has made only the stream is used, and an end is an end. */
  static secured(raw: RawSocket, transport: RawSocket): NodeSocket {
    watchClosure(raw);
    const socket = new NodeSocket(raw, transport);
    socket.shortcut = TlsShortcut.through(raw, socket);
    return socket;
  }

  constructor(raw: RawSocket, transport = raw) {
    this.raw = raw;
    this.transport = transport;
    this.remoteAddress = raw.remoteAddress ?? "";
    this.remotePort = raw.remotePort ?? 0;
    this.isSecure = "encrypted" in raw && raw.encrypted === true;
    (raw as OwnedSocket)[owner] = this;
    overrideStream(raw, this);
    raw.on("data", onData).on("end", onEnd).on("drain", onDrain).on("error", onError).on("close", onClose);
  }

  get localPort(): number {
    return this.raw.localPort ?? 0;
  }

  get localAddress(): string {
    return this.raw.localAddress ?? "";
  }

  get unsentBytes(): number {
    return this.raw.writableLength + (this.shortcut?.unfinishedBytes ?? 0);
  }

  tookSome(): boolean {
    // The stream counts a write until all of it is done; the handle below knows how much of it the system has taken.
    const mark = this.unsentBytes + untakenBytes(this.raw);
    const took = mark !== this.unsentMark;
    this.unsentMark = mark;
    return took;
  }

  write(data: string | Octets): boolean {
    const { raw } = this;
    if (!raw.writable || this.hasFailed) return true;
    if (this.gathered !== undefined) {
      if (this.gathered.length + data.length <= TEXT_BYTES_MAX) return this.gather(this.gathered, data);
      this.gatherInStream(this.gathered);
    }
    if (typeof data === "string") return this.writeText(data);
    if (data.length <= TEXT_BYTES_MAX && !this.isCorked) return this.writeText(data.latin1Slice());
    const octets = unshared(data);
    const piece = pieceOf(octets);
    if (piece === undefined) return raw.write(octets);
    piece.keep();
    return raw.write(octets, () => piece.letGo());
  }

  private writeText(text: string): boolean {
    const { raw, shortcut, isCorked } = this;
    const isShort = text.length > 0 && text.length <= TEXT_BYTES_MAX;
    if (shortcut === undefined || isCorked || !isShort || this.unsentBytes > 0) return raw.write(text, "latin1");
    shortcut.write(text);
    return true;
  }

  cork(): void {
    this.isCorked = true;
    if (this.shortcut === undefined) this.raw.cork();
    else this.gathered = "";
  }

  private gather(before: string, data: string | Octets): boolean {
    this.gathered = before + (typeof data === "string" ? data : data.latin1Slice());
    return this.unsentBytes + this.gathered.length < HIGH_WATER_BYTES;
  }

  private gatherInStream(before: string): void {
    this.gathered = undefined;
    this.raw.cork();
    if (before !== "") this.raw.write(before, "latin1");
  }

  uncork(): void {
    const { gathered } = this;
    this.isCorked = false;
    this.gathered = undefined;
    if (gathered === undefined) this.raw.uncork();
    else if (gathered !== "" && this.raw.writable && !this.hasFailed) this.writeText(gathered);
  }

  end(): void {
    if (!this.hasFailed) this.raw.end();
  }

  reset(): void {
    const { raw, transport } = this;
    this.isGone = true;
    // While the system closes our side it would refuse, and the runtime then never close the socket.
    const isClosingOurSide = raw.writableEnded && !raw.writableFinished && this.unsentBytes === 0;
    try {
      if (isClosingOurSide) raw.destroy();
      else transport.resetAndDestroy();
    } catch {
      // Unix sockets have no RST, and TLS has none of its own.
      raw.destroy();
    }
  }

  /** Ends both sides at once for this reason, which is told as the fault. */
  fail(fault: string): void {
    this.noteFault(fault);
    this.raw.destroy();
  }

  destroy(): void {
    this.isGone = true;
    if (this.hasFailed) this.raw.destroy();
    else destroy(this.raw, this.unsentBytes > 0);
  }

  pause(): void {
    this.isPaused = true;
    stopReading(this.raw);
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    startReading(this.raw);
  }

  /** @internal */
  onOctets(octets: Octets): void {
    if (this.isGone) return;
    // A handle that has been stopped still hands over what it has taken from the transport.
    if (this.isPaused || this.raw.readableLength > 0) return void this.raw.push(Buffer.from(octets));
    beginTurn();
    try {
      this.handler.onData(octets);
    } finally {
      endTurn();
    }
  }

  /** @internal */
  whenFree(step: () => void): void {
    if (this.shortcut === undefined) step();
    else this.shortcut.whenFree(step);
  }

  /** @internal */
  onWriteFailed(error: NodeJS.ErrnoException): void {
    this.noteFault(error.code ?? error.name);
    if (this.hasFailed) return;
    this.hasFailed = true;
    if (this.isGone) this.raw.destroy();
    else afterFinalReads(!this.isPaused && !this.raw.readableEnded, () => this.raw.destroy());
  }

  /** @internal */
  noteFault(code: string): void {
    if (!this.isGone) this.fault ??= code;
  }

  /** @internal */
  closed(): void {
    this.handler.onClose(this.fault);
  }
}

function onData(this: RawSocket, octets: Buffer): void {
  const socket = (this as OwnedSocket)[owner];
  beginTurn();
  try {
    if (socket?.isGone === false) socket.handler.onData(octets as unknown as Octets);
  } finally {
    endTurn();
  }
}

function onEnd(this: RawSocket): void {
  const socket = (this as OwnedSocket)[owner];
  if (socket === undefined || socket.isGone) return;
  // Nobody but the peer can have announced its end, whatever came behind it.
  const isLost = socket.hasFailed || (!this.writableEnded && hasLostPeer(handleOf(this)));
  if (isLost) socket.noteFault("ECONNRESET");
  if (!isLost || wasAnnounced(this)) socket.handler.onEnd(wasCutOff(this));
  if (isLost) this.destroy();
}

function onDrain(this: RawSocket): void {
  const socket = (this as OwnedSocket)[owner];
  if (socket !== undefined && !socket.isGone && !socket.hasFailed) socket.handler.onDrain();
}

function onError(this: RawSocket, error: NodeJS.ErrnoException): void {
  (this as OwnedSocket)[owner]?.noteFault(error.code ?? error.name);
}

function onClose(this: RawSocket): void {
  (this as OwnedSocket)[owner]?.closed();
}
