/**
 * What all requests together hold of their bodies because their routes have them buffered (`bufferRequest`).
 *
 * There is a limit for all of it. One client has no more than is left for the others, so it never gets everything, and several leave room
 * for a newcomer; a request that would hold more is refused. Counted is what has arrived, not what was announced: nobody reserves
 * anything by words. Deliberately absent: what each request may hold, which its route says, and what is held for a connection or a
 * retry anyway (request-relay.ts), which is bounded by the number of clients.
 */
import type { Place } from "../connection/fair-share.ts";
import type { Admission } from "./admission.ts";
import type { ProxyContext } from "./context.ts";

/** A quarter of what the smallest machines have, and sixteen of the largest bodies that a route may hold. */
export const BUFFERED_BYTES_MAX = 256 * 1_048_576;

/** Whose body is held. */
export interface BufferedRequest {
  readonly admission: Admission;
  readonly place: Pick<Place, "client">;
}

/** What of one request counts. */
export class BufferedBytes {
  private readonly context: ProxyContext;
  private readonly client: string;
  private bytes = 0;

  constructor(client: string, context: ProxyContext) {
    this.client = client;
    this.context = context;
  }

  /** Returns whether there was room. */
  take(bytes: number): boolean {
    const { workings, settings } = this.context;
    const hasRoom = workings.buffers.take(this.client, bytes, settings.bufferedBytesMax ?? BUFFERED_BYTES_MAX);
    if (hasRoom) this.bytes += bytes;
    return hasRoom;
  }

  giveBack(): void {
    this.context.workings.buffers.giveBack(this.client, this.bytes);
    this.bytes = 0;
  }
}

/** Of all requests. */
export class BodyBuffers {
  /** Bytes held in all. */
  bytes = 0;
  private readonly byClient = new Map<string, number>();

  /** Holds so many more for `client`, if there is room. @param max for all clients together */
  take(client: string, bytes: number, max: number): boolean {
    const own = (this.byClient.get(client) ?? 0) + bytes;
    if (own > max - this.bytes - bytes) return false;
    this.byClient.set(client, own);
    this.bytes += bytes;
    return true;
  }

  giveBack(client: string, bytes: number): void {
    this.bytes -= bytes;
    const left = (this.byClient.get(client) ?? 0) - bytes;
    if (left > 0) this.byClient.set(client, left);
    else this.byClient.delete(client);
  }
}
