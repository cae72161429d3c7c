/**
 * The socket port on `node:net` and `node:tls`.
 *
 * Sockets are half-open on both hops: a peer's FIN never closes our side. Small writes go out as one latin1 string,
 * which the runtime hands to the system without an intermediate buffer. Where the runtime offers it, sockets read through
 * `onread` into shared buffers and write past the stream (direct-socket.ts); where not (TLS, Bun), through events and the
 * stream. Deliberately absent: closures per socket.
 */
import { type OnReadOpts, Socket as RawSocket, type SocketConstructorOpts } from "node:net";
import type { Octets } from "../wire/octets.ts";
import { beginTurn, endTurn } from "./node-clock.ts";
import type { Socket, SocketHandler } from "./ports.ts";
import {
  beginRead,
  isOfPresentRead,
  isShared,
  nextBuffer,
  retainPresent,
  sharedBuffer,
  viewOf,
} from "./read-buffers.ts";
import { destroy, wasCutOff } from "./tls-closure.ts";

/** Unsent octets at which a writer is asked to wait: two reads' worth keep a fast peer busy. */
export const HIGH_WATER_BYTES = 128 * 1024;

/** Up to here octets are written as a string, which the runtime copies only if the system does not take it at once. */
export const TEXT_BYTES_MAX = 16 * 1024;

const owner = Symbol("hopwise.socket");
type OwnedSocket = RawSocket & { [owner]: NodeSocket | undefined };

/** Takes what no handler has asked for yet. */
export const nobody: SocketHandler = { onData() {}, onEnd() {}, onDrain() {}, onClose() {} };

/** What the runtime gets when it asks where to read next: right after a read, or for a new socket. */
let chosenBuffer: Buffer | undefined = sharedBuffer;

/** Reading into shared buffers: the runtime calls `callback` as a method of its socket, then `buffer`. */
export const sharedReading: OnReadOpts = {
  buffer(): Buffer {
    const buffer = chosenBuffer;
    chosenBuffer = sharedBuffer;
    // Undefined means "the same as before", which the type definitions do not know.
    return buffer as Buffer;
  },
  callback(this: unknown, length: number, buffer: Uint8Array): boolean {
    const octets = viewOf(buffer as Buffer, length);
    beginRead(buffer as Buffer);
    beginTurn();
    try {
      (this as OwnedSocket)[owner]?.handler.onData(octets);
    } finally {
      endTurn();
    }
    const next = nextBuffer(buffer as Buffer, length);
    chosenBuffer = next === buffer ? undefined : next;
    return true;
  },
};

export class NodeSocket implements Socket {
  handler: SocketHandler = nobody;
  readonly remoteAddress: string;
  readonly remotePort: number;
  protected readonly raw: RawSocket;
  private fault: string | undefined;
  private unsentMark = 0;
  private isCorked = false;
  /** Whether any of what was written since `cork` lies in the buffer of the present read. */
  private corkedPresentRead = false;

  /** @param readsShared whether `raw` was made with `sharedReading` */
  constructor(raw: RawSocket, readsShared: boolean) {
    this.raw = raw;
    const { address, port } = peerOf(raw);
    this.remoteAddress = address;
    this.remotePort = port;
    (raw as OwnedSocket)[owner] = this;
    if (!readsShared) raw.on("data", onData);
    raw.on("end", onEnd).on("drain", onDrain).on("error", onError).on("close", onClose);
    if (readsShared) raw.resume();
  }

  get localPort(): number {
    return this.raw.localPort ?? 0;
  }

  get unsentBytes(): number {
    return this.raw.writableLength;
  }

  tookSome(): boolean {
    const mark = this.unsentNow();
    const took = mark !== this.unsentMark;
    this.unsentMark = mark;
    return took;
  }

  /** Grows and shrinks with what is unsent, octet by octet. */
  protected unsentNow(): number {
    // The stream counts a write until all of it is done; the handle knows how much of it the system has taken.
    return this.raw.writableLength + (handleOf(this.raw)?.writeQueueSize ?? 0);
  }

  write(data: string | Octets): boolean {
    const { raw } = this;
    if (!raw.writable) return true;
    if (typeof data === "string") return raw.write(data, "latin1");
    if (data.length <= TEXT_BYTES_MAX && !this.isCorked) return raw.write(data.latin1Slice(), "latin1");
    const octets = isShared(data) ? (Buffer.from(data) as unknown as Octets) : data;
    const mayGoOn = raw.write(octets);
    if (isOfPresentRead(octets)) {
      if (this.isCorked) this.corkedPresentRead = true;
      else if (raw.writableLength > 0) retainPresent();
    }
    return mayGoOn;
  }

  cork(): void {
    this.isCorked = true;
    this.raw.cork();
  }

  uncork(): void {
    this.raw.uncork();
    if (this.corkedPresentRead && this.raw.writableLength > 0) retainPresent();
    this.isCorked = false;
    this.corkedPresentRead = false;
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
    destroy(this.raw);
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

interface Handle {
  readonly writeQueueSize?: number;
  /** Fills in `out`; returns 0, or a negative error code. */
  getpeername?(out: Peer): number;
}

interface Peer {
  address?: string;
  port?: number;
}

/** The address asked for last: most connections come from few addresses, and then share its text. */
let latestAddress = "";

/** Asked of the handle where that is possible: the stream would keep an object with the answer as long as it lives. */
function peerOf(raw: RawSocket): { readonly address: string; readonly port: number } {
  const out: Peer = {};
  if (handleOf(raw)?.getpeername?.(out) !== 0) {
    return { address: raw.remoteAddress ?? "", port: raw.remotePort ?? 0 };
  }
  const { address = "", port = 0 } = out;
  if (address !== latestAddress) latestAddress = address;
  return { address: latestAddress, port };
}

function handleOf(raw: RawSocket): Handle | null | undefined {
  return (raw as unknown as { _handle?: Handle | null })._handle;
}

/**
 * The same connection as `accepted`, which has not been read from yet, as a socket that reads into shared buffers;
 * undefined where the runtime's sockets have no handle to take over (Bun).
 */
export function readingShared(accepted: RawSocket, options: SocketConstructorOpts): RawSocket | undefined {
  const handle = handleOf(accepted);
  if (handle === null || handle === undefined || "bun" in process.versions) return undefined;
  (accepted as unknown as { _handle: null })._handle = null;
  return socketOf(handle, options);
}

/** A socket that reads into shared buffers, of a connection's handle. */
export function socketOf(handle: object, options: SocketConstructorOpts): RawSocket {
  return new RawSocket({ ...options, handle, onread: sharedReading } as SocketConstructorOpts);
}

function onData(this: RawSocket, octets: Buffer): void {
  beginTurn();
  try {
    (this as OwnedSocket)[owner]?.handler.onData(octets as unknown as Octets);
  } finally {
    endTurn();
  }
}

function onEnd(this: RawSocket): void {
  const socket = (this as OwnedSocket)[owner];
  // libuv reports a RST that arrives together with the last octets as their end; only the system knows better.
  if (hasLostPeer(this)) {
    socket?.noteFault("ECONNRESET");
    this.destroy();
    return;
  }
  socket?.handler.onEnd(wasCutOff(this));
}

function onDrain(this: RawSocket): void {
  (this as OwnedSocket)[owner]?.handler.onDrain();
}

function onError(this: RawSocket, error: NodeJS.ErrnoException): void {
  (this as OwnedSocket)[owner]?.noteFault(error.code ?? error.name);
}

function onClose(this: RawSocket): void {
  (this as OwnedSocket)[owner]?.closed();
}

/** Whether the connection is gone altogether (ENOTCONN) although we have not ended our side: the peer has reset it. */
function hasLostPeer(raw: RawSocket): boolean {
  if (raw.writableEnded) return false;
  const handle = handleOf(raw);
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}
