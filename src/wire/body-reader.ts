/**
 * Reads the body of one message, whatever its framing, and says where it ends.
 *
 * The octets go to a sink where they lie in the buffers that were read. A body that was refused or cut short never becomes
 * complete. Deliberately absent: buffering.
 */
import { type BodySink, ChunkScanner } from "./chunk-scanner.ts";
import type { BodyKind, Framing } from "./framing.ts";
import type { HeadLimits } from "./head-reader.ts";
import type { Octets } from "./octets.ts";
import type { RefusalCode } from "./refusals.ts";
import type { Trailers } from "./trailers.ts";

export class BodyReader {
  readonly kind: BodyKind;
  private remaining: number;
  private readonly chunks: ChunkScanner | undefined;
  private hasEnded: boolean;

  /** A reader for `framing`; messages without a body share one, which has nothing to remember. */
  static for(framing: Framing, limits: HeadLimits, isOfResponse = false): BodyReader {
    return framing.kind === "none" ? noBody : new BodyReader(framing, limits, isOfResponse);
  }

  constructor(framing: Framing, limits: HeadLimits, isOfResponse = false) {
    this.kind = framing.kind;
    this.remaining = framing.length;
    this.hasEnded = framing.kind === "none" || (framing.kind === "length" && framing.length === 0);
    this.chunks = framing.kind === "chunked" ? new ChunkScanner(limits, isOfResponse) : undefined;
  }

  /** Whether the whole body was read. A `close` body is complete only when `endByClose` says so. */
  get isComplete(): boolean {
    return this.hasEnded;
  }

  get refusal(): RefusalCode | undefined {
    return this.chunks?.refusal;
  }

  get trailers(): Trailers | undefined {
    return this.chunks?.trailers;
  }

  /** Reads on from `from`; returns the position behind what belongs to this body. */
  read(octets: Octets, from: number, sink: BodySink): number {
    if (this.hasEnded || from >= octets.length) return from;
    if (this.chunks !== undefined) {
      const end = this.chunks.read(octets, from, sink);
      this.hasEnded = this.chunks.isComplete;
      return end;
    }
    const end = this.kind === "close" ? octets.length : Math.min(octets.length, from + this.remaining);
    if (this.kind === "length") {
      this.remaining -= end - from;
      this.hasEnded = this.remaining === 0;
    }
    sink.onBodyOctets(octets, from, end);
    return end;
  }

  /** The connection was closed in an orderly way: returns whether that ends this body well. */
  endByClose(): boolean {
    if (this.kind === "close") this.hasEnded = true;
    return this.hasEnded;
  }
}

const noBody = new BodyReader({ kind: "none", length: 0 }, { headBytesMax: 0, fieldsMax: 0 });
