/**
 * Writing to a connection's handle.
 *
 * Nearly every write is taken by the system at once. Then a stream's states, callbacks and ticks are for nothing, and they
 * cost as much as all that a proxy has to think about a message. So the handle is written to, the way the runtime's stream
 * itself would; what the system does not take at once the runtime keeps and completes, in order.
 */
import type { Octets } from "../wire/octets.ts";
import type { Handle, WriteRequest, Writer } from "./handle.ts";
import { knownShape } from "./runtime-shape.ts";

/** What became of a write: `DONE`, `UNFINISHED` (the writer is told when it is done), or a negative error code. */
export type WriteResult = number;
export const DONE = 0;
export const UNFINISHED = 1;

/** The request for the next write: one that was not taken hold of serves again. */
let nextRequest: WriteRequest | undefined;

/** Writes octets, text as latin1, or pieces of either gathered. */
export function writeTo(
  handle: Handle,
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

function call(handle: Handle, request: WriteRequest, data: string | Octets | readonly (string | Octets)[]): number {
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
  const request = new (knownShape().Write)();
  request.oncomplete = onComplete;
  return request;
}

function onComplete(this: WriteRequest, status: number): void {
  this.writer.onWritten(this.byteCount, status);
}
