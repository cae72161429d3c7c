/**
 * The runtime's handle of a connection: what of it is used here, and how to ask it for names.
 *
 * Deliberately absent: how to come by what must be known of it, see runtime-shape.ts.
 */
import type { Socket as RawSocket } from "node:net";
import type { Octets } from "../../wire/octets.ts";
import type { Piece } from "../slabs.ts";
import type { SocketHandle } from "./accepting.ts";

/** Numbers returned are 0, or a negative error code, if nothing else is said. */
export interface Handle extends SocketHandle, NamedHandle {
  /** Called by the runtime after a read. Returns where to read next; undefined: to the same place. */
  onread: (this: Handle) => Buffer | undefined;
  /** Octets that have not been handed to the system yet. */
  readonly writeQueueSize: number;
  readStart(): number;
  readStop(): number;
  /** Where to read to. Of this and of what is written the handle keeps the address only. */
  useUserBuffer(buffer: Buffer): void;
  writeLatin1String<Request extends WriteRequest | null>(request: Request, text: string): WriteStatus<Request>;
  writeBuffer<Request extends WriteRequest | null>(request: Request, octets: Octets): WriteStatus<Request>;
  /** Each piece is followed by the name of an encoding, which counts for texts. */
  writev<Request extends WriteRequest | null>(
    request: Request,
    piecesAndEncodings: readonly (string | Octets)[],
    areAllOctets: boolean,
  ): WriteStatus<Request>;
  /** Sends FIN behind what is written. 1: that is done already. */
  shutdown(request: ShutdownRequest): number;
  close(onClosed?: () => void): void;
  /** Closes with RST; not while a shutdown is in progress. Unix sockets have none. */
  reset?(onClosed: () => void): number;
}

/** A handle that is given no request makes one itself, for a write that takes longer than its call, and returns it. */
export type WriteStatus<Request extends WriteRequest | null> = Request extends null ? number | WriteRequest : number;

/** A write that takes longer than its call. The runtime takes hold of it in this case only. */
export interface WriteRequest {
  /** Positive while the runtime has hold of the request. */
  getAsyncId(): number;
  /** How a request that the handle made has ended before `oncomplete` was set; otherwise null. */
  writeStatus?: number | null;
  oncomplete: (this: WriteRequest, status: number) => void;
  /** How it has ended within the call: over TLS a transport that fails at once. */
  endedWith?: number;
  /** Undefined: the call is not over, or all was done in it. */
  writer?: Writer;
  byteCount: number;
  /** What the system is still to take. */
  kept: unknown;
  /** The memory of slabs that it lies in. */
  pieces: readonly Piece[];
}

/** Who is told that a write is done which took longer than its call. `status`: 0, or a negative error code. */
export interface Writer {
  onWritten(byteCount: number, status: number): void;
}

export interface ShutdownRequest {
  oncomplete: () => void;
}

/** What can be asked for the names of its two ends; Unix sockets cannot. 0: `out` is filled in. */
export interface NamedHandle {
  getpeername?(out: Name): number;
  getsockname?(out: Name): number;
}

export interface Name {
  address?: string;
  port?: number;
}

/** What a runtime's socket does its work with, if it can be asked. */
export function handleOf(raw: RawSocket): (Partial<Handle> & object) | null | undefined {
  return (raw as unknown as { _handle?: Partial<Handle> | null })._handle;
}

/** From now on `raw` is a socket without a connection, that nobody knows: its handle is another's. */
export function leaveHandle(raw: RawSocket): void {
  (raw as unknown as { _handle: null })._handle = null;
}

/** Stops reading at once, also what a stream would still read into its own store. */
export function stopHandle(raw: RawSocket): void {
  const handle = (raw as unknown as { _handle?: { reading?: boolean; readStop?(): number } | null })._handle;
  // Bun stops by itself, and has no such name.
  if (handle?.reading !== true || handle.readStop === undefined) return;
  handle.reading = false;
  handle.readStop();
}

/**
 * What the system has not taken yet of what a runtime's socket writes, in bytes: of TLS, below it, where records are not counted
 * whole.
 */
export function untakenBytes(raw: RawSocket): number {
  const handle = handleOf(raw) as { _parent?: Partial<Handle> } | null | undefined;
  return (handle?._parent ?? handleOf(raw))?.writeQueueSize ?? 0;
}

/** The address asked for last: most connections come from few addresses, and then share its text. */
let latestAddress = "";

export function peerNameOf(handle: NamedHandle): { readonly address: string; readonly port: number } {
  const out: Name = {};
  handle.getpeername?.(out);
  const { address = "", port = 0 } = out;
  if (address !== latestAddress) latestAddress = address;
  return { address: latestAddress, port };
}

export function localNameOf(handle: NamedHandle): Name {
  const out: Name = {};
  handle.getsockname?.(out);
  return out;
}

/**
 * Whether a connection whose end we have not closed is gone altogether (ENOTCONN). libuv reports a RST that arrives together
 * with the last octets as their end; only the system knows better.
 */
export function hasLostPeer(handle: NamedHandle | null | undefined): boolean {
  return handle?.getpeername !== undefined && handle.getpeername({}) !== 0;
}
