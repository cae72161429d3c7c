/**
 * The socket port on Bun's own sockets, which cost less than `node:net` there (docs/performance.md).
 *
 * Bun writes what the system takes at once and leaves the rest to us: what is left waits here, in order, and goes out when
 * the system takes more. Octets are kept uncopied, since Bun reads each time into memory of its own. All sockets share one
 * object of events; the slot `data` of each leads to its port. Deliberately absent: TLS.
 */
import { getSystemErrorName } from "node:util";
import type { Octets } from "../../wire/octets.ts";
import type { BunEvents, BunRawSocket } from "../bun-api.ts";
import { afterFinalReads } from "../final-reads.ts";
import { JOINED_BYTES_MAX, joined } from "../joining.ts";
import { beginTurn, endTurn } from "../node-clock.ts";
import type { Socket, SocketHandler } from "../ports.ts";
import { HIGH_WATER_BYTES, nobody } from "../socket-options.ts";

export type RawSocket = BunRawSocket<BunSocket | undefined>;

export class BunSocket implements Socket {
  handler: SocketHandler = nobody;
  remoteAddress: string;
  remotePort: number;
  unsentBytes = 0;
  private readonly raw: RawSocket;
  /** What has not been handed to the system yet, in order. */
  private waiting: (string | Octets)[] | undefined;
  private isCorked = false;
  /** The system took less than it was given: it says when it takes more. */
  private isFull = false;
  private owesDrain = false;
  private hasTaken = false;
  private isPaused = false;
  /** What Bun read although it was to read nothing. */
  private held: Octets[] | undefined;
  private isEnding = false;
  /** The peer has closed its side. */
  private hasEnded = false;
  /** The peer takes nothing more. */
  private hasFailed = false;
  private isGone = false;
  private fault: string | undefined;

  constructor(raw: RawSocket) {
    this.raw = raw;
    this.remoteAddress = raw.remoteAddress ?? "";
    this.remotePort = raw.remotePort ?? 0;
    raw.data = this;
  }

  get localPort(): number {
    return this.raw.localPort ?? 0;
  }

  tookSome(): boolean {
    const took = this.hasTaken;
    this.hasTaken = false;
    return took;
  }

  write(data: string | Octets): boolean {
    if (this.isEnding || this.hasFailed || this.isGone) return true;
    if (this.isCorked || this.waiting !== undefined) return this.keep(data);
    const taken = put(this.raw, data);
    if (taken === data.length) return true;
    if (taken < 0) {
      this.fail(taken);
      return true;
    }
    this.isFull = true;
    if (taken > 0) this.hasTaken = true;
    return this.keep(taken === 0 ? data : rest(data, taken));
  }

  private keep(data: string | Octets): boolean {
    if (this.waiting === undefined) this.waiting = [data];
    else this.waiting.push(data);
    this.unsentBytes += data.length;
    if (this.unsentBytes < HIGH_WATER_BYTES) return true;
    this.owesDrain = true;
    return false;
  }

  cork(): void {
    this.isCorked = true;
  }

  uncork(): void {
    this.isCorked = false;
    if (this.isFull) return;
    this.writeWaiting();
    // The writer was asked to wait when nobody knew yet that the system would take it all.
    if (this.owesDrain && this.unsentBytes === 0) process.nextTick(tellDrained, this);
  }

  end(): void {
    if (this.isEnding || this.isGone) return;
    this.isEnding = true;
    if (this.waiting === undefined && !this.hasFailed) this.raw.shutdown();
  }

  reset(): void {
    if (this.leave()) this.raw.terminate();
  }

  destroy(): void {
    if (this.leave()) this.raw.close();
  }

  /** It is about to be closed; whether it was open. The handler is told later, never within the call that closes. */
  private leave(): boolean {
    if (this.isGone) return false;
    this.isGone = true;
    this.forget();
    process.nextTick(tellClosed, this);
    return true;
  }

  pause(): void {
    if (this.isPaused || this.isGone) return;
    this.isPaused = true;
    this.raw.pause();
  }

  resume(): void {
    if (!this.isPaused || this.isGone) return;
    this.isPaused = false;
    this.raw.resume();
    if (this.held !== undefined) process.nextTick(tellHeld, this);
  }

  /** Hands what waits to the system, as much as it takes. */
  private writeWaiting(): void {
    const { waiting } = this;
    if (waiting === undefined || this.hasFailed) return;
    let first = 0;
    while (first < waiting.length) {
      const [next, given] = nextWrite(waiting, first);
      const taken = put(this.raw, next);
      if (taken < 0) return this.fail(taken);
      if (taken > 0) this.hasTaken = true;
      this.unsentBytes -= taken;
      first = advance(waiting, first, taken);
      if (taken < given) {
        this.isFull = true;
        waiting.splice(0, first);
        return;
      }
    }
    this.waiting = undefined;
    if (this.isEnding) this.raw.shutdown();
  }

  private fail(status: number): void {
    if (this.hasFailed) return;
    this.hasFailed = true;
    this.fault ??= this.faultOf(status);
    this.forget();
    afterFinalReads(!this.isPaused && !this.hasEnded, () => this.destroy());
  }

  /** Bun 1.4 says -1 instead of the error. After a FIN the system says EPIPE for a RST, otherwise ECONNRESET. */
  private faultOf(status: number): string {
    if (status < -1) return getSystemErrorName(status);
    return this.hasEnded ? "EPIPE" : "ECONNRESET";
  }

  /** @internal */
  read(octets: Octets): void {
    // Of a connection that was reset Bun reads a last time, paused or not; as elsewhere, nobody hears of that then.
    if (this.isPaused) this.held = [...(this.held ?? []), octets];
    else this.handler.onData(octets);
  }

  /** @internal */
  tellHeld(): void {
    while (this.held !== undefined && !this.isPaused && !this.isGone) {
      const [octets, ...others] = this.held;
      this.held = others.length > 0 ? others : undefined;
      if (octets !== undefined) this.handler.onData(octets);
    }
  }

  private forget(): void {
    this.waiting = undefined;
    this.unsentBytes = 0;
  }

  /** @internal */
  drained(): void {
    this.isFull = false;
    if (!this.isCorked) this.writeWaiting();
    if (this.owesDrain && this.unsentBytes === 0) tellDrained(this);
  }

  /** @internal */
  ended(): void {
    this.hasEnded = true;
    // After a failed write the system says FIN for a RST that it has told already.
    if (this.hasFailed) this.destroy();
    else this.handler.onEnd();
  }

  /** @internal `code`: what the system said; none: the peer's FIN came after ours, or was told before it. */
  closed(code: string | undefined): void {
    // Otherwise we have closed it ourselves, and this is within that call.
    if (this.isGone) return;
    this.fault ??= code;
    if (code === undefined && !this.hasEnded) this.ended();
    this.leave();
  }

  /** @internal */
  tellClosed(): void {
    this.handler.onClose(this.fault);
  }

  /** @internal */
  tellDrained(): void {
    if (!this.owesDrain || this.isGone || this.hasFailed) return;
    this.owesDrain = false;
    this.handler.onDrain();
  }
}

function tellClosed(socket: BunSocket): void {
  socket.tellClosed();
}

function tellHeld(socket: BunSocket): void {
  socket.tellHeld();
}

function tellDrained(socket: BunSocket): void {
  socket.tellDrained();
}

/** The events of every connection. */
export const connectionEvents: BunEvents<BunSocket | undefined> = {
  data(raw, octets) {
    beginTurn();
    try {
      raw.data?.read(octets);
    } finally {
      endTurn();
    }
  },
  end: (raw) => raw.data?.ended(),
  drain: (raw) => raw.data?.drained(),
  close: (raw, error) => raw.data?.closed(error === undefined ? undefined : (error.code ?? error.name)),
  binaryType: "buffer",
};

/**
 * Returns how many octets the system took. Text is latin1: each character one octet. Where it is all ASCII, which is seen
 * by its being as long in UTF-8, that is UTF-8, too, and Bun writes it without converting it first.
 */
function put(raw: RawSocket, data: string | Octets): number {
  if (typeof data !== "string") return raw.write(data);
  return Buffer.byteLength(data) === data.length ? raw.write(data) : raw.write(data, "latin1");
}

function rest(data: string | Octets, from: number): string | Octets {
  return typeof data === "string" ? data.slice(from) : data.subarray(from);
}

/** As many pieces as fit into one write, joined; and how many octets that is. One piece alone is not copied. */
function nextWrite(pieces: readonly (string | Octets)[], first: number): [string | Octets, number] {
  const piece = pieces[first] ?? "";
  let byteCount = piece.length;
  let end = first + 1;
  for (let next = pieces[end]; next !== undefined; next = pieces[++end]) {
    if (byteCount + next.length > JOINED_BYTES_MAX) break;
    byteCount += next.length;
  }
  if (end === first + 1) return [piece, byteCount];
  return [joined(pieces.slice(first, end), byteCount) ?? piece, byteCount];
}

/** Cuts `count` octets off what begins at `first`; returns the new beginning. */
function advance(pieces: (string | Octets)[], first: number, count: number): number {
  let next = first;
  let left = count;
  for (let piece = pieces[next]; piece !== undefined; piece = pieces[next]) {
    if (left < piece.length) {
      if (left > 0) pieces[next] = rest(piece, left);
      break;
    }
    left -= piece.length;
    next++;
  }
  return next;
}
