/**
 * The body of one stream's request on its way to the exchange: read while it is taken, small pieces of one read as one.
 *
 * Deliberately absent: what the body is in HTTP/1.1 (http2/request-body.ts).
 */
import { type Confined, confine } from "../connection/confining.ts";
import { RequestBody } from "../http2/request-body.ts";
import { codes, isBrokenOff, type ServerHttp2Stream } from "../http2/session.ts";
import { SmallPieces } from "../http2/small-pieces.ts";
import type { Octets } from "../wire/octets.ts";

export interface UploadOwner extends Confined {
  /** Some of it, as HTTP/1.1 sends it. */
  onBody(octets: Octets): void;
  onBodyEnd(): void;
  /** It is longer than it says. */
  onBodyMalformed(): void;
  /** What waits in the stream may be more, or less. */
  noteHeld(): void;
}

export class Http2Upload implements Confined {
  /** All of it has come. */
  hasEnded = false;
  isPaused = true;
  private isReading = false;
  private readonly pieces = new SmallPieces((piece) => this.pass(piece));
  private readonly stream: ServerHttp2Stream;
  private readonly body: RequestBody;
  private readonly owner: UploadOwner;

  /** @param length that it is said to have, not 0; none was said: undefined */
  constructor(stream: ServerHttp2Stream, length: number | undefined, owner: UploadOwner) {
    this.stream = stream;
    this.body = new RequestBody(length);
    this.owner = owner;
    stream.on("trailers", (...[, , raw]: [fields: unknown, flags: number, raw: string[]]) => this.onTrailers(raw));
    stream.on("end", () => this.onEnd());
  }

  /** Before that nothing of it is taken. */
  read(): void {
    this.isReading = true;
    this.isPaused = false;
    this.stream.on("data", (piece: Buffer) => this.pieces.add(piece));
    // The runtime ends a body of nothing before anybody reads it.
    if (this.stream.readableEnded) this.onEnd();
  }

  pause(): void {
    if (this.isPaused || !this.isReading) return;
    this.isPaused = true;
    this.stream.pause();
    this.owner.noteHeld();
  }

  resume(): void {
    if (!this.isPaused || !this.isReading) return;
    this.isPaused = false;
    this.stream.resume();
  }

  /** @internal */
  pass(piece: Buffer): void {
    const octets = this.body.piece(piece);
    if (octets === undefined) return this.owner.onBodyMalformed();
    for (const one of octets) this.owner.onBody(one);
  }

  /** @internal */
  onTrailers(raw: readonly string[]): void {
    if (!this.body.noteTrailers(raw)) this.stream.close(codes.protocol);
  }

  /** @internal */
  onEnd(): void {
    this.hasEnded = true;
    if (isBrokenOff(this.stream) || !this.isReading) return;
    this.pieces.flush();
    const { end } = this.body;
    if (end !== undefined) this.owner.onBody(end);
    this.owner.onBodyEnd();
  }

  breakDown(fault: unknown): void {
    this.owner.breakDown(fault);
  }
}

confine(Http2Upload.prototype, "pass", "onTrailers", "onEnd");
