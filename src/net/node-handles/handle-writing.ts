/**
 * Writing to a connection's handle.
 *
 * Nearly every write is taken by the system at once. Then a stream's states, callbacks and ticks are for nothing, and they
 * cost as much as all that a proxy has to think about a message. So the handle is written to, the way the runtime's stream
 * itself would; what the system does not take at once the runtime keeps and completes, in order.
 */
import { constants } from "node:os";
import type { Octets } from "../../wire/octets.ts";
import { keepPiecesOf } from "../read-buffers.ts";
import type { Handle, WriteRequest, Writer, WriteStatus } from "./handle.ts";
import { knownShape } from "./runtime-shape.ts";

/** What became of a write: `DONE`, `UNFINISHED` (the writer is told when it is done), or a negative error code. */
export type WriteResult = number;
export const DONE = 0;
export const UNFINISHED = 1;
/** All that libuv refuses a write for by itself is a connection that takes no more. */
const REFUSED = -constants.errno.EPIPE;

type Writable = string | Octets | readonly (string | Octets)[];

/** The request for the next write: one that was not taken hold of serves again. */
let nextRequest: WriteRequest | undefined;

/** Writes octets, text as latin1, or pieces of either gathered. */
export function writeTo(handle: Handle, writer: Writer, data: Writable, byteCount: number): WriteResult {
  return knownShape().Write === undefined
    ? writeWithout(handle, writer, data, byteCount)
    : writeWith(handle, writer, data, byteCount);
}

/** Node 20, 22 and 24 before 24.22: every write has a request. */
function writeWith(handle: Handle, writer: Writer, data: Writable, byteCount: number): WriteResult {
  const request = nextRequest ?? newRequest();
  const status = call(handle, request, data);
  if (status === 0 && request.endedWith === undefined && request.getAsyncId() < 0) {
    nextRequest = request;
    return DONE;
  }
  nextRequest = undefined;
  if (request.endedWith !== undefined) return request.endedWith;
  return status === 0 ? unfinished(request, writer, data, byteCount) : status;
}

/** Node from 24.22 on: the handle makes the request, for a write that the system does not take at once. */
function writeWithout(handle: Handle, writer: Writer, data: Writable, byteCount: number): WriteResult {
  const result = call(handle, null, data);
  if (typeof result === "number") return result;
  // It ended within the call.
  if (typeof result.writeStatus === "number") return result.writeStatus;
  // The system took a part and refused the rest. It tells why to the runtime's own function alone.
  if (result.getAsyncId() < 0) return REFUSED;
  result.oncomplete = onComplete;
  return unfinished(result, writer, data, byteCount);
}

function unfinished(request: WriteRequest, writer: Writer, data: Writable, byteCount: number): WriteResult {
  request.writer = writer;
  request.byteCount = byteCount;
  request.kept = data;
  request.pieces = keepPiecesOf(data);
  return UNFINISHED;
}

function call<Request extends WriteRequest | null>(
  handle: Handle,
  request: Request,
  data: Writable,
): WriteStatus<Request> {
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
  const { Write } = knownShape();
  if (Write === undefined) throw new Error("this runtime's handles make their requests themselves");
  const request = new Write();
  request.oncomplete = onComplete;
  return request;
}

function onComplete(this: WriteRequest, status: number): void {
  if (this.writer === undefined) {
    this.endedWith = status;
    return;
  }
  for (const piece of this.pieces) piece.letGo();
  this.writer.onWritten(this.byteCount, status);
}
