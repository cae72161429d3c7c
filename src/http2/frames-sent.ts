/**
 * What the runtime tells a client of its faults, by the heads of the frames that are written: it tells us later, or not at all.
 *
 * Whom a fault costs nothing can go on with it: a stream that is reset makes room for the next, so its request is asked for and not
 * waited for, as if the client had reset it itself. Deliberately absent: what is done about it.
 */
import type { Octets } from "../wire/octets.ts";
import { FrameScanner, frameTypes } from "./frame-scanner.ts";
import { codes, LAST_STREAM_ID } from "./session.ts";

/**
 * What a stream is reset with because of what its client sent (RFC 9113 section 7): the last for a head that is too large. A stream too
 * many costs nobody anything.
 */
const FAULTS_OF_CLIENTS: ReadonlySet<number> = new Set([
  codes.protocol,
  codes.flowControl,
  codes.streamClosed,
  codes.frameSize,
  codes.calmDown,
]);

export class FramesSent extends FrameScanner {
  /** Streams that were reset for what the client sent on them, in what was read last. */
  faults = 0;
  /** Streams that were reset, for whatever reason, in what was read last. */
  resets: number[] = [];
  /** Parts of responses, in what was read last: frames that a client may answer by frames of its own. */
  parts = 0;
  /** What has left on those streams that somebody asks about: of a piece the runtime tells only when all of it has. */
  readonly watched = new Map<number, number>();
  /** The whole connection has been told that something is wrong. */
  hasFailed = false;
  /** The whole connection has been told which stream was its last. */
  hasSaidLast = false;

  constructor() {
    super(0);
  }

  read(octets: Octets): void {
    this.faults = 0;
    this.parts = 0;
    if (this.resets.length > 0) this.resets = [];
    this.scan(octets);
  }

  private noteData(): void {
    const sent_bytes = this.watched.get(this.stream);
    if (sent_bytes !== undefined) this.watched.set(this.stream, sent_bytes + this.length);
  }

  protected override contentBytes(type: number): number {
    return type === frameTypes.reset ? 4 : type === frameTypes.goaway ? 8 : 0;
  }

  protected override onFrame(): boolean {
    if (this.type === frameTypes.data || this.type === frameTypes.headers) this.parts++;
    if (this.type === frameTypes.data && this.watched.size > 0) this.noteData();
    if (this.type === frameTypes.reset) this.resets.push(this.stream);
    if (this.type === frameTypes.reset && FAULTS_OF_CLIENTS.has(this.numberIn(0))) this.faults++;
    if (this.type === frameTypes.goaway && this.numberIn(4) !== codes.none) this.hasFailed = true;
    if (this.type === frameTypes.goaway && this.numberIn(0) !== LAST_STREAM_ID) this.hasSaidLast = true;
    return true;
  }
}
