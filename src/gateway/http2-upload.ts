/**
 * The body of one stream's request on its way to the exchange: read while it is taken, its small pieces gathered.
 *
 * A client may cut its body into frames of one byte. Each by itself would be a chunk and a write of its own towards the origin, so what
 * comes in one turn goes on as one piece. Deliberately absent: what the body is in HTTP/1.1 (http2/request-body.ts).
 */
import { type Confined, confine } from "../connection/confining.ts";
import { RequestBody } from "../http2/request-body.ts";
import { codes, isBrokenOff, type ServerHttp2Stream } from "../http2/session.ts";
import type { Octets } from "../wire/octets.ts";

/** Larger pieces go on as they come: a copy would cost more than a write. */
const GATHERED_BYTES_MAX = 4 * 1024;

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
  private gathered: Buffer[] = [];
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
    this.stream.on("data", (piece: Buffer) => this.onData(piece));
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
  onData(piece: Buffer): void {
    if (piece.length > GATHERED_BYTES_MAX) {
      this.flush();
      this.pass(piece);
    } else if (piece.length > 0 && this.gathered.push(piece) === 1) {
      // All that one read of the connection brings is there by then.
      queueMicrotask(() => this.flush());
    }
  }

  /** @internal */
  flush(): void {
    const { gathered } = this;
    const [first] = gathered;
    if (first === undefined) return;
    this.gathered = [];
    this.pass(gathered.length === 1 ? first : Buffer.concat(gathered));
  }

  private pass(piece: Buffer): void {
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
    this.flush();
    const { end } = this.body;
    if (end !== undefined) this.owner.onBody(end);
    this.owner.onBodyEnd();
  }

  breakDown(fault: unknown): void {
    this.owner.breakDown(fault);
  }
}

confine(Http2Upload.prototype, "onData", "flush", "onTrailers", "onEnd");
