/**
 * The socket port on `node:net` and `node:tls`.
 *
 * Sockets are half-open on both hops: a peer's FIN never closes our side. Small writes go out as one latin1 string,
 * which the runtime hands to the system without an intermediate buffer. Deliberately absent: closures per socket.
 */
import type { Socket as RawSocket } from "node:net";
import type { Octets } from "../wire/octets.ts";
import type { Socket, SocketHandler } from "./ports.ts";

/** Unsent octets at which a writer is asked to wait: two reads' worth keep a fast peer busy. */
export const HIGH_WATER_BYTES = 128 * 1024;

const owner = Symbol("hopwise.socket");
type OwnedSocket = RawSocket & { [owner]: NodeSocket };

/** Takes what no handler has asked for yet. */
const nobody: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

export class NodeSocket implements Socket {
  handler: SocketHandler = nobody;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  private readonly raw: RawSocket;
  private fault: string | undefined;
  private unsentMark = 0;

  constructor(raw: RawSocket) {
    this.raw = raw;
    this.remoteAddress = raw.remoteAddress ?? "";
    this.remotePort = raw.remotePort ?? 0;
    this.localPort = raw.localPort ?? 0;
    (raw as OwnedSocket)[owner] = this;
    raw.on("data", onData).on("end", onEnd).on("drain", onDrain).on("error", onError).on("close", onClose);
  }

  get unsentBytes(): number {
    return this.raw.writableLength;
  }

  tookSome(): boolean {
    // The stream counts a write until all of it is done; the handle knows how much of it the system has taken.
    const handle = (this.raw as unknown as { _handle?: { writeQueueSize?: number } | null })._handle;
    const mark = this.raw.writableLength + (handle?.writeQueueSize ?? 0);
    const took = mark !== this.unsentMark;
    this.unsentMark = mark;
    return took;
  }

  write(data: string | Octets): boolean {
    if (!this.raw.writable) return true;
    return typeof data === "string" ? this.raw.write(data, "latin1") : this.raw.write(data);
  }

  cork(): void {
    this.raw.cork();
  }

  uncork(): void {
    this.raw.uncork();
  }

  end(): void {
    this.raw.end();
  }

  reset(): void {
    try {
      this.raw.resetAndDestroy();
    } catch {
      // TLS and Unix sockets have no RST of their own.
      this.raw.destroy();
    }
  }

  destroy(): void {
    this.raw.destroy();
  }

  pause(): void {
    this.raw.pause();
  }

  resume(): void {
    this.raw.resume();
  }

  /** @internal */
  noteFault(code: string): void {
    this.fault ??= code;
  }

  /** @internal */
  closed(): void {
    this.handler.onClose(this.fault);
  }
}

function onData(this: RawSocket, octets: Buffer): void {
  (this as OwnedSocket)[owner].handler.onData(octets as unknown as Octets);
}

function onEnd(this: RawSocket): void {
  (this as OwnedSocket)[owner].handler.onEnd();
}

function onDrain(this: RawSocket): void {
  (this as OwnedSocket)[owner].handler.onDrain();
}

function onError(this: RawSocket, error: NodeJS.ErrnoException): void {
  (this as OwnedSocket)[owner].noteFault(error.code ?? error.name);
}

function onClose(this: RawSocket): void {
  (this as OwnedSocket)[owner].closed();
}
