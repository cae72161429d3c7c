/**
 * Writing to a connection without the stream in between.
 *
 * Nearly every write is taken by the system at once. Then a stream's states, callbacks and ticks are for nothing, and they
 * cost as much as all that a proxy has to think about a message. So the connection's handle is written to, the way the
 * stream itself would; what the system does not take at once the runtime keeps and completes, in order. Where a runtime
 * turns out to be of another shape, streams are written to as ever. Deliberately absent: TLS, whose handles buffer.
 */
import { Socket as RawSocket, type SocketConstructorOpts } from "node:net";
import type { Octets } from "../wire/octets.ts";

/** The part of the runtime's handle of a connection that is used here. Each call returns 0, or a negative error code. */
export interface WriteHandle {
  /** Octets that have not been handed to the system yet. */
  readonly writeQueueSize: number;
  writeLatin1String(request: WriteRequest, text: string): number;
  writeBuffer(request: WriteRequest, octets: Octets): number;
  /** Each piece is followed by the name of an encoding, which counts for texts. */
  writev(request: WriteRequest, piecesAndEncodings: readonly (string | Octets)[], areAllOctets: boolean): number;
}

/** A write that takes longer than its call. The runtime takes hold of it in this case only. */
export interface WriteRequest {
  /** Positive while the runtime has hold of the request. */
  getAsyncId(): number;
  oncomplete: (this: WriteRequest, status: number) => void;
  writer: Writer;
  byteCount: number;
  /** What the system is still to take: the runtime has its address only. */
  kept: unknown;
}

/** Who is told that a write is done which took longer than its call. `status`: 0, or a negative error code. */
export interface Writer {
  onWritten(byteCount: number, status: number): void;
}

/** What became of a write: `DONE`, `UNFINISHED` (the writer is told when it is done), or a negative error code. */
export type WriteResult = number;
export const DONE = 0;
export const UNFINISHED = 1;

/** The runtime's class of write requests; undefined where direct writing is not known to work. */
const Request = requestClass();
/** The request for the next write: one that was not taken hold of serves again. */
let nextRequest: WriteRequest | undefined;

/** The handle of a connected `raw` if it can be written to directly. */
export function writeHandleOf(raw: RawSocket): WriteHandle | undefined {
  if (Request === undefined) return undefined;
  const handle = (raw as unknown as { _handle?: Partial<WriteHandle> | null })._handle ?? {};
  const { writeLatin1String, writeBuffer, writev, writeQueueSize } = handle;
  const isKnownShape = [writeLatin1String, writeBuffer, writev].every(isFunction) && typeof writeQueueSize === "number";
  return isKnownShape ? (handle as WriteHandle) : undefined;
}

/** Writes octets, text as latin1, or pieces of either gathered. */
export function writeDirectly(
  handle: WriteHandle,
  writer: Writer,
  data: string | Octets | readonly (string | Octets)[],
  byteCount: number,
): WriteResult {
  const request = nextRequest ?? newRequest();
  const status = call(handle, request, data);
  if (status === 0 && request.getAsyncId() < 0) {
    nextRequest = request;
    return DONE;
  }
  nextRequest = undefined;
  if (status !== 0) return status;
  request.writer = writer;
  request.byteCount = byteCount;
  request.kept = data;
  return UNFINISHED;
}

function call(
  handle: WriteHandle,
  request: WriteRequest,
  data: string | Octets | readonly (string | Octets)[],
): number {
  if (typeof data === "string") return handle.writeLatin1String(request, data);
  if (!Array.isArray(data)) return handle.writeBuffer(request, data as Octets);
  const pieces = data as readonly (string | Octets)[];
  return handle.writev(
    request,
    pieces.flatMap((piece) => [piece, "latin1"]),
    false,
  );
}

function newRequest(): WriteRequest {
  const request = new (Request as new () => WriteRequest)();
  request.oncomplete = onComplete;
  return request;
}

function onComplete(this: WriteRequest, status: number): void {
  this.writer.onWritten(this.byteCount, status);
}

/** Learns the class from what a stream hands to its handle: to one that only looks. */
function requestClass(): (new () => WriteRequest) | undefined {
  if ("bun" in process.versions) return undefined;
  let Seen: (new () => WriteRequest) | undefined;
  const handle = {
    writeLatin1String(request: WriteRequest): number {
      Seen = request.constructor as new () => WriteRequest;
      return 0;
    },
    readStart: () => 0,
    readStop: () => 0,
    close(): void {},
  };
  try {
    const stream = new RawSocket({ handle, manualStart: true } as SocketConstructorOpts);
    stream.write("x", "latin1");
    stream.destroy();
    // A request that nothing has hold of must be known by that.
    return Seen !== undefined && new Seen().getAsyncId() < 0 ? Seen : undefined;
  } catch {
    return undefined;
  }
}

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}
